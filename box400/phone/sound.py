"""Sounds to play, and what was heard: its level and its tone."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

from b2bua.media.g711 import ENCODE, TO_PCM
from b2bua.recorder.resample import resampled
from box400.phone.rtp import FRAME

RATE: Final = 8000
SILENCE: Final = {"PCMA": 0xD5, "PCMU": 0xFF}
"""The octet of silence in each encoding."""
QUIET: Final = -60.0
"""dBFS below which nothing is heard."""
NOTHING: Final = -99.0

Pcm = npt.NDArray[np.int16]


class UnreadableSound(Exception):
    """A file that cannot be played."""


def read_sound(path: Path) -> Pcm:
    """Return a sound file as 16-bit mono samples of 8 kHz; raises UnreadableSound."""
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnreadableSound(f"{path}: {error}") from error
    mono = samples.mean(axis=1, dtype=np.float32)
    blocks = list(resampled([mono], rate, RATE))
    sound = np.concatenate(blocks) if blocks else np.zeros(0, np.float32)
    pcm: Pcm = (np.clip(sound, -1, 1) * 32767).astype(np.int16)
    return pcm


def tone(hertz: float, dbfs: float = -12.0) -> Pcm:
    """Return a second of a sine; whole hertz follow on themselves without a click."""
    wave = np.sin(np.arange(RATE) * (2 * math.pi * hertz / RATE))
    pcm: Pcm = (wave * (32767 * 10 ** (dbfs / 20))).astype(np.int16)
    return pcm


def frames(sound: Pcm, codec: str, *, again: bool = False) -> Iterator[bytes]:
    """Yield 20 ms frames of a sound, once or again and again, then silence for ever."""
    whole = np.pad(sound, (0, -len(sound) % FRAME))
    octets = ENCODE[codec](whole)
    cut = [octets[at : at + FRAME] for at in range(0, len(octets), FRAME)]
    while cut:
        yield from cut
        if not again:
            break
    yield from repeat(bytes([SILENCE[codec]]) * FRAME)


def decoded(octets: bytes, codec: str) -> Pcm:
    """Return G.711 as samples."""
    sound: Pcm = TO_PCM[codec][np.frombuffer(octets, np.uint8)]
    return sound


def level(sound: Pcm) -> float:
    """Return the root mean square in dB of full scale, at least -99."""
    if not len(sound):
        return NOTHING
    mean = float(np.sqrt(np.mean(np.square(sound.astype(np.float64)))))
    return max(NOTHING, 20 * math.log10(mean / 32768)) if mean else NOTHING


def loudest_level(sound: Pcm) -> float:
    """Return the level of the loudest 200 ms."""
    step = RATE // 5
    return max((level(sound[at : at + step]) for at in range(0, len(sound), step)), default=NOTHING)


def seconds_of_tone(sound: Pcm, hertz: float) -> float:
    """Return for how many seconds a tone prevails: 20 ms frames with 80 % of their energy near it."""
    whole = sound[: len(sound) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    if not len(whole):
        return 0.0
    energy = np.square(whole).mean(axis=1)
    wave = np.exp(-2j * math.pi * hertz / RATE * np.arange(FRAME))
    share = 2 * np.square(np.abs(whole @ wave) / FRAME) / np.maximum(energy, 1)
    return float(np.count_nonzero((share > 0.8) & (energy > 1e4)) * FRAME / RATE)


def write_wav(path: Path, sound: Pcm) -> None:
    """Keep samples as a 16-bit WAV of 8 kHz."""
    soundfile.write(path, sound, RATE, subtype="PCM_16")
