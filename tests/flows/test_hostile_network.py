"""Nothing that arrives may break the box: messages are damaged on their way, in every state of a call."""

from __future__ import annotations

import random

import pytest

from b2bua.sdp import SdpError, SessionDescription
from tests.flows.box import Box, answer, offer
from tests.flows.network import Network
from tests.flows.scene import OFFER, Scene

NOISE = (
    b"\x00",
    b"\xff",
    b"\r\n",
    b" ",
    b";",
    b",",
    b"<",
    b">",
    b'"',
    b":",
    b"=",
    b"0",
    b"99999999999",
    b"@",
)


def reanswer(sdp: SessionDescription) -> SessionDescription | None:
    """Answer an offer, or refuse a damaged one."""
    try:
        return answer(sdp)
    except SdpError:
        return None


def damage(data: bytes, chance: random.Random) -> bytes:
    """Damage a message in one of a few ways."""
    kind = chance.randrange(6)
    at = chance.randrange(len(data))
    if kind == 0:
        return data[:at] + chance.choice(NOISE) + data[at:]
    if kind == 1:
        return data[:at] + data[at + chance.randrange(1, 8) :]
    if kind == 2:
        return data[:at]
    lines = data.split(b"\r\n")
    line = chance.randrange(len(lines))
    if kind == 3:
        del lines[line]
    elif kind == 4:
        lines.insert(line, chance.choice(lines))
    else:
        name, colon, _ = lines[line].partition(b":")
        lines[line] = name + colon + chance.choice(NOISE)
    return b"\r\n".join(lines)


class Damaging(Network):
    """Damages some of what is sent."""

    share = 0.15

    def send(self, data: bytes, source: tuple[str, int], target: tuple[str, int]) -> None:
        """Damage it, or not."""
        if self.chance.random() < self.share:
            data = damage(data, self.chance) or b"x"
        super().send(data, source, target)


@pytest.mark.parametrize("seed", range(8))
def test_calls_over_a_network_that_damages_messages(seed: int) -> None:
    """No fault in any stack, and nothing is left of any call when all timers have run out."""
    network = Damaging(seed=seed, keep_log=False, jitter=0.02)
    phone, box, target = [Box(network, (f"10.0.0.{n}", 5060)) for n in (1, 2, 3)]
    phone.hops.list = [phone.hop(box.address, failover_seconds=32.0)]
    box.hops.list = [box.hop(target.address)]
    clock = network.clock
    for stack in (phone, box, target):
        stack.driver.core.endpoint.settings = type(stack.driver.core.endpoint.settings)(session_seconds=90)

    def ring(leg) -> None:  # type: ignore[no-untyped-def]
        leg.on_reoffer = reanswer
        leg.on_offer_wanted = offer
        leg.ring()
        clock.callLater(0.3, pick_up, leg)

    def pick_up(leg) -> None:  # type: ignore[no-untyped-def]
        mine = reanswer(leg.invitation.offer) if leg.invitation.offer is not None else offer()
        if mine is None:
            leg.refuse(488, "Not Acceptable Here")
        elif not leg.is_over:
            leg.progress(mine)
            leg.answer(mine).addErrback(lambda failure: None)

    def call() -> None:
        leg = phone.dial()
        leg.on_reoffer = reanswer
        leg.answered.addCallbacks(lambda sdp: talk(leg), lambda failure: None)

    def talk(leg) -> None:  # type: ignore[no-untyped-def]
        leg.reoffer(offer(9000, 2)).addErrback(lambda failure: None)
        clock.callLater(chance.choice((0.1, 5.0, 70.0)), leg.hang_up)

    chance = random.Random(seed)
    target.on_leg = ring
    for n in range(60):
        clock.callLater(n * 0.2, call)
    network.idle_until_quiet(600.0)
    # A callee that never heard of the end keeps its session until its timer ends it; here nothing may stay.
    for stack in (phone, box, target):
        assert stack.driver.faults == 0
        assert len(stack.driver.timers) == 0
        assert stack.driver.core.endpoint.dialogs == {}
        transactions = stack.driver.core.endpoint.transactions
        assert transactions.servers == transactions.clients == transactions.merged == {}


@pytest.mark.parametrize("seed", range(20))
def test_damaged_requests_in_a_call(seed: int) -> None:
    """Every kind of request in a dialog, damaged a hundred times: the call's end still works."""
    scene = Scene(network=Network(seed=seed, keep_log=False))
    ok = scene.answered()
    leg = scene.inbound
    scene.box.on_leg = lambda other: other.refuse(404, "Not Found")  # a damaged To may ask for a new call
    leg.on_reoffer = reanswer
    leg.on_offer_wanted = offer
    chance = random.Random(seed)
    kinds = [
        ("INVITE", OFFER, ()),
        ("INVITE", b"", ()),
        ("UPDATE", OFFER, (("Session-Expires", "1800;refresher=uac"), ("Supported", "timer"))),
        ("INFO", b"Signal=5\r\n", (("Content-Type", "application/dtmf-relay"),)),
        ("PRACK", b"", (("RAck", "1 1 INVITE"),)),
        ("OPTIONS", b"", ()),
        ("REFER", b"", (("Refer-To", "<sip:x@y?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>"),)),
        ("ACK", b"", ()),
        ("CANCEL", b"", ()),
    ]
    for cseq in range(2, 102):
        method, body, rows = chance.choice(kinds)
        request = scene.caller.in_dialog(method, ok, cseq, rows=rows, body=body)
        scene.network.send(damage(request.encode(), chance), scene.caller.address, scene.box.address)
        scene.network.run(0.05)
    assert scene.box.driver.faults == 0
    if not leg.is_over:
        scene.caller.send(scene.caller.in_dialog("BYE", ok, 9999))
    scene.network.run(0.1)
    assert leg.is_over
    scene.assert_nothing_left()
