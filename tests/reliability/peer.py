"""A known peer that asks how the box is: ``python -m tests.reliability.peer HOST:PORT OWN-ADDRESS RATE
SECONDS``.

Sends OPTIONS (each once, as UDP may lose it) and prints as JSON how many were answered and after how many
milliseconds; ends by itself.
"""

from __future__ import annotations

import json
import re
import select
import socket
import sys
import time


def ask(box: tuple[str, int], own: str, rate: float, seconds: float) -> dict[str, float]:
    """Ask for so long, wait a last second for answers."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.bind((own, 0))
    made.setblocking(False)
    host, port = made.getsockname()
    waiting: dict[int, float] = {}
    times: list[float] = []
    sent = 0
    began = time.monotonic()
    while (passed := time.monotonic() - began) < seconds + 1:
        if passed < seconds and sent < passed * rate:
            sent += 1
            waiting[sent] = time.monotonic()
            made.sendto(_options(box, host, port, sent), box)
        due = began + sent / rate if passed < seconds else began + seconds + 1
        select.select([made], [], [], max(0.0, min(due - time.monotonic(), 0.1)))
        while True:
            try:
                answer = made.recv(65535)
            except BlockingIOError:
                break
            found = re.search(rb"Call-ID: peer-([0-9]+)@", answer)
            if found and answer.startswith(b"SIP/2.0 200") and int(found.group(1)) in waiting:
                times.append((time.monotonic() - waiting.pop(int(found.group(1)))) * 1000)
    made.close()
    times.sort()
    return {
        "sent": sent,
        "answered": len(times),
        "p50": round(times[len(times) // 2], 2) if times else -1,
        "p99": round(times[int(len(times) * 0.99)], 2) if times else -1,
        "worst": round(times[-1], 2) if times else -1,
    }


def _options(box: tuple[str, int], host: str, port: int, serial: int) -> bytes:
    return (
        f"OPTIONS sip:{box[0]}:{box[1]} SIP/2.0\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bKp{serial}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:peer@{host}>;tag=p{serial}\r\nTo: <sip:{box[0]}>\r\n"
        f"Call-ID: peer-{serial}@{host}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    ).encode()


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    print(json.dumps(ask((host, int(port)), sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))))
