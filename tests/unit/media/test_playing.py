"""What is played: prompts, music, tones."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.media import g711
from b2bua.media.playing import Audio, Playing
from b2bua.media.prompts import Prompts
from b2bua.media.tones import CADENCES, tone
from tests.unit.media.legs import HeardLeg, fields, leg


def played(to: HeardLeg, audio: Audio, ticks: int = 200) -> int:
    """Play to the end; return how many ticks that took."""
    playing = Playing(1, audio)
    for tick in range(1, ticks + 1):
        if not playing.tick(to, 1000 + 160 * tick):
            return tick
    return ticks


@given(st.lists(st.binary(max_size=50), max_size=5), st.integers(1, 40), st.integers(0, 120))
def test_pieces_are_read_one_after_the_other(pieces: list[bytes], size: int, skip: int) -> None:
    """From where it was left off, filled up with silence at the end."""
    audio = Audio(pieces, "PCMA", skip=skip)
    whole = b"".join(pieces)[skip:]
    read = b""
    while not audio.over:
        read += audio.read(size)
    assert read[: len(whole)] == whole
    assert read[len(whole) :].strip(b"\xd5") == b""
    assert len(read) - len(whole) < size


@given(st.lists(st.binary(min_size=1, max_size=9), min_size=1, max_size=4), st.integers(0, 500))
def test_music_goes_round(pieces: list[bytes], skip: int) -> None:
    """Over and over, and on in the middle after a worker was replaced."""
    whole = b"".join(pieces)
    audio = Audio(pieces, "PCMA", repeat=True, skip=skip)
    assert audio.read(100) == (whole * 700)[skip : skip + 100]
    assert not audio.over


def test_a_prompt_becomes_a_steady_stream() -> None:
    """Numbers by one, time by 160, a marker on the first packet."""
    to = leg()
    assert played(to, Audio([bytes(1600)], "PCMA")) == 10
    sent = [fields(each) for each in to.sent]
    assert [each[1] for each in sent] == [True, *[False] * 9]
    assert {after[2] - before[2] for before, after in pairwise(sent)} == {1}
    assert {after[3] - before[3] for before, after in pairwise(sent)} == {160}
    assert b"".join(each[4] for each in sent) == bytes(1600)


@pytest.mark.parametrize("ptime", [10, 20, 30, 40, 60])
def test_prompts_are_cut_to_the_peers_packet_time(ptime: int) -> None:
    """All of it in packets of his size, in the time it takes."""
    to = leg(ptime=ptime)
    audio = bytes(each % 251 for each in range(9600))
    ticks = played(to, Audio([audio], "PCMA"))
    assert ticks == pytest.approx(60, abs=3)
    assert {len(fields(each)[4]) for each in to.sent} == {8 * ptime}
    assert b"".join(fields(each)[4] for each in to.sent) == audio


def test_a_prompt_follows_the_peer_to_another_law() -> None:
    """A re-INVITE to PCMU in the middle of a prompt."""
    to = leg()
    playing = Playing(1, Audio([b"\x2a" * 800], "PCMA"))
    playing.tick(to, 1160)
    to.connect(leg("PCMU", 0).peer, 1200)  # type: ignore[arg-type]
    playing.tick(to, 1320)
    assert fields(to.sent[1])[0] == 0
    assert fields(to.sent[1])[4] == (b"\x2a" * 160).translate(g711.ALAW_TO_ULAW)


def test_who_speaks_no_g711_hears_nothing_in_the_time_it_takes() -> None:
    """So that the call goes on as it would."""
    to = leg("G729", 18)
    assert played(to, Audio([bytes(1600)], "PCMA")) == 10
    assert to.sent == []


@pytest.mark.parametrize(("name", "law"), [(name, law) for name in CADENCES for law in g711.SILENCE])
def test_tones_have_the_pitch_and_cadence_of_the_chinese_network(name: str, law: str) -> None:
    """450 Hz, on and off as GB 3380 says."""
    sound, silence = CADENCES[name]
    encoded = tone(name, law)
    assert len(encoded) == round((sound + silence) * 8000)
    samples = g711.TO_PCM[law][np.frombuffer(encoded, np.uint8)].astype(float)
    heard = samples[: round(sound * 8000)]
    spectrum = abs(np.fft.rfft(heard))
    assert spectrum.argmax() / sound == pytest.approx(450, abs=3)
    assert abs(samples[round(sound * 8000) :]).max() <= 8
    assert 20 * np.log10(heard.std() * np.sqrt(2) / 32767) + 3.14 == pytest.approx(-10, abs=0.5)


def test_prompts_come_from_their_directory(tmp_path: Path) -> None:
    """By name and law; what is missing is silence, and is looked for again."""
    prompts = Prompts(str(tmp_path))
    assert prompts.get("abc", "PCMA") == b""
    (tmp_path / "abc.alaw").write_bytes(b"alaw")
    (tmp_path / "abc.ulaw").write_bytes(b"ulaw")
    assert (prompts.get("abc", "PCMA"), prompts.get("abc", "PCMU")) == (b"alaw", b"ulaw")
    (tmp_path / "abc.alaw").unlink()
    assert prompts.get("abc", "PCMA") == b"alaw"
    with pytest.raises(ValueError, match="not a prompt"):
        prompts.get("../abc", "PCMA")


def test_prompts_kept_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those not used for longest go first."""
    monkeypatch.setattr("b2bua.media.prompts.KEPT_OCTETS", 250)
    prompts = Prompts(str(tmp_path))
    for name in "abc":
        (tmp_path / f"{name}.alaw").write_bytes(bytes(100))
        prompts.get(name, "PCMA")
    for name in "abc":
        (tmp_path / f"{name}.alaw").unlink()
    assert [len(prompts.get(name, "PCMA")) for name in "abc"] == [0, 100, 100]
