"""What the box refuses, answers or ignores outside and inside calls (RFC 3261 8.2, 11, 16.3)."""

from __future__ import annotations

import pytest

from b2bua.sip.message import Request, Response
from b2bua.sip.parse import parse_message
from tests.flows.scene import CARRIER, OFFER, Scene


def ask(scene: Scene, method: str, rows: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> Request:
    """Let the caller send a request outside a dialog."""
    request = scene.caller.request(
        method,
        call_id=f"{method}-1",
        from_="<sip:a@b>;tag=x",
        to="<sip:4001003721@box>",
        cseq=1,
        rows=rows,
        body=body,
    )
    scene.caller.send(request)
    return request


def test_options_is_answered_with_what_we_can() -> None:
    """A carrier's ping: 200 with Allow, Accept, Supported; no state stays."""
    scene = Scene()
    ask(scene, "OPTIONS")
    answered = scene.caller.expect_response("200 OPTIONS")
    assert "INVITE" in (answered.get("Allow") or "")
    assert answered.get("Accept") == "application/sdp"
    assert answered.to.tag
    assert scene.box.core.endpoint.transactions.servers == {}
    scene.assert_nothing_left()


def test_options_in_a_call_is_answered() -> None:
    """A keep-alive in the dialog."""
    scene = Scene()
    ok = scene.answered()
    scene.caller.send(scene.caller.in_dialog("OPTIONS", ok, 2))
    scene.caller.expect("200 OPTIONS")
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 3))
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    ("method", "status"),
    [("SUBSCRIBE", 405), ("MESSAGE", 405), ("PUBLISH", 405), ("REFER", 405), ("FROBNICATE", 501)]
    + [(method, 481) for method in ("BYE", "INFO", "NOTIFY", "PRACK", "UPDATE")],
)
def test_other_methods_outside_a_call(method: str, status: int) -> None:
    """Known methods that we do not serve: 405 with Allow; unknown ones 501; those of dialogs 481."""
    scene = Scene()
    ask(scene, method)
    refused = scene.caller.expect_response(f"{status} {method}")
    assert status == 481 or refused.has("Allow")
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    ("method", "status"), [("MESSAGE", 405), ("FROBNICATE", 501), ("NOTIFY", 481), ("REFER", 403)]
)
def test_other_methods_in_a_call(method: str, status: int) -> None:
    """The call goes on."""
    scene = Scene()
    ok = scene.answered()
    scene.caller.send(scene.caller.in_dialog(method, ok, 2))
    scene.caller.expect(f"{status} {method}")
    assert not scene.inbound.is_over
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 3))
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    ("rows", "body", "status", "header"),
    [
        ((("Require", "path, frobnicate"),), OFFER, 420, ("Unsupported", "path, frobnicate")),
        ((("Content-Type", "application/isup"),), b"", 0, None),
        ((("Accept", "text/plain"),), OFFER, 406, None),
        ((("Content-Encoding", "gzip"),), OFFER, 415, ("Accept-Encoding", "identity")),
    ],
)
def test_invites_that_ask_for_what_we_cannot(
    rows: tuple[tuple[str, str], ...], body: bytes, status: int, header: tuple[str, str] | None
) -> None:
    """Refused with what the caller can do about it, and with a record."""
    scene = Scene()
    scene.by_hand()
    scene.caller.send(scene.caller.invite(body=body, rows=rows))
    if status == 0:  # a Content-Type without a body means nothing
        scene.caller.expect("100 INVITE")
        scene.inbound.refuse(404, "Not Found")
    else:
        refused = scene.caller.expect_response(f"{status} INVITE")
        if header is not None:
            assert refused.get(header[0]) == header[1]
        assert [refusal[0] for refusal in scene.box.refusals] == [status]
        assert scene.box.legs == []
    scene.assert_nothing_left()


def test_a_body_that_we_cannot_read_is_refused() -> None:
    """415 names what we read; an optional body is let pass."""
    scene = Scene()
    scene.by_hand()
    invite = scene.caller.invite("one", body=b"\x01\x02")
    invite.set("Content-Type", "application/isup")
    scene.caller.send(invite)
    assert scene.caller.expect_response("415 INVITE").get("Accept") == "application/sdp"
    invite = scene.caller.invite("two", body=b"\x01\x02", cseq=2)
    invite.set("Content-Type", "application/isup")
    invite.add("Content-Disposition", "signal; handling=optional")
    scene.caller.send(invite)
    scene.caller.expect("100 INVITE")
    scene.inbound.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_sdp_that_cannot_be_read_is_refused() -> None:
    """400, and a record."""
    scene = Scene()
    scene.caller.send(scene.caller.invite(body=b"hello\r\n"))
    scene.caller.expect("400 INVITE")
    assert scene.box.refusals == [(400, "Malformed SDP")]
    assert scene.box.legs == []
    scene.assert_nothing_left()


def test_sdp_in_a_multipart_body_is_found() -> None:
    """SIP-I and IMS carriers wrap SDP together with other parts."""
    scene = Scene()
    body = (
        b"--x\r\nContent-Type: application/isup\r\n"
        b"Content-Disposition: signal;handling=optional\r\n\r\n\x01\x02\r\n"
        b"--x\r\nContent-Type: application/sdp\r\n\r\n" + OFFER + b"\r\n--x--\r\n"
    )
    invite = scene.caller.invite(body=body)
    invite.set("Content-Type", 'multipart/mixed;boundary="x"')
    leg = scene.received(invite)
    assert leg.invitation.offer is not None
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_an_invite_at_its_last_hop_is_refused() -> None:
    """Max-Forwards 0: 483."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    invite.set("Max-Forwards", "0")
    scene.caller.send(invite)
    scene.caller.expect("483 INVITE")
    scene.assert_nothing_left()


def test_a_request_that_came_by_two_ways_is_refused_the_second_time() -> None:
    """Same Call-ID, From tag and CSeq, other branch: 482."""
    scene = Scene()
    leg = scene.received()
    scene.caller.send(scene.caller.invite(body=OFFER))
    scene.caller.expect("482 INVITE")
    assert len(scene.box.legs) == 1
    assert scene.box.core.counters.merged == 1
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_an_invite_without_contact_is_refused() -> None:
    """There would be no dialog: 400, and a record."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    invite.remove("Contact")
    scene.caller.send(invite)
    scene.caller.expect("400 INVITE")
    assert scene.box.refusals == [(400, "Missing Contact")]
    scene.assert_nothing_left()


def test_strangers_get_nothing_and_make_no_state() -> None:
    """Whatever an unknown sender tries."""
    scene = Scene()
    scene.box.strangers = {CARRIER[0]}
    scene.caller.send(scene.caller.invite(body=OFFER))
    for method in ("OPTIONS", "REGISTER", "BYE", "CANCEL", "FROBNICATE", "ACK"):
        ask(scene, method)
    broken = scene.caller.invite("broken", body=OFFER)
    broken.set("CSeq", "x INVITE")
    scene.caller.send(broken)
    scene.network.run(1.0)
    assert scene.caller.seen == []
    assert scene.box.legs == scene.box.refusals == []
    assert scene.box.core.counters.silenced == 7
    scene.assert_nothing_left()


def test_a_broken_request_of_a_known_peer_is_answered_and_recorded() -> None:
    """What cannot be parsed is answered statelessly, with the parser's verdict."""
    scene = Scene()
    broken = scene.caller.invite(body=OFFER)
    broken.set("CSeq", "1 OPTIONS")
    scene.caller.send(broken)
    scene.network.run(0.1)
    assert [message.status for message in scene.caller.inbox if isinstance(message, Response)] == [400]
    assert [refusal[0] for refusal in scene.box.refusals] == [400]
    scene.network.send(b"INVITE sip:x SIP/2.0\r\nVia: \r\n", CARRIER, scene.box.address)
    scene.network.send(b"\x00\x01\x02", CARRIER, scene.box.address)
    scene.network.run(0.1)
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    ("version", "via", "status"),
    [
        ("SIP/2.0", "SIP/2.0/UDP 192.0.2.15;;,;,,", 400),
        ("SIP/7.0", "SIP/7.0/UDP c.example.com;branch=z9hG4bK1", 505),
    ],
)
def test_a_request_whose_via_cannot_be_read_is_answered(version: str, via: str, status: int) -> None:
    """It finds no transaction, but who sent it is known by its source (RFC 4475 3.1.2.1, 3.1.2.16)."""
    scene = Scene()
    rows = f"Via: {via}\r\nFrom: <sip:a@b>;tag=x\r\nTo: <sip:box>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n"
    scene.network.send(f"OPTIONS sip:box {version}\r\n{rows}".encode(), CARRIER, scene.box.address)
    scene.network.run(0.1)
    assert [message.status for message in scene.caller.inbox if isinstance(message, Response)] == [status]
    scene.assert_nothing_left()


def test_answers_to_peers_without_rport_go_to_their_via_port() -> None:
    """RFC 3261 18.2.2: source address, sent-by port; with rport (RFC 3581) the source port."""
    scene = Scene()
    behind = ("10.0.0.2", 40001)
    for with_rport, target in ((True, behind), (False, CARRIER)):
        request = ask_raw(scene, with_rport)
        scene.network.log.clear()
        scene.network.send(request.encode(), behind, scene.box.address)
        scene.network.run(0.1)
        assert scene.network.log[-1][2] == target
    answered = parse_message(scene.network.log[-1][3])
    assert answered.via.received is None
    scene.assert_nothing_left()


def ask_raw(scene: Scene, with_rport: bool) -> Request:
    """Write an OPTIONS with or without rport."""
    request = scene.caller.request(
        "OPTIONS", call_id=f"o-{with_rport}", from_="<sip:a@b>;tag=x", to="<sip:box>", cseq=1
    )
    if not with_rport:
        request.set("Via", f"SIP/2.0/UDP 10.0.0.2:5060;branch={scene.caller.branch()}")
    return request


def test_keys_come_by_info() -> None:
    """application/dtmf-relay and application/dtmf are keys; other bodies are refused."""
    scene = Scene()
    ok = scene.answered()
    keys: list[str] = []
    scene.inbound.on_key = keys.append

    def info(cseq: int, kind: str, body: bytes, status: int) -> None:
        request = scene.caller.in_dialog("INFO", ok, cseq, body=body)
        request.set("Content-Type", kind)
        scene.caller.send(request)
        scene.caller.expect(f"{status} INFO")

    info(2, "application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n", 200)
    info(3, "application/dtmf-relay", b"Signal= #\r\nDuration= 160\r\n", 200)
    info(4, "application/dtmf", b"9", 200)
    info(5, "application/dtmf-relay", b"Duration=160\r\n", 400)
    info(6, "text/plain", b"hello", 415)
    scene.caller.send(scene.caller.in_dialog("INFO", ok, 7))
    scene.caller.expect("200 INFO")
    assert keys == ["5", "#", "9"]
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 8))
    scene.assert_nothing_left()


def test_a_register_is_passed_on() -> None:
    """The registrar's answer goes out in a transaction: repeats get it again."""
    scene = Scene()
    register = ask(scene, "REGISTER", rows=(("Contact", scene.caller.contact),))
    scene.caller.expect("200 REGISTER")
    scene.caller.send(register)
    scene.caller.expect("200 REGISTER")
    scene.assert_nothing_left()


def test_early_media_permission_is_answered_where_it_was_asked() -> None:
    """P-Early-Media: supported in the INVITE: our 183 says sendrecv."""
    scene = Scene()
    leg = scene.received(scene.caller.invite(body=OFFER, rows=(("P-Early-Media", "supported"),)))
    assert leg.invitation.offer is not None
    leg.progress(leg.invitation.offer)
    assert scene.caller.expect_response("183 INVITE").get("P-Early-Media") == "sendrecv"
    leg.refuse(404, "Not Found")
    scene.assert_nothing_left()


def test_our_own_mistake_in_a_call_is_answered_with_500(capfd: pytest.CaptureFixture[str]) -> None:
    """An owner that raises costs that request, not the call, and the peer does not wait for nothing."""
    scene = Scene()
    ok = scene.answered()

    def broken(sdp: object) -> None:
        raise RuntimeError("a mistake of ours")

    scene.inbound.on_reoffer = broken
    reinvite = scene.caller.in_dialog("INVITE", ok, 2, body=OFFER)
    scene.caller.send(reinvite)
    scene.caller.expect("500 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 2, branch=reinvite.via.branch))
    assert scene.box.driver.faults == 1
    scene.box.driver.faults = 0
    assert not scene.inbound.is_over
    scene.inbound.on_reoffer = lambda sdp: sdp
    scene.caller.send(scene.caller.in_dialog("INVITE", ok, 3, body=OFFER))
    scene.caller.expect("200 INVITE")
    scene.caller.send(scene.caller.in_dialog("ACK", ok, 3))
    scene.caller.send(scene.caller.in_dialog("BYE", ok, 4))
    scene.assert_nothing_left()


def test_our_own_mistake_with_a_new_call_is_answered_with_500() -> None:
    """The caller is refused."""
    scene = Scene()

    def broken(leg: object) -> None:
        raise RuntimeError("a mistake of ours")

    scene.box.on_leg = broken
    scene.caller.send(scene.caller.invite(body=OFFER))
    scene.caller.expect("500 INVITE")
    assert scene.box.driver.faults == 1
    scene.box.driver.faults = 0
    scene.assert_nothing_left()


def test_hops_are_counted_through_the_box() -> None:
    """A loop through carriers ends: each leg we dial has one hop less than its caller had (RFC 7332)."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    invite.set("Max-Forwards", "12")
    scene.caller.send(invite)
    assert scene.callee.expect_request("INVITE").max_forwards == 11
    scene.callee.respond(scene.callee.expect_request("INVITE", within=0.6), 486)
    scene.caller.expect("486 INVITE")
    invite = scene.caller.invite("last", body=OFFER)
    invite.set("Max-Forwards", "1")
    scene.caller.send(invite)
    scene.caller.expect("486 INVITE")
    assert [leg.trunk for leg in scene.box.callees] == ["out", None]
    scene.assert_nothing_left()


def test_our_own_mistake_with_a_register_is_answered_with_500() -> None:
    """The phone does not wait for nothing."""
    scene = Scene()

    def broken(request: object, admitted: object, reply: object) -> None:
        raise RuntimeError("a mistake of ours")

    scene.box.reception._register = broken
    ask(scene, "REGISTER")
    scene.caller.expect("500 REGISTER")
    assert scene.box.driver.faults == 1
    scene.box.driver.faults = 0
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    "row", [("Require", "frobnicate"), ("Max-Forwards", "0"), ("CSeq", "1 OPTIONS"), ("From", "x")]
)
def test_a_refused_invite_that_is_repeated_has_one_record(row: tuple[str, str]) -> None:
    """The refusal is sent again for each repeated INVITE, and again by itself until the ACK."""
    scene = Scene()
    invite = scene.caller.invite(body=OFFER)
    invite.set(*row)
    scene.caller.send(invite)
    scene.caller.send(invite)
    scene.network.run(0.1)
    assert len(scene.caller.seen) == 2
    assert len(scene.box.refusals) == 1
    scene.caller.send(
        scene.caller.request(
            "ACK",
            call_id="call-1",
            from_=invite.get("From") or "",
            to=scene.caller.inbox[0].get("To") or "",
            cseq=1,
            branch=invite.via.branch,
        )
    )
    scene.network.run(2.0)
    assert len(scene.caller.seen) == 2
    scene.assert_nothing_left()
