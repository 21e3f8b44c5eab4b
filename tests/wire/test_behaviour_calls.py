"""The course of a call on real sockets: repeated, crossed, forked, broken off; the charge right in each."""

from __future__ import annotations

import pytest

from tests.wire.conftest import Wire
from tests.wire.leg import Leg
from tests.wire.message import fresh


def test_a_plain_call(wire: Wire) -> None:
    """The caller talks with the bound number and hangs up."""
    caller, callee = wire.bridge()
    record = wire.hang_up(caller, callee)
    assert (record.caller, record.answered_by) == (wire.caller, "13900001111")
    assert [leg.target for leg in record.legs] == ["13900001111"]


def test_the_bound_number_hangs_up(wire: Wire) -> None:
    """The BYE goes on to the caller; the record says who ended it."""
    caller, callee = wire.bridge()
    wire.talk(caller, callee)
    callee.hang_up()
    caller.hung_up()
    wire.answered(caller, by="answerer")


def test_a_repeated_invite_is_one_call(wire: Wire) -> None:
    """RFC 3261 17.2.1: the last answer is sent again, nobody is rung twice."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    caller.expect(100)
    caller.repeat("INVITE")
    callee.reply(180)
    ringing = caller.expect(180)
    caller.repeat("INVITE")
    wire.ping()
    assert wire.carrier.repeats[ringing.raw] >= 1
    callee.reply(200)
    callee.expect("ACK")
    caller.up()
    caller.repeat("INVITE")
    wire.ping()
    assert wire.gateway.find(lambda message: message.method == "INVITE") is None
    wire.hang_up(caller, callee)


def test_a_repeated_bye_is_answered_again(wire: Wire) -> None:
    """RFC 3261 17.2.2: and ends the call once."""
    caller, callee = wire.bridge()
    wire.talk(caller, callee)
    caller.send("BYE")
    ok = caller.final("BYE")
    for _ in range(3):
        caller.repeat("BYE")
    wire.ping()
    assert wire.carrier.repeats[ok.raw] == 3
    callee.hung_up()
    wire.answered(caller)


def test_the_box_repeats_what_is_not_answered(wire: Wire) -> None:
    """Over UDP its INVITE comes again until we answer, its 200 until the ACK, its BYE until the 200."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    invite = callee.invite.raw
    await_repeat(wire, callee, invite)
    callee.reply(180)
    callee.reply(200)
    callee.expect("ACK")
    ok = caller.final()
    await_repeat(wire, caller, ok.raw)
    caller.ack(ok)
    wire.talk(caller, callee)
    caller.hang_up()
    bye = callee.expect("BYE")
    await_repeat(wire, callee, bye.raw)
    callee.reply(200, to=bye)
    wire.answered(caller)


def await_repeat(wire: Wire, leg: Leg, message: bytes) -> None:
    """Wait until the box has sent a message again."""
    for _ in range(80):
        if leg.peer.repeats[message]:
            return
        leg.peer.listen(0.1)
    raise AssertionError(f"never sent again:\n{message.decode()}")


def test_a_repeated_200_gets_its_ack_again(wire: Wire) -> None:
    """RFC 3261 13.2.2.4: the ACK was lost."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(200)
    ack = callee.expect("ACK")
    callee.reply(200)
    await_repeat(wire, callee, ack.raw)
    caller.up()
    wire.hang_up(caller, callee)


def test_a_repeated_refusal_gets_its_ack_again(wire: Wire) -> None:
    """RFC 3261 17.1.1.2: and the caller is refused once."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(486)
    ack = callee.expect("ACK")
    callee.reply(486)
    await_repeat(wire, callee, ack.raw)
    assert caller.final().status == 486
    wire.free(caller, "busy", "box", 486)


def test_the_caller_gives_up_while_it_rings(wire: Wire) -> None:
    """CANCEL is answered, the INVITE gets 487, the bound number a CANCEL of its own."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    caller.expect(180)
    caller.cancel()
    assert caller.expect(200, "CANCEL").tag("to") != ""
    assert caller.final().status == 487
    cancel = callee.expect("CANCEL")
    assert callee.invite is not None
    assert (cancel["via"], cancel.uri) == (callee.invite["via"], callee.invite.uri)
    callee.reply(200, to=cancel)
    callee.reply(487)
    callee.expect("ACK")
    wire.free(caller, "gave-up-ringing", "caller", 487)


def test_a_cancel_waits_for_the_first_answer(wire: Wire) -> None:
    """RFC 3261 9.1: before a provisional answer no CANCEL may be sent; after it, it is."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    caller.expect(100)
    caller.cancel()
    assert caller.final().status == 487
    wire.ping()
    assert wire.gateway.find(lambda message: message.method == "CANCEL") is None
    callee.reply(180)
    cancel = callee.expect("CANCEL")
    callee.reply(200, to=cancel)
    callee.reply(487)
    callee.expect("ACK")
    wire.free(caller, "gave-up-ringing", "caller", 487)


def test_a_cancel_crosses_the_bound_numbers_200(wire: Wire) -> None:
    """The call is given up, so the late answer is acknowledged, ended by BYE and never charged."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    caller.expect(180)
    caller.cancel()
    callee.expect("CANCEL")
    callee.reply(200)
    callee.expect("ACK")
    callee.hung_up()
    assert caller.final().status == 487
    wire.free(caller, "gave-up-ringing", "caller", 487)


def test_a_cancel_crosses_the_boxs_200(wire: Wire) -> None:
    """It comes too late (RFC 3261 9.2): the call is up, its caller must hang up, and is charged."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.answer()
    ok = caller.final()
    caller.cancel()
    assert caller.expect(200, "CANCEL").status == 200
    caller.ack(ok)
    wire.hang_up(caller, callee)


def test_a_cancel_of_nothing(wire: Wire) -> None:
    """481, and no record."""
    caller = Leg.of(wire.carrier, "4001003722", wire.caller)
    caller.invitation()
    caller.cancel()
    assert caller.expect(481, "CANCEL").status == 481
    assert wire.journal.calls(caller.call_id) == []


def test_two_forks_answer(wire: Wire) -> None:
    """RFC 3261 13.2.2.4: both are acknowledged, the second is hung up, one is charged."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    other = Leg.to(wire.gateway, callee.invite)  # type: ignore[arg-type]
    callee.reply(180)
    other.reply(180)
    callee.reply(200)
    other.reply(200)
    acks = {callee.expect("ACK").tag("to"), callee.expect("ACK").tag("to")}
    assert acks == {callee.tag, other.tag}
    bye = wire.gateway.expect("BYE", call_id=callee.call_id)
    assert bye.tag("to") == other.tag
    other.reply(200, to=bye)
    caller.up()
    record = wire.hang_up(caller, callee)
    assert len(record.legs) == 1


def test_the_fork_that_answers_is_not_the_one_that_rang_first(wire: Wire) -> None:
    """Each early dialog has its own tag and target; the BYE goes to the one that answered."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    elsewhere = wire.udp(wire.place.gateway)
    other = Leg.to(elsewhere, callee.invite)  # type: ignore[arg-type]
    callee.reply(180)
    caller.expect(180)
    other.peer = wire.gateway
    other.reply(183, [("Contact", f"<sip:other@{elsewhere.authority}>")])
    other.reply(200, [("Contact", f"<sip:other@{elsewhere.authority}>")])
    other.peer = elsewhere
    assert other.expect("ACK").uri == f"sip:other@{elsewhere.authority}"
    caller.up()
    wire.hang_up(caller, other)


def test_bye_from_both_sides_at_once(wire: Wire) -> None:
    """Caller and bound number hang up in the same moment: both BYEs are answered, one record."""
    caller, callee = wire.bridge()
    wire.talk(caller, callee)
    caller.send("BYE")
    callee.send("BYE")
    assert caller.final("BYE").status == 200
    assert callee.final("BYE").status == 200
    record = wire.record(caller)
    assert record.outcome == "answered"
    assert record.hung_up_by in ("caller", "answerer")
    assert 0 <= record.talk_ms <= record.access_ms
    for leg in (caller, callee):  # a BYE of the box may have crossed ours
        crossed = leg.peer.find(lambda message: message.method == "BYE" and not message.status)
        if crossed is not None:
            leg.reply(200, to=crossed)


def test_our_bye_crosses_the_boxs(wire: Wire) -> None:
    """The bound number hung up, and before the box's BYE is answered the caller's own comes."""
    caller, callee = wire.bridge()
    wire.talk(caller, callee)
    callee.hang_up()
    bye = caller.expect("BYE")
    caller.send("BYE")
    assert caller.final("BYE").status == 200
    caller.reply(200, to=bye)
    wire.answered(caller, by="answerer")


def test_an_early_bye_of_the_caller(wire: Wire) -> None:
    """RFC 3261 15: a caller may end an early dialog by BYE; his INVITE gets 487, nothing is charged."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    caller.settle(caller.expect(180))
    caller.send("BYE")
    assert caller.final("BYE").status == 200
    caller.cseq = 1
    assert caller.expect(487, "INVITE").status == 487
    callee.reply(200, to=callee.expect("CANCEL"))
    callee.reply(487)
    callee.expect("ACK")
    wire.free(caller, "gave-up-ringing", "caller", 487)


def test_an_early_bye_of_the_bound_number(wire: Wire) -> None:
    """A callee may not (RFC 3261 15): 481, and the call goes on."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    caller.expect(180)
    callee.send("BYE")
    assert callee.final("BYE").status == 481
    callee.reply(200)
    callee.expect("ACK")
    caller.up()
    wire.hang_up(caller, callee)


@pytest.mark.parametrize(
    ("status", "outcome", "told"),
    [
        (486, "busy", 486),
        (600, "busy", 486),
        (480, "no-answer", 480),
        (404, "refused-by-target", 480),
        (603, "refused-by-target", 480),
        (302, "refused-by-target", 480),
        (488, "no-common-codec", 488),
        (500, "trunk-down", 503),
    ],
)
def test_the_bound_number_refuses(wire: Wire, status: int, outcome: str, told: int) -> None:
    """What it says decides about the outcome, and what the caller is told."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(status)
    callee.expect("ACK")
    assert caller.final().status == told
    record = wire.free(caller, outcome, "box", told)
    assert [leg.status for leg in record.legs] == [status]


def test_a_request_with_an_old_cseq(wire: Wire) -> None:
    """RFC 3261 12.2.2: 500, and the call goes on."""
    caller, callee = wire.bridge()
    wire.carrier.send(caller.request("INFO", cseq=1))
    assert caller.expect(500, "INFO").status == 500
    wire.hang_up(caller, callee)


def test_a_stray_ack_is_ignored(wire: Wire) -> None:
    """Nothing answers an ACK, and it disturbs no call."""
    caller, callee = wire.bridge()
    wire.carrier.send(caller.request("ACK", cseq=77))
    caller.repeat("ACK")
    wire.ping()
    wire.hang_up(caller, callee)


def test_a_new_call_with_the_callers_old_call_id(wire: Wire) -> None:
    """Peers that never change their Call-ID make a new call with a new From tag."""
    caller, callee = wire.bridge()
    wire.hang_up(caller, callee)
    again = Leg.of(wire.carrier, "4001003722", wire.caller)
    again.call_id = caller.call_id
    wire.carrier.send(again.invitation())
    called = Leg.rung(wire.gateway)
    called.answer()
    again.up()
    wire.talk(again, called)
    again.hang_up()
    called.hung_up()
    wire.quiet()
    records = [wire.journal.records()[call] for call in wire.journal.calls(caller.call_id)]
    assert [(record.outcome, record.talk_ms > 0) for record in records] == [("answered", True)] * 2


def test_a_tag_with_any_token_character(wire: Wire) -> None:
    """Tags, Call-IDs and branches are opaque: they come back as they were."""
    odd = "-.!%*_+`'~" + fresh("t")
    caller = wire.call(from_=f"<sip:{wire.caller}@{wire.place.carrier}>;tag={odd}")
    callee = Leg.rung(wire.gateway)
    callee.answer()
    assert caller.up().tag("from") == odd
    wire.hang_up(caller, callee)
