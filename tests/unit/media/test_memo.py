"""What a peer said, played to him: a message before it is saved."""

from __future__ import annotations

import pytest

from b2bua.media import g711
from b2bua.media.memo import Memo

SILENCE = g711.SILENCE["PCMA"]


def test_what_was_said_is_kept_in_order() -> None:
    """And cut where it is asked for, or where it is full."""
    memo = Memo(800, 0)
    for number in range(10):
        memo.take(bytes([number]) * 160, "PCMA", 160 * (number + 1))
    audio = memo.audio(0.05)
    assert audio.law == "PCMA"
    assert audio.read(400) == bytes([0]) * 160 + bytes([1]) * 160 + bytes([2]) * 80
    assert audio.over
    whole = memo.audio(10)
    assert whole.read(800)[-160:] == bytes([4]) * 160
    assert whole.over


def test_a_pause_in_which_nothing_is_sent_stays_a_pause() -> None:
    """Phones with silence suppression; mere jitter makes no holes."""
    memo = Memo(80_000, 0)
    memo.take(b"a" * 160, "PCMA", 160)
    memo.take(b"b" * 160, "PCMA", 700)
    memo.take(b"c" * 160, "PCMA", 8160)
    said = memo.audio(10).read(8160)
    assert said == b"a" * 160 + b"b" * 160 + SILENCE * 7680 + b"c" * 160


def test_another_law_or_codec() -> None:
    """G.711 is made one law, anything else left out."""
    memo = Memo(8000, 0)
    memo.take(b"x" * 160, "opus", 160)
    memo.take(SILENCE * 160, "PCMA", 160)
    memo.take(g711.SILENCE["PCMU"] * 160, "PCMU", 320)
    said = memo.audio(1).read(320)
    assert said[:160] == SILENCE * 160
    levels = g711.TO_PCM["PCMA"]
    assert all(abs(int(levels[octet])) <= 16 for octet in said)


@pytest.mark.parametrize("skip", [0.0, 0.01])
def test_it_goes_on_where_it_was(skip: float) -> None:
    """After a part was heard."""
    memo = Memo(8000, 0)
    memo.take(bytes(range(160)), "PCMA", 160)
    assert memo.audio(1, skip).read(80) == bytes(range(160))[round(skip * 8000) :][:80]
    assert Memo(8000, 0).audio(1).over
