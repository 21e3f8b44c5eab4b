"""The packet path: one flat loop around ``epoll`` in which every line counts (figures: docs/media.md).

A packet that is the next in order of a plain stream is stamped, kept for the recorder, given its new header
in place and sent, all in one buffer; any other goes to ``reception.receive``.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Protocol

from b2bua.media import rtp
from b2bua.media.leg import Leg
from b2bua.media.poller import Poller
from b2bua.media.spool import RECORD

PAUSE = 0.001
"""Seconds of rest after each round: packets come in batches then, which saves a wake-up for each."""
BATCH = 1024
LATE = 4000
"""Timestamp units by which a packet may be early or late before the sender's clock is in doubt."""


class Clock(Protocol):
    """What ``time`` does for the loop."""

    def monotonic_ns(self) -> int:
        """Nanoseconds of CLOCK_MONOTONIC."""

    def sleep(self, seconds: float, /) -> None:
        """Rest."""


class Timed(Protocol):
    """Who is given time to generate audio and to look after things."""

    due: int
    """Stamp of the next tick."""
    stamp: int
    """When the round at hand began."""

    def tick(self) -> None:
        """Do what is due and move ``due`` on."""


def run(poller: Poller, receive: Callable[[Leg, int, int], None], timed: Timed, clock: Clock) -> None:
    """Serve until something raises SystemExit."""
    poll, lines, run_rare = poller.poll, poller.lines, poller.run_rare
    monotonic_ns, sleep = clock.monotonic_ns, clock.sleep
    data, inbox, packets, records = rtp.data, rtp.inbox, rtp.packets, rtp.records
    unpack = Struct("!III").unpack_from
    pack, pack_record = rtp.HEADER.pack_into, RECORD.pack_into
    start, payload = rtp.START, rtp.PAYLOAD
    while True:
        ready = poll(max(0.0, (timed.due - monotonic_ns() / rtp.STAMP_NS) / rtp.STAMPS), BATCH)
        timed.stamp = stamp = monotonic_ns() // rtp.STAMP_NS
        headed = 0
        inlet = None
        for fd, _ in ready:
            inlet = lines[fd]
            if inlet is None:
                run_rare()
                headed = 0
                continue
            receive_into = inlet.recv_into
            try:
                length = receive_into(inbox)
            except OSError:
                continue
            word, timestamp, ssrc = unpack(data, start)
            if word == inlet.word and length == inlet.size and ssrc == inlet.ssrc:
                transit = stamp - timestamp
                apart = transit - inlet.transit
                if apart < 0:
                    apart = -apart
                if apart < LATE:
                    inlet.word = word + 1
                    inlet.heard = stamp
                    inlet.transit = transit
                    inlet.jitter += apart - (inlet.jitter + 8 >> 4)
                    spool = inlet.spool
                    if spool is not None:
                        if length != headed:
                            pack_record(data, 0, stamp, length)
                            headed = length
                        spool += records[length]
                    out = inlet.out
                    if out is not None:
                        table = inlet.table
                        if table is not None:
                            data[payload : start + length] = data[payload : start + length].translate(table)
                        pack(
                            data,
                            start,
                            out.head,
                            (word + inlet.shift) & 0xFFFF,
                            (timestamp + inlet.offset) & 0xFFFFFFFF,
                            out.ssrc,
                        )
                        send = out.send
                        try:
                            send(packets[length])
                        except OSError:
                            out.unsent += 1
                    continue
            receive(inlet.leg, length, stamp)
            headed = 0
        if stamp >= timed.due:
            timed.tick()
        elif inlet is not None:
            sleep(PAUSE)
