"""Send and receive the RTP of many calls, paced by the millisecond; a process of ``bench/media.py``.

It speaks JSON lines: says the ports of its sockets, is told where each sends to, sends for so long, then says
what came back. Packets bear the time of their departure, the kernel notes the arrival: a delay is that of the
relay, not that of this program.
"""

from __future__ import annotations

import array
import json
import select
import socket
import struct
import sys
import time

SLOTS = 20
MEASURED = 10
"""One call in so many has its delays measured."""
SO_TIMESTAMPNS = 35
PAYLOAD = 160


class Stream:
    """One end of a call: a socket that sends to the relay and hears what the relay sends."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 19)
        self.socket.bind(("127.0.0.1", 0))
        self.measured = index // 2 % MEASURED == 0
        if self.measured:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.port = self.socket.getsockname()[1]
        self.packet = bytearray(struct.pack("!BBHIIQ", 0x80, 8, 0, 0, 0x10000 + index, 0) + b"\xd5" * 152)
        self.sequence = index % 1000
        self.send = self.socket.send
        self.recv_into = self.socket.recv_into
        self.sent = 0


def run(streams: list[Stream], seconds: float) -> dict[str, object]:
    """Send for so long, receive until all is back or two more seconds are over."""
    pack = struct.Struct("!HI").pack_into
    pack_time = struct.Struct("!Q").pack_into
    epoll = select.epoll()
    by_fd: list[Stream | None] = [None] * 4096
    for stream in streams:
        by_fd[stream.socket.fileno()] = stream
        epoll.register(stream.socket.fileno(), select.EPOLLIN)
    slots = [streams[each::SLOTS] for each in range(SLOTS)]
    delays = array.array("d")
    buffer = bytearray(2048)
    received = sent = turn = 0
    now = time.monotonic
    begun = now()
    last = begun + seconds
    while now() < last or (received < sent and now() < last + 2):
        due = begun + turn * 0.001
        while (ahead := due - now()) > 0:
            time.sleep(min(ahead, 0.001))
        if due < last:
            for stream in slots[turn % SLOTS]:
                stream.sequence = sequence = stream.sequence + 1 & 0xFFFF
                pack(stream.packet, 2, sequence, sequence * PAYLOAD)
                if stream.measured:
                    pack_time(stream.packet, 12, time.time_ns())
                try:
                    stream.send(stream.packet)
                except OSError:
                    continue
                sent += 1
        turn += 1
        for fd, _ in epoll.poll(0, 1024):
            stream = by_fd[fd]
            if stream.measured:
                data, notes, _, _ = stream.socket.recvmsg(2048, 64)
                arrived, nanoseconds = struct.unpack("qq", notes[0][2])
                departed = struct.unpack_from("!Q", data, 12)[0]
                delays.append((arrived * 1_000_000_000 + nanoseconds - departed) / 1e6)
            else:
                stream.recv_into(buffer)
            received += 1
    delays = sorted(delays)
    return {
        "sent": sent,
        "received": received,
        "late": turn * 0.001 < seconds,
        "p50": delays[len(delays) // 2] if delays else None,
        "p99": delays[len(delays) * 99 // 100] if delays else None,
        "max": delays[-1] if delays else None,
    }


def main() -> None:
    """Speak with the bench until it closes our input."""
    streams: list[Stream] = []
    for line in sys.stdin:
        order = json.loads(line)
        if "open" in order:
            streams = [Stream(index) for index in range(order["open"])]
            answer: dict[str, object] = {"ports": [stream.port for stream in streams]}
        elif "targets" in order:
            for stream, port in zip(streams, order["targets"], strict=True):
                stream.socket.connect(("127.0.0.1", port))
            answer = {}
        else:
            answer = run(streams, order["seconds"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
