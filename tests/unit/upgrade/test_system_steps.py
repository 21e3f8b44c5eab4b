"""What an upgrade of the whole system does next, on either side of its restart."""

from __future__ import annotations

import pytest

from domain.refusal import NotPossible
from domain.upgrade.moves import (
    NOT_STARTED,
    Began,
    Entry,
    Interrupted,
    Result,
    Step,
    StepBegan,
    StepDone,
    StepFailed,
    Undo,
    UndoBegan,
    UndoDone,
    UndoFailed,
    found_again,
    may_be_put_back,
    next_move,
    reason,
    steps_of,
)
from domain.upgrade.release import SYSTEM, Manifest, Running, check_follows

START = Began(0.0, "2.0.0", "1.0.0", slot="b")
STEPS = steps_of([START])
"""The old system is in slot a, its start is called one; the new one goes into b."""


def up_to(step: Step) -> list[Entry]:
    """Return the journal when a step was begun."""
    journal: list[Entry] = [START]
    for each in STEPS:
        journal.append(StepBegan(0, each, "one" if each is Step.RESTART else ""))
        if each is step:
            break
        journal.append(StepDone(0, each))
    return journal


def found(journal: list[Entry], *, boot: str, slot: str, good: str = "a") -> Entry | None:
    """Return what is noted by whoever finds the journal."""
    return found_again(journal, 9.0, boot=boot, slot=slot, good=good)


def test_the_steps_of_a_system() -> None:
    """No program is installed or switched to; in their place a slot is written and the machine restarted."""
    assert [step for step in Step if step not in STEPS] == [Step.INSTALL, Step.TRIAL, Step.SWITCH]
    assert STEPS.index(Step.SNAPSHOT) < STEPS.index(Step.RESTART) < STEPS.index(Step.EVOLVE)


def test_the_new_system_goes_on() -> None:
    """It finds the restart under way and does what comes before the box; when that is up it goes on."""
    journal = up_to(Step.RESTART)
    noted = found(journal, boot="two", slot="b")
    assert noted == StepDone(9.0, Step.RESTART)
    journal.append(noted)
    assert next_move(journal) is Step.EVOLVE
    journal += [StepBegan(0, Step.EVOLVE), StepDone(0, Step.EVOLVE)]
    assert found(journal, boot="two", slot="b") is None
    assert next_move(journal) is Step.CONFIGURE


def test_the_new_system_did_not_start() -> None:
    """The old one finds itself running again: the data are put back, for who knows what was done to them."""
    journal = up_to(Step.RESTART)
    noted = found(journal, boot="two", slot="a")
    assert noted == StepFailed(9.0, Step.RESTART, *NOT_STARTED)
    journal.append(noted)
    moves = []
    while not isinstance(move := next_move(journal), Result):
        assert isinstance(move, Undo)
        moves.append(move)
        journal.append(UndoDone(0, move))
    assert moves == [
        Undo.STOP, Undo.RESTART, Undo.DATA, Undo.START, Undo.HEALTH, Undo.DRAIN, Undo.REMOVE,
    ]  # fmt: skip
    assert move is Result.ROLLED_BACK
    assert "新系统未能启动" in reason(journal)[1]


def test_the_machine_is_still_on_its_way_down() -> None:
    """Whoever looks in the same start of the machine notes nothing and asks for the restart again."""
    journal = up_to(Step.RESTART)
    assert found(journal, boot="one", slot="a") is None
    assert next_move(journal) is Step.RESTART
    assert may_be_put_back(journal)
    journal += [StepFailed(0, Step.RESTART, "no", "否"), UndoBegan(0, Undo.RESTART, "one")]
    journal.insert(-1, UndoDone(0, Undo.STOP))
    assert found(journal, boot="one", slot="b") is None
    assert next_move(journal) is Undo.RESTART


@pytest.mark.parametrize("step", [step for step in STEPS if step is not Step.RESTART])
@pytest.mark.parametrize("slot", ["a", "b"])
def test_a_step_that_was_cut_short(step: Step, slot: str) -> None:
    """Leads back, in whichever system it is found, unless it came after the commit."""
    journal = up_to(step)
    noted = found(journal, boot="two", slot=slot)
    assert noted == Interrupted(9.0)
    journal.append(noted)
    move = next_move(journal)
    assert move is Step.TIDY if step is Step.TIDY else isinstance(move, Undo | Result)


def test_the_commit_is_what_the_machine_starts() -> None:
    """The power was cut when the new system was marked good and that was not noted: it stays."""
    journal = up_to(Step.COMMIT)
    assert found(journal, boot="two", slot="b", good="b") == StepDone(9.0, Step.COMMIT)


def test_back_in_the_old_system() -> None:
    """The restart on the way back is over when the old system runs; the new one once more is told."""
    journal = up_to(Step.HEALTH)
    journal += [StepFailed(0, Step.HEALTH, "sick", "病"), UndoBegan(0, Undo.STOP), UndoDone(0, Undo.STOP)]
    journal.append(UndoBegan(0, Undo.RESTART, "two"))
    assert found(journal, boot="three", slot="a") == UndoDone(9.0, Undo.RESTART)
    assert isinstance(found(journal, boot="three", slot="b"), UndoFailed)
    journal += [UndoDone(9.0, Undo.RESTART), UndoBegan(0, Undo.DATA)]
    assert found(journal, boot="four", slot="a") is None
    assert next_move(journal) is Undo.DATA


def test_a_power_cut_in_the_old_system_after_the_new_one_had_begun() -> None:
    """The try is used up by then: the old system is found running, and goes back."""
    journal = [*up_to(Step.RESTART), StepDone(0, Step.RESTART)]
    assert found(journal, boot="three", slot="a") == Interrupted(9.0)


NEW = Manifest("2.0.0+aa", 9, 3, (), format=SYSTEM, debian="13.2")
OLD = Running("1.0.0+bb", 5, 3, slot="a", debian="13.1")


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (NEW, Running("1.0.0+bb", 5, 3), "A/B 双系统分区"),
        (Manifest("2.0.0+aa", 9, 3, (), format=SYSTEM, debian="13.0"), OLD, "Debian 13.0 比当前的 13.1 旧"),
        (
            Manifest("2.0.0+aa", 9, 3, (), format=SYSTEM, platform="debian-13-arm64"),
            OLD,
            "arm64",
        ),
        (Manifest("1.0.0+aa", 4, 3, (), format=SYSTEM, debian="13.2"), OLD, "旧"),
        (Manifest("2.0.0+aa", 9, 2, (), format=SYSTEM, debian="13.2"), OLD, "第 3 步"),
    ],
)
def test_systems_that_must_not_follow(new: Manifest, old: Running, why: str) -> None:
    """Where there is one system; an older Debian; another processor; an older program; older data."""
    with pytest.raises(NotPossible) as refusal:
        check_follows(new, old)
    assert why in refusal.value.zh


def test_systems_that_may_follow() -> None:
    """A newer program, the next Debian, or the same program with newer packages of Debian."""
    check_follows(NEW, OLD)
    check_follows(
        Manifest("2.0.0+aa", 9, 3, (), format=SYSTEM, debian="14.0", platform="debian-14-amd64"), OLD
    )
    check_follows(Manifest("1.0.0+bb", 5, 3, (), format=SYSTEM, debian="13.1"), OLD)
