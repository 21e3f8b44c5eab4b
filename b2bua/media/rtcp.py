"""RTCP sender and receiver reports (RFC 3550 6): bytes in, values out, and back. Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

SENDER_REPORT = 200
RECEIVER_REPORT = 201
DESCRIPTION = 202
GOODBYE = 203
CNAME = 1
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""

_HEAD = struct.Struct("!BBHI")
_SENDER = struct.Struct("!IIIII")
_BLOCK = struct.Struct("!IIIIII")


class Block(NamedTuple):
    """What a receiver says of one source (6.4.1)."""

    ssrc: int
    fraction_lost: int
    """In 1/256, since the last report."""
    lost: int
    """Since the beginning; negative when duplicates came."""
    highest: int
    """Extended sequence number."""
    jitter: int
    """Timestamp units."""
    last_report: int
    """Middle 32 bits of the NTP time of the sender report heard last."""
    delay: int
    """Since then, in 1/65536 s."""


class SenderInfo(NamedTuple):
    """What a sender says of himself."""

    ntp: int
    """64 bits, 1/2**32 s since 1900."""
    timestamp: int
    packets: int
    octets: int


class Report(NamedTuple):
    """One sender or receiver report as received."""

    ssrc: int
    sender: SenderInfo | None
    blocks: tuple[Block, ...]


def ntp_time(utc: float) -> int:
    """Return POSIX seconds as a 64-bit NTP time."""
    return int((utc + NTP_EPOCH) * 4294967296) & 0xFFFFFFFFFFFFFFFF


def middle(ntp: int) -> int:
    """Return the middle 32 bits of an NTP time, seconds in 1/65536."""
    return ntp >> 16 & 0xFFFFFFFF


def round_trip(now: int, last_report: int, delay: int) -> float | None:
    """Return seconds from our report to the peer and back (6.4.1), None when the peer had none of ours yet.

    All in 1/65536 s; a peer who claims more delay than time has passed gives 0.
    """
    if last_report == 0:
        return None
    passed = (now - last_report - delay) & 0xFFFFFFFF
    return 0.0 if passed > 0x7FFFFFFF else passed / 65536


def report(ssrc: int, sender: SenderInfo | None, blocks: tuple[Block, ...]) -> bytes:
    """Return a sender report, or a receiver report from who has sent nothing since the last one."""
    body = b""
    if sender is not None:
        body = _SENDER.pack(
            sender.ntp >> 32, sender.ntp & 0xFFFFFFFF, sender.timestamp, sender.packets, sender.octets
        )
    for block in blocks:
        lost = max(-0x800000, min(0x7FFFFF, block.lost)) & 0xFFFFFF
        body += _BLOCK.pack(
            block.ssrc, block.fraction_lost << 24 | lost, block.highest, block.jitter, *block[5:]
        )
    kind = RECEIVER_REPORT if sender is None else SENDER_REPORT
    return _HEAD.pack(0x80 | len(blocks), kind, (4 + len(body)) // 4, ssrc) + body


def description(ssrc: int, cname: bytes) -> bytes:
    """Return the SDES packet that every compound packet carries (6.5); ``cname`` up to 255 octets."""
    chunk = bytes((CNAME, len(cname))) + cname
    chunk += bytes(4 - len(chunk) % 4)
    return _HEAD.pack(0x81, DESCRIPTION, 1 + len(chunk) // 4, ssrc) + chunk


def goodbye(ssrc: int) -> bytes:
    """Return a BYE (6.6)."""
    return _HEAD.pack(0x81, GOODBYE, 1, ssrc)


def parse(compound: bytes) -> list[Report]:
    """Return the reports in a compound packet; what is malformed ends it, what is unknown is skipped."""
    return list(_reports(compound))


def _reports(compound: bytes) -> Iterator[Report]:
    at = 0
    while at + _HEAD.size <= len(compound):
        first, kind, words, ssrc = _HEAD.unpack_from(compound, at)
        end = at + 4 + 4 * words
        if first >> 6 != 2 or words < 1 or end > len(compound):
            return
        if kind in (SENDER_REPORT, RECEIVER_REPORT):
            found = _report(ssrc, compound[at + _HEAD.size : end], first & 0x1F, kind == SENDER_REPORT)
            if found is None:
                return
            yield found
        at = end


def _report(ssrc: int, body: bytes, count: int, is_sender: bool) -> Report | None:
    start = _SENDER.size if is_sender else 0
    if len(body) < start + count * _BLOCK.size:
        return None
    sender = None
    if is_sender:
        seconds, fraction, timestamp, packets, octets = _SENDER.unpack_from(body)
        sender = SenderInfo(seconds << 32 | fraction, timestamp, packets, octets)
    blocks = []
    for index in range(count):
        source, losses, highest, jitter, last, delay = _BLOCK.unpack_from(body, start + index * _BLOCK.size)
        lost = losses & 0xFFFFFF
        lost -= (lost & 0x800000) << 1
        blocks.append(Block(source, losses >> 24, lost, highest, jitter, last, delay))
    return Report(ssrc, sender, tuple(blocks))
