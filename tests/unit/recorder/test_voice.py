"""The announcements that ship with the box."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from b2bua.recorder import voice
from b2bua.recorder.prompts import ingest
from b2bua.recorder.voice.build import TEXTS
from domain.outcomes import VERDICTS


@pytest.mark.parametrize("name", voice.ANNOUNCEMENTS + voice.MUSIC)
def test_every_shipped_announcement_is_ready_to_be_played(tmp_path: Path, name: str) -> None:
    """A fresh box speaks Mandarin: each shipped file becomes a prompt of a sensible length."""
    assert 2.0 < ingest(voice.source(name), tmp_path).seconds < 35.0


def test_every_outcome_that_is_announced_has_its_words() -> None:
    """No caller hears silence where the table of outcomes names an announcement."""
    wanted = {verdict.announcement for verdict in VERDICTS.values()} - {None}
    assert wanted <= set(voice.ANNOUNCEMENTS)
    assert set(TEXTS) == set(voice.ANNOUNCEMENTS)


@pytest.mark.parametrize("name", voice.MUSIC)
def test_music_repeats_without_a_click(name: str) -> None:
    """From its end to its start the music jumps no more than within it."""
    sound, _rate = soundfile.read(voice.source(name))
    assert abs(sound[0] - sound[-1]) < np.abs(np.diff(sound)).max()


def test_unknown_names_are_errors() -> None:
    """A name nobody recorded is our own mistake and says so."""
    with pytest.raises(KeyError):
        voice.source("../welcome")
