"""Offers and answers on real sockets: late, reliable, renewed and refused; DTMF by INFO."""

from __future__ import annotations

import pytest

from tests.wire.conftest import Wire
from tests.wire.leg import Leg
from tests.wire.message import fresh, response, sdp

RELIABLE = ("Require", "100rel")
RINGBACK = "4001003723"
EARLY = "4001003740"


def version(description: bytes) -> int:
    """Return the version in an origin line."""
    return int(description.decode().split("o=")[1].split(" ")[2])


# an INVITE without offer (RFC 3261 13.2.1, 14.1; RFC 3264 5)


def test_a_call_without_an_offer(wire: Wire) -> None:
    """The box offers in its 200, the caller answers in his ACK; both are heard."""
    caller = wire.call(body=b"")
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert b"PCMA/8000" in callee.invite.body
    callee.answer()
    ok = caller.final()
    assert b"PCMA/8000" in ok.body
    caller.ack(ok, caller.offer())
    wire.hang_up(caller, callee)


def test_an_ack_without_the_answer_that_was_owed(wire: Wire) -> None:
    """The call cannot go on: both sides are hung up, and nobody has talked."""
    caller = wire.call(body=b"")
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.ack(caller.final())
    assert "488" in caller.hung_up()["reason"]
    callee.hung_up()
    record = wire.record(caller)
    assert (record.outcome, record.hung_up_by, record.talk_ms) == ("no-common-codec", "box", 0), record


def test_a_late_answer_with_no_codec_of_ours(wire: Wire) -> None:
    """The same."""
    caller = wire.call(body=b"")
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.ack(caller.final(), caller.offer(payloads="97"))
    caller.hung_up()
    callee.hung_up()
    record = wire.record(caller)
    assert (record.outcome, record.hung_up_by, record.talk_ms) == ("no-common-codec", "box", 0), record


def test_a_bye_instead_of_the_ack_to_a_late_offer(wire: Wire) -> None:
    """The caller leaves before he has talked."""
    caller = wire.call(body=b"")
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.settle(caller.final())
    caller.send("BYE")
    assert caller.final("BYE").status == 200
    callee.hung_up()
    record = wire.record(caller)
    assert (record.hung_up_by, record.talk_ms) == ("caller", 0), record


# reliable provisional answers (RFC 3262)


def test_a_caller_who_requires_reliable_answers(wire: Wire) -> None:
    """180 has an RSeq and comes again until its PRACK; a PRACK for another gets 481."""
    caller = wire.call(rows=[RELIABLE])
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    ringing = caller.expect(180)
    assert "100rel" in ringing["require"]
    while not wire.carrier.repeats[ringing.raw]:
        assert wire.carrier.listen(8), "the 180 never came again"
    caller.settle(ringing)
    caller.send("PRACK", [("RAck", f"{int(ringing['rseq']) + 7} 1 INVITE")])
    assert caller.final("PRACK").status == 481
    caller.send("PRACK", [("RAck", f"{ringing['rseq']} 1 INVITE")])
    assert caller.final("PRACK").status == 200
    callee.reply(200)
    callee.expect("ACK")
    ok = caller.expect(200, "INVITE")
    assert "rseq" not in ok
    caller.ack(ok)
    wire.hang_up(caller, callee)


def test_an_answer_in_a_reliable_183_is_not_repeated_in_the_200(wire: Wire) -> None:
    """The company's ringback as early media: the PRACK confirms the answer, which holds from then on."""
    caller = wire.call(RINGBACK, [("Supported", "100rel")])
    progress = caller.expect(183)
    assert "100rel" in progress["require"]
    caller.settle(progress)
    caller.send("PRACK", [("RAck", f"{progress['rseq']} 1 INVITE")])
    assert caller.final("PRACK").status == 200
    callee = Leg.rung(wire.gateway)
    callee.answer()
    ok = caller.expect(200, "INVITE")
    assert ok.body in (b"", progress.body)
    caller.ack(ok)
    wire.hang_up(caller, callee)


def test_the_200_waits_for_the_prack(wire: Wire) -> None:
    """RFC 3262 3: with SDP in a reliable answer that is not acknowledged yet, the 200 has to wait."""
    caller = wire.call(RINGBACK, [("Supported", "100rel")])
    progress = caller.expect(183)
    callee = Leg.rung(wire.gateway)
    callee.answer()
    wire.ping()
    assert wire.carrier.find(lambda message: message.status == 200 and message.method == "INVITE") is None
    caller.settle(progress)
    caller.send("PRACK", [("RAck", f"{progress['rseq']} 1 INVITE")])
    assert caller.final("PRACK").status == 200
    caller.ack(caller.expect(200, "INVITE"))
    wire.hang_up(caller, callee)


def test_a_bound_number_that_answers_reliably(wire: Wire) -> None:
    """Each reliable answer gets a PRACK, one out of order none; the answer in the 183 holds."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert "100rel" in callee.invite["supported"]
    number = callee.invite.cseq
    callee.reply(183, [RELIABLE, ("RSeq", "7")], callee.offer())
    prack = callee.expect("PRACK")
    assert prack["rack"] == f"7 {number} INVITE"
    callee.reply(200, to=prack)
    callee.reply(180, [RELIABLE, ("RSeq", "9")])
    wire.ping()
    assert wire.gateway.find(lambda message: message.method == "PRACK") is None
    callee.reply(180, [RELIABLE, ("RSeq", "8")])
    prack = callee.expect("PRACK")
    assert prack["rack"] == f"8 {number} INVITE"
    callee.reply(200, to=prack)
    callee.peer.send(bare_200(callee))
    callee.expect("ACK")
    caller.up()
    wire.hang_up(caller, callee)


def bare_200(callee: Leg) -> bytes:
    """Write a 200 to the box's INVITE without a description."""
    assert callee.invite is not None
    return response(callee.invite, 200, [("Contact", callee.contact)], tag=callee.tag)


def test_a_bound_number_that_answers_twice_with_a_description(wire: Wire) -> None:
    """Unreliable 183 and 200 carry the same answer; the first counts for early media only."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(183, body=callee.offer())
    callee.reply(200)
    callee.expect("ACK")
    caller.up()
    wire.hang_up(caller, callee)


def test_early_media_of_the_bound_number(wire: Wire) -> None:
    """Where the trunk lets it: the caller hears the announcement before the answer, uncharged."""
    gateway = wire.udp(wire.place.gateway, 5093)
    caller = wire.call(EARLY, [("P-Early-Media", "supported")])
    callee = Leg.rung(gateway)
    callee.reply(183, body=callee.offer())
    progress = caller.expect(183)
    assert progress["p-early-media"] == "sendrecv"
    caller.settle(progress)
    caller.talk()
    wire.talk(caller, callee)
    callee.reply(486)
    callee.expect("ACK")
    assert caller.final().status == 486
    wire.free(caller, "busy", "box", 486)


# new offers in a call (RFC 3261 14, RFC 3311, RFC 3264 8)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_hold_and_resume(wire: Wire, side: str, method: str) -> None:
    """Either side holds and resumes, by re-INVITE or UPDATE; afterwards both are heard again."""
    caller, callee = wire.bridge()
    leg = caller if side == "caller" else callee
    answers = [
        reoffer(leg, method, leg.offer(direction=direction, version=2 + number))
        for number, direction in enumerate(["sendonly", "inactive", "sendrecv"])
    ]
    assert b"a=recvonly" in answers[0]
    assert b"a=inactive" in answers[1]
    assert not any(word in answers[2] for word in (b"a=recvonly", b"a=inactive", b"a=sendonly"))
    assert version(answers[0]) < version(answers[1]) < version(answers[2])
    wire.hang_up(caller, callee)


def reoffer(leg: Leg, method: str, offer: bytes) -> bytes:
    """Send a new offer, acknowledge the 200, and return the answer."""
    leg.send(method, body=offer)
    ok = leg.final(method)
    assert ok.status == 200, ok
    if method == "INVITE":
        leg.ack(ok)
    return ok.body


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_hold_as_old_phones_do_it(wire: Wire, side: str) -> None:
    """Address 0.0.0.0 (RFC 2543 B.5), or port 0: nothing is sent there, and after it both are heard again."""
    caller, callee = wire.bridge()
    wire.talk(caller, callee)
    leg = caller if side == "caller" else callee
    host, port = leg.media
    answer = reoffer(leg, "INVITE", sdp(("0.0.0.0", port), version=2))
    assert b"m=audio 0 " not in answer
    leg.send("INVITE", body=sdp((host, 0), version=3))
    stopped = leg.final("INVITE")
    if stopped.status == 200:
        assert b"m=audio 0 " in stopped.body
        leg.ack(stopped)
    else:
        assert stopped.status == 488
    reoffer(leg, "INVITE", leg.offer(version=4))
    wire.hang_up(caller, callee)


def test_other_streams_are_declined(wire: Wire) -> None:
    """Video, fax and a second audio stream get port 0, in their order (RFC 3264 6)."""
    caller = Leg.of(wire.carrier, "4001003722", wire.caller)
    more = (
        b"m=video 40000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        b"m=image 40002 udptl t38\r\nm=audio 40004 RTP/AVP 8\r\n"
    )
    wire.carrier.send(caller.invitation(body=caller.offer() + more))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    ok = caller.up()
    streams = [line for line in ok.body.split(b"\r\n") if line.startswith(b"m=")]
    assert [line.split()[0] for line in streams] == [b"m=audio", b"m=video", b"m=image", b"m=audio"]
    assert [line.split()[1] == b"0" for line in streams] == [False, True, True, True]
    wire.hang_up(caller, callee)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_new_address_for_audio_and_signalling(wire: Wire, side: str) -> None:
    """One side moves to another port: audio, and requests inside the dialog, follow (RFC 3261 12.2)."""
    caller, callee = wire.bridge()
    leg = caller if side == "caller" else callee
    elsewhere = Leg(wire.udp(leg.peer.host), leg.call_id, leg.local, leg.remote, leg.target)
    elsewhere.cseq, elsewhere.remote_media = leg.cseq, leg.remote_media
    ok = reoffer(elsewhere, "INVITE", elsewhere.offer(version=2))
    assert ok
    if side == "caller":
        wire.talk(elsewhere, callee)
        callee.hang_up()
        elsewhere.hung_up()
        wire.answered(caller, by="answerer")
    else:
        wire.talk(caller, elsewhere)
        caller.hang_up()
        elsewhere.hung_up()
        wire.answered(caller)


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_new_offer_without_a_codec_of_ours_is_refused(wire: Wire, side: str, method: str) -> None:
    """488, and what was agreed before goes on (RFC 3261 14.2)."""
    caller, callee = wire.bridge()
    leg = caller if side == "caller" else callee
    leg.send(method, body=leg.offer(payloads="97", version=2))
    assert leg.final(method).status == 488
    wire.hang_up(caller, callee)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_new_invite_without_offer(wire: Wire, side: str) -> None:
    """The box offers in its 200, the answer comes in the ACK."""
    caller, callee = wire.bridge()
    leg = caller if side == "caller" else callee
    leg.send("INVITE")
    ok = leg.final("INVITE")
    assert b"m=audio" in ok.body
    leg.ack(ok, leg.offer(version=2))
    wire.hang_up(caller, callee)


def test_offers_that_meet_are_refused_with_491(wire: Wire) -> None:
    """While the box's own offer waits for its answer, the peer's must wait (RFC 3261 14.2, RFC 3311 5.2)."""
    caller, callee = wire.bridge()
    callee.send("INVITE")
    ok = callee.final("INVITE")
    invited = callee.cseq
    callee.send("UPDATE", body=callee.offer(version=2))
    assert callee.final("UPDATE").status == 491
    callee.send("INVITE", body=callee.offer(version=2))
    refused = callee.final("INVITE")
    assert refused.status == 491
    assert refused.cseq > invited
    callee.ack(ok, callee.offer(version=2))
    reoffer(callee, "INVITE", callee.offer(version=3))
    wire.hang_up(caller, callee)


def test_a_new_invite_before_the_ack_of_the_last_one(wire: Wire) -> None:
    """Its sender has our 200, so the ACK was lost (RFC 5407 3.1.4): it is answered."""
    caller, callee = wire.bridge()
    caller.send("INVITE", body=caller.offer(version=2))
    assert caller.final("INVITE").status == 200
    reoffer(caller, "INVITE", caller.offer(version=3))
    wire.hang_up(caller, callee)


def test_both_sides_renew_at_once(wire: Wire) -> None:
    """Their dialogs are two: neither has to wait for the other."""
    caller, callee = wire.bridge()
    caller.send("INVITE", body=caller.offer(version=2))
    callee.send("INVITE", body=callee.offer(version=2))
    for leg in (caller, callee):
        ok = leg.final("INVITE")
        assert ok.status == 200
        leg.ack(ok)
    wire.hang_up(caller, callee)


def test_updates_before_the_answer(wire: Wire) -> None:
    """With an offer only once the first is answered (RFC 3311 5.1); without, at once."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(180)
    caller.settle(caller.expect(180))
    caller.send("UPDATE", body=caller.offer(version=2))
    refused = caller.final("UPDATE")
    assert (refused.status, refused["retry-after"] != "") == (500, True)
    caller.send("UPDATE")
    assert caller.final("UPDATE").status == 200
    callee.reply(200)
    callee.expect("ACK")
    caller.ack(caller.expect(200, "INVITE"))
    wire.hang_up(caller, callee)


def test_an_update_after_a_reliable_answer(wire: Wire) -> None:
    """The caller moves his audio while he hears the ringback: answered at once."""
    caller = wire.call(RINGBACK, [("Supported", "100rel")])
    progress = caller.expect(183)
    caller.settle(progress)
    caller.send("PRACK", [("RAck", f"{progress['rseq']} 1 INVITE")])
    assert caller.final("PRACK").status == 200
    reoffer(caller, "UPDATE", caller.offer(version=2))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.ack(caller.expect(200, "INVITE"))
    wire.hang_up(caller, callee)


def test_an_update_of_the_bound_number_before_it_answers(wire: Wire) -> None:
    """After a reliable 183 with its answer it may offer anew."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(183, [RELIABLE, ("RSeq", "1")], callee.offer())
    callee.reply(200, to=callee.expect("PRACK"))
    reoffer(callee, "UPDATE", callee.offer(version=2))
    callee.peer.send(bare_200(callee))
    callee.expect("ACK")
    caller.up()
    wire.hang_up(caller, callee)


# codecs and bodies


def test_sides_with_different_codecs_hear_each_other(wire: Wire) -> None:
    """The caller speaks mu-law, the bound number A-law only: what one says the other hears in his own."""
    caller = Leg.of(wire.carrier, "4001003722", wire.caller)
    wire.carrier.send(caller.invitation(body=caller.offer(payloads="0")))
    callee = Leg.rung(wire.gateway)
    assert callee.invite is not None
    assert callee.invite.attribute("m=audio").split()[3] == "0", (
        "the codec that spares transcoding comes first"
    )
    callee.reply(200, body=callee.offer(payloads="8 101"))
    callee.expect("ACK")
    caller.up()
    loud_mu, loud_a = b"\x80" * 160, b"\xaa" * 160  # full scale in either law
    hears(caller, callee, loud_mu, 0, loud_a, 8)
    hears(callee, caller, loud_a, 8, loud_mu, 0)
    caller.hang_up()
    callee.hung_up()
    wire.answered(caller)


def hears(speaker: Leg, listener: Leg, said: bytes, spoken: int, heard: bytes, listened: int) -> None:
    """Make sure that what one side says arrives at the other in its codec."""
    for _ in range(200):
        speaker.talk(said, spoken)
        if listener.hear(0.04) == (listened, heard):
            return
    raise AssertionError("not heard")


def test_no_codec_in_common(wire: Wire) -> None:
    """488; nobody is rung, nothing charged."""
    caller = wire.call(body=sdp(("127.0.0.1", 9), payloads="97"))
    assert caller.final().status == 488
    wire.free(caller, "no-common-codec", "box", 488)


def test_a_bound_number_with_no_codec_of_ours(wire: Wire) -> None:
    """Its answer is acknowledged, it is hung up, and the caller learns why."""
    caller = wire.call()
    callee = Leg.rung(wire.gateway)
    callee.reply(200, body=callee.offer(payloads="97"))
    callee.expect("ACK")
    callee.hung_up()
    assert caller.final().status == 488
    wire.free(caller, "no-common-codec", "box", 488)


def test_an_offer_inside_a_multipart_body(wire: Wire) -> None:
    """Carriers put ISUP beside the SDP (RFC 5621)."""
    caller = Leg.of(wire.carrier, "4001003722", wire.caller)
    boundary = fresh("b")
    parts = b"\r\n".join(
        [
            f"--{boundary}\r\nContent-Type: application/isup;version=itu-t92+".encode(),
            b"Content-Disposition: signal;handling=optional\r\n",
            b"\x01\x00\r\n\x00\x0a\xff",
            f"--{boundary}\r\nContent-Type: application/sdp\r\n".encode(),
            caller.offer(),
            f"--{boundary}--\r\n".encode(),
        ]
    )
    wire.carrier.send(caller.invitation([("Content-Type", f'multipart/mixed; boundary="{boundary}"')], parts))
    callee = Leg.rung(wire.gateway)
    callee.answer()
    caller.up()
    wire.hang_up(caller, callee)


# DTMF by INFO


def test_keys_by_info(wire: Wire) -> None:
    """They are in the record, and reach the other side as RFC 4733 events."""
    caller, callee = wire.bridge()
    wire.talk(caller, callee)
    caller.send("INFO", [("Content-Type", "application/dtmf-relay")], b"Signal=5\r\nDuration=160\r\n")
    assert caller.final("INFO").status == 200
    kind, payload = -1, b""
    while kind != 101:
        kind, payload = callee.hear(8)
        assert kind >= 0, "no event"
    assert payload[0] == 5
    caller.send("INFO", [("Content-Type", "application/dtmf")], b"#")
    assert caller.final("INFO").status == 200
    for kind_of_body, body, status in (
        ("application/dtmf-relay", b"Signal=x\r\n", 400),
        ("text/plain", b"5", 415),
    ):
        caller.send("INFO", [("Content-Type", kind_of_body)], body)
        assert caller.final("INFO").status == status
    caller.send("INFO")
    assert caller.final("INFO").status == 200
    record = wire.hang_up(caller, callee)
    assert record.keys == "5#"


def test_keys_in_the_welcome(wire: Wire) -> None:
    """The caller was answered at once and presses keys while he is welcomed, then leaves."""
    caller = wire.call("4001003721")
    caller.up()
    caller.send("INFO", [("Content-Type", "application/dtmf-relay")], b"Signal= *\r\nDuration= 250\r\n")
    assert caller.final("INFO").status == 200
    caller.hang_up()
    record = wire.record(caller)
    assert (record.outcome, record.hung_up_by, record.keys) == ("gave-up-welcome", "caller", "*")
    assert record.talk_ms == 0 < record.access_ms
