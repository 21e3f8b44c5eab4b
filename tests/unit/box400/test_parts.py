"""Who takes part in a live call, in words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from box400.cli.parts import part_words, who_text
from box400.cli.words import speak


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Leave the language as it was found."""
    speak("en")
    yield
    speak("en")


def test_one_who_talks_is_just_named() -> None:
    """As is one whose phone rings."""
    assert who_text("8001", {}) == "8001"
    assert who_text("8001", {"8001": "talk"}) == "8001"


def test_several_are_told_with_what_they_do() -> None:
    """In the language of messages."""
    parts = {"8001": "hold", "8002": "consult", "8009": "listen"}
    assert who_text("8001", parts) == "8001 (holds), 8002 (consults), 8009 (listens)"
    speak("zh")
    assert who_text("8001", parts) == "8001 (保持), 8002 (咨询), 8009 (监听)"
    assert [part_words(part) for part in ("talk", "whisper", "barge", "new")] == [
        "通话",
        "耳语",
        "强插",
        "new",
    ]
