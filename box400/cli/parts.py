"""What somebody does in a call, in the words of people."""

from __future__ import annotations

from collections.abc import Mapping

from box400.cli.words import words

_WORDS = {
    "talk": ("talks", "通话"),
    "hold": ("holds", "保持"),
    "consult": ("consults", "咨询"),
    "listen": ("listens", "监听"),
    "whisper": ("whispers", "耳语"),
    "barge": ("barges in", "强插"),
}


def part_words(part: str) -> str:
    """Return the words for a part (``storage.journal.events.TakesPart``)."""
    return words(*_WORDS.get(part, (part, part)))


def who_text(who: str, parts: Mapping[str, str]) -> str:
    """Say who takes part in a live call; ``who`` where nobody but him just talks."""
    if not parts or parts == {who: "talk"}:
        return who
    return ", ".join([f"{name} ({part_words(part)})" for name, part in parts.items()])
