"""What is played to a peer: prompts, music, tones; G.711 made ready beforehand, one packet at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from b2bua.media import g711
from b2bua.media.rtp import TIMESTAMP_MASK

if TYPE_CHECKING:
    from b2bua.media.leg import Leg

TICK_MS = 20
OCTETS_MS = 8


class Audio:
    """Pieces of G.711 read one after the other, over and over with ``repeat``."""

    def __init__(self, pieces: Sequence[bytes], law: str, repeat: bool = False, skip: int = 0) -> None:
        self._pieces = [piece for piece in pieces if piece]
        self.law = law
        self._repeat = repeat
        self._piece = 0
        self._at = 0
        length = sum(map(len, self._pieces))
        if repeat and length:
            skip %= length
        self.read(skip)

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self._piece >= len(self._pieces)

    def read(self, size: int) -> bytes:
        """Return the next octets, filled up with silence at the end."""
        if self.over:
            return g711.SILENCE[self.law] * size
        piece = self._pieces[self._piece]
        taken = piece[self._at : self._at + size]
        self._at += len(taken)
        if self._at >= len(piece):
            self._at = 0
            self._piece += 1
            if self.over and self._repeat:
                self._piece = 0
        if len(taken) < size:
            taken += self.read(size - len(taken))
        return taken


def play_due(leg: Leg, source: object, audio: Audio, credit: int, stamp: int) -> int:
    """Send as many packets of the peer's packet time as ``credit`` (ms) allows; return what is left of it.

    A peer on hold, or one who speaks no G.711, misses them.
    """
    peer, outlet = leg.peer, leg.outlet
    ptime = peer.ptime if peer is not None else TICK_MS
    while credit >= ptime and not audio.over:
        credit -= ptime
        payload = audio.read(ptime * OCTETS_MS)
        if peer is None or peer.codec not in g711.SILENCE:
            continue
        if peer.codec != audio.law:
            payload = payload.translate(g711.translation(audio.law, peer.codec))
        if outlet.source is source:
            timestamp = (outlet.timestamp + outlet.step) & TIMESTAMP_MASK
        else:
            timestamp = outlet.begin(source, stamp)
        outlet.write(payload, timestamp, stamp)
    return credit


class Playing:
    """A play or tone on one leg."""

    def __init__(self, number: int, audio: Audio) -> None:
        self.number = number
        self._audio = audio
        self._credit = 0

    def tick(self, leg: Leg, stamp: int) -> bool:
        """Send what is due in these 20 ms; return False at the end."""
        self._credit = play_due(leg, self, self._audio, self._credit + TICK_MS, stamp)
        return not self._audio.over
