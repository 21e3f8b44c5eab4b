"""What an upgrade does next, whatever happened so far."""

from __future__ import annotations

import pytest

from domain.refusal import NotPossible
from domain.upgrade.moves import (
    AT_BOOT,
    Began,
    Ended,
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
    next_move,
    reason,
    steps_of,
)
from domain.upgrade.release import Manifest, Running, check_follows

START = Began(0.0, "2.0.0", "1.0.0")
STEPS = steps_of([START])
UNDOS = [undo for undo in Undo if undo is not Undo.RESTART]


def carried_out(
    journal: list[Entry], failing: frozenset[Step | Undo] = frozenset()
) -> list[Step | Undo | Result]:
    """Go on from a journal to the end, failing at some moves; return the moves."""
    moves: list[Step | Undo | Result] = []
    while not isinstance(move := next_move(journal), Result):
        moves.append(move)
        assert len(moves) < 40, f"goes round: {moves}"
        if isinstance(move, Step):
            journal += [
                StepBegan(0, move),
                StepFailed(0, move, "why", "原因") if move in failing else StepDone(0, move),
            ]
        else:
            journal += [
                UndoBegan(0, move),
                UndoFailed(0, move, "worse", "更糟") if move in failing else UndoDone(0, move),
            ]
    journal.append(Ended(0, move))
    return [*moves, move]


def test_all_goes_well() -> None:
    """The steps come in their order, and it ends upgraded."""
    assert carried_out([START]) == [*STEPS, Result.UPGRADED]


@pytest.mark.parametrize(
    ("step", "back"),
    [
        (Step.VERIFY, []),
        (Step.SPACE, []),
        (Step.INSTALL, [Undo.REMOVE]),
        (Step.TRIAL, [Undo.REMOVE]),
        (Step.DRAIN, [Undo.DRAIN, Undo.REMOVE]),
        (Step.STOP, [Undo.STOP, Undo.START, Undo.HEALTH, Undo.DRAIN, Undo.REMOVE]),
        (Step.SNAPSHOT, [Undo.STOP, Undo.START, Undo.HEALTH, Undo.DRAIN, Undo.REMOVE]),
        (Step.EVOLVE, [Undo.STOP, Undo.DATA, Undo.START, Undo.HEALTH, Undo.DRAIN, Undo.REMOVE]),
        (Step.SWITCH, [Undo.STOP, Undo.SWITCH, Undo.DATA, Undo.START, Undo.HEALTH, Undo.DRAIN, Undo.REMOVE]),
        (Step.CONFIGURE, UNDOS),
        (Step.START, UNDOS),
        (Step.HEALTH, UNDOS),
        (Step.COMMIT, UNDOS),
    ],
)
@pytest.mark.parametrize("how", ["fails", "is cut short", "was cut short once done"])
def test_going_back(step: Step, back: list[Undo], how: str) -> None:
    """A step that fails, or in which the power is cut, is followed by what it made necessary."""
    journal: list[Entry] = [START]
    for each in STEPS:
        journal.append(StepBegan(0, each))
        if each is step:
            break
        journal.append(StepDone(0, each))
    if how == "fails":
        journal.append(StepFailed(0, step, "why", "原因"))
    elif how == "is cut short":
        journal.append(Interrupted(0))
    elif step is Step.COMMIT:
        return  # then it is committed
    else:
        journal += [StepDone(0, step), Interrupted(0)]
    end = Result.ROLLED_BACK if Undo.STOP in back else Result.REFUSED
    assert carried_out(journal) == [*back, end]
    assert reason(journal)[1] == ("原因" if how == "fails" else "升级被中断（断电、重启或进程被终止）。")


def test_what_is_committed_stays() -> None:
    """After the commit neither a power cut nor a failure of tidying leads back."""
    journal: list[Entry] = [START]
    for each in STEPS:
        if each is not Step.TIDY:
            journal += [StepBegan(0, each), StepDone(0, each)]
    assert carried_out([*journal, StepBegan(0, Step.TIDY), Interrupted(0)]) == [Step.TIDY, Result.UPGRADED]
    assert carried_out([*journal], frozenset({Step.TIDY})) == [Step.TIDY, Result.UPGRADED]


@pytest.mark.parametrize("cut", UNDOS)
def test_the_way_back_is_gone_once(cut: Undo) -> None:
    """A power cut on the way back repeats the step that was under way, and none that was done."""
    journal: list[Entry] = [START]
    for each in STEPS[: STEPS.index(Step.HEALTH)]:
        journal += [StepBegan(0, each), StepDone(0, each)]
    journal += [StepBegan(0, Step.HEALTH), StepFailed(0, Step.HEALTH, "why", "原因")]
    before = UNDOS[: UNDOS.index(cut)]
    for undo in before:
        journal += [UndoBegan(0, undo), UndoDone(0, undo)]
    journal.append(UndoBegan(0, cut))
    assert carried_out(journal) == [*UNDOS[len(before) :], Result.ROLLED_BACK]


def test_going_back_goes_on_whatever_fails() -> None:
    """One step back that fails keeps none of the others from being done; it ends as broken."""
    journal: list[Entry] = [START]
    failing: frozenset[Step | Undo] = frozenset({Step.HEALTH, Undo.CONFIGURE})
    assert carried_out(journal, failing)[-9:] == [*UNDOS, Result.BROKEN]
    assert reason(journal) == ("why; worse", "原因；更糟")


def test_at_boot_only_what_must_be() -> None:
    """Program and data are the old ones before the box starts; the rest needs a running machine."""
    assert {Undo.SWITCH, Undo.DATA} < AT_BOOT
    assert not AT_BOOT & {Undo.CONFIGURE, Undo.START, Undo.HEALTH}


@pytest.mark.parametrize(
    ("new", "old", "why"),
    [
        (Manifest("1.0.0+aa", 5, 3, ()), Running("1.0.0+aa", 5, 3), "正是|就是"),
        (Manifest("1.0.0+aa", 5, 3, ()), Running("1.1.0+bb", 4, 3), "旧"),
        (Manifest("1.0.0+aa", 5, 3, ()), Running("1.0.0+bb", 5, 3), "旧"),
        (Manifest("2.0.0+aa", 9, 3, (), oldest="1.5.0"), Running("1.4.9+bb", 5, 3), "请先升级到 1.5.0"),
        (Manifest("2.0.0+aa", 9, 3, ()), Running("1.0.0+bb", 5, 4), "第 4 步"),
        (Manifest("2.0.0+aa", 9, 3, (), platform="debian-14-arm64"), Running("1.0.0+bb"), "debian-14-arm64"),
        (Manifest("../../etc", 9, 3, ()), Running("1.0.0+bb"), "版本号"),
    ],
)
def test_versions_that_must_not_follow(new: Manifest, old: Running, why: str) -> None:
    """The same, an older one, one that skips too many, one for another machine, one whose data is older."""
    with pytest.raises(NotPossible) as refusal:
        check_follows(new, old)
    assert any(each in refusal.value.zh for each in why.split("|"))


def test_versions_that_may_follow() -> None:
    """A higher number, or the same number released later; after one whose date nobody knows, any."""
    check_follows(Manifest("1.0.1+aa", 6, 3, ()), Running("1.0.0+bb", 5, 3))
    check_follows(Manifest("1.0.0+aa", 6, 3, ()), Running("1.0.0+bb", 5, 3))
    check_follows(Manifest("1.0.0+aa", 6, 3, ()), Running("1.0.0+bb"))
