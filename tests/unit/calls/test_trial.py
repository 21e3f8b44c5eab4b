"""Test calls: a menu is heard before it is published, a trunk is tried (docs/call-flows/test-call.md)."""

from __future__ import annotations

import pytest

from b2bua.calls.authorise import NotAllowed
from b2bua.calls.refusal import NotBegun
from b2bua.calls.trial import MOST_AT_ONCE, TESTER_SECONDS, try_menu, try_trunk
from domain.flow.document import Flow
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.snapshot import BoxSnapshot, ExtensionSnapshot, TenantSnapshot, TrunkSnapshot
from storage.journal.events import LegDialled
from storage.records.fold import fold
from storage.records.record import CallRecord
from storage.records.rows import row_of
from tests.twins.directory import SHIPPED
from tests.twins.stage import NUMBER, TARGETS, Stage, a_plan, sdp
from tests.unit.calls.test_menu import a_flow

PHONE = "8001"
NODES = {
    "main": {"kind": "menu", "prompts": ["welcome"], "keys": {"1": "phones", "2": "bye"}},
    "phones": {"kind": "go", "to": "bound"},
    "bye": {"kind": "hang-up", "prompts": ["goodbye"]},
}


def a_stage(**box: object) -> Stage:
    """Return a box whose tenant has published another menu of that name, which sends callers away."""
    published = a_flow({"main": {"kind": "hang-up"}})
    plan = a_plan(entry=Destination.parse("flow:main"))
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,), flows=(published,))
    held = {
        "trunks": (TrunkSnapshot(name="carrier-a"), TrunkSnapshot(name="carrier-b", outbound=False)),
        "extensions": (ExtensionSnapshot(name=PHONE, tenant="acme", secret="s"),),
        **box,
    }
    return Stage(plan, tenant=tenant, box=BoxSnapshot(**held), shipped=SHIPPED)  # type: ignore[arg-type]


def draft() -> Flow:
    """Return what stands in the editor."""
    return a_flow(NODES, version=0)


def record_of(stage: Stage) -> CallRecord:
    """Return the record of the one call, after checking that nothing is left of it."""
    stage.end()
    return fold(stage.journal.events)


def test_the_tester_hears_the_draft_and_is_the_caller() -> None:
    """His phone is shown the 400 number; key 2 hangs up; the record tells his way."""
    stage = a_stage()
    call = try_menu(stage.switchboard, "acme", NUMBER, PHONE, draft())
    (dialled,) = stage.dialler.dialled
    assert (dialled.leg, dialled.target, dialled.is_extension, dialled.caller) == ("a", PHONE, True, NUMBER)
    stage.leg("a").peer_answers(sdp())
    assert stage.endpoint("a").playing == ("welcome",)
    stage.endpoint("a").press("2")
    assert stage.endpoint("a").playing == ("goodbye",)
    stage.clock.advance(60)
    record = record_of(stage)
    assert (record.id, record.direction, record.outcome) == (call.id, "test", Outcome.MENU_ENDED)
    assert (record.caller, record.number, record.tenant, record.keys) == (PHONE, NUMBER, "acme", "2")
    steps = [moment.detail for moment in record.timeline if moment.what == "step"]
    assert {"test flow:main", "flow main v0", "menu main", "menu bye"} <= set(steps)
    row = row_of(record)
    assert (row.direction, row.is_of_phone) == ("test", True)


def test_callers_go_on_hearing_what_is_published() -> None:
    """The draft is in force in the test alone, also while it lasts."""
    stage = a_stage()
    try_menu(stage.switchboard, "acme", NUMBER, PHONE, draft())
    stage.leg("a").peer_answers(sdp())
    caller = stage.call()
    assert caller.invitation.called == NUMBER
    assert [call.invitation.test for call in stage.switchboard.calls.values()] == [True]
    stage.leg("a").peer_hangs_up()


def test_the_menu_sends_the_tester_on_to_real_phones() -> None:
    """Key 1 rings the bound number, and the two talk; the leg is charged as one of a call-back's."""
    stage = a_stage()
    try_menu(stage.switchboard, "acme", NUMBER, PHONE, draft())
    stage.leg("a").peer_answers(sdp())
    stage.endpoint("a").press("1")
    assert stage.dialler.dialled[1].target == TARGETS[0]
    stage.leg("b1").peer_answers(sdp(41000))
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    stage.clock.advance(20)
    stage.leg("b1").peer_hangs_up()
    stage.clock.advance(60)
    record = record_of(stage)
    assert (record.outcome, record.answered_by, record.talk_ms) == (Outcome.ANSWERED, TARGETS[0], 20000)


def test_a_tester_who_does_not_pick_up() -> None:
    """Nothing is heard by anybody."""
    stage = a_stage()
    try_menu(stage.switchboard, "acme", NUMBER, PHONE, draft())
    stage.clock.advance(TESTER_SECONDS)
    assert stage.end().outcome == Outcome.NO_ANSWER


def test_a_tester_who_hangs_up_in_the_menu() -> None:
    """As any caller who does."""
    stage = a_stage()
    try_menu(stage.switchboard, "acme", NUMBER, PHONE, draft())
    stage.leg("a").peer_answers(sdp())
    stage.leg("a").peer_hangs_up()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.GAVE_UP_MENU, HungUpBy.CALLER)


@pytest.mark.parametrize("phone", ["13912345678", "9001", "", "110"])
def test_nobody_else_can_be_rung_by_a_test(phone: str) -> None:
    """Registered targets of the tenant alone."""
    stage = a_stage()
    with pytest.raises(NotAllowed):
        try_menu(stage.switchboard, "acme", NUMBER, phone, draft())
    assert not stage.dialler.dialled


def test_a_trunk_is_tried() -> None:
    """By that trunk alone, showing the 400 number; who answers is greeted; no tenant has to do with it."""
    stage = a_stage()
    try_trunk(stage.switchboard, "carrier-a", "13900001111", NUMBER)
    (dialled,) = stage.dialler.dialled
    assert (dialled.target, dialled.trunks) == ("13900001111", ("carrier-a",))
    assert (dialled.caller, dialled.tenant, dialled.tenant_number) == (NUMBER, "", NUMBER)
    stage.leg("b1").peer_progresses(180)
    stage.leg("b1").peer_answers(sdp())
    assert stage.endpoint("b1").playing == ("welcome",)
    stage.clock.advance(60)
    record = record_of(stage)
    assert (record.direction, record.outcome, record.hung_up_by) == ("test", Outcome.ANSWERED, HungUpBy.BOX)
    assert (record.tenant, record.number, record.called) == (None, None, "13900001111")
    assert (record.caller, record.trunk_out, record.recorded) == (NUMBER, "carrier-a", False)


def test_a_trunk_that_refuses_tells_what_the_carrier_said() -> None:
    """The record keeps the answer."""
    stage = a_stage()
    try_trunk(stage.switchboard, "carrier-a", "13900001111", NUMBER)
    stage.leg("b1").peer_refuses(404, "Not Found")
    record = record_of(stage)
    assert record.outcome not in (Outcome.ANSWERED, Outcome.NO_ANSWER)
    assert [(leg.status, leg.reason) for leg in record.legs] == [(404, "Not Found")]


def test_who_is_rung_by_a_trunk_test_may_hang_up_at_once() -> None:
    """It worked all the same."""
    stage = a_stage()
    try_trunk(stage.switchboard, "carrier-a", "13900001111", NUMBER)
    stage.leg("b1").peer_answers(sdp())
    stage.leg("b1").peer_hangs_up()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.ANSWERER)


@pytest.mark.parametrize(
    ("trunk", "to"),
    [
        ("carrier-a", "00447700900123"), ("carrier-a", "110 "), ("carrier-a", "sip:x"), ("carrier-a", ""),
        ("carrier-b", "13900001111"), ("nobody", "13900001111"),
    ],
)  # fmt: skip
def test_what_a_trunk_test_may_not_ring(trunk: str, to: str) -> None:
    """Nothing abroad, nothing strange, and no trunk that takes no calls out."""
    stage = a_stage()
    with pytest.raises(NotAllowed):
        try_trunk(stage.switchboard, trunk, to, NUMBER)
    assert not stage.dialler.dialled


def test_few_tests_at_a_time() -> None:
    """A person clicks."""
    stage = a_stage()
    for digit in range(MOST_AT_ONCE):
        try_trunk(stage.switchboard, "carrier-a", f"1390000111{digit}", NUMBER)
    with pytest.raises(NotAllowed):
        try_trunk(stage.switchboard, "carrier-a", "13900001119", NUMBER)
    assert len(stage.journal.of(LegDialled)) == MOST_AT_ONCE


def test_a_box_that_is_full_begins_no_test() -> None:
    """Nor one that shuts down."""
    stage = a_stage(max_calls=0)
    with pytest.raises(NotBegun):
        try_trunk(stage.switchboard, "carrier-a", "13900001111", NUMBER)
    other = a_stage()
    other.switchboard.draining = True
    with pytest.raises(NotBegun):
        try_menu(other.switchboard, "acme", NUMBER, PHONE, draft())
