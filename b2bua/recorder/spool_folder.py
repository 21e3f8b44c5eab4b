"""One call's spool directory: its legs, whether it is still growing, and its end."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from b2bua.media.spool import SpoolError
from b2bua.media.spool_folders import FREE, recycle
from b2bua.recorder.spooled import LegAudio, read_leg

log = logging.getLogger(__name__)

FAILED = "failed"
NO_CALLS = (FAILED, FREE)
"""Directories beside those of calls."""
SUFFIX = ".spool"


class SpoolFolder:
    """``spool/<call>``."""

    def __init__(self, spool: Path, call: str) -> None:
        self.call = call
        self._spool = spool
        self.path = spool / call

    def sizes(self) -> dict[str, int] | None:
        """Return leg -> bytes, None when there is no directory."""
        try:
            with os.scandir(self.path) as entries:
                return {
                    entry.name[: -len(SUFFIX)]: entry.stat().st_size
                    for entry in entries
                    if entry.name.endswith(SUFFIX)
                }
        except FileNotFoundError:
            return None

    def exists(self) -> bool:
        """Whether there is such a directory."""
        return os.path.isdir(self.path)

    def read(self, legs: set[str]) -> tuple[dict[str, LegAudio], list[str]]:
        """Return the audio of those legs that are there, and what could not be read (leg and reason).

        Raises OSError when the disk refuses.
        """
        audio: dict[str, LegAudio] = {}
        unreadable: list[str] = []
        for leg in sorted(legs):
            path = os.path.join(self.path, leg + SUFFIX)
            try:
                audio[leg] = read_leg(path)
            except FileNotFoundError:
                continue
            except SpoolError as error:
                if os.path.getsize(path):  # an empty file holds nothing that could be lost
                    unreadable.append(f"{leg}: {error}")
        return audio, unreadable

    def remove(self) -> None:
        """Take its audio out of the world; its call is safe, or has nothing to keep."""
        recycle(self.path)

    def put_aside(self, reason: str) -> None:
        """Move it, if it is there, to ``spool/failed`` with the reason, for a person; raises OSError."""
        if not self.path.is_dir():
            log.error("call %s: %s", self.call, reason)
            return
        folder = self._spool / FAILED
        folder.mkdir(mode=0o750, exist_ok=True)
        target, number = folder / self.call, 1
        while target.exists():
            number += 1
            target = folder / f"{self.call}.{number}"
        (self.path / "reason.txt").write_text(reason + "\n", encoding="utf-8")
        self.path.rename(target)
        log.error("call %s: spool put aside in %s: %s", self.call, target, reason)


def count_failed(spool: Path) -> int:
    """Return how many spools were put aside."""
    try:
        return len(os.listdir(spool / FAILED))
    except FileNotFoundError:
        return 0
