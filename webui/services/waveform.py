"""The picture of a recording: how loud each side was, from its beginning to its end."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

BARS: Final = 600
"""As many as a wide screen shows."""


class Waveform(msgspec.Struct, frozen=True):
    """What is drawn."""

    seconds: float
    peaks: tuple[list[float], ...]
    """For each channel the loudest sample of each part of equal length, 0 to 1."""


def waveform_of(path: Path, bars: int = BARS) -> Waveform:
    """Return the picture of a sound file, of an hour in half a second; raises OSError for a damaged one."""
    import numpy as np  # it and the decoder are loaded when somebody listens, not when the pages start
    import soundfile

    try:
        with soundfile.SoundFile(path) as sound:
            peaks: tuple[list[float], ...] = tuple([] for _ in range(sound.channels))
            size = max(1, -(-sound.frames // bars))
            for block in sound.blocks(size, dtype="float32", always_2d=True):
                for channel, loudest in zip(peaks, np.abs(block).max(axis=0), strict=True):
                    channel.append(round(float(loudest), 3))
            return Waveform(sound.frames / sound.samplerate, peaks)
    except soundfile.LibsndfileError as error:
        raise OSError(str(error)) from error
