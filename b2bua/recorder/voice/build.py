"""Make the shipped announcements and music again: ``python -m b2bua.recorder.voice.build``.

Needs the program ``espeak-ng`` (Debian package of that name); no other machine ever does. The words are in
``zh_CN/words.toml``, as pinyin with tones, because the synthesiser's own reading of Chinese characters is
wrong. Licences: LICENCE.md.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from b2bua.recorder.loudness import normalised
from b2bua.recorder.resample import Sound, resampled
from b2bua.recorder.voice import WORDS, Kind, source

RATE = 8000
_VOICE = ("-v", "cmn-latn-pinyin+Annie", "-p", "48", "-g", "2")
_SPEED = {Kind.SENTENCE: "152", Kind.WORD: "140"}
"""Words a minute, as espeak-ng counts; slow enough for a bad line."""
_PAUSE = {Kind.SENTENCE: 0.25, Kind.WORD: 0.03}
"""Silence before and after, in seconds; words are joined."""
_FAINT = 0.02
"""What is softer than this part of the loudest sample, before and after, is cut off."""


def speak(pinyin: str, kind: Kind = Kind.SENTENCE) -> Sound:
    """Return synthesised speech at 8 kHz, trimmed, with a little silence around it."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", *_VOICE, "-s", _SPEED[kind], "-w", file.name, pinyin]
        subprocess.run(command, check=True)  # noqa: S603
        spoken, rate = soundfile.read(file.name, dtype="float32")
    loud = np.flatnonzero(np.abs(spoken) > _FAINT * np.abs(spoken).max())
    sound = np.concatenate(list(resampled([spoken[loud[0] : loud[-1] + rate // 50]], rate, RATE)))
    fade = RATE // 200
    sound[:fade] *= np.linspace(0.0, 1.0, fade, dtype=np.float32)
    sound[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    pause = np.zeros(int(_PAUSE[kind] * RATE), dtype=np.float32)
    return np.concatenate((pause, sound, pause))


def _beeps(hertz: float, *lengths: float) -> Sound:
    """Return tones of so many seconds, 80 ms apart, without clicks."""
    parts: list[Sound] = []
    gap = np.zeros(RATE * 8 // 100, dtype=np.float32)
    for seconds in lengths:
        time = np.arange(int(seconds * RATE)) / RATE
        edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.01)
        parts += [
            (np.sin(2 * np.pi * hertz * time) * edge).astype(np.float32),
            gap,
        ]
    return np.concatenate(parts[:-1])


def _pluck(hertz: float, seconds: float, decay: float, overtones: tuple[float, ...]) -> Sound:
    """Return one struck note: overtones that fade the faster the higher they are."""
    time = np.arange(int(seconds * RATE)) / RATE
    note = np.zeros(len(time))
    for order, level in enumerate(overtones, start=1):
        if hertz * order < 3400:
            note += level * np.sin(2 * np.pi * hertz * order * time) * np.exp(-time * decay * order**0.7)
    return (note * np.minimum(1.0, time / 0.006)).astype(np.float32)


def _place(loop: Sound, note: Sound, at: float, level: float) -> None:
    """Add a note to a loop; what rings on beyond the end sounds at the start."""
    index = (int(at * RATE) + np.arange(len(note))) % len(loop)
    np.add.at(loop, index, note * np.float32(level))


def _pitch(step: int) -> float:
    """Return the frequency of a step of the pentatonic scale on C4 (five steps an octave)."""
    octave, degree = divmod(step, 5)
    return float(261.63 * 2 ** (octave + (0, 2, 4, 7, 9)[degree] / 12))


def hold_music() -> Sound:
    """Return 32 seconds of calm music that loop: slow broken chords under a sparse melody."""
    beat, loop = 0.5, np.zeros(32 * RATE, dtype=np.float32)
    chords = ((0, 2, 3, 5), (-2, 1, 3, 4), (-1, 2, 4, 5), (-3, 0, 2, 4))
    melody = (7, None, 8, 9, None, 8, 7, None, 6, None, 7, 5, None, None, 4, None,
              5, None, 7, 8, None, 10, 9, None, 8, None, 7, 8, None, None, 7, None)  # fmt: skip
    for beat_number in range(64):
        chord = chords[beat_number // 8 % 4]
        step = chord[(0, 1, 2, 3, 2, 1, 2, 1)[beat_number % 8]]
        _place(loop, _pluck(_pitch(step), 4.0, 1.3, (1.0, 0.35, 0.12)), beat_number * beat, 0.30)
    for index, degree in enumerate(melody):
        if degree is not None:
            _place(loop, _pluck(_pitch(degree), 3.5, 1.6, (1.0, 0.15, 0.2, 0.05)), index + 0.02, 0.42)
    return loop


def ringback() -> Sound:
    """Return 9 seconds of 企业彩铃 that loop: a bright run of notes, then the company's greeting."""
    loop = np.zeros(9 * RATE, dtype=np.float32)
    run = (5, 7, 8, 9, 10, 9, 8, 7, 8, 10, 12, 10)
    for index, degree in enumerate(run):
        _place(loop, _pluck(_pitch(degree), 2.0, 3.0, (1.0, 0.5, 0.25, 0.1)), index * 0.3, 0.35)
    for index, degree in enumerate((5, 3, 2, 0)):
        _place(loop, _pluck(_pitch(degree), 3.0, 1.5, (1.0, 0.3, 0.1)), index * 0.9, 0.25)
    _place(loop, speak("nin2 hao3, huan1 ying2 zhi4 dian4."), 4.6, 1.0)
    return loop


MADE: dict[str, Callable[[], Sound]] = {
    "pause": lambda: np.zeros(RATE // 4, dtype=np.float32),
    "beep": lambda: _beeps(1000.0, 0.4),
    "error-tone": lambda: _beeps(350.0, 0.18, 0.18),
    "ringback": ringback,
    "hold-music": hold_music,
}
"""What is not spoken."""


def main() -> None:
    """Write every file again."""
    for name, words in WORDS.items():
        _write(source(name), speak(words.pinyin, words.kind) if words.pinyin else MADE[name]())


def _write(path: Path, sound: Sound) -> None:
    soundfile.write(path, normalised(sound), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
