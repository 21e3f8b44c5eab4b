"""Conferences: a listener is sent the sum of those he hears, made anew for each of them at every tick.

Only legs of a conference take part in any of this; a plain bridge never comes here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from b2bua.media import g711
from b2bua.media.rtp import TIMESTAMP_MASK

if TYPE_CHECKING:
    from b2bua.media.leg import Leg

FRAME = 160
"""Samples of one tick."""
AHEAD = 2 * FRAME
"""Samples to have before a voice is let in (again): its packets may be late by so much."""
MOST = 5 * FRAME
"""Samples that may wait beyond one packet; the oldest of more are left out, or everybody hears him late."""

_ENCODED = {law: g711.octets(law) for law in g711.ENCODE}


class Voice:
    """What one leg says: linear samples that wait for the next tick."""

    __slots__ = ("_in", "_waiting")

    def __init__(self) -> None:
        self._waiting: g711.Pcm = np.zeros(0, np.int16)
        self._in = False

    def put(self, payload: bytes | bytearray, law: str) -> None:
        """Take the next packet."""
        samples = g711.TO_PCM[law][np.frombuffer(payload, np.uint8)]
        self._waiting = waiting = np.concatenate((self._waiting, samples))
        if len(waiting) > MOST + len(samples):
            self._waiting = waiting[-AHEAD - len(samples) :]

    def take(self) -> g711.Pcm | None:
        """Return the samples of this tick, None when there are not enough."""
        waiting = self._waiting
        if len(waiting) < (FRAME if self._in else AHEAD):
            self._in = False
            return None
        self._in = True
        self._waiting = waiting[FRAME:]
        return waiting[:FRAME]


class Hearing:
    """What one leg hears instead of its bridge."""

    __slots__ = ("_timestamp", "sources")

    def __init__(self, sources: tuple[Leg, ...]) -> None:
        self.sources = sources
        self._timestamp = 0

    def feed(self, leg: Leg, payload: bytes, stamp: int) -> None:
        """Send one tick's share, in packets of the peer's packet time."""
        outlet = leg.outlet
        if outlet.source is not self:
            self._timestamp = outlet.begin(self, stamp)
        outlet.write_stream(payload, self._timestamp, stamp)
        self._timestamp = (self._timestamp + FRAME) & TIMESTAMP_MASK


def mixed(voices: Iterable[g711.Pcm | None], law: str) -> bytes:
    """Return the sum of voices in a law, cut off where it is too loud; silence without any."""
    heard = [voice for voice in voices if voice is not None]
    if not heard:
        return g711.SILENCE[law] * FRAME
    if len(heard) == 1:
        total = heard[0]
    else:
        wide: npt.NDArray[np.int32] = np.add.reduce([voice.astype(np.int32) for voice in heard])
        total = np.clip(wide, -32768, 32767).astype(np.int16)
    return _ENCODED[law][total.view(np.uint16)].tobytes()


class Conference:
    """Every listener of a worker, and the voices they listen to."""

    def __init__(self) -> None:
        self._listeners: dict[int, Leg] = {}
        self._speakers: dict[int, Leg] = {}

    def hear(self, listener: Leg, sources: tuple[Leg, ...]) -> None:
        """Let a leg hear these; none: its bridge again."""
        if sources:
            listener.hearing = Hearing(sources)
            self._listeners[listener.id] = listener
        elif self._listeners.pop(listener.id, None) is not None:
            listener.hearing = None
        self._attune()
        listener.plan()

    def leave(self, leg: Leg) -> None:
        """Forget a leg that is closed."""
        if leg.id not in self._listeners and leg.id not in self._speakers:
            return
        if self._listeners.pop(leg.id, None) is not None:
            leg.hearing = None
        for listener in self._listeners.values():
            hearing = listener.hearing
            if hearing is not None:
                hearing.sources = tuple([source for source in hearing.sources if source is not leg])
        self._attune()

    def tick(self, stamp: int) -> None:
        """Send every listener his share; who is played or sent something else just now misses it."""
        if not self._listeners:
            return
        voices = {
            speaker.id: speaker.voice.take() if speaker.voice is not None else None
            for speaker in self._speakers.values()
        }
        for listener in self._listeners.values():
            hearing, peer = listener.hearing, listener.peer
            if hearing is None or peer is None or listener.feed is not None or listener.keys is not None:
                continue
            if peer.codec in g711.SILENCE:
                payload = mixed([voices[source.id] for source in hearing.sources], peer.codec)
                hearing.feed(listener, payload, stamp)

    def _attune(self) -> None:
        """Have the voices of all that are listened to, and of nobody else."""
        wanted = {
            source.id: source
            for listener in self._listeners.values()
            if listener.hearing is not None
            for source in listener.hearing.sources
        }
        before, self._speakers = self._speakers, wanted
        for speaker in before.values():
            if speaker.id not in wanted:
                speaker.voice = None
                speaker.plan()
        for speaker in wanted.values():
            if speaker.voice is None:
                speaker.voice = Voice()
                speaker.plan()
