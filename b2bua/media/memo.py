"""What a peer has said, kept in memory so that he can hear it himself: a message before it is saved."""

from __future__ import annotations

from typing import Final

from b2bua.media import g711
from b2bua.media.playing import Audio

GAP: Final = 800
"""Octets behind the clock from which packets were not merely late: the peer sent none in his pauses."""


class Memo:
    """Octets of G.711, one for each stamp (125 us) since it was begun."""

    __slots__ = ("_begun", "_law", "_most", "_said")

    def __init__(self, most: int, stamp: int) -> None:
        """``most``: octets kept; what is said later is left out."""
        self._most = most
        self._begun = stamp
        self._law = ""
        self._said = bytearray()

    def take(self, payload: bytes | bytearray, law: str, stamp: int) -> None:
        """Keep a packet of audio, in its place by the time it came; what is no G.711 is left out."""
        if law not in g711.SILENCE or len(self._said) >= self._most:
            return
        self._law = self._law or law
        missing = stamp - self._begun - len(self._said) - len(payload)
        if missing > GAP:
            self._said += g711.SILENCE[self._law] * min(missing, self._most - len(self._said))
        if law != self._law:
            payload = payload.translate(g711.translation(law, self._law))
        self._said += payload

    def audio(self, seconds: float, skip: float = 0.0) -> Audio:
        """Return the first seconds of it, to be played."""
        law = self._law or "PCMA"
        return Audio((bytes(self._said[: round(seconds * 8000)]),), law, skip=round(skip * 8000))
