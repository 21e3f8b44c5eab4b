"""Blind transfer: by star code, by REFER, from the control socket; docs/call-flows/blind-transfer.md."""

from __future__ import annotations

import msgspec
import pytest

from b2bua.calls.in_call import InCall
from b2bua.calls.refusal import NotPossible
from domain.snapshot import TenantState
from tests.unit.calls.talks import MOBILE, TalkStage


def test_star_1_sends_the_caller_to_an_extension() -> None:
    """The agent is out at once; the caller hears ringback, then the colleague."""
    stage = TalkStage()
    stage.clock.advance(10)
    stage.key("*18002#")
    assert stage.leg("b1").over
    assert stage.rings() == ["8002"]
    assert stage.hears() == {"a": "ringback"}
    assert stage.live().state == "transferring"
    stage.clock.advance(5)
    stage.answer("b2")
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.clock.advance(7)
    stage.leg("b2").peer_hangs_up()
    record = stage.record()
    assert (record.answered_by, record.talk_ms, record.outcome) == ("8002", 17000, "answered")
    assert [(each.leg, each.who, each.part, each.from_ms, each.until_ms) for each in record.participants] == [
        ("b1", "8001", "talk", 0, 10000),
        ("b2", "8002", "talk", 15000, 22000),
    ]
    assert stage.endpoint("a").keys == ""


@pytest.mark.parametrize(
    ("wanted", "rung"), [("77", MOBILE), ("01088880000", "01088880000"), (MOBILE, MOBILE)]
)
def test_targets_are_job_numbers_and_bound_numbers(wanted: str, rung: str) -> None:
    """工号, a number bound to this 400 number, one bound to another of the tenant's."""
    stage = TalkStage()
    stage.key(f"*1{wanted}#")
    assert stage.rings() == [rung]
    assert stage.dialler.dialled[-1].caller == stage.dialler.dialled[0].caller
    stage.caller.peer_hangs_up()
    assert stage.end().outcome == "answered"


@pytest.mark.parametrize("wanted", ["9001", "01012345678", "8001", "66"])
def test_anything_else_is_refused_and_the_talk_goes_on(wanted: str) -> None:
    """Another tenant's extension, any other number, the agent himself: an error tone, nobody is rung."""
    stage = TalkStage()
    stage.key(f"*1{wanted}#")
    assert stage.rings() == []
    assert stage.hears() == {"a": "b1", "b1": "congesti"}
    stage.clock.advance(2)
    assert stage.hears() == {"a": "b1", "b1": "a"}
    assert stage.endpoint("a").keys == ""
    assert "refused" in stage.steps()
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_suspended_tenant_transfers_nobody() -> None:
    """His calls go on, no new leg is begun."""
    stage = TalkStage()
    (tenant,) = stage.directory.tenants
    stage.directory.tenants = [msgspec.structs.replace(tenant, state=TenantState.SUSPENDED)]
    stage.key("*18002#")
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_failed_transfer_rings_back_to_the_transferer() -> None:
    """Busy: 8001 is rung again and gets the caller back."""
    stage = TalkStage()
    stage.key("*18002#")
    stage.leg("b2").peer_refuses(486, "Busy Here")
    assert stage.rings() == ["8001"]
    assert stage.hears() == {"a": "ringback"}
    stage.answer("b3")
    assert stage.hears() == {"a": "b3", "b3": "a"}
    assert [name for name in stage.steps() if name in ("transfer", "transfer-failed", "ring-back")] == [
        "transfer",
        "transfer-failed",
        "ring-back",
    ]
    stage.key("*4", "b3")
    assert stage.live().state == "held"
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8001"


def test_nobody_takes_the_caller_over() -> None:
    """Neither the target nor the transferer answers: he is told, then the call ends."""
    stage = TalkStage(no_answer_seconds=20.0, busy_tone_seconds=3.0)
    stage.key("*18002#")
    stage.clock.advance(20)
    assert stage.rings() == ["8001"]
    stage.clock.advance(20)
    assert stage.hears() == {"a": "busy"}
    stage.clock.advance(3)
    ended = stage.end()
    assert (ended.outcome, ended.by) == ("answered", "box")


def test_the_caller_gives_up_while_a_transfer_rings() -> None:
    """The phone that rings is let go."""
    stage = TalkStage()
    stage.key("*18002#")
    stage.caller.peer_hangs_up()
    assert stage.leg("b2").over
    ended = stage.end()
    assert (ended.outcome, ended.by) == ("answered", "caller")


def test_a_transfer_without_a_way_out_rings_back() -> None:
    """The trunk is down."""
    stage = TalkStage()
    stage.dialler.down.add("carrier-a")
    stage.key(f"*1{MOBILE}#")
    assert stage.rings() == ["8001"]
    stage.caller.peer_hangs_up()
    stage.end()


def test_without_a_port_the_transfer_fails() -> None:
    """So does ringing back; the caller is told."""
    stage = TalkStage(busy_tone_seconds=3.0)
    stage.media.full = True
    stage.key("*18002#")
    assert stage.hears() == {"a": "busy"}
    stage.clock.advance(3)
    assert stage.end().outcome == "answered"


# -- REFER -----------------------------------------------------------------------------------------


def test_a_registered_phone_refers() -> None:
    """The phone is told how it goes and keeps its leg until the colleague has answered."""
    stage = TalkStage()
    agent = stage.leg("b1")
    stage.holds("b1")
    assert agent.peer_refers("8002") == 202
    assert stage.hears() == {"a": "ringback", "b1": ""}
    assert agent.reports == [(100, False)]
    stage.answer("b2")
    assert agent.reports == [(100, False), (200, True)]
    assert agent.over
    assert stage.hears() == {"a": "b2", "b2": "a"}
    stage.caller.peer_hangs_up()
    assert stage.record().answered_by == "8002"


def test_a_phone_that_hangs_up_after_its_refer() -> None:
    """The transfer goes on; when it fails the phone is rung."""
    stage = TalkStage()
    agent = stage.leg("b1")
    assert agent.peer_refers("8002") == 202
    agent.peer_hangs_up()
    assert stage.hears() == {"a": "ringback"}
    stage.leg("b2").peer_refuses(603)
    assert stage.rings() == ["8001"]
    stage.answer("b3")
    stage.caller.peer_hangs_up()
    assert stage.end().outcome == "answered"


def test_a_refer_that_fails_gives_the_caller_back_on_the_same_leg() -> None:
    """The phone gets the failure; nobody is rung again."""
    stage = TalkStage()
    agent = stage.leg("b1")
    assert agent.peer_refers("8002") == 202
    stage.leg("b2").peer_refuses(486)
    assert agent.reports[-1] == (486, True)
    assert stage.rings() == []
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.key("*4")
    assert stage.live().state == "held"
    agent.peer_hangs_up()
    assert stage.end().by == "answerer"


def test_a_refer_to_anybody_else_is_forbidden() -> None:
    """403, no tone, the talk goes on; also while another transfer rings (491)."""
    stage = TalkStage()
    agent = stage.leg("b1")
    for target in ("9001", "0014155551234", "", "sip:x"):
        assert agent.peer_refers(target) == 403
    assert stage.hears() == {"a": "b1", "b1": "a"}
    assert agent.peer_refers("8002") == 202
    assert agent.peer_refers("8009") == 491
    assert stage.rings() == ["8002"]
    stage.caller.peer_hangs_up()
    stage.end()


def test_who_is_not_the_agent_cannot_refer() -> None:
    """A colleague in a consultation; trunks never."""
    stage = TalkStage()
    assert stage.caller.peer_refers("8002") == 403
    stage.key("*28002#")
    colleague = stage.answer("b2")
    assert colleague.peer_refers("8009") == 603
    stage.caller.peer_hangs_up()
    stage.end()


# -- the control socket ----------------------------------------------------------------------------


def test_an_operator_transfers_holds_and_resumes() -> None:
    """The record says who did it."""
    stage = TalkStage()
    call = stage.live().id
    wishes = InCall(stage.switchboard.calls)
    wishes.hold(call, "root")
    assert stage.live().state == "held"
    with pytest.raises(NotPossible, match="the caller is on hold") as refused:
        wishes.hold(call, "root")
    assert refused.value.zh == "主叫正在保持中"
    wishes.resume(call, "root")
    wishes.transfer(call, "8002", "root")
    with pytest.raises(NotPossible):
        wishes.transfer(call, "8009", "root")
    stage.answer("b2")
    stage.caller.peer_hangs_up()
    record = stage.record()
    details = [moment.detail for moment in record.timeline if moment.what == "step"]
    assert [detail for detail in details if "root" in detail] == [
        "hold by root",
        "resume by root",
        "transfer 8002 by root",
    ]


def test_wishes_that_cannot_be_granted() -> None:
    """In words of both languages; nothing happens."""
    stage = TalkStage()
    call = stage.live().id
    wishes = InCall(stage.switchboard.calls)
    for wish in (
        lambda: wishes.transfer("01NONE", "8002", "root"),
        lambda: wishes.transfer(call, "9001", "root"),
        lambda: wishes.resume(call, "root"),
        lambda: wishes.supervise(call, "8002", "sing", "root"),
        lambda: wishes.supervise(call, "9001", "listen", "root"),
        lambda: wishes.supervise(call, "8001", "listen", "root"),
        lambda: wishes.supervise(call, MOBILE, "listen", "root"),
    ):
        with pytest.raises(NotPossible) as refused:
            wish()
        assert refused.value.en
        assert refused.value.zh
    assert stage.rings() == []
    assert stage.hears() == {"a": "b1", "b1": "a"}
    wishes.take_down(call, "root")
    assert stage.end().outcome == "cut-by-operator"
    assert "take-down" in stage.steps()


def test_a_target_that_was_rung_too_often() -> None:
    """The limits of calls/rates.py hold for transfers; the talk goes on, by REFER and by star code."""
    stage = TalkStage()
    agent = stage.leg("b1")
    stage.directory.box = msgspec.structs.replace(stage.directory.box, number_rings_per_minute=1)
    assert agent.peer_refers("8002") == 202
    stage.leg("b2").peer_refuses(486)
    assert agent.peer_refers("8002") == 202
    assert agent.reports[-1] == (503, True)
    stage.key("*18002#")
    assert stage.hears() == {"a": "b1", "b1": "congesti"}
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    assert stage.end().outcome == "answered"
