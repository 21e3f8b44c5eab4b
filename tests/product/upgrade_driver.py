"""Run an upgrade that kills itself: ``python -m tests.product.upgrade_driver ROOT HOW MOVE WHAT``.

``WHAT`` is ``upgrade:BUNDLE`` or ``resume``. ``HOW`` is ``begun`` (killed once MOVE is noted as begun) or
``unnoted`` (killed when MOVE is done and not yet noted).
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from box400.upgrade.machine import machine_at
from box400.upgrade.places import Places
from box400.upgrade.runner import resume, upgrade
from domain.upgrade.moves import Entry, StepBegan, StepDone, UndoBegan, UndoDone
from storage.upgrade.history import Journal

PATIENCE = 1.0


class DyingJournal(Journal):
    """Kills its process at one entry."""

    def __init__(self, journal: Journal, how: str, move: str) -> None:
        super().__init__(journal.path)
        self._how = how
        self._move = move

    def append(self, entry: Entry) -> None:
        if self._how == "unnoted" and isinstance(entry, StepDone | UndoDone) and _move(entry) == self._move:
            os.kill(os.getpid(), signal.SIGKILL)
        super().append(entry)
        if self._how == "begun" and isinstance(entry, StepBegan | UndoBegan) and _move(entry) == self._move:
            os.kill(os.getpid(), signal.SIGKILL)


def _move(entry: StepBegan | StepDone | UndoBegan | UndoDone) -> str:
    return str(entry.step if isinstance(entry, StepBegan | StepDone) else entry.undo)


def main() -> None:
    """Do it; returning means that it lived."""
    root, how, move, what = sys.argv[1:]
    places = Places(Path(root))

    def dying(journal: Journal) -> Journal:
        return DyingJournal(journal, how, move)

    def tell(entry: Entry) -> None:
        print(entry, flush=True)

    verb, _, bundle = what.partition(":")
    if verb == "upgrade":
        upgrade(
            places, machine_at(places), Path(bundle), wait_minutes=None, by="test", tell=tell,
            patience=PATIENCE, journal_of=dying,
        )  # fmt: skip
    else:
        resume(places, machine_at(places), at_boot=False, tell=tell, journal_of=dying)


if __name__ == "__main__":
    main()
