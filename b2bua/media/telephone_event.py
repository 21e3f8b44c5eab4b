"""Keys as RTP events (RFC 4733)."""

from __future__ import annotations

import struct

from b2bua.media.rtp import TIMESTAMP_MASK

KEYS = "0123456789*#ABCD"
"""Event codes 0 to 15 (RFC 4733 3.2)."""
END = 0x80
RECENT = 80_000
"""Timestamp units (10 s): a packet of an earlier time is late, unless the sender's clock was set anew."""
VOLUME = 10
"""-10 dBm0, as sent."""

_PAYLOAD = struct.Struct("!BBH")


class EventReceiver:
    """Turns the packets of one sender into presses of keys, each reported once, with its first packet.

    All packets of a press bear the timestamp of its start, so that it does not matter which of them are
    lost, repeated or late, the three last ones included.
    """

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._event = -1
        self._duration = 0
        self._ended = False

    def take(self, payload: bytes | bytearray, timestamp: int, marker: bool) -> str | None:
        """Return the key that this packet presses, or None: a repetition, no key, no event."""
        if len(payload) < _PAYLOAD.size:
            return None
        event, flags, duration = _PAYLOAD.unpack_from(payload)
        if self._timestamp is not None:
            since = (timestamp - self._timestamp) & TIMESTAMP_MASK
            if since == 0:
                self._duration = max(self._duration, duration)
                self._ended = self._ended or flags >= END
                return None
            if since > TIMESTAMP_MASK - RECENT:
                return None
            goes_on = event == self._event and not marker and not self._ended and since == self._duration
        else:
            goes_on = False
        self._timestamp, self._event = timestamp, event
        self._duration, self._ended = duration, flags >= END
        if goes_on or event >= len(KEYS):
            return None
        return KEYS[event]

    def reset(self) -> None:
        """Forget the last press: the sender's clock starts anew."""
        self._timestamp = None


def event_payload(key: str, ended: bool, duration: int) -> bytes:
    """Return the payload of one packet; ``duration`` in timestamp units since the press began."""
    return _PAYLOAD.pack(KEYS.index(key), VOLUME | (END if ended else 0), min(duration, 0xFFFF))
