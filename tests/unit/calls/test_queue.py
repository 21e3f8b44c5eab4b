"""Waiting in a queue, with the words of docs/call-flows/queue.md."""

from __future__ import annotations

from typing import NoReturn

import msgspec
import pytest
from twisted.logger import capturedLogs

from b2bua.calls.call import CallState
from domain.acd.configuration import Agent, Strategy
from domain.acd.seat import AgentState
from domain.days.schedule_text import parse_schedule
from domain.routing.destination import Destination
from storage.journal.events import Queued, Rated, Unqueued
from tests.twins.stage import sdp
from tests.unit.calls.floors import MOBILE, QueueStage, an_agent

MUSIC = ("hold-music",)


def test_a_caller_is_answered_waits_with_music_and_talks() -> None:
    """Music while the agent rings; the agent hears where the call is from, the caller who serves him."""
    stage = QueueStage()
    caller = stage.call()
    assert caller.up, "a queue answers at once"
    assert stage.endpoint("a").playing == MUSIC
    assert stage.rung() == ["8001"]
    assert (stage.state("8001"), stage.live().state) == (AgentState.RINGING, CallState.QUEUED)
    stage.clock.advance(3)
    stage.answer()
    assert stage.state("8001") is AgentState.TALKING
    assert stage.endpoint("b1").playing == ("call-from-400",)
    assert stage.endpoint("a").playing == ("digit-8", "digit-0", "digit-0", "digit-yao", "agent-serves-you")
    assert stage.endpoint("a").bridged is None
    stage.clock.advance(5)
    assert stage.endpoint("a").hears() == {"b1"}
    assert stage.live().state is CallState.TALKING
    stage.clock.advance(60)
    stage.leg("b1").peer_hangs_up()
    assert stage.state("8001") is AgentState.IDLE
    assert stage.end().outcome == "answered"
    record = stage.record()
    assert (record.queue, record.wait_ms, record.job_number, record.rating) == ("sales", 3000, "8001", None)
    assert record.answered_by == "8001"


def test_an_agent_who_becomes_free_is_rung_in_the_same_moment() -> None:
    """Nothing is polled: no time passes between the end of his call and the next offer."""
    stage = QueueStage(an_agent("8001"))
    first, second = stage.call(), stage.call()
    assert stage.rung() == ["8001"]
    stage.connect()
    first.peer_hangs_up()
    assert stage.rung() == ["8001", "8001"]
    stage.caller_hangs_up(second)
    assert not stage.switchboard.calls


def test_a_missed_call_goes_to_the_next_agent() -> None:
    """After his ring time; he is paused after too many."""
    stage = QueueStage(missed_limit=1, ring_seconds=20.0, strategy=Strategy.ORDERED)
    caller = stage.call()
    stage.clock.advance(20)
    assert stage.rung() == ["8001", "8002"]
    assert stage.state("8001") is AgentState.PAUSED
    stage.connect("b2")
    stage.caller_hangs_up(caller)
    stage.end()
    assert "missed" in stage.steps()
    assert stage.record().job_number == "8002"


def test_a_busy_phone_does_not_count_as_missed() -> None:
    """It is no fault of his; the call goes on at once."""
    stage = QueueStage(missed_limit=1, strategy=Strategy.ORDERED)
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    assert stage.rung() == ["8001", "8002"]
    assert stage.state("8001") is AgentState.IDLE
    stage.caller_hangs_up(caller)
    stage.end()


def test_ring_all() -> None:
    """Both ring; one gets the call, the other is rung no longer."""
    stage = QueueStage(strategy=Strategy.RING_ALL)
    caller = stage.call()
    assert stage.rung() == ["8001", "8002"]
    stage.connect("b2")
    assert stage.leg("b1").over
    assert (stage.state("8001"), stage.state("8002")) == (AgentState.IDLE, AgentState.TALKING)
    stage.caller_hangs_up(caller)
    stage.end()


def test_positions_are_told_between_the_music() -> None:
    """At once, with the keys that lead out; then every so often; then the music goes on."""
    stage = QueueStage(
        an_agent("8001"),
        announce_seconds=30.0,
        handling_seconds=120.0,
        keys={"9": Destination.parse("voicemail:main"), "8": Destination.parse("hang-up")},
        call_back_key="1",
    )
    first = stage.call()
    stage.connect()
    second = stage.call()
    assert stage.heard()[-1] == (
        "agents-busy pause next-in-line pause expected-wait digit-liang minutes"
        " pause for-message-press digit-9 pause for-callback-press digit-1"
    )
    stage.clock.advance(20)
    assert stage.endpoint("a").playing == MUSIC
    stage.clock.advance(10)
    assert stage.heard()[-1].startswith("keep-waiting pause next-in-line")
    assert "position" in stage.steps()
    second.peer_hangs_up()
    stage.caller_hangs_up(first)
    assert not stage.switchboard.calls


def test_an_agent_answers_in_the_middle_of_a_message() -> None:
    """The message is cut short."""
    stage = QueueStage(an_agent("8001"), announce_seconds=30.0)
    stage.floor.pause("8001", "")
    caller = stage.call()
    assert stage.endpoint("a").playing[0] == "agents-busy"
    stage.floor.resume("8001")
    stage.answer()
    assert stage.endpoint("a").playing[-1] == "agent-serves-you"
    stage.caller_hangs_up(caller)
    assert stage.end().outcome == "gave-up-queue"


@pytest.mark.parametrize(
    ("fields", "agents", "outcome", "played"),
    [
        ({"max_waiting": 1}, ("8001",), "queue-full", "queue-full"),
        ({}, (), "no-agents", "no-answer"),
        (
            {"hours": parse_schedule(["2020-01-01 09:00-10:00"])},
            ("8001",),
            "queue-closed",
            "after-hours",
        ),
    ],
)
def test_who_cannot_wait_hears_why(
    fields: dict[str, object], agents: tuple[str, ...], outcome: str, played: str
) -> None:
    """Full, nobody logged in, closed: an announcement, the reason in the record."""
    all_agents = tuple(an_agent(name, logged_in=name in agents) for name in ("8001",))
    stage = QueueStage(*all_agents, **fields)
    if outcome == "queue-full":
        stage.floor.pause("8001", "")
        stage.call()
    stage.call()
    assert stage.heard()[-1] == played
    stage.clock.advance(2)
    ended = [event for event in stage.journal.events if event.__struct_config__.tag == "end"]
    assert ended[-1].outcome == outcome  # type: ignore[union-attr]
    for call in list(stage.switchboard.calls):
        stage.switchboard.take_down(call)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("overflow", {"max_wait_seconds": 30.0}),
        ("no_agents", {"no_agents_seconds": 30.0}),
        ("closed", {}),
    ],
)
def test_who_may_wait_no_longer_is_sent_on(field: str, fields: dict[str, object]) -> None:
    """Too long a wait, the last agent logging out, closing time: to where the queue says."""
    stage = QueueStage(an_agent("8001"), **{field: Destination.parse("extension:8003"), **fields})
    stage.floor.pause("8001", "lunch")
    caller = stage.call()
    match field:
        case "overflow":
            stage.clock.advance(30)
        case "no_agents":
            stage.floor.log_out("8001")
            stage.clock.advance(30)
        case _:
            stage.floor._do(stage.floor.scheduler.opening("sales", False, stage.clock.mono()))
    assert stage.rung() == ["8003"]
    stage.caller_hangs_up(caller)
    assert stage.end().outcome == "gave-up-ringing"
    assert stage.record().queue == "sales"


def test_giving_up_in_the_queue() -> None:
    """The caller hangs up while the agent rings: the agent is free again, the record says where."""
    stage = QueueStage()
    caller = stage.call()
    stage.clock.advance(7)
    caller.peer_hangs_up()
    assert stage.leg("b1").over
    assert stage.state("8001") is AgentState.IDLE
    assert stage.end().outcome == "gave-up-queue"
    assert (stage.record().wait_ms, stage.record().job_number) == (7000, "")
    assert stage.floor.scheduler.lines["sales"].tally.abandoned == 1


def test_a_key_leads_out_of_the_queue() -> None:
    """Only keys that the queue knows; the agent who is rung rings no longer."""
    stage = QueueStage(keys={"9": Destination.parse("extension:8003")})
    caller = stage.call()
    stage.endpoint("a").press("5")
    assert stage.live().state is CallState.QUEUED
    stage.endpoint("a").press("9")
    assert stage.leg("b1").over
    assert stage.rung() == ["8001", "8003"]
    stage.caller_hangs_up(caller)
    assert [event.why for event in stage.journal.of(Unqueued)] == ["key"]
    assert stage.floor.scheduler.lines["sales"].tally.left == 1


def test_the_agent_hangs_up_before_they_are_connected() -> None:
    """The caller keeps his place and hears music again; the next agent is rung."""
    stage = QueueStage(strategy=Strategy.ORDERED)
    caller = stage.call()
    stage.answer().peer_hangs_up()
    assert stage.live().state is CallState.QUEUED
    assert stage.endpoint("a").playing == MUSIC
    assert stage.rung() == ["8001", "8002"]
    stage.connect("b2")
    stage.caller_hangs_up(caller)
    stage.end()
    assert "agent-gone" in stage.steps()
    assert stage.record().job_number == "8002"
    assert len(stage.journal.of(Queued)) == 2
    assert stage.state("8001") is AgentState.IDLE


def test_a_caller_who_hangs_up_while_he_is_told_who_serves_him() -> None:
    """Both announcements stop, and nothing of it is an error."""
    stage = QueueStage()
    caller = stage.call()
    stage.answer()
    with capturedLogs() as logged:
        stage.caller_hangs_up(caller)
    assert logged == []
    assert stage.end().outcome == "gave-up-queue"


def test_wrap_up_begins_when_the_agents_leg_ends() -> None:
    """Then he is idle again by himself."""
    stage = QueueStage(an_agent("8001"), wrap_up_seconds=15.0)
    stage.call()
    stage.connect().peer_hangs_up()
    assert stage.state("8001") is AgentState.WRAP_UP
    stage.clock.advance(15)
    assert stage.state("8001") is AgentState.IDLE
    stage.end()


def test_the_caller_rates_the_service() -> None:
    """After the agent has hung up; 1 to 5, on the record with the agent."""
    stage = QueueStage(rating=True)
    stage.call()
    stage.connect().peer_hangs_up()
    assert stage.endpoint("a").playing == ("rate-service",)
    stage.endpoint("a").press("7")
    assert stage.endpoint("a").playing == ("rate-service",), "once more"
    stage.endpoint("a").press("4")
    assert stage.endpoint("a").playing == ("rating-thanks",)
    stage.clock.advance(2)
    assert stage.end().outcome == "answered"
    assert [(event.agent, event.rating) for event in stage.journal.of(Rated)] == [("8001", 4)]
    assert stage.record().rating == 4


@pytest.mark.parametrize(("seconds", "then"), [(15.0, AgentState.WRAP_UP), (0.0, AgentState.IDLE)])
def test_who_was_rated_talks_no_more(seconds: float, then: AgentState) -> None:
    """While the caller rates, the agent wraps up or is free, by his settings, and the call is nobody's."""
    stage = QueueStage(rating=True, wrap_up_seconds=seconds)
    stage.call()
    stage.connect().peer_hangs_up()
    assert stage.endpoint("a").playing == ("rate-service",)
    call = stage.live()
    assert (stage.state("8001"), call.state, call.talking_to) == (then, CallState.RATING, "")
    stage.endpoint("a").press("5")
    stage.clock.advance(20)
    assert stage.end().outcome == "answered"


def test_nobody_must_rate() -> None:
    """Who keys nothing, or hangs up, has not rated; the call counts as answered."""
    stage = QueueStage(rating=True)
    stage.call()
    stage.connect().peer_hangs_up()
    stage.clock.advance(20)
    assert stage.end().outcome == "answered"
    assert stage.record().rating is None
    stage = QueueStage(rating=True)
    caller = stage.call()
    stage.connect().peer_hangs_up()
    caller.peer_hangs_up()
    assert stage.end().outcome == "answered"


def test_who_talks_otherwise_is_not_offered_a_call() -> None:
    """A direct call to his extension makes him busy; when it is over he is rung at once."""
    stage = QueueStage(an_agent("8001"), keys={"9": Destination.parse("extension:8001")})
    stage.floor.pause("8001", "")
    direct = stage.call()
    stage.endpoint("a").press("9")
    stage.leg("b1").peer_answers(sdp(port=43000))
    stage.floor.resume("8001")
    assert stage.state("8001") is AgentState.TALKING
    waits = stage.call()
    assert stage.rung() == ["8001"]
    direct.peer_hangs_up()
    assert stage.rung() == ["8001", "8001"]
    stage.caller_hangs_up(waits)
    assert not stage.switchboard.calls


def test_an_agent_on_a_mobile_phone() -> None:
    """He is rung through a trunk."""
    stage = QueueStage(Agent("66", target=MOBILE, queues=an_agent("66").queues, logged_in=True))
    caller = stage.call()
    assert stage.rung() == [MOBILE]
    assert stage.dialler.dialled[0].trunks == ("carrier-a",)
    stage.connect()
    stage.caller_hangs_up(caller)
    assert stage.record().job_number == "66"


def test_a_queue_that_is_not_there() -> None:
    """It was taken away while the caller heard the welcome: the call ends with an announcement."""
    stage = QueueStage()
    stage.floor.configure(msgspec.structs.replace(stage.tenant, queues=()))
    stage.call()
    stage.clock.advance(5)
    assert stage.end().outcome == "queue-closed"


def test_agents_states_are_kept() -> None:
    """Each change is told at once, so that a restart finds it."""
    saved: list[bytes] = []
    stage = QueueStage()
    stage.switchboard.ports.floor._save = saved.append
    stage.floor.log_out("8001")
    stage.floor.pause("8002", "lunch")
    assert b'"8001":{"logged_in":false' in saved[-1]
    assert b'"paused":"lunch"' in saved[-1]


def test_a_call_that_is_taken_down_leaves_the_queue() -> None:
    """An operator ends it; nothing of it stays behind."""
    stage = QueueStage()
    stage.call()
    stage.switchboard.take_down(stage.live().id)
    assert stage.end().outcome == "cut-by-operator"
    assert not stage.floor.scheduler.calls
    assert stage.state("8001") is AgentState.IDLE


def test_closing_time_by_the_clock() -> None:
    """Open till 22:40; who still waits then hears that it is closed, by the look that is taken every 5 s."""
    hours = parse_schedule(["daily 09:00-22:40"])
    stage = QueueStage(an_agent("8001"), hours=hours, max_wait_seconds=7200.0)  # it is 22:13
    stage.floor.pause("8001", "")
    stage.call()
    stage.clock.advance(1500)
    stage.switchboard.ports.floor.check_hours()
    assert stage.live().state is CallState.QUEUED
    stage.clock.advance(200)
    stage.switchboard.ports.floor.check_hours()
    assert stage.heard()[-1] == "after-hours"
    stage.clock.advance(2)
    assert stage.end().outcome == "queue-closed"


def test_our_mistake_with_one_caller_harms_no_other() -> None:
    """The caller whose agent cannot even be rung is lost; the agent's next caller is not."""
    stage = QueueStage(an_agent("8001"))
    stage.floor.pause("8001", "")
    first, second = stage.call(), stage.call()
    dial = stage.dialler.dial

    def fail_once(*_: object) -> NoReturn:
        stage.dialler.dial = dial  # type: ignore[method-assign]
        raise LookupError("our mistake")

    stage.dialler.dial = fail_once  # type: ignore[method-assign]
    stage.floor.resume("8001")
    assert first.over
    assert not second.over
    stage.clock.advance(10)
    assert stage.rung() == ["8001"]
    stage.caller_hangs_up(second)
    assert not stage.switchboard.calls
