"""Prompts for provisioning, prepared by the recorder's code."""

from __future__ import annotations

from pathlib import Path

from b2bua.recorder import prompts, voice
from storage.data_directory import DataDirectory
from storage.models import PromptInfo
from storage.own_prompts import Upload
from storage.provisioning.checks import PromptRejected


def prepare(data: DataDirectory, path: Path) -> Upload:
    """Prepare an upload, decoded by a child process with limits; raises ``prompts.PromptError``."""
    prompt = prompts.ingest(path, data.root)
    return Upload(prompt.address, prompt.seconds, path.stat().st_size, path.name)


class PreparedPrompts:
    """Implements :class:`storage.provisioning.checks.Prompts` on a data directory."""

    def __init__(self, data: DataDirectory) -> None:
        self._root = data.root

    def ingest(self, path: Path) -> PromptInfo:
        """Prepare an audio file, once; raises PromptRejected."""
        try:
            return _info(prompts.ingest(path, self._root))
        except prompts.PromptError as error:
            raise PromptRejected(error.english, error.chinese) from error

    def known(self, address: str) -> PromptInfo | None:
        """Return a prompt that was prepared before, or None."""
        prompt = prompts.find(address, self._root)
        return None if prompt is None else _info(prompt)

    def shipped(self) -> dict[str, Path]:
        """Return the audio that comes with the product, by name."""
        return {name: voice.source(name) for name in voice.WORDS}


def _info(prompt: prompts.Prompt) -> PromptInfo:
    return PromptInfo(prompt.address, prompt.name, prompt.seconds)
