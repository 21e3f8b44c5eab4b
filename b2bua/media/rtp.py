"""The RTP header (RFC 3550 5.1) and the one buffer that every packet of a worker passes through."""

from __future__ import annotations

import struct

from b2bua.media.spool import RECORD_LENGTH

HEADER = struct.Struct("!HHII")
"""Version to payload type, sequence number, timestamp, SSRC."""
HEADER_LENGTH = HEADER.size
SEQUENCE_MASK = 0xFFFF
TIMESTAMP_MASK = 0xFFFFFFFF
MAX_PACKET = 2048
STAMPS = 8000
"""Units of a stamp in one second: worker time is CLOCK_MONOTONIC in 125 us, the clock of G.711."""
STAMP_NS = 1_000_000_000 // STAMPS

START = RECORD_LENGTH
"""Where in the buffer a packet begins: behind the head of its spool record."""
PAYLOAD = START + HEADER_LENGTH

data = bytearray(START + MAX_PACKET)
_whole = memoryview(data)
inbox = _whole[START:]
"""Where sockets receive into."""
packets = tuple(_whole[START : START + length] for length in range(MAX_PACKET + 1))
"""The packet at hand, by its length."""
records = tuple(_whole[: START + length] for length in range(MAX_PACKET + 1))
"""The packet at hand with the head of its spool record, by the packet's length."""


def normalise(length: int) -> int:
    """Bring the packet at hand to a bare 12-octet header: no CSRC, extension, padding (RFC 3550 5.1, 5.3.1).

    Returns the new length, or -1 for what is no RTP packet (RTCP on the RTP port included).
    """
    if length < HEADER_LENGTH or length >= MAX_PACKET:
        return -1
    first = data[START]
    if first == 0x80:
        return -1 if 200 <= data[START + 1] <= 204 else length
    if first >> 6 != 2:
        return -1
    payload = HEADER_LENGTH + 4 * (first & 0x0F)
    if first & 0x10:
        if payload + 4 > length:
            return -1
        words = data[START + payload + 2] << 8 | data[START + payload + 3]
        payload += 4 + 4 * words
    end = length
    if first & 0x20:
        padding = data[START + length - 1]
        if padding == 0:
            return -1
        end -= padding
    if payload > end:
        return -1
    size = end - payload
    data[PAYLOAD : PAYLOAD + size] = data[START + payload : START + end]
    data[START] = 0x80
    return HEADER_LENGTH + size
