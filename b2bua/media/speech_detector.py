"""Whether a peer speaks or has fallen silent, for messages; by the loudness of his packets."""

from __future__ import annotations

from typing import Final

from b2bua.media import g711, rtp

LOUD: Final = 256
"""Mean magnitude, of 32767, from which a packet is speech: some -42 dBov, above the noise of a line."""
SPOKEN: Final = rtp.STAMPS // 10
"""Loud time until it counts as speech: a click is none."""
_UNIT: Final = 16
"""Magnitudes are summed in this unit, so that each fits an octet."""

_MAGNITUDES: Final = {
    law: bytes([min(255, abs(int(level)) // _UNIT) for level in levels])
    for law, levels in g711.TO_PCM.items()
}


class SpeechDetector:
    """Watches one leg: says once that the peer speaks, and once that he has been silent for so long.

    Times are stamps (125 us). Silence counts from the start, or from the last loud packet; packets that do
    not come are silence too.
    """

    __slots__ = ("_loud", "_silence", "_since", "heard", "is_over")

    def __init__(self, silence: int, stamp: int) -> None:
        """``silence``: stamps without a loud packet until the peer counts as silent, 0: he never does."""
        self._silence = silence
        self._since = stamp
        self._loud = 0
        self.heard = False
        """Speech was told."""
        self.is_over = False
        """Silence was told."""

    def take(self, payload: bytes | bytearray, law: str, stamp: int) -> bool:
        """Take a packet of audio; return whether he is heard to speak for the first time.

        What is no G.711 cannot be measured here and counts as speech.
        """
        magnitudes = _MAGNITUDES.get(law)
        size = len(payload)
        if magnitudes is not None and sum(payload.translate(magnitudes)) * _UNIT < LOUD * size:
            return False
        self._since = stamp
        if self.heard:
            return False
        self._loud += size
        self.heard = self._loud >= SPOKEN
        return self.heard

    def falls_silent(self, stamp: int) -> bool:
        """Return, once, whether nothing loud has come for the time of silence."""
        if self.is_over or not self._silence or stamp - self._since < self._silence:
            return False
        self.is_over = True
        return True
