"""Missed calls as things to do."""

from __future__ import annotations

import pytest

from domain.customers.missed import (
    CALLS_KEPT,
    NOT_MISSED,
    Closed,
    MissedCall,
    MissedState,
    begun,
    called_back,
    claimed,
    closed,
    is_missed,
    merged,
)
from domain.outcomes import Outcome
from domain.refusal import NotPossible

CALL = MissedCall("01A", "4001003721", "13900001111", 100.0, Outcome.NO_ANSWER)
MISSED = {
    Outcome.BUSY, Outcome.NO_ANSWER, Outcome.GAVE_UP_WELCOME, Outcome.GAVE_UP_RINGING, Outcome.GAVE_UP_EARLY,
    Outcome.GAVE_UP_MENU, Outcome.NOTHING_BOUND, Outcome.OVER_TENANT_LIMIT, Outcome.OVER_TRUNK_LIMIT,
    Outcome.OVER_BOX_LIMIT, Outcome.RUNG_TOO_OFTEN, Outcome.TRUNK_DOWN, Outcome.REFUSED_BY_TARGET,
    Outcome.MEDIA_LOST, Outcome.NO_COMMON_CODEC, Outcome.CUT_BY_CRASH, Outcome.CUT_BY_OPERATOR,
    Outcome.SHUTDOWN, Outcome.INTERNAL_ERROR, Outcome.ROUTED_IN_CIRCLES, Outcome.MESSAGE_LEFT,
    Outcome.NO_MESSAGE, Outcome.MAILBOX_FULL, Outcome.MENU_NO_KEY, Outcome.MENU_WRONG_KEYS,
    Outcome.MENU_BROKEN,
}  # fmt: skip


def test_the_usual_ends_of_a_call_are_told_apart() -> None:
    """Given up, unanswered, a message: to do. Served or turned away on purpose: not."""
    assert all(is_missed(outcome) for outcome in MISSED)
    assert not any(is_missed(outcome) for outcome in NOT_MISSED)
    assert not MISSED & NOT_MISSED


def test_calls_of_one_caller_are_one_item() -> None:
    """A burst is dealt with once; messages are remembered."""
    item = begun(CALL)
    for number in range(30):
        again = MissedCall(
            f"02{number:02}", "4001003722", CALL.caller, 200.0 + number, Outcome.MESSAGE_LEFT, True
        )
        item = merged(item, again)
    assert (item.id, item.count, item.first, item.last) == ("01A", 31, 100.0, 229.0)
    assert (item.number, item.outcome) == ("4001003722", Outcome.MESSAGE_LEFT)
    assert len(item.calls) == len(item.messages) == CALLS_KEPT
    assert item.calls[-1] == "0229"


def test_an_item_is_claimed_by_one() -> None:
    """Claiming again is no harm, taking it from another is refused."""
    item = claimed(begun(CALL), "8001", 110.0)
    assert (item.state, item.claimed_by) == (MissedState.CLAIMED, "8001")
    assert claimed(item, "8001", 120.0).claimed_at == 120.0
    with pytest.raises(NotPossible, match="claimed by 8001") as refused:
        claimed(item, "8002", 130.0)
    assert refused.value.zh == "01A 已由 8001 认领"
    assert merged(item, CALL).claimed_by == "8001"


def test_a_call_back_that_reaches_him_is_the_end_of_it() -> None:
    """One that does not is a try."""
    item = called_back(begun(CALL), "8001", 110.0, Outcome.NO_ANSWER)
    assert (item.is_open, item.tries, item.tried) == (True, 1, Outcome.NO_ANSWER)
    item = called_back(item, "8001", 120.0, Outcome.ANSWERED)
    assert (item.is_open, item.state, item.called_back_by) == (False, MissedState.CALLED_BACK, "8001")
    with pytest.raises(NotPossible):
        claimed(item, "8001", 130.0)


def test_an_item_is_closed_once() -> None:
    """By hand with a note, also after the call-back."""
    item = closed(
        called_back(begun(CALL), "8001", 1.0, Outcome.ANSWERED), Closed.BY_HAND, "8001", 2.0, "订购"
    )
    assert (item.state, item.closed, item.note) == (MissedState.CLOSED, Closed.BY_HAND, "订购")
    with pytest.raises(NotPossible, match="closed already"):
        closed(item, Closed.BY_HAND, "8001", 3.0)
    assert called_back(item, "8001", 4.0, Outcome.ANSWERED) is item
