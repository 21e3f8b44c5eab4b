"""Record-Route, loose and strict routers, Contacts elsewhere (RFC 3261 12, 16.12)."""

from __future__ import annotations

import pytest
from twisted.internet.defer import Deferred

from b2bua.sip.dialog import decode_state
from b2bua.sip.message import Request
from b2bua.stack.resolver import Destination, ResolveFailed
from tests.flows.box import answer
from tests.flows.network import Peer
from tests.flows.scene import OFFER, Scene, answer_to

PROXY = ("10.0.0.9", 5060)
LOOSE = "<sip:10.0.0.9:5060;lr>"
STRICT = "<sip:10.0.0.9:5060>"
FAR = "<sip:far@192.0.2.1:5070;lr>"


def test_requests_to_the_caller_follow_his_route_set_in_order() -> None:
    """As UAS: Record-Routes top first; our BYE goes to the first router, addressed to the Contact."""
    scene = Scene()
    proxy = Peer(scene.network, PROXY, scene.box.address)
    invite = scene.caller.invite(body=OFFER, rows=(("Record-Route", f"{LOOSE}, {FAR}"),))
    ok = scene.answered(invite)
    assert ok.get("Record-Route") == f"{LOOSE}, {FAR}"
    scene.inbound.hang_up()
    bye = proxy.expect_request("BYE")
    assert bye.uri == "sip:peer@10.0.0.2:5060"
    assert bye.get_all("Route") == [LOOSE, FAR]
    proxy.respond(bye, 200)
    scene.assert_nothing_left()


def test_requests_to_the_target_follow_its_route_set_in_reverse() -> None:
    """As UAC: Record-Routes bottom first, in ACK and BYE alike."""
    scene = Scene()
    proxy = Peer(scene.network, PROXY, scene.box.address)
    invite = scene.dialled()
    rows = (("Record-Route", FAR), ("Record-Route", LOOSE))
    scene.callee.respond(invite, 200, rows=rows, body=answer_to(invite))
    ack = proxy.expect_request("ACK")
    assert ack.get_all("Route") == [LOOSE, FAR]
    assert ack.uri == "sip:peer@10.0.0.3:5080"
    scene.outbound.hang_up()
    bye = proxy.expect_request("BYE")
    assert bye.get_all("Route") == [LOOSE, FAR]
    proxy.respond(bye, 200)
    scene.assert_nothing_left()


def test_a_strict_router_becomes_the_request_uri() -> None:
    """A first router without lr: it is the Request-URI, the Contact goes to the end of the Route."""
    scene = Scene()
    proxy = Peer(scene.network, PROXY, scene.box.address)
    scene.answered(scene.caller.invite(body=OFFER, rows=(("Record-Route", f"{STRICT}, {FAR}"),)))
    scene.inbound.hang_up()
    bye = proxy.expect_request("BYE")
    assert bye.uri == "sip:10.0.0.9:5060"
    assert bye.get_all("Route") == [FAR, "<sip:peer@10.0.0.2:5060>"]
    proxy.respond(bye, 200)
    scene.assert_nothing_left()


def test_an_outbound_proxy_stands_in_the_route_of_the_invite() -> None:
    """Routes of the next hop: in the INVITE, its ACK to a refusal and its CANCEL."""
    scene = Scene()
    scene.box.hops.list = [scene.box.hop(scene.callee.address, routes=(LOOSE,))]
    invite = scene.dialled()
    scene.outbound.answered.addErrback(lambda failure: None)
    assert invite.get("Route") == LOOSE
    scene.callee.respond(invite, 180)
    scene.network.run(0.1)
    scene.outbound.hang_up()
    cancel = scene.callee.expect_request("CANCEL")
    assert cancel.get("Route") == LOOSE
    scene.callee.respond(cancel, 200)
    scene.callee.respond(invite, 487)
    assert scene.callee.expect_request("ACK").get("Route") == LOOSE
    scene.assert_nothing_left()


@pytest.mark.parametrize("value", ["<sip:x", "*", "<tel:+861390>", "<sip:x;lr>, "])
def test_a_malformed_record_route_is_refused(value: str) -> None:
    """400: no dialog could be kept."""
    scene = Scene()
    scene.caller.send(scene.caller.invite(body=OFFER, rows=(("Record-Route", value),)))
    scene.caller.expect("400 INVITE")
    scene.assert_nothing_left()


def test_a_contact_elsewhere_is_followed_on_trunks() -> None:
    """The carrier's media gateway takes the dialog over: our BYE goes to its address."""
    scene = Scene()
    gateway = Peer(scene.network, PROXY, scene.box.address)
    invite = scene.caller.invite(body=OFFER)
    invite.set("Contact", "<sip:gw@10.0.0.9>")
    scene.answered(invite)
    scene.inbound.hang_up()
    gateway.respond(gateway.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_phones_behind_nat_are_reached_where_they_come_from() -> None:
    """An extension's private Contact is never followed: requests go back along its flow."""
    scene = Scene()
    scene.box.extension = "8001"
    invite = scene.caller.invite(body=OFFER)
    invite.set("Contact", "<sip:8001@192.168.1.20:5060>")
    scene.answered(invite)
    scene.inbound.hang_up()
    bye = scene.caller.expect_request("BYE")
    assert bye.uri == "sip:8001@192.168.1.20:5060"
    scene.caller.respond(bye, 200)
    scene.assert_nothing_left()


class Names:
    """A DNS whose answers the test brings."""

    def __init__(self, **known: list[tuple[str, int]]) -> None:
        self.known = {name.replace("_", "."): places for name, places in known.items()}
        self.asked: list[tuple[str, str | None]] = []
        self.waiting: list[Deferred[tuple[Destination, ...]]] = []

    def __call__(self, target: str, transport: str | None) -> Deferred[tuple[Destination, ...]]:
        """Answer at once what is known, else when the test says so."""
        self.asked.append((target, transport))
        answer: Deferred[tuple[Destination, ...]] = Deferred()
        if target in self.known:
            answer.callback(destinations(*self.known[target]))
        else:
            self.waiting.append(answer)
        return answer


def destinations(*places: tuple[str, int]) -> tuple[Destination, ...]:
    """Make what the resolver finds."""
    return tuple([Destination("udp", host, port, "sbc") for host, port in places])


def named(scene: Scene, contact: str = "<sip:gw@sbc.carrier>") -> Request:
    """Make an INVITE whose Contact is a name."""
    invite = scene.caller.invite(body=OFFER)
    invite.set("Contact", contact)
    return invite


def test_a_name_in_the_contact_is_followed() -> None:
    """Our BYE goes where the name leads; its Request-URI is the Contact as it was."""
    names = Names(sbc_carrier=[PROXY])
    scene = Scene(resolve=names)
    gateway = Peer(scene.network, PROXY, scene.box.address)
    scene.answered(named(scene))
    assert names.asked == [("sbc.carrier", "udp")]
    scene.inbound.hang_up()
    bye = gateway.expect_request("BYE")
    assert bye.uri == "sip:gw@sbc.carrier"
    gateway.respond(bye, 200)
    scene.assert_nothing_left()


def test_a_name_that_takes_time_holds_nothing_up() -> None:
    """Until the DNS has answered the dialog stays on its flow; then the journal knows the new one too."""
    names = Names()
    scene = Scene(resolve=names)
    gateway = Peer(scene.network, PROXY, scene.box.address)
    invite = scene.dialled()
    states: list[bytes] = []
    scene.outbound.on_dialog = states.append
    ok = scene.callee.respond(invite, 180)
    ok.status = 200
    ok.body = answer_to(invite)
    ok.set("Contact", "<sip:gw@sbc.carrier:5060>")
    ok.set("Content-Type", "application/sdp")
    scene.callee.send(ok)
    scene.callee.expect("ACK")
    assert decode_state(states[-1]).flow.remote == scene.callee.address
    for waiting in names.waiting:
        waiting.callback(destinations(PROXY))
    assert decode_state(states[-1]).flow.remote == PROXY
    scene.outbound.hang_up()
    gateway.respond(gateway.expect_request("BYE"), 200)
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    "places", [[], [("10.0.0.2", 5060)], [("10.0.0.8", 5060), ("10.0.0.2", 5060)], [("::1", 5060)]]
)
def test_a_dialog_stays_where_it_is(places: list[tuple[str, int]]) -> None:
    """Where the name leads nowhere, to where the call came from, or to where the listener cannot go."""
    scene = Scene(resolve=Names(sbc_carrier=places))
    scene.answered(named(scene))
    scene.inbound.hang_up()
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_name_that_does_not_exist_leaves_the_dialog_on_its_flow() -> None:
    """And is no fault of ours."""
    names = Names()
    scene = Scene(resolve=names)
    scene.answered(named(scene))
    for waiting in names.waiting:
        waiting.errback(ResolveFailed("sbc.carrier has no address"))
    scene.inbound.hang_up()
    scene.caller.respond(scene.caller.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_the_last_contact_counts_whatever_the_dns_says_later() -> None:
    """A re-INVITE moved the dialog to an address while the first name was still asked for."""
    names = Names()
    scene = Scene(resolve=names)
    gateway = Peer(scene.network, PROXY, scene.box.address)
    ok = scene.answered(named(scene))
    scene.inbound.on_reoffer = answer
    again = scene.caller.in_dialog("INVITE", ok, 2, body=OFFER)
    again.set("Contact", "<sip:gw@10.0.0.9:5060>")
    scene.caller.send(again)
    accepted = scene.caller.expect_response("200 INVITE")
    gateway.send(scene.caller.in_dialog("ACK", accepted, 2))
    scene.network.run(0.05)
    for waiting in names.waiting:
        waiting.callback(destinations(("10.0.0.77", 5060)))
    scene.inbound.hang_up()
    gateway.respond(gateway.expect_request("BYE"), 200)
    scene.assert_nothing_left()
