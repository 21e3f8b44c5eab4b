"""The announcements that ship with the box."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import soundfile

from b2bua.recorder import shipped, voice
from b2bua.recorder.loudness import TARGET_DB, active_level
from b2bua.recorder.prompts import find, ingest
from b2bua.recorder.voice import Kind
from b2bua.recorder.voice.build import MADE
from domain.outcomes import VERDICTS
from domain.voice.prompts import own_name
from storage.data_directory import DataDirectory

ROOT = Path(__file__).parents[3]


def test_every_prompt_has_its_audio_and_every_audio_its_words() -> None:
    """A name in the table that nobody spoke would be silence on a call."""
    files = {path.stem for path in voice.source("welcome").parent.glob("*.flac")}
    assert files == set(voice.WORDS)


@pytest.mark.parametrize("name", voice.WORDS)
def test_every_shipped_prompt_is_equally_loud_and_clips_nowhere(name: str) -> None:
    """Sentences are made of several prompts; none may stand out (-20 dB, peaks under -1 dB)."""
    sound, rate = soundfile.read(voice.source(name), dtype="float32")
    assert rate == 8000
    assert np.abs(sound).max() < 0.9
    if name != "pause":
        assert active_level(sound) == pytest.approx(TARGET_DB, abs=0.5)


@pytest.mark.parametrize(("kind", "shortest", "longest"), [(Kind.SENTENCE, 1.5, 8.0), (Kind.WORD, 0.25, 2.5)])
def test_speech_is_trimmed(kind: Kind, shortest: float, longest: float) -> None:
    """Words begin and end at once, so that digits follow each other as spoken."""
    for name, words in voice.WORDS.items():
        if words.kind is kind:
            sound, _rate = soundfile.read(voice.source(name), dtype="float32")
            assert shortest < len(sound) / 8000 < longest, name
            loud = np.flatnonzero(np.abs(sound) > 0.02)
            silence = 0.30 if kind is Kind.SENTENCE else 0.10  # a soft first consonant counts
            assert max(loud[0], len(sound) - loud[-1]) / 8000 < silence, name


def test_a_fresh_box_has_the_whole_voice(tmp_path: Path) -> None:
    """Prepared once, under the addresses that uploading the same files would give."""
    data = DataDirectory(tmp_path)
    data.create()
    found = shipped.ensure(data)
    assert set(found) == set(voice.WORDS)
    assert all(find(address, tmp_path) is not None for address in found.values())
    assert found["digit-8"] == ingest(voice.source("digit-8"), tmp_path).address
    file = tmp_path / "prompts" / f"{found['busy']}.alaw"
    file.write_bytes(file.read_bytes()[:100])
    assert shipped.ensure(data) == found
    assert find(found["busy"], tmp_path) is not None


def test_a_voice_that_cannot_be_prepared_is_told(tmp_path: Path) -> None:
    """A full disk: the b2bua hears of it and raises an alarm."""
    data = DataDirectory(tmp_path)
    data.create()
    data.prompts.rmdir()
    data.prompts.write_text("in the way")
    with pytest.raises(OSError, match="shipped prompts"):
        shipped.ensure(data)


def test_every_prompt_that_the_code_asks_for_ships() -> None:
    """A name in `prompt("...")` that is no name of the pack would be silence on a call."""
    asked: set[str] = set()
    for module in (ROOT / "b2bua").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "prompt":
                within = (each for argument in node.args for each in ast.walk(argument))
                constants = (each.value for each in within if isinstance(each, ast.Constant))
                asked |= {each for each in constants if isinstance(each, str)}
    assert asked
    assert {name for name in asked if own_name(name) is None} <= voice.WORDS.keys()


def test_every_outcome_that_is_announced_has_its_words() -> None:
    """No caller hears silence where the table of outcomes names an announcement."""
    wanted = {verdict.announcement for verdict in VERDICTS.values()} - {None}
    assert wanted <= set(voice.WORDS)
    assert set(MADE) == {name for name, words in voice.WORDS.items() if not words.pinyin}


@pytest.mark.parametrize("name", [name for name, words in voice.WORDS.items() if words.kind is Kind.MUSIC])
def test_music_repeats_without_a_click(name: str) -> None:
    """From its end to its start the music jumps no more than within it."""
    sound, _rate = soundfile.read(voice.source(name))
    assert abs(sound[0] - sound[-1]) < np.abs(np.diff(sound)).max()


def test_unknown_names_are_errors() -> None:
    """A name nobody recorded is our own mistake and says so."""
    with pytest.raises(KeyError):
        voice.source("../welcome")
