"""Keeping one's place in a queue without being on the line (排队回拨)."""

from __future__ import annotations

from b2bua.calls.call_back import CallBacks
from b2bua.calls.place import RETRY_SECONDS, restore_places
from domain.acd.seat import AgentState
from storage.journal.events import Ended, Unqueued
from tests.twins.stage import CALLER, sdp
from tests.unit.calls.floors import QueueStage, an_agent


class PlaceStage(QueueStage):
    """A queue with one agent, who is paused, and a key for call-backs."""

    def __init__(self) -> None:
        super().__init__(an_agent("8001"), call_back_key="1")
        self.ports = self.switchboard.ports
        self.ports.floor.begin_call_back = CallBacks(self.switchboard).begin
        self.floor.pause("8001", "")

    def keep_a_place(self) -> None:
        """Let a caller wait, press 1 and be gone."""
        self.call()
        self.clock.advance(10)
        self.endpoint("a").press("1")
        assert self.endpoint("a").playing == ("callback-registered",)
        self.clock.advance(2)
        assert not self.switchboard.calls


def test_a_caller_keeps_his_place_and_is_called_back() -> None:
    """When it is his turn the agent's phone rings, then his own; his wish is fulfilled."""
    stage = PlaceStage()
    stage.keep_a_place()
    assert stage.record().outcome == "call-back-wished"
    assert [event.why for event in stage.journal.of(Unqueued)] == ["call-back"]
    (wish,) = stage.ports.wishes.of_queue("acme", "sales")
    assert wish.contact.caller == CALLER
    stage.floor.resume("8001")
    assert stage.rung() == [], "not before he can have hung up"
    stage.clock.advance(15)
    assert stage.rung() == ["8001"]
    stage.answer("b1")
    stage.clock.advance(2)
    assert stage.rung() == ["8001", CALLER]
    stage.leg("a").peer_answers(sdp(port=44000))
    assert stage.state("8001") is not AgentState.IDLE
    stage.leg("b1").peer_hangs_up()
    stage.clock.advance(1)
    assert not stage.ports.wishes.of_queue("acme", "sales")
    assert not stage.floor.scheduler.calls
    assert stage.state("8001") is AgentState.IDLE
    assert not stage.switchboard.calls


def test_an_agent_who_does_not_answer_the_call_back() -> None:
    """The place stays, and the next free agent has it."""
    stage = PlaceStage()
    stage.keep_a_place()
    stage.floor.resume("8001")
    stage.clock.advance(15)
    stage.leg("b1").peer_refuses(480)
    assert stage.ports.wishes.of_queue("acme", "sales")
    stage.clock.advance(5)
    assert stage.rung() == ["8001", "8001"]
    stage.floor.log_out("8001")
    stage.clock.advance(60)


def test_who_calls_again_waits_himself() -> None:
    """His kept place is given up."""
    stage = PlaceStage()
    stage.keep_a_place()
    caller = stage.call()
    assert not stage.ports.wishes.of_queue("acme", "sales")
    assert len(stage.floor.scheduler.calls) == 1
    stage.caller_hangs_up(caller)
    assert not stage.floor.scheduler.calls


def test_places_survive_a_restart() -> None:
    """The wishes that were kept wait again, from when the caller came."""
    stage = PlaceStage()
    stage.keep_a_place()
    stage.switchboard.ports.floor.tenants.clear()
    restore_places(stage.tenant, stage.ports)
    (queued,) = stage.floor.scheduler.calls.values()
    assert queued.kept
    assert queued.since == 0.0


def test_an_agent_who_calls_back_by_himself_ends_the_waiting() -> None:
    """From the list of missed calls: the customer is not called back a second time at his turn."""
    stage = PlaceStage()
    stage.keep_a_place()
    (wish,) = stage.ports.wishes.of_queue("acme", "sales")
    assert stage.ports.floor.begin_call_back is not None
    stage.ports.floor.begin_call_back(wish.contact, "8001")
    stage.answer("b1")
    stage.clock.advance(2)
    stage.leg("a").peer_answers(sdp(port=44000))
    stage.leg("b1").peer_hangs_up()
    stage.clock.advance(1)
    assert not stage.ports.wishes.of_queue("acme", "sales")
    assert not stage.floor.scheduler.calls
    stage.floor.resume("8001")
    stage.clock.advance(60)
    assert stage.rung() == ["8001", CALLER]


def fail(stage: PlaceStage, times: int) -> None:
    """Let so many call-backs fail because the customer's trunk is down."""
    for number in range(1, times + 1):
        stage.dialler.legs[-1].peer_answers(sdp(port=45000))
        stage.clock.advance(2)
        stage.dialler.legs[-1].peer_refuses(503)
        stage.clock.advance(5)
        if number <= len(RETRY_SECONDS):
            assert stage.rung()[-1] == CALLER, "the agent is not rung at once again"
            stage.clock.advance(RETRY_SECONDS[number - 1])


def test_a_trunk_that_is_down_only_delays_the_call_back() -> None:
    """The place rests a minute, then is tried again in its old order; the customer is reached."""
    stage = PlaceStage()
    stage.keep_a_place()
    stage.floor.resume("8001")
    stage.clock.advance(15)
    fail(stage, 1)
    (wish,) = stage.ports.wishes.of_queue("acme", "sales")
    assert wish.tries == 1
    agent = stage.dialler.legs[-1]
    agent.peer_answers(sdp(port=45000))
    stage.clock.advance(2)
    stage.dialler.legs[-1].peer_answers(sdp(port=44000))
    agent.peer_hangs_up()
    stage.clock.advance(1)
    assert not stage.ports.wishes.of_queue("acme", "sales")
    assert not stage.floor.scheduler.calls
    assert stage.state("8001") is AgentState.IDLE


def test_a_place_is_closed_after_many_failures_of_ours() -> None:
    """Nobody is rung for ever; the records say trunk-down, and the caller stays among the missed calls."""
    stage = PlaceStage()
    stage.keep_a_place()
    stage.floor.resume("8001")
    stage.clock.advance(15)
    fail(stage, len(RETRY_SECONDS) + 1)
    stage.clock.advance(3600)
    assert not stage.ports.wishes.of_queue("acme", "sales")
    assert not stage.floor.scheduler.calls
    assert stage.rung().count("8001") == len(RETRY_SECONDS) + 1
    outcomes = [event.outcome for event in stage.journal.of(Ended)]
    assert outcomes == ["call-back-wished", *["trunk-down"] * (len(RETRY_SECONDS) + 1)]


def test_an_agents_phone_that_cannot_be_reached_is_no_missed_offer() -> None:
    """His trunk is down: he is not paused for it, and the place rests."""
    stage = PlaceStage()
    stage.keep_a_place()
    stage.floor.resume("8001")
    stage.clock.advance(15)
    stage.leg("b1").peer_refuses(503)
    stage.clock.advance(5)
    assert stage.rung() == ["8001"]
    assert stage.state("8001") is AgentState.IDLE
    assert stage.ports.wishes.of_queue("acme", "sales")
    assert not stage.floor.scheduler.calls


def test_who_calls_again_while_his_place_rests() -> None:
    """Waits himself; the place does not come back."""
    stage = PlaceStage()
    stage.keep_a_place()
    stage.floor.resume("8001")
    stage.clock.advance(15)
    fail(stage, 1)
    stage.floor.pause("8001", "")
    caller = stage.call()
    stage.clock.advance(120)
    assert len(stage.floor.scheduler.calls) == 1
    stage.caller_hangs_up(caller)
    assert not stage.floor.scheduler.calls
