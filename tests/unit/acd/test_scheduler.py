"""Who is offered which call, and when somebody must go: the rules of docs/queues.md, one by one."""

from __future__ import annotations

import msgspec

from domain.acd.configuration import Agent, Membership, Queue, Strategy
from domain.acd.effects import Announce, Dismiss, Effect, Offer, Reason, Withdraw
from domain.acd.scheduler import REST_SECONDS, Scheduler
from domain.acd.seat import MISSED, AgentState

SALES = "sales"


def an_agent(name: str, *queues: str | Membership, **fields: object) -> Agent:
    """Make an agent of queues, by default of sales."""
    memberships = tuple(
        each if isinstance(each, Membership) else Membership(each) for each in queues or (SALES,)
    )
    return Agent(name, target=name, queues=memberships, logged_in=True, **fields)  # type: ignore[arg-type]


def a_floor(*agents: Agent, queues: tuple[Queue, ...] = (), **fields: object) -> Scheduler:
    """Make a scheduler with one queue, whose fields are given, or several."""
    scheduler = Scheduler()
    scheduler.configure(queues or (Queue(SALES, **fields),), agents, 0.0)  # type: ignore[arg-type]
    return scheduler


def offers(effects: list[Effect] | None) -> list[tuple[str, str]]:
    """Return who is offered to whom."""
    return [(each.call, each.agent) for each in effects or () if isinstance(each, Offer)]


def dismissals(effects: list[Effect]) -> list[tuple[str, Reason]]:
    """Return who is sent away and why."""
    return [(each.call, each.reason) for each in effects if isinstance(each, Dismiss)]


def withdrawals(effects: list[Effect] | None) -> set[tuple[str, str]]:
    """Return who is rung no longer."""
    return {(each.call, each.agent) for each in effects or () if isinstance(each, Withdraw)}


def served(scheduler: Scheduler, call: str, now: float, caller: str = "") -> str:
    """Let a call come, be answered by who is offered it, and end; return who that was."""
    ((_, agent),) = offers(scheduler.enter(call, SALES, caller, now))
    scheduler.answered(call, agent, now)
    scheduler.talk_over(call, now)
    return agent


def test_a_caller_is_offered_to_who_is_idle_longest() -> None:
    """After one call each, the agent who finished first gets the third."""
    floor = a_floor(an_agent("1"), an_agent("2"), wrap_up_seconds=0)
    floor.resume("2", 5.0)
    assert [served(floor, f"c{n}", 10.0 + n) for n in range(3)] == ["1", "2", "1"]


def test_rotating_goes_on_with_the_next_agent() -> None:
    """Each call begins after who was offered the last one, also when he did not answer."""
    agents = [an_agent(str(n)) for n in range(3)]
    floor = a_floor(*agents, strategy=Strategy.ROTATING, wrap_up_seconds=0)
    assert [served(floor, f"c{n}", float(n)) for n in range(5)] == ["0", "1", "2", "0", "1"]


def test_fewest_calls() -> None:
    """Who has answered least is offered the next call."""
    floor = a_floor(an_agent("1"), an_agent("2"), strategy=Strategy.FEWEST_CALLS, wrap_up_seconds=0)
    floor.pause("2", "", 0.0)
    assert [served(floor, f"c{n}", float(n)) for n in range(2)] == ["1", "1"]
    floor.resume("2", 5.0)
    assert [served(floor, f"d{n}", 10.0 + n) for n in range(3)] == ["2", "2", "1"]


def test_the_most_skilled_agent_first() -> None:
    """Level 9 before level 3; who is busy is passed over."""
    floor = a_floor(
        an_agent("junior", Membership(SALES, level=3)),
        an_agent("senior", Membership(SALES, level=9)),
        strategy=Strategy.SKILLS,
    )
    assert offers(floor.enter("a", SALES, "", 1.0)) == [("a", "senior")]
    assert offers(floor.enter("b", SALES, "", 1.0)) == [("b", "junior")]


def test_ordered_takes_the_first_free_agent() -> None:
    """The agents' order in the file counts."""
    floor = a_floor(an_agent("2"), an_agent("1"), strategy=Strategy.ORDERED, wrap_up_seconds=0)
    assert [served(floor, f"c{n}", float(n)) for n in range(3)] == ["2", "2", "2"]


def test_ring_all_rings_everybody_and_connects_one() -> None:
    """All free agents ring for the first caller; when one answers the others ring for the next."""
    floor = a_floor(*[an_agent(str(n)) for n in range(3)], strategy=Strategy.RING_ALL)
    assert offers(floor.enter("a", SALES, "", 1.0)) == [("a", "0"), ("a", "1"), ("a", "2")]
    assert offers(floor.enter("b", SALES, "", 2.0)) == []
    effects = floor.answered("a", "1", 3.0)
    assert withdrawals(effects) == {("a", "0"), ("a", "2")}
    assert offers(effects) == [("b", "0"), ("b", "2")]
    assert floor.answered("a", "0", 3.1) is None, "who answers too late is told so"


def test_a_free_agent_joins_the_ringing() -> None:
    """Who logs in while all are rung is rung too."""
    floor = a_floor(an_agent("1"), an_agent("2"), strategy=Strategy.RING_ALL)
    floor.log_out("2", 0.0)
    assert offers(floor.enter("a", SALES, "", 1.0)) == [("a", "1")]
    assert offers(floor.log_in("2", 2.0)) == [("a", "2")]


def test_sticky_prefers_who_served_the_caller_last() -> None:
    """He is offered the call though somebody else is idle longer."""
    floor = a_floor(an_agent("1"), an_agent("2"), strategy=Strategy.STICKY, wrap_up_seconds=0)
    assert served(floor, "a", 1.0, "139") == "1"
    assert served(floor, "b", 2.0, "138") == "2"
    assert served(floor, "c", 3.0, "138") == "2"
    assert served(floor, "d", 4.0, "137") == "1"


def test_sticky_waits_for_him_only_so_long() -> None:
    """While he talks the caller waits for him, then anybody will do; later callers do not wait for it."""
    floor = a_floor(an_agent("1"), an_agent("2"), strategy=Strategy.STICKY, sticky_seconds=20)
    assert served(floor, "a", 1.0, "139") == "1"
    floor.engaged("1", 1, 2.0)
    assert offers(floor.enter("b", SALES, "139", 20.0)) == []
    assert floor.next_due(20.0) == 40.0
    assert offers(floor.enter("c", SALES, "138", 21.0)) == [("c", "2")]
    floor.refused("c", "2", 22.0)
    floor.leave("c", 22.0)
    assert offers(floor.tick(39.0)) == []
    assert offers(floor.tick(40.0)) == [("b", "2")]


def test_vip_callers_have_a_head_start() -> None:
    """A VIP passes who came after (his coming less the head start), not who has waited longer than that."""
    floor = a_floor(an_agent("1"), vip_seconds=60)
    floor.engaged("1", 1, 0.0)
    floor.enter("long", SALES, "", 0.0)
    floor.enter("short", SALES, "", 50.0)
    floor.enter("vip", SALES, "", 70.0, vip=True)
    assert [floor.position(call) for call in ("long", "vip", "short")] == [1, 2, 3]
    assert offers(floor.engaged("1", 0, 80.0)) == [("long", "1")]


def test_an_agent_serves_his_first_queue_first() -> None:
    """A point of priority is worth a minute of waiting, so the other queue does not starve."""
    floor = a_floor(
        an_agent("1", Membership("first", priority=1), Membership("second")),
        queues=(Queue("first"), Queue("second")),
    )
    floor.engaged("1", 1, 0.0)
    floor.enter("old", "second", "", 0.0)
    floor.enter("new", "first", "", 30.0)
    assert offers(floor.engaged("1", 0, 31.0)) == [("new", "1")]
    floor = a_floor(
        an_agent("1", Membership("first", priority=1), Membership("second")),
        queues=(Queue("first"), Queue("second")),
    )
    floor.engaged("1", 1, 0.0)
    floor.enter("old", "second", "", 0.0)
    floor.enter("new", "first", "", 70.0)
    assert offers(floor.engaged("1", 0, 71.0)) == [("old", "1")]


def test_nobody_logged_in() -> None:
    """A caller is sent on at once; those who wait when the last one logs out wait a little."""
    floor = a_floor(an_agent("1"), no_agents_seconds=30)
    floor.engaged("1", 1, 0.0)
    floor.enter("a", SALES, "", 1.0)
    floor.log_out("1", 2.0)
    assert dismissals(floor.enter("b", SALES, "", 3.0)) == [("b", Reason.NO_AGENTS)]
    assert floor.next_due(3.0) == 31.0
    assert dismissals(floor.tick(31.9)) == []
    assert dismissals(floor.tick(32.0)) == [("a", Reason.NO_AGENTS)]


def test_paused_agents_are_not_nobody() -> None:
    """A pause ends; callers wait for it."""
    floor = a_floor(an_agent("1"))
    floor.pause("1", "lunch", 0.0)
    assert dismissals(floor.enter("a", SALES, "", 1.0)) == []
    assert offers(floor.resume("1", 2.0)) == [("a", "1")]


def test_a_full_queue_and_too_long_a_wait() -> None:
    """The third caller finds two waiting; after the longest wait one is sent on."""
    floor = a_floor(an_agent("1"), max_waiting=2, max_wait_seconds=100)
    floor.pause("1", "", 0.0)
    floor.enter("a", SALES, "", 1.0)
    floor.enter("b", SALES, "", 2.0)
    assert dismissals(floor.enter("c", SALES, "", 3.0)) == [("c", Reason.FULL)]
    assert dismissals(floor.tick(101.0)) == [("a", Reason.WAITED_TOO_LONG)]
    assert floor.position("b") == 1


def test_nobody_is_sent_away_while_an_agent_rings() -> None:
    """The longest wait passes while the phone rings; only when nobody answers the caller goes."""
    floor = a_floor(an_agent("1"), max_wait_seconds=10)
    assert offers(floor.enter("a", SALES, "", 0.0)) == [("a", "1")]
    assert floor.tick(12.0) == []
    assert dismissals(floor.refused("a", "1", 15.0)) == [("a", Reason.WAITED_TOO_LONG)]


def test_closing_time() -> None:
    """Those who still wait are sent on, later callers at once; who is being answered stays."""
    floor = a_floor(an_agent("1"), an_agent("2"))
    floor.pause("2", "", 0.0)
    floor.enter("a", SALES, "", 0.0)
    floor.enter("b", SALES, "", 0.0)
    assert dismissals(floor.opening(SALES, False, 5.0)) == [("b", Reason.CLOSED)]
    assert dismissals(floor.enter("c", SALES, "", 6.0)) == [("c", Reason.CLOSED)]
    assert floor.answered("a", "1", 7.0) is not None
    assert dismissals(floor.opening(SALES, True, 8.0)) == []
    assert dismissals(floor.enter("d", SALES, "", 9.0)) == []


def test_an_agent_who_misses_calls_is_paused() -> None:
    """After three in a row he is paused; each time the caller goes to the next, and he rests."""
    floor = a_floor(an_agent("1"), missed_limit=3)
    now = 0.0
    assert offers(floor.enter("a", SALES, "", now)) == [("a", "1")]
    for _ in range(2):
        assert offers(floor.refused("a", "1", now)) == []
        now += REST_SECONDS
        assert floor.next_due(now - 1) == now
        assert offers(floor.tick(now)) == [("a", "1")]
    floor.refused("a", "1", now)
    assert floor.seats["1"].paused == MISSED
    assert floor.seats["1"].state is AgentState.PAUSED
    assert offers(floor.resume("1", now + 1)) == [("a", "1")]


def test_a_trunk_that_is_down_is_not_his_fault() -> None:
    """An offer that could not reach him is not counted against him."""
    floor = a_floor(an_agent("1"), missed_limit=1)
    floor.enter("a", SALES, "", 0.0)
    floor.refused("a", "1", 1.0, missed=False)
    assert floor.seats["1"].state is AgentState.IDLE


def test_who_missed_the_call_comes_last_for_it() -> None:
    """Even where he is the first in the order."""
    floor = a_floor(an_agent("1"), an_agent("2"), strategy=Strategy.ORDERED)
    floor.enter("a", SALES, "", 0.0)
    assert offers(floor.refused("a", "1", 1.0)) == [("a", "2")]
    floor.refused("a", "2", 2.0)
    assert offers(floor.tick(10.0)) == [("a", "1")]


def test_wrap_up() -> None:
    """An agent has time after a call; he may end it himself."""
    floor = a_floor(an_agent("1"), an_agent("2", wrap_up_seconds=0), wrap_up_seconds=30)
    floor.enter("a", SALES, "", 0.0)
    floor.answered("a", "1", 1.0)
    floor.talk_over("a", 10.0)
    assert floor.seats["1"].state is AgentState.WRAP_UP
    assert floor.next_due(10.0) == 40.0
    floor.pause("2", "", 10.0)
    floor.enter("b", SALES, "", 11.0)
    assert offers(floor.tick(40.0)) == [("b", "1")]
    floor.answered("b", "1", 41.0)
    floor.talk_over("b", 50.0)
    floor.enter("c", SALES, "", 51.0)
    assert offers(floor.resume("1", 52.0)) == [("c", "1")]


def test_logging_out_while_talking_lets_the_talk_go_on() -> None:
    """He talks to the end, then he is offline without wrap-up."""
    floor = a_floor(an_agent("1"))
    floor.enter("a", SALES, "", 0.0)
    floor.answered("a", "1", 1.0)
    floor.log_out("1", 2.0)
    assert floor.seats["1"].state is AgentState.TALKING
    floor.talk_over("a", 3.0)
    assert floor.seats["1"].state is AgentState.OFFLINE


def test_pausing_while_it_rings_sends_the_call_on() -> None:
    """It is withdrawn from him, not counted as missed, and offered to the next."""
    floor = a_floor(an_agent("1"), an_agent("2"))
    floor.enter("a", SALES, "", 0.0)
    effects = floor.pause("1", "lunch", 1.0)
    assert withdrawals(effects) == {("a", "1")}
    assert offers(effects) == [("a", "2")]
    assert floor.seats["1"].missed == 0


def test_who_talks_otherwise_is_busy() -> None:
    """A direct call to his phone counts."""
    floor = a_floor(an_agent("1"))
    floor.engaged("1", 1, 0.0)
    assert floor.seats["1"].state is AgentState.TALKING
    assert offers(floor.enter("a", SALES, "", 1.0)) == []
    assert offers(floor.engaged("1", 0, 2.0)) == [("a", "1")]


def test_a_caller_keeps_his_place_when_the_agent_vanishes() -> None:
    """The agent answered and was gone before they were connected: the caller is first again."""
    floor = a_floor(an_agent("1"))
    floor.enter("a", SALES, "", 0.0)
    floor.enter("b", SALES, "", 1.0)
    floor.answered("a", "1", 2.0)
    floor.returned("a", 3.0)
    assert floor.position("a") == 1
    assert floor.lines[SALES].tally.answered == 0
    assert offers(floor.tick(3.0 + REST_SECONDS)) == [("a", "1")]


def test_positions_and_expected_wait_are_told() -> None:
    """At once where nobody is free, then every so often; two agents halve the wait; not while one rings."""
    floor = a_floor(
        an_agent("1"), an_agent("2"), announce_seconds=30, handling_seconds=120, wrap_up_seconds=0
    )
    assert [each for each in floor.enter("a", SALES, "", 0.0) if isinstance(each, Announce)] == []
    floor.enter("b", SALES, "", 0.0)
    assert floor.enter("c", SALES, "", 1.0) == [Announce("c", 3, 180.0, True)]
    assert floor.next_due(1.0) == 31.0
    assert floor.tick(31.0) == [Announce("c", 3, 180.0, False)]
    floor.answered("a", "1", 32.0)
    floor.talk_over("a", 132.0)
    assert floor.lines[SALES].handling == 116.0, "it learns what calls take"


def test_announcements_switched_off_while_somebody_waits() -> None:
    """He hears none any more, and nothing is due at this very moment for ever."""
    agent = an_agent("1")
    floor = a_floor(agent, announce_seconds=10)
    floor.pause("1", "", 0.0)
    floor.enter("a", SALES, "", 0.0)
    silent = msgspec.structs.replace(floor.lines[SALES].queue, announce_seconds=0.0)
    floor.configure([silent], [agent], 5.0)
    effects = floor.tick(20.0)
    assert not [effect for effect in effects if isinstance(effect, Announce)]
    due = floor.next_due(20.0)
    assert due is None or due > 20.0


def test_no_announcements_where_none_are_wanted() -> None:
    """Zero seconds: never."""
    floor = a_floor(an_agent("1"), announce_seconds=0)
    floor.pause("1", "", 0.0)
    assert floor.enter("a", SALES, "", 0.0) == []
    assert floor.next_due(0.0) == 900.0


def test_a_queue_and_an_agent_are_taken_away() -> None:
    """Who waits there is sent on; who rings is let go; a talk goes on, and its end harms nobody."""
    floor = a_floor(an_agent("1", "x", "y"), an_agent("2", "y"), queues=(Queue("x"), Queue("y")))
    floor.enter("a", "x", "", 0.0)
    floor.answered("a", "1", 0.5)
    floor.enter("b", "x", "", 1.0)
    floor.enter("c", "y", "", 1.0)
    effects = floor.configure((Queue("y"),), (an_agent("1", "y"),), 2.0)
    assert dismissals(effects) == [("b", Reason.GONE)]
    assert withdrawals(effects) == {("c", "2")}
    assert offers(floor.talk_over("a", 20.0)) == []
    assert offers(floor.tick(30.0)) == [("c", "1")]
    assert dismissals(floor.enter("d", "x", "", 31.0)) == [("d", Reason.GONE)]


def test_a_kept_place_is_served_when_its_turn_comes() -> None:
    """Its caller has hung up: nothing is announced to him, no longest wait ends it, and he fills no queue."""
    floor = a_floor(an_agent("1"), max_waiting=1, max_wait_seconds=60)
    floor.engaged("1", 1, 0.0)
    floor.enter("a", SALES, "139", 0.0)
    assert floor.keep("a", 5.0) == []
    floor.enter("b", SALES, "138", 6.0)
    assert dismissals(floor.tick(90.0)) == [("b", Reason.WAITED_TOO_LONG)]
    assert offers(floor.engaged("1", 0, 100.0)) == [("a", "1")]


def test_nobody_is_called_back_before_he_has_hung_up() -> None:
    """The agent who is free at that moment calls back a little later."""
    floor = a_floor(an_agent("1"))
    floor.enter("a", SALES, "139", 0.0)
    effects = floor.keep("a", 5.0)
    assert (withdrawals(effects), offers(effects)) == ({("a", "1")}, [])
    assert floor.next_due(5.0) == 20.0
    assert offers(floor.tick(20.0)) == [("a", "1")]


def test_kept_places_survive_a_restart() -> None:
    """The place counts from when the caller first came."""
    floor = a_floor(an_agent("1"))
    floor.engaged("1", 1, 0.0)
    floor.enter("b", SALES, "138", 1.0)
    floor.keep_again("a", SALES, "139", 300.0, 2.0)
    assert [floor.position(call) for call in "ab"] == [1, 2]
    assert floor.keep_again("a", SALES, "139", 300.0, 3.0) == []
