"""What the rules do not allow, in the words of people."""

from __future__ import annotations


class NotPossible(Exception):
    """Something that cannot be done as things are; nothing was changed. ``str()`` is English."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh

    @property
    def noted(self) -> str:
        """Both texts, as the course of a call keeps them (``domain.course_words``)."""
        return f"[{self.en} | {self.zh}]"


class BadField(NotPossible):
    """What somebody typed cannot be so: in which ``field``, and what is wrong with it."""

    def __init__(self, field: str, en: str, zh: str) -> None:
        super().__init__(en, zh)
        self.field = field
