"""Tones of the Chinese network (GB 3380): 450 Hz in cadences, encoded once."""

from __future__ import annotations

from functools import cache

import numpy as np

from b2bua.media import g711

FREQUENCY = 450.0
LEVEL_DBM0 = -10.0
CADENCES = {"ringback": (1.0, 4.0), "busy": (0.35, 0.35), "congestion": (0.7, 0.7)}
"""Seconds of sound and of silence."""

_FULL_SCALE_DBM0 = 3.14
_FADE = 0.005


def sine(frequencies: tuple[float, ...], seconds: float, level_dbm0: float) -> g711.Pcm:
    """Return the sum of sines, each at ``level_dbm0``, faded in and out so that it does not click."""
    count = round(seconds * 8000)
    time = np.arange(count) / 8000.0
    amplitude = 32767 * 10 ** ((level_dbm0 - _FULL_SCALE_DBM0) / 20)
    wave = sum(amplitude * np.sin(2 * np.pi * frequency * time) for frequency in frequencies)
    fade = round(_FADE * 8000)
    ramp = np.ones(count)
    ramp[:fade] = np.arange(fade) / fade
    ramp[count - fade :] = ramp[:fade][::-1]
    return np.clip(wave * ramp, -32768, 32767).astype(np.int16)


@cache
def tone(name: str, law: str) -> bytes:
    """Return one period of a tone in ``PCMA`` or ``PCMU``; raises KeyError for an unknown name."""
    sound, silence = CADENCES[name]
    encoded = g711.ENCODE[law](sine((FREQUENCY,), sound, LEVEL_DBM0))
    return encoded + g711.SILENCE[law] * round(silence * 8000)
