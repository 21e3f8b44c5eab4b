"""RTCP of one leg: what is told to the peer every few seconds and what he tells."""

from __future__ import annotations

import secrets

from b2bua.media import rtcp
from b2bua.media.inlet import Inlet
from b2bua.media.outlet import Outlet
from b2bua.media.rtp import STAMPS, TIMESTAMP_MASK

INTERVAL = 5 * STAMPS
"""Between reports, on average (RFC 3550 6.2)."""
_NTP_PER_STAMP = 65536 / STAMPS


class Reporting:
    """The state of both directions."""

    __slots__ = (
        "_cname",
        "_expected",
        "_heard",
        "_last_report",
        "_received",
        "_sent",
        "_ssrc",
        "due",
        "round_trip",
    )

    def __init__(self, stamp: int) -> None:
        self.round_trip: float | None = None
        """Seconds, as measured last."""
        self.due = stamp + INTERVAL // 2
        self._cname = secrets.token_hex(8).encode()
        """Random, so that it tells nobody which calls belong together (RFC 7022)."""
        self._sent = 0
        self._last_report = 0
        self._heard = 0
        self._expected = 0
        self._received = 0
        self._ssrc = -1

    def compose(self, inlet: Inlet, outlet: Outlet, stamp: int, utc: float) -> bytes:
        """Return the next compound packet, and set when the one after it is due."""
        self.due = stamp + INTERVAL // 2 + secrets.randbelow(INTERVAL)
        blocks = (self._block(inlet, stamp),) if inlet.started else ()
        sender = None
        if outlet.packets != self._sent:
            self._sent = outlet.packets
            passed = (stamp - outlet.stamp) * outlet.clock_rate // STAMPS
            timestamp = (outlet.timestamp + passed) & TIMESTAMP_MASK
            sender = rtcp.SenderInfo(
                rtcp.ntp_time(utc), timestamp, outlet.packets & 0xFFFFFFFF, outlet.octets & 0xFFFFFFFF
            )
        return rtcp.report(outlet.ssrc, sender, blocks) + rtcp.description(outlet.ssrc, self._cname)

    def hear(self, compound: bytes, outlet: Outlet, stamp: int, utc: float) -> None:
        """Take the peer's reports: his clock for our next one, the round trip of our last one."""
        for report in rtcp.parse(compound):
            if report.sender is not None:
                self._last_report = rtcp.middle(report.sender.ntp)
                self._heard = stamp
            for block in report.blocks:
                if block.ssrc == outlet.ssrc:
                    now = rtcp.middle(rtcp.ntp_time(utc))
                    trip = rtcp.round_trip(now, block.last_report, block.delay)
                    self.round_trip = self.round_trip if trip is None else trip

    def _block(self, inlet: Inlet, stamp: int) -> rtcp.Block:
        if inlet.ssrc != self._ssrc:
            self._ssrc = inlet.ssrc
            self._expected = self._received = 0
        expected = inlet.next - inlet.base
        expected_now = expected - self._expected
        lost_now = expected_now - (inlet.received - self._received)
        self._expected, self._received = expected, inlet.received
        fraction = max(0, (lost_now << 8) // expected_now) if expected_now > 0 else 0
        delay = int((stamp - self._heard) * _NTP_PER_STAMP) if self._last_report else 0
        return rtcp.Block(
            inlet.ssrc, min(fraction, 255), expected - inlet.received,
            (inlet.next - 1) & 0xFFFFFFFF, inlet.jitter >> 4, self._last_report, delay & 0xFFFFFFFF,
        )  # fmt: skip
