"""What is in a recording."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

RATE = 8000
FRAME = 160
Samples = npt.NDArray[np.float64]


class Stereo(NamedTuple):
    """The two channels of a recording, -1 to 1."""

    left: Samples
    right: Samples

    @property
    def seconds(self) -> float:
        """Length."""
        return len(self.left) / RATE


def read_stereo(path: Path) -> Stereo:
    """Read a recording; it must be stereo FLAC of 8 kHz."""
    info = soundfile.info(path)
    assert (info.format, info.channels, info.samplerate) == ("FLAC", 2, RATE)
    samples, _ = soundfile.read(path, dtype="float64")
    return Stereo(samples[:, 0], samples[:, 1])


def tone_frames(sound: Samples, hertz: float) -> npt.NDArray[np.bool_]:
    """Return for each 20 ms whether a tone is 80 % of what is heard."""
    whole = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME)
    energy = np.square(whole).mean(axis=1)
    wave = np.exp(-2j * np.pi * hertz / RATE * np.arange(FRAME))
    share = 2 * np.square(np.abs(whole @ wave) / FRAME) / np.maximum(energy, 1e-9)
    frames: npt.NDArray[np.bool_] = (share > 0.8) & (energy > 1e-5)
    return frames


def seconds_of(sound: Samples, hertz: float) -> float:
    """Return for how long a tone is heard."""
    return float(np.count_nonzero(tone_frames(sound, hertz)) * FRAME / RATE)


def gaps(sound: Samples, hertz: float) -> list[float]:
    """Return the moments (s) at which a tone is away between its first and last frame."""
    heard = tone_frames(sound, hertz)
    at = np.flatnonzero(heard)
    assert len(at), f"{hertz} Hz is not heard at all"
    inside = heard[at[0] : at[-1] + 1]
    return [float((at[0] + index) * FRAME / RATE) for index in np.flatnonzero(~inside)]


def onsets(sound: Samples) -> list[float]:
    """Return the moments (s) at which a sound begins after 200 ms of quiet."""
    loud = np.flatnonzero(np.abs(sound) > 0.05)
    if not len(loud):
        return []
    starts = loud[np.insert(np.diff(loud) > 0.2 * RATE, 0, True)]
    return [float(start / RATE) for start in starts]
