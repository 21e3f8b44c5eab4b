"""Make the shipped announcements and music again: ``python -m b2bua.recorder.voice.build``.

Needs the program ``espeak-ng`` (Debian package of that name); no other machine ever does. Texts are given as
pinyin with tones, because the synthesiser's own reading of Chinese characters is wrong. Licences: LICENCE.md.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from b2bua.recorder.loudness import normalised
from b2bua.recorder.resample import Sound, resampled
from b2bua.recorder.voice import source

RATE = 8000
_VOICE = ("-v", "cmn-latn-pinyin+Annie", "-s", "168", "-p", "48", "-g", "2")
_PAUSE = 0.25

TEXTS: dict[str, tuple[str, str]] = {
    "welcome": (
        "您好,欢迎致电。请稍候,正在为您转接。",
        "nin2 hao3. huan1 ying2 zhi4 dian4. qing3 shao1 hou4, zheng4 zai4 wei4 nin2 zhuan3 jie1.",
    ),
    "recording-notice": (
        "为保证服务质量,本次通话可能会被录音。",
        "wei4 bao3 zheng4 fu2 wu4 zhi4 liang4, ben3 ci4 tong1 hua4 ke3 neng2 hui4 bei4 lu4 yin1.",
    ),
    "busy": (
        "您好,所有座席正忙,请稍后再拨。",
        "nin2 hao3. suo3 you3 zuo4 xi2 zheng4 mang2, qing3 shao1 hou4 zai4 bo1.",
    ),
    "no-answer": (
        "您好,您拨打的电话暂时无人接听,请稍后再拨。",
        "nin2 hao3. nin2 bo1 da3 de5 dian4 hua4, zan4 shi2 wu2 ren2 jie1 ting1, qing3 shao1 hou4 zai4 bo1.",
    ),
    "number-unknown": (
        "您好,您拨打的号码不存在,请核对后再拨。",
        "nin2 hao3. nin2 bo1 da3 de5 hao4 ma3 bu4 cun2 zai4, qing3 he2 dui4 hou4 zai4 bo1.",
    ),
    "suspended": (
        "您好,您拨打的号码已暂停服务。",
        "nin2 hao3. nin2 bo1 da3 de5 hao4 ma3, yi3 zan4 ting2 fu2 wu4.",
    ),
    "trunk-down": (
        "您好,线路暂时无法接通,请稍后再拨。",
        "nin2 hao3. xian4 lu4 zan4 shi2 wu2 fa3 jie1 tong1, qing3 shao1 hou4 zai4 bo1.",
    ),
    "goodbye": ("感谢您的来电,再见。", "gan3 xie4 nin2 de5 lai2 dian4, zai4 jian4."),
}


def speak(pinyin: str) -> Sound:
    """Return synthesised speech at 8 kHz, with a little silence around it."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", *_VOICE, "-w", file.name, pinyin], check=True)  # noqa: S603, S607
        spoken, rate = soundfile.read(file.name, dtype="float32")
    loud = np.flatnonzero(np.abs(spoken) > 0.005)
    spoken = spoken[loud[0] : loud[-1] + rate // 50]
    sound = np.concatenate(list(resampled([spoken], rate, RATE)))
    pause = np.zeros(int(_PAUSE * RATE), dtype=np.float32)
    return np.concatenate((pause, sound, pause))


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


def main() -> None:
    """Write every file again."""
    for name, (_characters, pinyin) in TEXTS.items():
        _write(source(name), speak(pinyin))
    _write(source("hold-music"), hold_music())
    _write(source("ringback"), ringback())


def _write(path: Path, sound: Sound) -> None:
    path.parent.mkdir(exist_ok=True)
    soundfile.write(path, normalised(sound), RATE, subtype="PCM_16")


if __name__ == "__main__":
    main()
