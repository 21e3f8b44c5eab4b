"""CPU time of the whole b2bua process for one complete call, hot and without a kernel in the way.

    python -m bench.b2bua_call [--calls N] [--profile]

The real process object: listeners, gates, SIP stack, call services, journal, trace, media relay. Datagrams
are handed to the UDP port and caught where its socket would send them; media workers that answer at once
stand behind the real control protocol. Time runs 10 ms a call, so that the timers and the lingering
transactions of a box at 100 calls a second are there. Printed: microseconds of the box a call, by message:
the tenth of the calls that was the quickest (others use the machine too), and the median.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import re
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec

from b2bua.clock import MonotonicReactor, install_reactor
from b2bua.media import protocol
from b2bua.process.tuning import settle, tune
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    ListenerSnapshot,
    NumberPlan,
    TenantSnapshot,
    TrunkSnapshot,
)
from storage.data_directory import DataDirectory, Settings

BOX = "127.0.21.1"
CARRIER = ("127.0.21.2", 5060)
GATEWAY = ("127.0.21.3", 5080)
NUMBER = "4001003721"
COMMON = ("Via", "From", "Call-ID", "CSeq")
SDP = (
    "v=0\r\no=- 20518 0 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n"
    "m=audio 54400 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)
HEAD = (
    "INVITE sip:4001003721@10.0.0.1:5060;user=phone SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 10.0.0.2:5060;branch=z9hG4bK{n}i;rport\r\n"
    "Max-Forwards: 68\r\n"
    'From: "13900001111" <sip:+8613900001111@ims.mnc000.mcc460.3gppnetwork.org;user=phone>;tag=t{n}\r\n'
    "To: <sip:4001003721@ims.mnc000.mcc460.3gppnetwork.org;user=phone>\r\n"
    "Call-ID: call{n}@10.0.0.2\r\n"
    "CSeq: 1 INVITE\r\n"
    "Contact: <sip:10.0.0.2:5060;transport=udp>\r\n"
    "P-Asserted-Identity: <sip:+8613900001111@ims.mnc000.mcc460.3gppnetwork.org;user=phone>\r\n"
    "P-Charging-Vector: icid-value=2xjj8xj2jx8;icid-generated-at=10.9.8.7;orig-ioi=ims.mnc000\r\n"
    "P-Early-Media: supported\r\n"
    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, NOTIFY, REFER, MESSAGE\r\n"
    "Supported: timer, 100rel, histinfo\r\n"
    "Session-Expires: 1800\r\nMin-SE: 90\r\n"
    "User-Agent: SBC/9.1\r\n"
    "P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=4600012345678901;network-provided\r\n"
    "Content-Type: application/sdp\r\n"
)
GARBAGE_CALLS = 20
NONE = "Content-Length: 0\r\n\r\n"


def pick(pattern: bytes, data: bytes) -> str:
    """Find a header value."""
    found = re.search(pattern, data)
    assert found is not None, data
    return found[1].decode()


class CaughtSocket:
    """Stands where a port has its socket: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendto(self, data: bytes, address: object) -> None:
        """Keep a datagram."""
        self.sent.append(data)


class WorkerSocket:
    """Stands where the link to a media worker has its transport and socket."""

    dataBuffer = b""
    _tempDataBuffer: tuple[bytes, ...] = ()

    def __init__(self) -> None:
        self.written = b""
        self.socket = self
        self._ports = 20000
        self._commands = protocol.CommandStream()

    def send(self, data: bytes) -> int:
        """Keep what the relay says."""
        self.written += data
        return len(data)

    def _next_ports(self, count: int) -> tuple[int, ...]:
        first = self._ports = 20000 + (self._ports + 2 * count) % 9000
        return tuple(range(first, first + 2 * count, 2))

    def answers(self) -> bytes:
        """Answer what was said since."""
        data, self.written = self.written, b""
        answers = []
        for command in self._commands.feed(data):
            if isinstance(command, protocol.Open) and not command.port:
                (port,) = self._next_ports(1)
                answers.append(protocol.frame(protocol.Opened(command.endpoint, port)))
            elif isinstance(command, protocol.Reserve):
                ports = self._next_ports(command.count)
                answers.append(protocol.frame(protocol.Reserved(command.address, ports)))
            elif isinstance(command, protocol.Close):
                answers.append(protocol.frame(protocol.Closed(command.endpoint, protocol.Figures())))
            elif isinstance(command, protocol.Ping):
                answers.append(protocol.frame(protocol.Pong()))
        return b"".join(answers)


class Bench:
    """One process, played to."""

    def __init__(self, reactor: MonotonicReactor, folder: Path) -> None:
        # Only now: what these import takes the reactor that is installed.
        from b2bua.media.supervision import _Link
        from b2bua.process.process import Process

        self.now = time.monotonic()
        self.reactor: Any = reactor
        self.reactor.seconds = lambda: self.now
        self.spent: dict[str, list[float]] = {}
        self.turns = 0
        data = DataDirectory(folder)
        data.create()
        write_configuration(data)
        self.process: Any = Process(reactor, data, Settings(workers=2))
        self.workers: list[tuple[WorkerSocket, Any]] = []
        for home in self.process.media.homes:
            socket, link = WorkerSocket(), _Link(home.process, reactor)
            link.transport = socket  # type: ignore[assignment]
            home.process.spawn = lambda process=home.process, link=link: spawn(process, link)
            self.workers.append((socket, link))
        self.process.start()
        self.port = self.process.sip.listeners._udp["carrier"]
        self.wire = CaughtSocket()
        self.port._socket = self.wire
        self.turn()

    def turn(self) -> None:
        """Let the reactor do all that is due, the workers' answers too."""
        while True:
            self.turns += 1
            self.reactor.runUntilCurrent()
            for action in self.reactor._before_wait:
                action()
            busy = False
            for socket, link in self.workers:
                if socket.written:
                    t0 = time.process_time()
                    answers = socket.answers()
                    self.apart += time.process_time() - t0
                    if answers:
                        busy = True
                        link.dataReceived(answers)
            if not busy and self.reactor.timeout() > 0.0:
                return

    apart = 0.0
    """Seconds of the played worker, which are not the box's."""

    def give(self, stage: str, text: str, source: tuple[str, int]) -> list[bytes]:
        """Let a message arrive; returns what was sent because of it."""
        data = text.encode()
        self.wire.sent.clear()
        self.apart = 0.0
        t0 = time.process_time()
        assert source[0] in self.port._gate.admitted or self.port._gate.admits(source[0], data)
        self.port._take(data, source)
        self.turn()
        spent = time.process_time() - t0 - self.apart
        self.spent.setdefault(stage, []).append(spent)
        return list(self.wire.sent)

    def call(self, n: int) -> None:
        """Play one call."""
        sent = self.give("INVITE", f"{HEAD.format(n=n)}Content-Length: {len(SDP)}\r\n\r\n{SDP}", CARRIER)
        (invite,) = [data for data in sent if data.startswith(b"INVITE ")]
        common = rows_of(invite, COMMON)
        to = pick(rb"(To: [^\r]*)", invite)
        contact = f"Contact: <sip:{GATEWAY[0]}:{GATEWAY[1]}>\r\n"
        self.give("100", f"SIP/2.0 100 Trying\r\n{common}{to}\r\n{NONE}", GATEWAY)
        self.give("180", f"SIP/2.0 180 Ringing\r\n{common}{to};tag=c{n}\r\n{contact}{NONE}", GATEWAY)
        body = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
        sent = self.give("200", f"SIP/2.0 200 OK\r\n{common}{to};tag=c{n}\r\n{contact}{body}", GATEWAY)
        (ok,) = [data for data in sent if data.startswith(b"SIP/2.0 200")]
        target = pick(rb"Contact: <([^>]*)>", ok)
        rows = f"Max-Forwards: 70\r\n{rows_of(ok, ('From', 'To', 'Call-ID'))}"
        via = f"SIP/2.0\r\nVia: SIP/2.0/UDP {CARRIER[0]}:{CARRIER[1]};rport;branch=z9hG4bK"
        self.give("ACK", f"ACK {target} {via}{n}a\r\n{rows}CSeq: 1 ACK\r\n{NONE}", CARRIER)
        sent = self.give("BYE", f"BYE {target} {via}{n}b\r\n{rows}CSeq: 2 BYE\r\n{NONE}", CARRIER)
        (bye,) = [data for data in sent if data.startswith(b"BYE ")]
        self.give("200 BYE", f"SIP/2.0 200 OK\r\n{rows_of(bye, (*COMMON, 'To'))}{NONE}", GATEWAY)

    def play(self, calls: int, first: int = 0) -> None:
        """Play calls, 100 a second."""
        for n in range(first, first + calls):
            self.call(n)
            self.now += 0.01
            self.apart = 0.0
            t0 = time.process_time()
            self.turn()
            spent = time.process_time() - t0 - self.apart
            self.spent.setdefault("timers", []).append(spent)

    def drain(self) -> None:
        """Let the last calls end."""
        self.now += 1.0
        self.turn()
        assert not self.process.switchboard.calls

    def left_to_collector(self, calls: int, first: int) -> int:
        """Play calls; return how many objects of theirs hold each other when they are over."""
        self.drain()
        gc.collect()
        gc.disable()
        self.play(calls, first)
        self.drain()
        return gc.collect()

    def close(self) -> None:
        """Check that no call went wrong."""
        process = self.process
        self.drain()
        assert process.sip.driver.faults == process.switchboard.counts.faults == 0
        assert process.switchboard.counts.bridged == process.switchboard.counts.started
        process.journal.close()


def spawn(process: Any, link: Any) -> None:
    """Do what ``WorkerProcess.spawn`` does, without a process."""
    process._link = link
    process.up = True
    process._on_up()


def rows_of(message: bytes, names: tuple[str, ...]) -> str:
    """Copy header rows."""
    rows = [pick(rb"(" + name.encode() + rb": [^\r]*)", message) for name in names]
    return "".join(f"{row}\r\n" for row in rows)


def write_configuration(data: DataDirectory) -> None:
    """Write the snapshots of one carrier with its gateway and one number."""
    trunk = TrunkSnapshot(
        name="carrier",
        sources=(f"{CARRIER[0]}/32",),
        target=f"{GATEWAY[0]}:{GATEWAY[1]}",
        options_seconds=0,
        listener="carrier",
    )
    listener = ListenerSnapshot(name="carrier", bind=BOX, transports=("udp",))
    box = BoxSnapshot(
        version=1,
        trunks=(trunk,),
        listeners=(listener,),
        tenant_rings_per_second=None,
        number_rings_per_minute=None,
    )
    plan = NumberPlan(
        number=NUMBER, bound=(BoundNumber(number="13900002222", skip_busy=False),), record=False
    )
    tenant = TenantSnapshot(id="demo", name="demo", version=1, outbound_trunks=("carrier",), numbers=(plan,))
    data.box_snapshot.write_bytes(msgspec.json.encode(box))
    (data.tenant_snapshots / "demo.json").write_bytes(msgspec.json.encode(tenant))


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    tune()
    reactor = install_reactor()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(reactor, Path(folder))
        bench.play(500)
        settle()
        bench.turns = 0
        if options.profile:
            with cProfile.Profile() as profile:
                bench.play(options.calls, 500)
            bench.close()
            pstats.Stats(profile).sort_stats("tottime").print_stats(90)
            return 0
        bench.spent.clear()
        bench.play(options.calls, 500)
        turns, spent = bench.turns, {stage: list(seconds) for stage, seconds in bench.spent.items()}
        left = bench.left_to_collector(GARBAGE_CALLS, options.calls + 500)
        bench.close()
    spent["all"] = [sum(stages) for stages in zip(*spent.values(), strict=True)]
    print(f"{'us a call':10}{'quick':>10}{'median':>10}")
    for stage, seconds in spent.items():
        seconds.sort()
        quick, median = seconds[len(seconds) // 10], seconds[len(seconds) // 2]
        print(f"{stage:10}{quick * 1e6:10.1f}{median * 1e6:10.1f}")
    print(f"{turns / options.calls:.1f} turns of the reactor a call")
    print(f"{left / GARBAGE_CALLS:.1f} objects of a call are left to the garbage collector")
    return 0


if __name__ == "__main__":
    sys.exit(main())
