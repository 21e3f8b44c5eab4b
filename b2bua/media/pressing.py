"""Keys sent to a peer: as RTP events where he negotiated them, else as tones in the audio."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from b2bua.media import g711
from b2bua.media.playing import TICK_MS, Audio, play_due
from b2bua.media.rtp import TIMESTAMP_MASK
from b2bua.media.telephone_event import event_payload
from b2bua.media.tones import sine

if TYPE_CHECKING:
    from b2bua.media.leg import Leg

PRESS_TICKS = 5
"""100 ms; Q.24 asks for 40 at least."""
GAP_TICKS = 5
ENDS = 3
"""Times the last packet of an event is sent (RFC 4733 2.5.1.4)."""
ROWS = (697.0, 770.0, 852.0, 941.0)
COLUMNS = (1209.0, 1336.0, 1477.0, 1633.0)
LAYOUT = "123A456B789C*0#D"
LEVEL_DBM0 = -9.0


@cache
def key_tone(key: str, law: str) -> bytes:
    """Return one press in ``PCMA`` or ``PCMU``, with the silence after it."""
    row, column = divmod(LAYOUT.index(key), 4)
    seconds = PRESS_TICKS * TICK_MS / 1000
    sound = g711.ENCODE[law](sine((ROWS[row], COLUMNS[column]), seconds, LEVEL_DBM0))
    return sound + g711.SILENCE[law] * (GAP_TICKS * TICK_MS * 8)


class Pressing:
    """The keys a leg is being sent; while they last, nothing else is."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._ticks = 0
        self._started = 0
        self._audio: Audio | None = None
        self._credit = 0

    def add(self, digits: str) -> None:
        """Send these after those waiting."""
        self._waiting += digits

    def tick(self, leg: Leg, stamp: int) -> bool:
        """Send what is due in these 20 ms; return False when all is sent."""
        peer = leg.peer
        if peer is None:
            return False
        if self._audio is None and peer.event_payload_type is not None:
            self._tick_event(leg, peer.event_payload_type, stamp)
        elif self._audio is not None or peer.codec in g711.SILENCE:
            self._tick_audio(leg, peer.codec, stamp)
        else:
            self._waiting.clear()
        return bool(self._waiting) or self._audio is not None

    def _tick_event(self, leg: Leg, payload_type: int, stamp: int) -> None:
        outlet = leg.outlet
        key = self._waiting[0]
        if self._ticks == 0:
            self._started = outlet.begin(self, stamp)
        self._ticks += 1
        duration = min(self._ticks, PRESS_TICKS) * TICK_MS * outlet.clock_rate // 1000
        if self._ticks <= PRESS_TICKS:
            payload = event_payload(key, self._ticks == PRESS_TICKS, duration)
            outlet.write_event(payload_type, self._ticks == 1, self._started, payload, stamp)
        if self._ticks == PRESS_TICKS:
            for _ in range(ENDS - 1):
                payload = event_payload(key, True, duration)
                outlet.write_event(payload_type, False, self._started, payload, stamp)
            outlet.timestamp = (self._started + duration - outlet.step) & TIMESTAMP_MASK
        if self._ticks >= PRESS_TICKS + GAP_TICKS:
            self._ticks = 0
            del self._waiting[0]

    def _tick_audio(self, leg: Leg, law: str, stamp: int) -> None:
        if self._audio is None:
            pieces = [key_tone(key, law) for key in self._waiting]
            self._waiting.clear()
            self._audio = Audio(pieces, law)
        self._credit = play_due(leg, self, self._audio, self._credit + TICK_MS, stamp)
        if self._audio.over:
            self._audio = None
