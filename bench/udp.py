"""CPU of the UDP transport: microseconds for one message in and one out, beside Twisted's own port.

Run it alone: ``python -m bench.udp``. A child process keeps ``window`` datagrams of 1,200 bytes under way on
loopback; the parent echoes them. A window of 1 wakes the reactor for each message, as a quiet box does; 8 is
a busy one. Parsing is left out. The last rows drop strangers' datagrams unread, and time a known peer in such
a flood.
"""

from __future__ import annotations

import os
import resource
import socket
import sys
import time

from b2bua.clock import install_reactor

MESSAGES = 30_000
SIZE = 1200


class Quiet:
    """Echoes what arrives, until enough has."""

    def __init__(self, reactor, limit):
        self.reactor, self.limit, self.count, self.port = reactor, limit, 0, None

    def received(self, message, flow):
        """Echo."""
        self.port.send(message, flow.remote)
        self.count += 1
        if self.count >= self.limit:
            self.reactor.stop()

    def flow_failed(self, flow):
        """Ignore."""


def cpu():
    """Give the CPU seconds of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def echo(kind, window):
    """Measure one kind of port; returns microseconds per message in and out."""
    reactor = install_reactor()
    if kind == "ours":
        from b2bua.stack.strangers import Gate
        from b2bua.stack.transports.udp import UdpPort

        receiver = Quiet(reactor, MESSAGES)
        gate = Gate(time.monotonic, lambda host: True, phones=False)
        receiver.port = UdpPort(reactor, "bench", ("127.0.0.1", 0), gate, receiver, lambda data: data)
        where = receiver.port.local
    else:
        from twisted.internet.protocol import DatagramProtocol

        class Echo(DatagramProtocol):
            count = 0

            def datagramReceived(self, data, address):
                self.transport.write(data, address)
                self.count += 1
                if self.count >= MESSAGES:
                    reactor.stop()

        port = reactor.listenUDP(0, Echo(), interface="127.0.0.1")
        where = ("127.0.0.1", port.getHost().port)
    child = os.fork()
    if child == 0:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.connect(where)
        for _ in range(window):
            sock.send(b"x" * SIZE)
        for _ in range(MESSAGES - window):
            sock.recv(2000)
            sock.send(b"x" * SIZE)
        os._exit(0)
    before = cpu()
    reactor.run()
    spent = cpu() - before
    os.waitpid(child, 0)
    return spent / MESSAGES * 1e6


def flood(rate):
    """Flood from a stranger for 3 s; returns microseconds a drop, a known peer's p50 and p99 in ms."""
    reactor = install_reactor()
    from b2bua.stack.strangers import Gate
    from b2bua.stack.transports.udp import UdpPort

    receiver = Quiet(reactor, 10**9)
    gate = Gate(time.monotonic, lambda host: host == "127.0.0.2", phones=False)
    port = UdpPort(reactor, "bench", ("127.0.0.1", 0), gate, receiver, lambda data: data)
    receiver.port = port
    stranger = os.fork()
    if stranger == 0:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.9", 0))
        began = time.monotonic()
        for number in range(rate * 3):
            sock.sendto(b"INVITE sip:1@box SIP/2.0\r\n" + b"x" * SIZE, port.local)
            ahead = began + number / rate - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
        os._exit(0)
    reader, writer = os.pipe()
    peer = os.fork()
    if peer == 0:
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.bind(("127.0.0.2", 0))
        sock.connect(port.local)
        sock.settimeout(1)
        times = []
        for _ in range(250):
            sent = time.monotonic()
            sock.send(b"x" * 400)
            sock.recv(2000)
            times.append((time.monotonic() - sent) * 1e3)
            time.sleep(0.01)
        times.sort()
        os.write(writer, f"{times[125]:.2f} {times[247]:.2f}".encode())
        os._exit(0)
    before = cpu()
    reactor.callLater(3.5, reactor.stop)
    reactor.run()
    spent = cpu() - before
    os.waitpid(stranger, 0)
    os.waitpid(peer, 0)
    median, worst = os.read(reader, 100).decode().split()
    return spent / max(1, port.counts.strangers) * 1e6, float(median), float(worst)


def main():
    """Run each measurement in a fresh process and print the table."""
    if len(sys.argv) > 1:
        what, number = sys.argv[1], int(sys.argv[2])
        if what == "flood":
            each, median, worst = flood(number)
            print(
                f"flood of {number}/s   {each:6.1f} us a drop, known peer p50 {median:.2f} p99 {worst:.2f} ms"
            )
        else:
            print(f"{what:8} window {number}   {echo(what, number):6.1f} us in and out")
        return
    for what, number in (
        ("twisted", 1),
        ("ours", 1),
        ("twisted", 8),
        ("ours", 8),
        ("flood", 500),
        ("flood", 5500),
    ):
        os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-m", "bench.udp", what, str(number)])


if __name__ == "__main__":
    main()
