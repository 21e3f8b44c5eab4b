"""Star codes from an agent's phone."""

from __future__ import annotations

import pytest

from domain.acd.seat import AgentState
from tests.unit.calls.floors import QueueStage, an_agent


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("*51", AgentState.IDLE),
        ("*52", AgentState.OFFLINE),
        ("*53", AgentState.PAUSED),
        ("*54", AgentState.IDLE),
    ],
)
def test_an_agent_dials_a_code(code: str, state: AgentState) -> None:
    """It is done, confirmed, hung up; the record says what it was."""
    stage = QueueStage(an_agent("8001"))
    if code in ("*51", "*54"):
        stage.floor.pause("8001", "")
    phone = stage.call(code, extension="8001")
    assert phone.up
    assert stage.endpoint("a").playing == ("done",)
    stage.clock.advance(2)
    assert stage.state("8001") is state
    assert stage.end().outcome == "agent-code"
    assert phone.over


def test_a_phone_at_which_no_agent_sits() -> None:
    """It hears that nothing was done."""
    stage = QueueStage(an_agent("8001"))
    stage.call("*51", extension="8003")
    assert stage.endpoint("a").playing == ("not-done",)
    stage.clock.advance(2)
    assert stage.end().outcome == "agent-code"


def test_callers_from_outside_have_no_codes() -> None:
    """A trunk that sends *52 reaches nobody."""
    stage = QueueStage(an_agent("8001"))
    stage.call("*52")
    stage.clock.advance(5)
    assert stage.end().outcome == "number-unknown"
    assert stage.state("8001") is AgentState.IDLE


def test_a_waiting_caller_is_offered_to_who_logs_in() -> None:
    """In the same moment."""
    stage = QueueStage(an_agent("8001"), an_agent("8002"))
    stage.floor.log_out("8001")
    stage.floor.pause("8002", "")
    caller = stage.call()
    assert stage.rung() == []
    stage.call("*51", extension="8001")
    assert stage.rung() == ["8001"]
    stage.caller_hangs_up(caller)


def test_who_calls_somebody_is_busy() -> None:
    """An agent who dials a number from his extension is offered nothing meanwhile."""
    stage = QueueStage(an_agent("8001"))
    stage.floor.pause("8001", "")
    own = stage.call(extension="8001")
    stage.floor.resume("8001")
    assert stage.state("8001") is AgentState.TALKING
    own.peer_hangs_up()
    assert stage.state("8001") is AgentState.IDLE
