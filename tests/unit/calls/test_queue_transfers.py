"""Transfers and consultations by agents of a queue: the queue knows at once who is free."""

from __future__ import annotations

from domain.acd.configuration import Strategy
from domain.acd.seat import AgentState
from storage.journal.events import Rated
from tests.unit.calls.floors import QueueStage


def key(stage: QueueStage, keys: str, leg: str = "b1") -> None:
    """Let an agent press keys."""
    for each in keys:
        stage.endpoint(leg).press(each)


def test_an_agent_who_has_transferred_his_caller_is_free() -> None:
    """At once, though the call goes on; who took the caller over is not rung for another one."""
    stage = QueueStage(strategy=Strategy.ORDERED)
    first = stage.call()
    stage.connect()
    assert stage.state("8001") is AgentState.TALKING
    key(stage, "*18002#")
    assert stage.leg("b1").over
    assert stage.state("8001") is AgentState.IDLE
    stage.answer("b2")
    second = stage.call()
    assert stage.rung() == ["8001", "8002", "8001"]
    third = stage.call()
    stage.clock.advance(5)
    assert stage.rung() == ["8001", "8002", "8001"], "8002 talks with the caller that he took over"
    stage.caller_hangs_up(first)
    assert "8002" in stage.rung()[3:]
    stage.caller_hangs_up(second)
    stage.caller_hangs_up(third)
    assert not stage.switchboard.calls
    assert not stage.media.open_endpoints()
    assert stage.switchboard.counts.faults == 0


def test_a_failed_transfer_gives_the_agent_his_caller_back() -> None:
    """He is rung back and talks on; nothing is left in the end."""
    stage = QueueStage(strategy=Strategy.ORDERED)
    caller = stage.call()
    stage.connect()
    key(stage, "*18002#")
    stage.leg("b2").peer_refuses(486)
    assert stage.rung() == ["8001", "8002", "8001"]
    stage.answer("b3")
    assert stage.endpoint("a").hears() == {"b3"}
    stage.caller_hangs_up(caller)
    record = stage.record()
    assert (record.answered_by, record.outcome) == ("8001", "answered")
    stage.end()


def test_a_consultation_between_agents() -> None:
    """The one who asks keeps his call; the other one is busy meanwhile, and free after *0."""
    stage = QueueStage(strategy=Strategy.ORDERED)
    caller = stage.call()
    stage.connect()
    key(stage, "*28002#")
    stage.answer("b2")
    assert stage.endpoint("b1").hears() == {"b2"}
    assert stage.state("8001") is AgentState.TALKING
    waiting = stage.call()
    assert stage.rung() == ["8001", "8002"]
    key(stage, "*0")
    agent = stage.media.leg("b1", stage.dialler.dialled[0].call)
    assert agent.hears() == {"a"}
    assert stage.rung() == ["8001", "8002", "8002"]
    stage.caller_hangs_up(waiting)
    stage.caller_hangs_up(caller)
    assert stage.switchboard.counts.faults == 0
    assert not stage.switchboard.calls


def test_the_caller_rates_who_talked_with_him_last() -> None:
    """8002, who took him over; nobody where a phone took over at which no agent sits."""
    stage = QueueStage(strategy=Strategy.ORDERED, rating=True)
    caller = stage.call()
    stage.connect()
    key(stage, "*18002#")
    stage.answer("b2")
    stage.leg("b2").peer_hangs_up()
    stage.endpoint("a").press("5")
    assert [(event.agent, event.rating) for event in stage.journal.of(Rated)] == [("8002", 5)]
    stage.caller_hangs_up(caller)
    stage.end()
    stage = QueueStage(strategy=Strategy.ORDERED, rating=True)
    caller = stage.call()
    stage.connect()
    key(stage, "*18003#")
    stage.answer("b2")
    stage.leg("b2").peer_hangs_up()
    assert caller.over
    assert stage.end().outcome == "answered"
    assert "rate" not in stage.steps()
