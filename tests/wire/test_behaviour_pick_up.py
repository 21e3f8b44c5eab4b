"""INVITE with Replaces (RFC 3891) on real sockets: who may take the place of a leg, and of which."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wire.conftest import Wire
from tests.wire.leg import Leg
from tests.wire.phone import Phone

TO_8001 = "4001003725"


@pytest.fixture
def phone(wire: Wire) -> Iterator[Phone]:
    """Return the registered phone of extension 8002."""
    made = Phone(wire.udp(wire.desk()), "8002")
    made.register()
    yield made
    made.leave()


def replaces(leg: Leg, more: str = "") -> tuple[tuple[str, str], ...]:
    """Name a dialog that the box has begun with a phone, as the box sees it."""
    assert leg.invite is not None
    return (
        ("Require", "replaces"),
        ("Replaces", f"{leg.call_id};to-tag={leg.invite.tag('from')};from-tag={leg.tag}{more}"),
    )


def test_call_pick_up(wire: Wire, phone: Phone) -> None:
    """8002 takes what rings elsewhere: that phone gets CANCEL, the caller is answered and hears 8002."""
    caller = wire.call()
    ringing = Leg.rung(wire.gateway)
    ringing.reply(180)
    caller.expect(180)
    taker = phone.call("13900001111", replaces(ringing, ";early-only"))
    cancel = ringing.expect("CANCEL")
    assert cancel["reason"] == 'SIP;cause=200;text="Call completed elsewhere"'
    ringing.reply(200, to=cancel)
    ringing.reply(487)
    ringing.expect("ACK")
    taker.up()
    caller.up()
    wire.talk(caller, taker)
    caller.hang_up()
    taker.hung_up()
    record = wire.answered(caller)
    assert (record.answered_by, record.legs[-1].is_extension) == ("8002", True)
    own = wire.record(taker)
    assert (own.outcome, own.direction, own.extension) == ("answered", "pickup", "8002")


def test_the_target_of_an_attended_transfer(wire: Wire, phone: Phone) -> None:
    """The phone that a transfer is sent to asks for the place of the one that talks; that one gets BYE."""
    caller, callee = wire.bridge()
    taker = phone.call("13900001111", replaces(callee))
    taker.up()
    callee.hung_up()
    wire.talk(caller, taker)
    taker.hang_up()
    caller.hung_up()
    assert wire.answered(caller, by="answerer").answered_by == "8002"
    wire.record(taker)


def test_an_answered_call_is_not_picked_up_early(wire: Wire, phone: Phone) -> None:
    """486 for early-only, and the talk goes on."""
    caller, callee = wire.bridge()
    taker = phone.call("13900001111", replaces(callee, ";early-only"))
    assert taker.final().status == 486
    wire.hang_up(caller, callee)
    wire.record(taker)


def test_another_tenants_phone_takes_nothing(wire: Wire) -> None:
    """403: it names the dialog rightly, but its tenant has no such call."""
    stranger = Phone(wire.udp(wire.desk()), "8001.second", "another-tenants-secret")
    assert stranger.register().status == 200
    caller, callee = wire.bridge()
    taker = stranger.call("13900001111", replaces(callee))
    assert taker.final().status == 403
    wire.hang_up(caller, callee)
    assert wire.free(taker, "pick-up-refused", "box", 403).tenant is None
    stranger.leave()


def test_a_trunk_takes_nothing(wire: Wire) -> None:
    """403 for one of our dialogs; what a trunk says of other dialogs is not ours to judge."""
    caller, callee = wire.bridge()
    taker = wire.call(rows=replaces(callee))
    assert taker.final().status == 403
    wire.free(taker, "bad-request", "box", 403)
    wire.hang_up(caller, callee)
    theirs = ("Replaces", "theirs;to-tag=a;from-tag=b")
    required = wire.call(rows=(("Require", "replaces"), theirs))
    assert required.final().status == 481
    wire.record(required)
    other = wire.call(rows=(theirs,))
    answerer = Leg.rung(wire.gateway)
    answerer.answer()
    other.up()
    wire.hang_up(other, answerer)


def test_a_dialog_that_is_not_there(wire: Wire, phone: Phone) -> None:
    """481, with a record like every INVITE of a phone."""
    taker = phone.call("8001", (("Replaces", "no-such;to-tag=a;from-tag=b"),))
    assert taker.final().status == 481
    wire.record(taker)
