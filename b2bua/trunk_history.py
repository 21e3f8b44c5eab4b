"""When each trunk went down and came up: the latest turns, kept in ``trunk-history.json`` for who asks."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import msgspec

MOST: Final = 200
"""Turns that are kept of a trunk: a flapping one goes down at most about once a minute."""
RESTARTED: Final = "restarted"
log = logging.getLogger(__name__)


class Turn(msgspec.Struct, frozen=True, array_like=True):
    """A trunk went down or came up."""

    at: float
    """UTC POSIX seconds."""
    up: bool
    why: str = ""


class TrunkHistory:
    """The latest turns of all trunks. ``save`` is called with each new content."""

    def __init__(
        self, held: dict[str, list[Turn]], utc: Callable[[], float], save: Callable[[bytes], None]
    ) -> None:
        """Go on from what was held; a trunk that was down is up until its probes say otherwise."""
        self._held = held
        self._utc = utc
        self._save = save
        for name, turns in list(held.items()):
            if turns and not turns[-1].up:
                self.note(name, True, RESTARTED)

    def note(self, name: str, up: bool, why: str) -> None:
        """Note a turn; the same state once more is none."""
        turns = self._held.setdefault(name, [])
        if turns and turns[-1].up is up:
            return
        turns.append(Turn(self._utc(), up, why[:200]))
        del turns[:-MOST]
        self._save(msgspec.json.encode(self._held))

    def forget(self, kept: Iterable[str]) -> None:
        """Drop trunks that are configured no more."""
        names = set(kept)
        for name in [name for name in self._held if name not in names]:
            del self._held[name]


def read_history(path: Path) -> dict[str, list[Turn]]:
    """Return what was last written; empty without a file, or when it is damaged."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[Turn]])
    except FileNotFoundError:
        pass
    except (OSError, ValueError) as error:
        log.error("%s cannot be read and begins anew: %s", path, error)
    return {}
