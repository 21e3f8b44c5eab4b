"""Attended transfer and three-way: by star codes, and by the second line of a phone.

docs/call-flows/attended-transfer.md, docs/call-flows/three-way.md
"""

from __future__ import annotations

import pytest

from domain.money.tariff import ChargedFrom
from domain.outcomes import Outcome
from domain.snapshot import BoundNumber
from storage.journal.events import Ended, Started
from storage.money.charging import charged_times
from storage.records.fold import fold
from storage.records.rows import row_of
from tests.twins.legs import MemoryInboundLeg
from tests.twins.stage import an_invitation, sdp
from tests.unit.calls.talks import MOBILE, MUSIC, OTHER_NUMBER, TalkStage

HELD = MUSIC[:8]


def test_the_agent_asks_a_colleague_and_hands_the_caller_over() -> None:
    """*2 8002 #, then *2: the caller hears music, then the colleague; never the consultation."""
    stage = TalkStage()
    stage.clock.advance(5)
    stage.key("*28002#")
    assert stage.hears() == {"a": HELD, "b1": "ringback"}
    assert stage.live().state == "consulting"
    stage.clock.advance(3)
    stage.answer("b2")
    assert stage.hears() == {"a": HELD, "b1": "b2", "b2": "b1"}
    stage.clock.advance(10)
    stage.key("*2")
    assert stage.hears() == {"a": "b2", "b2": "a"}
    assert stage.leg("b1").over
    stage.clock.advance(7)
    stage.caller.peer_hangs_up()
    record = stage.record()
    assert record.answered_by == "8002"
    assert record.talk_ms == 25000
    assert [(each.who, each.part, each.from_ms, each.until_ms) for each in record.participants] == [
        ("8001", "talk", 0, 5000),
        ("8001", "hold", 5000, 18000),
        ("8002", "consult", 8000, 18000),
        ("8002", "talk", 18000, 25000),
    ]


def test_hanging_up_hands_over_as_well() -> None:
    """While the two agents talk, and while the colleague's phone still rings."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    stage.leg("b1").peer_hangs_up()
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.key("*28009#", "b2")
    stage.leg("b2").peer_hangs_up()
    assert stage.hears() == {"a": "ringback"}
    stage.answer("b3")
    assert stage.hears() == {"a": "b3", "b3": "a"}
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8009"


def test_star_2_while_it_rings_does_not_wait() -> None:
    """A half-attended transfer; when it fails the agent is rung back."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.key("*2")
    assert stage.leg("b1").over
    assert stage.hears() == {"a": "ringback"}
    stage.leg("b2").peer_refuses(486)
    assert stage.rings() == ["8001"]
    stage.answer("b3")
    stage.leg("b3").peer_hangs_up()
    assert stage.end().outcome == "answered"


@pytest.mark.parametrize("answers", [True, False])
def test_star_0_returns_to_the_caller(answers: bool) -> None:
    """The colleague is let go, whether he rings or talks."""
    stage = TalkStage()
    stage.key("*28002#")
    if answers:
        stage.answer("b2")
    stage.key("*0")
    assert stage.leg("b2").over
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8001"


def test_the_colleague_does_not_answer_or_hangs_up() -> None:
    """The agent is back with the caller, after an error tone where nobody answered."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.leg("b2").peer_refuses(486)
    assert stage.hears() == {"a": "b1", "b1": "congesti"}
    stage.clock.advance(2)
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.key("*28002#")
    stage.answer("b3")
    stage.leg("b3").peer_hangs_up()
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_colleague_falls_silent() -> None:
    """Only he is let go."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    stage.endpoint("b2").die()
    assert stage.leg("b2").over
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.endpoint("b1").die()
    assert stage.end().outcome == "media-lost"


def test_an_agent_who_has_left_is_not_missed() -> None:
    """His leg's silence ends nothing."""
    stage = TalkStage()
    stage.key("*18002#")
    stage.answer("b2")
    stage.endpoint("b1").die()
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    stage.end()


def test_the_caller_hangs_up_in_a_consultation() -> None:
    """Both colleagues are let go."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    stage.caller.peer_hangs_up()
    assert stage.leg("b1").over
    assert stage.leg("b2").over
    assert stage.end().by == "caller"


# -- three-way -------------------------------------------------------------------------------------


def test_star_3_makes_it_three() -> None:
    """All hear each other; the agent may leave the two alone by hanging up."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    stage.key("*3")
    assert stage.hears() == {"a": "b1 b2", "b1": "a b2", "b2": "a b1"}
    stage.key("7")
    assert stage.endpoint("a").keys == stage.endpoint("b2").keys == "7"
    stage.leg("b1").peer_hangs_up()
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    record = stage.record()
    assert record.answered_by == "8002"
    assert [(each.who, each.part) for each in record.participants][-2:] == [
        ("8001", "talk"),
        ("8002", "talk"),
    ]


def test_the_third_one_leaves() -> None:
    """Caller and agent talk on; *0 sends him away, too."""
    stage = TalkStage()
    for leg in ("b2", "b3"):
        stage.key("*28002#")
        stage.answer(leg)
        stage.key("*3")
        if leg == "b2":
            stage.leg(leg).peer_hangs_up()
        else:
            stage.key("*0")
        assert stage.leg(leg).over
        assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8001"


def test_one_of_three_holds() -> None:
    """The others talk on, without music."""
    stage = TalkStage()
    stage.key("*28002#")
    stage.answer("b2")
    stage.key("*3")
    stage.holds("b2")
    assert stage.hears() == {"a": "b1", "b1": "a", "b2": ""}
    stage.holds("b2", False)
    assert stage.hears() == {"a": "b1 b2", "b1": "a b2", "b2": "a b1"}
    stage.caller.peer_hangs_up()
    stage.end()


# -- the second line of a phone --------------------------------------------------------------------


class TwoLines(TalkStage):
    """The agent's phone holds its first call and calls a colleague by a second line."""

    def __init__(self, called: str = "8002", extension: str = "8001") -> None:
        super().__init__()
        self.holds("b1")
        self.first = self.live()
        self.line = MemoryInboundLeg(
            an_invitation(called, offer=sdp(port=45000), trunk=None, extension=extension), self.log
        )
        self.switchboard.arrive(self.line)

    def hears(self) -> dict[str, str]:
        """As before, with the second line."""
        found = super().hears()
        if self.line.up:
            found["second"] = " ".join(sorted(self.endpoint("second").hears()))
        return found

    def records(self) -> list:  # type: ignore[type-arg]
        """Return the records of both calls, over by now."""
        assert not self.switchboard.calls
        assert not self.media.open_endpoints()
        assert not self.clock.pending()
        calls = [event.call for event in self.journal.of(Started)]
        return [
            fold([event for event in self.journal.events if getattr(event, "call", "") == call])
            for call in calls
        ]


@pytest.mark.parametrize("to_the_colleague", [False, True])
def test_refer_with_replaces_joins_the_two(to_the_colleague: bool) -> None:
    """Whichever of its two dialogs the phone sends it in."""
    stage = TwoLines()
    assert stage.log.count("a 180") == 0
    stage.leg("b2").peer_progresses(180)
    assert "a 180" in stage.log
    stage.answer("b2")
    assert stage.line.up
    assert stage.hears() == {"a": HELD, "b1": "", "b2": "second", "second": "b2"}
    stage.clock.advance(5)
    agent = stage.leg("b1")
    asks, other = (stage.line, agent) if to_the_colleague else (agent, stage.line)
    assert asks.peer_refers("8002", replaces=other) == 202
    assert asks.reports == [(100, False), (200, True)]
    assert agent.over
    assert stage.line.over
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    first, second = stage.records()
    assert (first.answered_by, first.outcome) == ("8002", "answered")
    assert (second.extension, second.called, second.outcome) == ("8001", "8002", "answered")
    assert second.number == first.number
    assert (first.direction, second.direction) == ("", "consultation")
    assert charged_times(second, ChargedFrom.BOX) == charged_times(second, ChargedFrom.ANSWERER) == []
    assert row_of(second).is_of_phone
    assert not row_of(second).is_call_back


def test_refer_with_replaces_before_the_colleague_answers() -> None:
    """The caller waits for him; the phone is free at once and hears what becomes of it."""
    stage = TwoLines()
    agent = stage.leg("b1")
    assert agent.peer_refers("8002", replaces=stage.line) == 202
    assert stage.line.over
    assert stage.hears() == {"a": "ringback", "b1": ""}
    stage.answer("b2")
    assert agent.reports[-1] == (200, True)
    assert agent.over
    stage.caller.peer_hangs_up()
    first, second = stage.records()
    assert first.answered_by == "8002"
    assert second.outcome == Outcome.NO_ANSWER


def test_a_second_line_that_is_given_up() -> None:
    """The colleague is let go; the agent takes his caller back."""
    stage = TwoLines()
    stage.answer("b2")
    stage.line.peer_hangs_up()
    assert stage.leg("b2").over
    assert stage.hears() == {"a": HELD, "b1": ""}
    stage.holds("b1", False)
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    assert [record.outcome for record in stage.records()] == ["answered", "answered"]


def test_a_second_line_that_is_cancelled_or_not_answered() -> None:
    """The first call stays as it is."""
    stage = TwoLines()
    stage.line.peer_cancels()
    assert stage.leg("b2").over
    stage.line = MemoryInboundLeg(
        an_invitation("8009", offer=sdp(port=45000), trunk=None, extension="8001"), stage.log
    )
    stage.switchboard.arrive(stage.line)
    stage.leg("b3").peer_refuses(486)
    assert stage.line.final == (486, "Busy Here")
    assert stage.hears() == {"a": HELD, "b1": ""}
    stage.caller.peer_hangs_up()
    assert [record.outcome for record in stage.records()] == ["answered", "gave-up-ringing", "busy"]


def test_the_colleague_leaves_the_second_line() -> None:
    """It ends; the first one stays."""
    stage = TwoLines()
    stage.answer("b2")
    stage.leg("b2").peer_hangs_up()
    assert stage.line.over
    assert stage.hears() == {"a": HELD, "b1": ""}
    stage.caller.peer_hangs_up()
    stage.records()


def test_the_caller_leaves_in_a_consultation_by_second_line() -> None:
    """All three legs of the tenant's are let go."""
    stage = TwoLines()
    stage.answer("b2")
    stage.caller.peer_hangs_up()
    assert stage.line.over
    assert stage.leg("b1").over
    assert stage.leg("b2").over
    assert [record.outcome for record in stage.records()] == ["answered", "answered"]


def test_the_agent_leaves_his_caller_during_a_consultation_by_second_line() -> None:
    """He has hung up on him; that ends the call and the consultation."""
    stage = TwoLines()
    stage.answer("b2")
    stage.leg("b1").peer_hangs_up()
    assert stage.caller.over
    assert stage.line.over
    stage.records()


@pytest.mark.parametrize("called", ["9001", "01012345678", "4001003721x"])
def test_a_second_line_reaches_colleagues_only(called: str) -> None:
    """Anything else is a call like that of any extension: to no number of ours; nobody is rung."""
    stage = TwoLines(called)
    assert stage.line.final == (404, "Not Found")
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    assert stage.records()[1].outcome == Outcome.NUMBER_UNKNOWN


def test_a_second_line_to_the_agent_himself() -> None:
    """He cannot be asked."""
    stage = TwoLines("8001")
    assert stage.line.final == (480, "Temporarily Unavailable")
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    assert stage.records()[1].outcome == Outcome.REFUSED_BY_TARGET


def test_a_second_line_to_a_400_number_is_a_call_of_its_own() -> None:
    """As from any extension."""
    stage = TwoLines(OTHER_NUMBER)
    assert stage.rings() == ["01088880000"]
    assert len(stage.switchboard.calls) == 2
    stage.line.peer_cancels()
    stage.caller.peer_hangs_up()
    assert [record.direction for record in stage.records()] == ["", ""]


def test_a_phone_without_a_call_consults_nobody() -> None:
    """8002 serves no caller: it may call 400 numbers only."""
    stage = TwoLines("8009", extension="8002")
    assert stage.line.final == (404, "Not Found")
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    stage.records()


def test_refer_with_replaces_of_something_else() -> None:
    """A dialog the box does not have (481), one that is no line of this phone (403)."""
    stage = TwoLines()
    stage.answer("b2")
    agent = stage.leg("b1")
    assert agent.peer_refers("8002", attended=True) == 481
    assert agent.peer_refers("8002", replaces=stage.leg("b2")) == 403
    assert agent.peer_refers("8002", replaces=stage.caller) == 403
    assert stage.hears()["a"] == HELD
    stage.caller.peer_hangs_up()
    stage.records()


def test_a_mobile_agent_consults_by_star_codes() -> None:
    """He has no registered phone; keys do."""
    stage = TalkStage(agent=BoundNumber(number="13700003333"))
    stage.key(f"*2{MOBILE}#")
    stage.answer("b2")
    stage.key("*2")
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    (ended,) = stage.journal.of(Ended)
    assert ended.outcome == "answered"
