"""Calling back: the agent's phone rings first, then the customer's (docs/call-flows/call-back.md)."""

from __future__ import annotations

import pytest

from b2bua.calls.authorise import NotAllowed, Payer, authorise_call_back
from b2bua.calls.call_back import AGENT_SECONDS, MOST_TRIES, CallBack, CallBackResult, CallBacks
from b2bua.calls.place import contact_of
from b2bua.calls.switchboard import NotBegun
from domain.customers.contact import Contact, can_be_called_back
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, TrunkSnapshot
from storage.journal.events import Answered, Bridged, LegDialled, LegEnded, Started
from storage.records.fold import fold
from tests.twins.directory import SHIPPED
from tests.twins.stage import CALLER, NUMBER, TARGETS, Stage, a_plan, sdp

MISSED = Contact("01M8172EV8WM5RPGMQH3500BQN", "acme", NUMBER, CALLER)


def set_up(
    stage: Stage, contact: Contact = MISSED, agent: str = "8001"
) -> tuple[CallBack, list[CallBackResult]]:
    """Begin a call-back; the list gets its result."""
    one = CallBacks(stage.switchboard).begin(contact, agent)
    results: list[CallBackResult] = []
    one.over.addCallback(results.append)
    return one, results


def test_the_agent_is_rung_then_the_customer_and_they_talk() -> None:
    """The agent sees the customer's number, the customer the 400 number; the recording has him left."""
    stage = Stage()
    one, results = set_up(stage)
    (to_agent,) = stage.dialler.dialled
    assert (to_agent.target, to_agent.is_extension, to_agent.caller) == ("8001", True, CALLER)
    stage.leg("b1").peer_answers(sdp())
    to_customer = stage.dialler.dialled[1]
    assert (to_customer.leg, to_customer.target, to_customer.caller) == ("a", CALLER, NUMBER)
    assert stage.endpoint("b1").playing == ("ringback",)
    stage.leg("a").peer_answers(sdp(41000))
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    assert stage.endpoint("b1").playing == ()
    stage.clock.advance(30)
    stage.leg("a").peer_hangs_up()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.CALLER)
    assert results == [CallBackResult(one.call, Outcome.ANSWERED, True, True)]
    record = fold(stage.journal.events)
    assert (record.direction, record.contact, record.agent) == ("callback", MISSED.id, "8001")
    assert (record.caller, record.answered_by, record.tenant, record.number) == (
        CALLER,
        "8001",
        "acme",
        NUMBER,
    )
    assert (record.talk_ms, record.access_ms, record.recorded) == (30000, 30000, True)
    assert [(leg.leg, leg.target) for leg in record.legs] == [("b1", "8001"), ("a", CALLER)]
    assert record.trunk_out == "carrier-a"
    assert (record.caller_class, record.place.area_code) == ("mobile", "0991")


def test_the_agent_hears_what_it_is_about() -> None:
    """A prompt, before the customer is rung."""
    stage = Stage()
    stage.directory.shipped = SHIPPED
    set_up(stage)
    stage.leg("b1").peer_answers(sdp())
    assert stage.endpoint("b1").playing == ("calling-back",)
    assert len(stage.dialler.dialled) == 1
    stage.clock.advance(1)
    assert len(stage.dialler.dialled) == 2


def test_nothing_is_dialled_to_the_customer_before_an_agent_is_there() -> None:
    """The agent does not answer: the contact stays as it is."""
    stage = Stage()
    one, results = set_up(stage)
    stage.clock.advance(AGENT_SECONDS)
    assert stage.end().outcome == Outcome.AGENT_NOT_REACHED
    assert results == [CallBackResult(one.call, Outcome.AGENT_NOT_REACHED, False, False, Outcome.NO_ANSWER)]
    assert [line.leg for line in stage.journal.of(LegDialled)] == ["b1"]


def test_the_agent_hears_busy_when_the_customer_cannot_be_reached() -> None:
    """Then his phone is hung up."""
    stage = Stage()
    _, results = set_up(stage)
    stage.leg("b1").peer_answers(sdp())
    stage.leg("a").peer_refuses(486, "Busy Here")
    assert stage.endpoint("b1").playing == ("busy",)
    stage.clock.advance(5)
    assert stage.end().outcome == Outcome.BUSY
    assert "b1 BYE" in stage.sent()
    assert (results[0].agent_reached, results[0].customer_reached) == (True, False)
    assert not stage.journal.of(Answered)


def test_an_agent_who_hangs_up_while_the_customer_is_rung_ends_it() -> None:
    """The customer's phone stops ringing."""
    stage = Stage()
    set_up(stage)
    stage.leg("b1").peer_answers(sdp())
    stage.leg("b1").peer_hangs_up()
    assert "a CANCEL" in stage.sent()
    assert stage.end().outcome == Outcome.AGENT_LEFT


def test_the_agent_ends_the_talk() -> None:
    """The customer gets a BYE."""
    stage = Stage()
    set_up(stage)
    stage.leg("b1").peer_answers(sdp())
    stage.leg("a").peer_answers(sdp())
    stage.leg("b1").peer_hangs_up()
    assert "a BYE" in stage.sent()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.ANSWERER)
    assert {line.leg for line in stage.journal.of(LegEnded)} == {"a", "b1"}


def test_an_operator_takes_it_down() -> None:
    """``box400 hangup`` knows calls that the box began."""
    stage = Stage()
    one, results = set_up(stage)
    assert stage.switchboard.take_down(one.call)
    assert stage.end().outcome == Outcome.CUT_BY_OPERATOR
    assert results[0].outcome == Outcome.CUT_BY_OPERATOR


def test_a_bound_number_may_be_the_agent() -> None:
    """Agents at home are rung by the tenant's trunk; both legs are the tenant's."""
    stage = Stage()
    set_up(stage, agent=TARGETS[0])
    stage.leg("b1").peer_answers(sdp())
    stage.leg("a").peer_answers(sdp())
    stage.leg("a").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED
    assert {(each.tenant, each.tenant_number) for each in stage.dialler.dialled} == {("acme", NUMBER)}
    assert len(stage.journal.of(Bridged)) == 1


@pytest.mark.parametrize("agent", ["9001", "13912345678", CALLER, ""])
def test_only_a_registered_target_is_the_agent(agent: str) -> None:
    """Nor the extension of another tenant."""
    stage = Stage()
    with pytest.raises(NotAllowed):
        CallBacks(stage.switchboard).begin(MISSED, agent)
    assert not stage.dialler.dialled
    assert not stage.journal.of(Started)


@pytest.mark.parametrize("caller", ["", "anonymous", "008821000000", "+8613900001111", "123456789012345678"])
def test_who_cannot_be_called_back(caller: str) -> None:
    """Withheld numbers, numbers abroad (a missed call must not make the tenant pay for a dear one)."""
    assert not can_be_called_back(caller)
    contact = Contact(MISSED.id, "acme", NUMBER, caller)
    with pytest.raises(NotAllowed):
        authorise_call_back(Stage().switchboard.ports, contact, Payer("acme", NUMBER))


def test_a_contact_of_another_tenant_is_out_of_reach() -> None:
    """Also of another number of the same tenant: its own number is shown and charged."""
    ports = Stage().switchboard.ports
    for contact in (
        Contact(MISSED.id, "rival", NUMBER, CALLER),
        Contact(MISSED.id, "acme", "4000000000", CALLER),
    ):
        with pytest.raises(NotAllowed):
            authorise_call_back(ports, contact, Payer("acme", NUMBER))


def test_one_call_back_of_a_contact_at_a_time_and_not_for_ever() -> None:
    """Five tries within an hour."""
    stage = Stage()
    backs = CallBacks(stage.switchboard)
    for _ in range(MOST_TRIES):
        backs.begin(MISSED, "8001")
        with pytest.raises(NotAllowed, match="is being called back"):
            backs.begin(MISSED, "8001")
        stage.clock.advance(AGENT_SECONDS)
        assert not stage.switchboard.calls
    with pytest.raises(NotAllowed, match="within an hour"):
        backs.begin(MISSED, "8001")
    stage.clock.advance(3600)
    backs.begin(MISSED, "8001")
    stage.clock.advance(AGENT_SECONDS)


def test_no_call_is_begun_while_the_box_is_being_stopped() -> None:
    """The wish is kept by who has it."""
    stage = Stage()
    stage.switchboard.draining = True
    backs = CallBacks(stage.switchboard)
    with pytest.raises(NotBegun):
        backs.begin(MISSED, "8001")
    stage.switchboard.draining = False
    backs.begin(MISSED, "8001")
    stage.clock.advance(AGENT_SECONDS)


def test_the_place_of_a_live_call_is_a_contact() -> None:
    """So a queue keeps it; a withheld number has none."""
    stage = Stage(a_plan(welcome="11" * 32))
    caller = stage.call()
    contact = contact_of(stage.live())
    assert contact is not None
    assert (contact.tenant, contact.number, contact.caller) == ("acme", NUMBER, CALLER)
    caller.peer_hangs_up()


def test_a_customer_who_was_called_back_can_be_transferred() -> None:
    """By star code, as any caller: he hears ringback, then the colleague; both talks count."""
    phones = tuple(ExtensionSnapshot(name=name, tenant="acme", secret="s") for name in ("8001", "8002"))
    stage = Stage(box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), extensions=phones))
    set_up(stage)
    stage.leg("b1").peer_answers(sdp())
    stage.leg("a").peer_answers(sdp(41000))
    stage.clock.advance(10)
    for key in "*18002#":
        stage.endpoint("b1").press(key)
    assert stage.leg("b1").over
    assert stage.endpoint("a").playing == ("ringback",)
    stage.leg("b2").peer_answers(sdp(42000))
    assert stage.endpoint("a").bridged is stage.endpoint("b2")
    stage.clock.advance(5)
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED
    record = fold(stage.journal.events)
    assert (record.answered_by, record.talk_ms, record.direction) == ("8002", 15000, "callback")


def test_who_was_called_back_may_hang_up_while_he_is_transferred() -> None:
    """The colleague's phone stops ringing."""
    phones = tuple(ExtensionSnapshot(name=name, tenant="acme", secret="s") for name in ("8001", "8002"))
    stage = Stage(box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), extensions=phones))
    set_up(stage)
    stage.leg("b1").peer_answers(sdp())
    stage.leg("a").peer_answers(sdp(41000))
    for key in "*18002#":
        stage.endpoint("b1").press(key)
    stage.leg("a").peer_hangs_up()
    assert "b2 CANCEL" in stage.sent()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.CALLER)
