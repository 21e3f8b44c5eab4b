"""What an agent does by his workbench is what his keys do; docs/call-flows/attended-transfer.md."""

from __future__ import annotations

import pytest

from b2bua.calls.in_call import InCall
from b2bua.calls.refusal import NotPossible
from tests.unit.calls.talks import MUSIC, TalkStage

HELD = MUSIC[:8]
BY = "agent:acme/8001"


def desk(stage: TalkStage) -> tuple[InCall, str]:
    """Return what the control socket has, and the call."""
    return InCall(stage.switchboard.calls), stage.live().id


def test_he_asks_a_colleague_and_hands_over() -> None:
    """The caller hears music meanwhile, then the colleague."""
    stage = TalkStage()
    calls, call = desk(stage)
    calls.consult(call, "8002", BY)
    assert stage.hears() == {"a": HELD, "b1": "ringback"}
    stage.answer("b2")
    calls.complete(call)
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8002"


def test_he_asks_and_takes_the_caller_back_or_joins_all_three() -> None:
    """Back, ask again, three-way."""
    stage = TalkStage()
    calls, call = desk(stage)
    calls.consult(call, "8002", BY)
    stage.answer("b2")
    calls.back(call)
    assert stage.hears() == {"a": "b1", "b1": "a"}
    calls.consult(call, "8002", BY)
    stage.answer("b3")
    calls.join(call)
    assert set(stage.hears()) == {"a", "b1", "b3"}
    stage.caller.peer_hangs_up()
    assert stage.record().outcome == "answered"


def test_he_hangs_up() -> None:
    """The record says that the answerer did, and by whom it was asked."""
    stage = TalkStage()
    calls, call = desk(stage)
    calls.leave(call, BY)
    assert stage.end().outcome == "answered"
    record = stage.record()
    assert record.hung_up_by == "answerer"
    assert ("step", f"hang-up by {BY}") in [(each.what, each.detail) for each in record.timeline]


def test_hanging_up_while_he_asks_hands_the_caller_over() -> None:
    """As putting the phone down does."""
    stage = TalkStage()
    calls, call = desk(stage)
    calls.consult(call, "8002", BY)
    stage.answer("b2")
    calls.leave(call, BY)
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8002"


def test_what_does_not_fit_is_refused_in_words() -> None:
    """Nobody was asked; the caller rings elsewhere."""
    stage = TalkStage()
    calls, call = desk(stage)
    for wrong in (calls.join, calls.back):
        with pytest.raises(NotPossible, match="the caller and the agent are talking"):
            wrong(call)
    calls.transfer(call, "8002", BY)
    with pytest.raises(NotPossible):
        calls.leave(call, BY)
    stage.caller.peer_hangs_up()
    stage.end()
