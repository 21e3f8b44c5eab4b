"""Prompts for provisioning, prepared by the recorder's code."""

from __future__ import annotations

import re
import time
from pathlib import Path

from b2bua.recorder import prompts, shipped, voice
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import PromptInfo
from storage.provisioning.checks import PromptRejected
from storage.voice.own_prompts import Upload
from storage.voice.prompt_addresses import addresses_in_use


def prepare(data: DataDirectory, path: Path) -> Upload:
    """Prepare an upload, decoded by a child process with limits; raises ``prompts.PromptError``."""
    prompt = prompts.ingest(path, data.root)
    return Upload(prompt.address, prompt.seconds, path.stat().st_size, path.name)


_ADDRESS = re.compile(r"\b[0-9a-f]{64}\b")
KEPT_SECONDS = 86400.0
"""How long audio stays that nothing names: who prepares it names it a little later."""


def tidy(data: DataDirectory, database: MainDatabase) -> int:
    """Delete audio that nothing has named for a day; return how many prompts. Raises StoreDown."""
    named = database.read(addresses_in_use) | set(shipped.addresses().values())
    for snapshot in data.snapshots.rglob("*.json"):  # what calls are served by at this moment
        named.update(_ADDRESS.findall(snapshot.read_text(encoding="utf-8")))
    return prompts.delete_unused(data.root, named, before=time.time() - KEPT_SECONDS)


class PreparedPrompts:
    """Implements :class:`storage.provisioning.checks.Prompts` on a data directory."""

    def __init__(self, data: DataDirectory) -> None:
        self._root = data.root

    def ingest(self, path: Path) -> PromptInfo:
        """Prepare an audio file, once; raises PromptRejected."""
        try:
            return _info(prompts.ingest(path, self._root), path.stat().st_size)
        except prompts.PromptError as error:
            raise PromptRejected(error.english, error.chinese) from error

    def known(self, address: str) -> PromptInfo | None:
        """Return a prompt that was prepared before, or None."""
        prompt = prompts.find(address, self._root)
        return None if prompt is None else _info(prompt)

    def shipped(self) -> dict[str, Path]:
        """Return the audio that comes with the product, by name."""
        return {name: voice.source(name) for name in voice.WORDS}


def _info(prompt: prompts.Prompt, octets: int = 0) -> PromptInfo:
    return PromptInfo(prompt.address, prompt.name, prompt.seconds, octets)
