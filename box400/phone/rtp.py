"""RTP as the phone sends and hears it (RFC 3550, RFC 3551, RFC 4733); no sockets, no clock."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterator

FRAME = 160
"""Samples, and octets of G.711, in 20 ms."""
KEYS = "0123456789*#ABCD"
KEY_FRAMES = 6
"""A key is held for 120 ms ..."""
KEY_GAP_FRAMES = 4
"""... and 80 ms lie between two."""
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VOLUME = 10


class Outgoing:
    """Makes the packets of one stream, one each 20 ms."""

    def __init__(self, frames: Iterator[bytes], ssrc: int, sequence: int, timestamp: int) -> None:
        """``frames`` gives 160 octets each and never ends; the other values are random (RFC 3550 5.1)."""
        self.packets = 0
        self.frames = frames
        self._ssrc = ssrc
        self._sequence = sequence
        self._timestamp = timestamp
        self._keys: deque[str] = deque()
        self._key: str | None = None
        self._key_frame = 0
        self._key_timestamp = 0

    def press(self, key: str) -> None:
        """Press a key after those pressed before."""
        self._keys.append(key)

    @property
    def pressing(self) -> bool:
        """Whether keys are still to be sent."""
        return self._key is not None or bool(self._keys)

    def tick(self, payload_type: int, event_payload_type: int | None) -> list[bytes]:
        """Return the packets that are due now; keys are left out when the peer takes no telephone-event."""
        frame = next(self.frames)
        if self._key is None and self._keys:
            self._key, self._key_frame, self._key_timestamp = self._keys.popleft(), 0, self._timestamp
        if self._key is None or event_payload_type is None:
            self._key = None if event_payload_type is None else self._key
            due = [self._packet(payload_type, self._timestamp, frame, marker=self.packets == 0)]
        else:
            due = self._event(event_payload_type) or [self._packet(payload_type, self._timestamp, frame)]
        self._timestamp = (self._timestamp + FRAME) & 0xFFFFFFFF
        return due

    def _event(self, payload_type: int) -> list[bytes]:
        """Return the packets of the key in this frame; none in the gap behind it."""
        assert self._key is not None
        self._key_frame += 1
        if self._key_frame > KEY_FRAMES + KEY_GAP_FRAMES:
            self._key = None
        if self._key is None or self._key_frame > KEY_FRAMES:
            return []
        last = self._key_frame == KEY_FRAMES
        event = _EVENT.pack(KEYS.index(self._key), _VOLUME | (0x80 if last else 0), self._key_frame * FRAME)
        # The end is sent three times, since the loss of one packet must not make the key endless (2.5.1.4).
        return [
            self._packet(payload_type, self._key_timestamp, event, marker=self._key_frame == 1)
            for _ in range(3 if last else 1)
        ]

    def _packet(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool = False) -> bytes:
        header = _HEADER.pack(
            0x80, payload_type | (0x80 if marker else 0), self._sequence, timestamp, self._ssrc
        )
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.packets += 1
        return header + payload


class Incoming:
    """Puts what arrives on one time line."""

    def __init__(self) -> None:
        self.packets = 0
        self.lost = 0
        self.restarts = -1
        """How often the stream began anew with another SSRC."""
        self.keys = ""
        self.octets = bytearray()
        """The audio so far, a frame that never came as G.711 silence."""
        self._ssrc: int | None = None
        self._first = 0
        self._base = 0
        self._sequence = 0
        self._key_timestamp: int | None = None

    def take(self, packet: bytes, silence: int, event_payload_type: int | None) -> int | None:
        """Take a datagram; return its payload type, or None when it is no RTP. ``silence`` fills gaps."""
        if len(packet) < 12 or packet[0] >> 6 != 2 or 200 <= packet[1] <= 206:
            return None
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(packet)
        at = 12 + 4 * (first & 15)
        if first & 0x10 and len(packet) >= at + 4:
            at += 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big")
        payload_type: int = second & 0x7F
        self.packets += 1
        if ssrc != self._ssrc:
            self.restarts += 1
            self._ssrc, self._first, self._base = ssrc, timestamp, len(self.octets)
            self._sequence = sequence - 1
        missing = (sequence - self._sequence - 1) & 0xFFFF
        if missing < 0x8000:
            self.lost += missing
            self._sequence = sequence
        else:
            self.lost -= 1
        if payload_type == event_payload_type:
            self._take_event(packet[at:], timestamp)
        else:
            self._place(packet[at:], timestamp, silence)
        return payload_type

    def _take_event(self, event: bytes, timestamp: int) -> None:
        if len(event) >= 4 and event[0] < len(KEYS) and timestamp != self._key_timestamp:
            self._key_timestamp = timestamp
            self.keys += KEYS[event[0]]

    def _place(self, payload: bytes, timestamp: int, silence: int) -> None:
        offset = (timestamp - self._first) & 0xFFFFFFFF
        if offset >= 0x80000000:
            return
        start = self._base + offset
        if start > len(self.octets) + 60 * 8000:
            return
        self.octets += bytes([silence]) * (start - len(self.octets))
        self.octets[start : start + len(payload)] = payload
