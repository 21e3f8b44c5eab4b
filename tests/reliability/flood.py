"""Strangers who flood a box: ``python -m tests.reliability.flood HOST:PORT NETWORK INVITES OPTIONS SECONDS``.

Sends so many of each a second from 100 addresses of the network (its first three bytes), ends by itself, and
prints as JSON how many left and how many answers came.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time

HOSTS = 100
TICK = 0.005


def message(method: str, box: tuple[str, int], source: tuple[str, int], serial: int) -> bytes:
    """Return one well-formed request with an offer where it is an INVITE."""
    host, port = source
    body = ""
    if method == "INVITE":
        body = (
            f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 "
            f"101\r\n"
            "a=rtpmap:101 telephone-event/8000\r\n"
        )
    return (
        f"{method} sip:4001003722@{box[0]} SIP/2.0\r\nVia: SIP/2.0/UDP "
        f"{host}:{port};branch=z9hG4bK{serial}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:100@{host}>;tag=f{serial}\r\nTo: <sip:4001003722@{box[0]}>\r\n"
        f"Call-ID: flood-{serial}@{host}\r\nCSeq: 1 {method}\r\nContact: <sip:100@{host}:{port}>\r\n"
        f"User-Agent: friendly-scanner\r\nContent-Type: application/sdp\r\nContent-Length: {len(body)}\r\n"
        f"\r\n{body}"
    ).encode()


def flood(box: tuple[str, int], network: str, rates: dict[str, float], seconds: float) -> dict[str, float]:
    """Send at these rates (by method, a second) for so long."""
    selector = selectors.DefaultSelector()
    sockets = []
    for number in range(HOSTS):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((f"{network}.{101 + number}", 0))
        made.setblocking(False)
        selector.register(made, selectors.EVENT_READ)
        sockets.append((made, made.getsockname()))
    began = time.monotonic()
    sent = dict.fromkeys(rates, 0)
    refused = answers = serial = 0
    while (passed := time.monotonic() - began) < seconds:
        for method, rate in rates.items():
            while sent[method] < passed * rate:
                made, source = sockets[serial % HOSTS]
                serial += 1
                sent[method] += 1
                try:
                    made.sendto(message(method, box, source, serial), box)
                except BlockingIOError:
                    refused += 1
        answers += len(selector.select(TICK))
    until = time.monotonic() + 0.5
    while time.monotonic() < until:
        answers += len(selector.select(0.1))
    for made, _ in sockets:
        made.close()
    selector.close()
    return {**sent, "not sent": refused, "answers": answers, "seconds": round(passed, 2)}


if __name__ == "__main__":
    host, _, port = sys.argv[1].rpartition(":")
    asked = {"INVITE": float(sys.argv[3]), "OPTIONS": float(sys.argv[4])}
    print(json.dumps(flood((host, int(port)), sys.argv[2], asked, float(sys.argv[5]))))
