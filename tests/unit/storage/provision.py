"""Apply a provisioning file that names no audio."""

from __future__ import annotations

from pathlib import Path

from storage.connection import MainDatabase
from storage.models import PromptInfo
from storage.provisioning import ProvisioningError, apply_wishes
from storage.provisioning.reading import read_wishes


class NoPrompts:
    """No audio is named here."""

    def ingest(self, path: Path) -> PromptInfo:
        raise AssertionError(path)

    def known(self, address: str) -> PromptInfo | None:
        return None

    def shipped(self) -> dict[str, Path]:
        return {}


def apply(database: MainDatabase, text: str, language: str = "en", *, prune: bool = False) -> list[str]:
    """Apply a file's text and return what changed, in words; raises ProvisioningError."""
    wishes = read_wishes(text.encode(), "box.yaml", Path("."), NoPrompts())
    problems = wishes.faults
    if problems:
        raise ProvisioningError(problems)
    return [change.text(language) for change in apply_wishes(database, wishes, prune=prune).changes]
