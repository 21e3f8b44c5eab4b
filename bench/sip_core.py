"""CPU time of the SIP stack for one complete bridged call; nothing on a real wire.

    python -m bench.sip_core [--calls N] [--profile]

A caller and a callee are played from templates (INVITE of 1,200 bytes, as IMS trunks send them): per call
7 messages come in and 7 go out. Printed: microseconds a call for each message that comes in, with
everything it causes; parsing; and the timers of 40 s of life. ``--profile`` prints where the time goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import re
import time

from b2bua.process.tuning import settle
from b2bua.sip.parse import parse_message
from tests.flows.box import Box
from tests.flows.network import Network

CALLER = ("10.0.0.2", 5060)
CALLEE = ("10.0.0.3", 5080)

SDP = (
    "v=0\r\no=- 20518 0 IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 10.0.0.2\r\nt=0 0\r\n"
    "m=audio 54400 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
)
IMS = "ims.mnc000.mcc460.3gppnetwork.org;user=phone"
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


class Wire:
    """Keeps what the box sends."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, data: bytes, source: object, target: object) -> None:
        """Keep it."""
        self.sent.append(data)


def pick(pattern: bytes, data: bytes) -> str:
    """Find a header value."""
    found = re.search(pattern, data)
    assert found is not None, data
    return found[1].decode()


class Bench:
    """One box, played to."""

    def __init__(self) -> None:
        self.network = Network()
        self.box = Box(self.network)
        self.box.hops.list = [self.box.hop(CALLEE)]
        self.wire = Wire()
        self.network.send = self.wire.send  # type: ignore[method-assign]
        self.spent: dict[str, float] = {}

    def give(self, stage: str, text: str, source: tuple[str, int]) -> list[bytes]:
        """Let a message arrive; returns what was sent because of it."""
        data = text.encode()
        flow = self.box.transport.flow_to(source)
        self.wire.sent.clear()
        t0 = time.process_time()
        message = parse_message(data)
        t1 = time.process_time()
        self.box.driver.received(message, flow)
        t2 = time.process_time()
        self.spent["parse"] = self.spent.get("parse", 0.0) + t1 - t0
        self.spent[stage] = self.spent.get(stage, 0.0) + t2 - t1
        return list(self.wire.sent)

    def call(self, n: int) -> None:
        """Play one call."""
        _, invite = self.give("INVITE", f"{HEAD.format(n=n)}Content-Length: {len(SDP)}\r\n\r\n{SDP}", CALLER)
        via = pick(rb"(Via: [^\r]*)", invite)
        common = "".join(
            f"{pick(pattern, invite)}\r\n"
            for pattern in (rb"(Via: [^\r]*)", rb"(From: [^\r]*)", rb"(Call-ID: [^\r]*)", rb"(CSeq: [^\r]*)")
        )
        to = pick(rb"(To: [^\r]*)", invite)
        contact = "Contact: <sip:10.0.0.3:5080>\r\n"
        none = "Content-Length: 0\r\n\r\n"
        self.give("100", f"SIP/2.0 100 Trying\r\n{common}{to}\r\n{none}", CALLEE)
        self.give("180", f"SIP/2.0 180 Ringing\r\n{common}{to};tag=c{n}\r\n{contact}{none}", CALLEE)
        body = f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n\r\n{SDP}"
        out = self.give("200", f"SIP/2.0 200 OK\r\n{common}{to};tag=c{n}\r\n{contact}{body}", CALLEE)
        ok = out[1]
        assert ok.startswith(b"SIP/2.0 200"), out
        to_box = pick(rb"(To: [^\r]*)", ok)
        target = pick(rb"Contact: <([^>]*)>", ok)
        rows = (
            "Max-Forwards: 70\r\n"
            f'From: "13900001111" <sip:+8613900001111@{IMS}>;tag=t{n}\r\n'
            f"{to_box}\r\nCall-ID: call{n}@10.0.0.2\r\n"
        )
        head = "SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.2:5060;rport;branch=z9hG4bK"
        self.give("ACK", f"ACK {target} {head}{n}a\r\n{rows}CSeq: 1 ACK\r\n{none}", CALLER)
        _, bye = self.give("BYE", f"BYE {target} {head}{n}b\r\n{rows}CSeq: 2 BYE\r\n{none}", CALLER)
        assert via
        common = "".join(
            f"{pick(pattern, bye)}\r\n"
            for pattern in (
                rb"(Via: [^\r]*)",
                rb"(From: [^\r]*)",
                rb"(To: [^\r]*)",
                rb"(Call-ID: [^\r]*)",
                rb"(CSeq: [^\r]*)",
            )
        )
        self.give("200 BYE", f"SIP/2.0 200 OK\r\n{common}{none}", CALLEE)

    def play(self, calls: int) -> None:
        """Play calls, 100 a second, and the time in which their transactions end."""
        for n in range(calls):
            self.call(n)
            t0 = time.process_time()
            self.network.clock.advance(0.01)
            self.spent["timers"] = self.spent.get("timers", 0.0) + time.process_time() - t0
            self.box.legs.clear()
            self.box.callees.clear()
            self.box.hops.log.clear()
        t0 = time.process_time()
        self.network.idle_until_quiet()
        self.spent["timers"] += time.process_time() - t0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    Bench().play(200)
    settle()
    bench = Bench()
    if options.profile:
        with cProfile.Profile() as profile:
            bench.play(options.calls)
        pstats.Stats(profile).sort_stats("cumtime").print_stats(75)
        return
    bench.play(options.calls)
    total = 0.0
    for stage, seconds in bench.spent.items():
        total += seconds
        print(f"{stage:10} {seconds / options.calls * 1e6:8.1f} us a call")
    print(f"{'all':10} {total / options.calls * 1e6:8.1f} us a call")
    assert bench.box.driver.faults == 0
    assert not bench.box.core.endpoint.dialogs


if __name__ == "__main__":
    main()
