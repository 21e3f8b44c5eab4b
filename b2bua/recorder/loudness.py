"""Bring a prompt to the loudness that callers expect on a telephone."""

from __future__ import annotations

import numpy as np

from b2bua.media.g711 import Pcm
from b2bua.recorder.resample import Sound

TARGET_DB = -20.0
"""RMS of the parts that sound, relative to full scale; G.711's 0 dBm0 is 3.14 dB below full scale."""
PEAK_DB = -1.0
MOST_GAIN_DB = 30.0
"""A faint hiss is not blown up to speech."""
SILENT_DB = -60.0
_FRAME = 160
_LOOK = 81
"""Samples (10 ms) over which the limiter opens and closes."""


def active_level(sound: Sound) -> float:
    """Return the RMS in dB of full scale over 20 ms frames within 30 dB of the loudest; -inf for silence."""
    frames = sound[: len(sound) // _FRAME * _FRAME].reshape(-1, _FRAME).astype(np.float64)
    if not len(frames):
        frames = sound[None, :].astype(np.float64)
    power = (frames**2).mean(axis=1)
    loudest = float(power.max(initial=0.0))
    if loudest <= 0.0:
        return -np.inf
    return float(10 * np.log10(power[power >= loudest / 1000].mean()))


def limited(sound: Sound, ceiling: float) -> Sound:
    """Turn peaks above ``ceiling`` down smoothly; what is below stays as it is."""
    need = np.minimum(1.0, ceiling / np.maximum(np.abs(sound), 1e-9))
    if need.min(initial=1.0) >= 1.0:
        return sound
    window = np.hanning(_LOOK + 2)[1:-1]
    padded = np.pad(need, _LOOK - 1, constant_values=1.0)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, _LOOK).min(axis=1)
    gain = np.convolve(lowest, window / window.sum(), mode="valid")
    return (sound * gain).astype(np.float32)


def normalised(sound: Sound) -> Pcm:
    """Return 16-bit samples at the target loudness, peaks limited; silence stays silence."""
    sound = sound - sound.mean(dtype=np.float64).astype(np.float32) if len(sound) else sound
    level = active_level(sound)
    if level > SILENT_DB:
        sound = sound * np.float32(10 ** (min(TARGET_DB - level, MOST_GAIN_DB) / 20))
    sound = limited(sound, 10 ** (PEAK_DB / 20))
    return np.rint(np.clip(sound, -1.0, 1.0) * 32767).astype(np.int16)
