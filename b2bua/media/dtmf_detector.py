"""Keys as tones in the audio (ITU-T Q.23, Q.24), found by a bank of Goertzel filters.

The filters of all frequencies and windows are one matrix product in numpy. Each of the eight frequencies is
looked for at three places, so that senders 1.8 % off are heard and what is 3.5 % off is not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from b2bua.media import g711
from b2bua.media.pressing import COLUMNS, LAYOUT, ROWS

WINDOW = 160
"""Samples looked at together; 20 ms make filters 50 Hz wide."""
HOP = 80
DETUNINGS = (0.988, 1.0, 1.012)
MIN_AMPLITUDE = 250.0
"""Of 32767, for each of the two tones: some -39 dBm0."""
MAX_TWIST = 10.0
"""Power of one tone over the other: 10 dB."""
MIN_SHARE = 0.85
"""Of all power, in the two tones: keys reach 0.9 at 12 dB over noise; half an hour of speech never did."""
MIN_LEAD = 4.0
"""Power of a tone over the next best of its group: 6 dB."""
CONFIRM = 2
"""Windows that must agree that a key is pressed, or released."""

Floats = npt.NDArray[np.float32]


def _filters() -> Floats:
    frequencies = np.array([base * detuning for base in ROWS + COLUMNS for detuning in DETUNINGS])
    angles = 2 * np.pi * np.outer(np.arange(WINDOW), frequencies) / 8000
    return np.concatenate((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32)


_FILTERS = _filters()
_COUNT = _FILTERS.shape[1] // 2
_MIN_POWER = (MIN_AMPLITUDE * WINDOW / 2) ** 2
_MIN_ENERGY = MIN_AMPLITUDE**2 * WINDOW
_LEVELS = {law: pcm.astype(np.float32) for law, pcm in g711.TO_PCM.items()}


class DtmfDetector:
    """Listens to one leg; feed it all audio in order."""

    def __init__(self) -> None:
        self._tail: Floats = np.zeros(0, np.float32)
        self._pressed = ""
        self._candidate = ""
        self._agreed = 0

    @property
    def sounding(self) -> bool:
        """Whether the last window held a key's tones, or a key is still pressed."""
        return bool(self._candidate or self._pressed)

    def feed(self, payload: bytes | bytearray, law: str) -> str:
        """Return the keys whose presses became certain with this packet, mostly none."""
        samples = np.concatenate((self._tail, _LEVELS[law][np.frombuffer(payload, np.uint8)]))
        pressed = ""
        at = 0
        while at + WINDOW <= len(samples):
            pressed += self._judge(_key(samples[at : at + WINDOW]))
            at += HOP
        self._tail = samples[at:]
        return pressed

    def _judge(self, key: str) -> str:
        if key != self._candidate:
            self._candidate = key
            self._agreed = 0
        self._agreed += 1
        if self._agreed == CONFIRM and key != self._pressed:
            self._pressed = key
            return key
        return ""


def _key(window: Floats) -> str:
    """Return the key whose tones are in the window, or an empty text."""
    energy = float(window @ window)
    if energy < _MIN_ENERGY:
        return ""
    parts = window @ _FILTERS
    powers = (parts[:_COUNT] ** 2 + parts[_COUNT:] ** 2).tolist()
    rows = [max(powers[at : at + 3]) for at in (0, 3, 6, 9)]
    columns = [max(powers[at : at + 3]) for at in (12, 15, 18, 21)]
    low, high = max(rows), max(columns)
    if min(low, high) < _MIN_POWER or max(low, high) > MAX_TWIST * min(low, high):
        return ""
    if (low + high) * 2 / WINDOW < MIN_SHARE * energy:
        return ""
    if sorted(rows)[-2] * MIN_LEAD > low or sorted(columns)[-2] * MIN_LEAD > high:
        return ""
    return LAYOUT[4 * rows.index(low) + columns.index(high)]
