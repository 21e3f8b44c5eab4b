"""An upgrade comes to its end, whatever a step throws."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from box400.upgrade import runner
from box400.upgrade.places import Places
from domain.upgrade.moves import Entry, Result, Step, StepFailed, Undo, UndoDone


class Careless:
    """Steps of which one fails as nobody foresaw."""

    goes_down = False

    def __init__(self, *_: Any) -> None:
        pass

    def do(self, step: Step) -> None:
        if step is Step.EVOLVE:
            raise ValueError("the new version printed something else")

    def undo(self, undo: Undo) -> None:
        if undo is Undo.DATA:
            raise LookupError("before.json")


def test_a_fault_that_nobody_foresaw_goes_back_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box is stopped at that moment: it must not stay so; the steps back that follow are done, too."""
    monkeypatch.setattr(runner, "Steps", Careless)
    (tmp_path / "opt/box400").mkdir(parents=True)
    told: list[Entry] = []
    result = runner.upgrade(
        Places(tmp_path), None, tmp_path / "a.bundle", wait_minutes=None, by="x", tell=told.append,  # type: ignore[arg-type]
    )  # fmt: skip
    assert result is Result.BROKEN
    failed = next(each for each in told if isinstance(each, StepFailed))
    assert (failed.step, failed.en) == (Step.EVOLVE, "ValueError: the new version printed something else")
    assert {Undo.STOP, Undo.START} <= {each.undo for each in told if isinstance(each, UndoDone)}
