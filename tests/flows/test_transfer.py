"""REFER and Replaces: phones may ask, trunks may not, and the leg's owner decides (RFC 3515, 3891)."""

from __future__ import annotations

import pytest

from b2bua.calls.ports import Referral
from b2bua.sip.message import Response
from tests.flows.scene import OFFER, Scene

REFER_TO = ("Refer-To", "<sip:8002@box?Replaces=abc%40pc%3Bto-tag%3Dt1%3Bfrom-tag%3Df1&Subject=x>")


def phone_call(scene: Scene) -> Response:
    """Let a registered phone call the box and be answered."""
    scene.box.extension = "8001"
    return scene.answered()


def hang_up(scene: Scene, ok: Response) -> None:
    """Let the peer hang up."""
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 99))
    scene.caller.expect("200 BYE")
    scene.assert_nothing_left()


def test_a_phone_asks_for_a_transfer() -> None:
    """202, a NOTIFY at once, then those that say how it goes."""
    scene = Scene()
    ok = phone_call(scene)
    leg = scene.inbound
    judged: list[Referral] = []
    asked: list[Referral] = []
    leg.on_refer = lambda referral: judged.append(referral) or 202
    leg.on_referred = asked.append
    rows = (REFER_TO, ("Referred-By", "<sip:8001@box>"))
    scene.caller.send(scene.caller.in_dialog("REFER", ok, 2, rows=rows))
    assert scene.caller.expect_response("202 REFER").contacts
    steps = ((100, False, "active;expires=60"), (180, False, "active;expires=60"))
    for status, last, state in (*steps, (200, True, "terminated;reason=noresource")):
        if status != 100:
            asked[0].report(status, last)
        notify = scene.caller.expect_request("NOTIFY")
        assert notify.get("Event") == "refer;id=2"
        assert notify.get("Subscription-State") == state
        assert notify.body.startswith(b"SIP/2.0 %d " % status)
        scene.caller.respond(notify, 200)
    for referral in (judged[0], asked[0]):
        assert (referral.target, referral.attended, referral.replaces) == ("8002", True, None)
    hang_up(scene, ok)
    asked[0].report(200, True)
    scene.assert_nothing_left()


def test_a_phone_names_another_of_its_dialogs() -> None:
    """The owner sees which leg is meant, and carries the transfer out after the 202."""
    scene = Scene()
    invite, _ = scene.picked_up()
    callee = scene.outbound
    ok = phone_call(scene)
    order: list[str] = []
    found: list[object] = []

    def judge(referral: Referral) -> int:
        found.append(referral.replaces)
        order.append("judged")
        return 202

    scene.inbound.on_refer = judge
    scene.inbound.on_referred = lambda referral: order.append("carried out")
    dialog = f"{invite.call_id}%3Bto-tag%3D{invite.from_.tag}%3Bfrom-tag%3Dcallee"
    rows = (("Refer-To", f"<sip:8002@box?Replaces={dialog}>"),)
    scene.caller.send(scene.caller.in_dialog("REFER", ok, 2, rows=rows))
    scene.caller.expect("202 REFER")
    scene.caller.respond(scene.caller.expect_request("NOTIFY"), 200)
    assert found == [callee]
    assert order == ["judged", "carried out"]
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    hang_up(scene, ok)


@pytest.mark.parametrize(
    ("rows", "status"),
    [((), 400), ((("Refer-To", "<http://x>"),), 400), ((("Refer-To", "<sip:a@b?Replaces=x>"),), 400)],
)
def test_a_malformed_transfer_is_refused(rows: tuple[tuple[str, str], ...], status: int) -> None:
    """Without asking the owner."""
    scene = Scene()
    ok = phone_call(scene)
    scene.inbound.on_refer = lambda referral: 202
    scene.caller.send(scene.caller.in_dialog("REFER", ok, 2, rows=rows))
    scene.caller.expect(f"{status} REFER")
    hang_up(scene, ok)


def test_a_trunk_may_never_transfer() -> None:
    """403, whatever the owner would say."""
    scene = Scene()
    ok = scene.answered()
    scene.inbound.on_refer = lambda referral: 202
    scene.caller.send(scene.caller.in_dialog("REFER", ok, 2, rows=(REFER_TO,)))
    scene.caller.expect("403 REFER")
    hang_up(scene, ok)


def test_an_owner_without_transfers_refuses() -> None:
    """603."""
    scene = Scene()
    ok = phone_call(scene)
    scene.caller.send(scene.caller.in_dialog("REFER", ok, 2, rows=(REFER_TO,)))
    scene.caller.expect("603 REFER")
    hang_up(scene, ok)


def replacing(call_id: str, to_tag: str, from_tag: str, more: str = "") -> tuple[tuple[str, str], ...]:
    """Write a Replaces header."""
    return (("Replaces", f"{call_id};to-tag={to_tag};from-tag={from_tag}{more}"),)


def test_a_phone_takes_the_place_of_a_leg() -> None:
    """INVITE with Replaces: the owner sees which leg is meant."""
    scene = Scene()
    invite, _ = scene.picked_up()
    callee = scene.outbound
    scene.box.extension = "8001"
    rows = replacing(invite.call_id, invite.from_.tag or "", "callee")
    leg = scene.received(scene.caller.invite(body=OFFER, rows=rows))
    assert leg.replaces is callee
    leg.refuse(603, "Decline")
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    scene.assert_nothing_left()


def test_what_cannot_be_replaced() -> None:
    """Nothing of that name: 481; an answered call that was wanted early: 486; trunks may replace
    none of our dialogs (403), and name others as they like."""
    scene = Scene()
    invite, _ = scene.picked_up()
    tag = invite.from_.tag or ""
    scene.box.extension = "8001"
    scene.by_hand()
    scene.caller.send(scene.caller.invite("one", body=OFFER, rows=replacing("no", "a", "b")))
    scene.caller.expect("481 INVITE")
    early = replacing(invite.call_id, tag, "callee", ";early-only")
    scene.caller.send(scene.caller.invite("two", body=OFFER, rows=early))
    scene.caller.expect("486 INVITE")
    scene.box.extension = None
    scene.caller.send(scene.caller.invite("three", body=OFFER, rows=replacing(invite.call_id, tag, "callee")))
    scene.caller.expect("403 INVITE")
    leg = scene.received(scene.caller.invite("four", body=OFFER, rows=replacing("theirs", "a", "b")))
    assert leg.replaces is None
    leg.refuse(404, "Not Found")
    scene.callee.send(scene.callee.in_dialog("BYE", invite, 1))
    scene.assert_nothing_left()


def test_a_leg_that_still_rings_here_cannot_be_replaced() -> None:
    """RFC 3891 3: early dialogs only of calls that we placed."""
    scene = Scene()
    leg = scene.received()
    leg.ring()
    ringing = scene.caller.expect_response("180 INVITE")
    scene.box.extension = "8001"
    rows = replacing("call-1", ringing.to.tag or "", "peer")
    scene.caller.send(scene.caller.invite("other", body=OFFER, rows=rows))
    scene.caller.expect("481 INVITE")
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()
