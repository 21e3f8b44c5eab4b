"""An extension on several phones: all of them ring, the first to answer wins (RFC 3261 16.6, 16.7)."""

from __future__ import annotations

import pytest
from twisted.internet.defer import CancelledError
from twisted.python.failure import Failure

from b2bua.calls.ports import DialFailed
from b2bua.sdp import SessionDescription
from b2bua.sip.message import Request
from domain.outcomes import Outcome
from domain.snapshot import BoundNumber, ExtensionSnapshot, NumberPlan, TargetKind
from storage.journal.events import DialogNow, LegAnswered, LegDialled, LegEnded
from tests.flows.exchange import CARRIER, NUMBER, PHONES, Exchange, sdp
from tests.flows.network import Peer
from tests.flows.scene import SECOND, TARGET, Scene, answer_to

DESK, SOFT, WALL = TARGET, SECOND, ("10.0.0.5", 5080)
ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'


def three_phones() -> tuple[Scene, list[Peer], list[Request]]:
    """Let an extension with three phones be rung; returns the phones and the INVITE each of them got."""
    scene = Scene()
    phones = [scene.callee, Peer(scene.network, SOFT, scene.box.address)]
    phones.append(Peer(scene.network, WALL, scene.box.address))
    scene.box.hops.list = [
        scene.box.hop(at, None, failover_seconds=4.0, follow_contact=False) for at in (DESK, SOFT, WALL)
    ]
    scene.box.dial(extension=True)
    return scene, phones, [phone.expect_request("INVITE") for phone in phones]


def take_back(phone: Peer, invite: Request) -> str:
    """Let a phone be given up as it should be; returns the Reason it was told."""
    cancel = phone.expect_request("CANCEL")
    phone.respond(cancel, 200)
    phone.respond(invite, 487)
    phone.expect("ACK")
    return cancel.get("Reason") or ""


def failures_of(scene: Scene) -> list[DialFailed]:
    """Collect how the leg failed."""
    failures: list[DialFailed] = []
    scene.outbound.answered.addErrback(lambda failure: failures.append(failure.value))
    return failures


def test_all_phones_ring_at_once_and_the_first_to_answer_wins() -> None:
    """Each has a call of its own, one offer; the others learn that the call was completed elsewhere."""
    scene, phones, invites = three_phones()
    progress: list[tuple[int, SessionDescription | None]] = []
    scene.outbound.on_progress = lambda status, early: progress.append((status, early))
    assert len({invite.call_id for invite in invites}) == 3
    assert len({invite.body for invite in invites}) == 1
    phones[0].respond(invites[0], 180)
    phones[1].respond(invites[1], 183, body=answer_to(invites[1]))
    phones[2].respond(invites[2], 180)
    scene.network.run(1.0)
    assert progress == [(180, None), (183, None), (180, None)]
    phones[1].respond(invites[1], 200, body=answer_to(invites[1]))
    phones[1].expect("ACK")
    assert scene.outbound.answered.called
    assert take_back(phones[0], invites[0]) == ELSEWHERE
    assert take_back(phones[2], invites[2]) == ELSEWHERE
    scene.outbound.hang_up()
    phones[1].respond(phones[1].expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_two_phones_are_picked_up_at_once() -> None:
    """The second one's 200 crosses its CANCEL: ACK and BYE, and the first one talks on."""
    scene, phones, invites = three_phones()
    for phone, invite in zip(phones, invites, strict=True):
        phone.respond(invite, 180)
    scene.network.run(0.1)
    for index in (0, 1):
        phones[index].respond(invites[index], 200, body=answer_to(invites[index]))
    phones[0].expect("ACK")
    phones[1].expect("ACK")
    bye = phones[1].expect_request("BYE")
    assert bye.get("Reason") == ELSEWHERE
    phones[1].respond(bye, 200)
    take_back(phones[2], invites[2])
    assert not scene.outbound.is_over
    scene.outbound.hang_up()
    phones[0].respond(phones[0].expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_phone_that_is_switched_off_holds_nobody_up() -> None:
    """Its binding lives on for a while; the others ring all the same, and one is picked up after 10 s."""
    scene, phones, invites = three_phones()
    phones[2].respond(invites[2], 180)
    phones[1].respond(invites[1], 480)
    scene.network.run(10.0)
    assert not scene.outbound.is_over
    phones[2].respond(invites[2], 200, body=answer_to(invites[2]))
    phones[2].expect("ACK")
    assert "CANCEL" not in phones[0].seen
    scene.outbound.hang_up()
    phones[2].respond(phones[2].expect_request("BYE"), 200)
    scene.assert_nothing_left()


@pytest.mark.parametrize(("status", "outcome"), [(603, Outcome.REFUSED_BY_TARGET), (600, Outcome.BUSY)])
def test_who_declines_declines_for_all_his_phones(status: int, outcome: Outcome) -> None:
    """A 6xx is the last word: the other phones stop ringing at once."""
    scene, phones, invites = three_phones()
    failures = failures_of(scene)
    phones[0].respond(invites[0], 180)
    phones[1].respond(invites[1], 180)
    phones[2].respond(invites[2], 486)
    scene.network.run(1.0)
    assert failures == []
    phones[0].respond(invites[0], status)
    phones[0].expect("ACK")
    assert [(failure.status, failure.outcome) for failure in failures] == [(status, outcome)]
    assert take_back(phones[1], invites[1]).startswith(f"SIP;cause={status};")
    scene.assert_nothing_left()


@pytest.mark.parametrize(
    ("statuses", "verdict"),
    [
        ((503, 486, 404), (486, Outcome.BUSY)),
        ((486, 480, 486), (480, Outcome.NO_ANSWER)),
        ((500, 500, 404), (500, Outcome.REFUSED_BY_TARGET)),
    ],
)
def test_the_best_failure_counts_when_no_phone_answers(
    statuses: tuple[int, ...], verdict: tuple[int, Outcome]
) -> None:
    """A phone that rang in vain says more than a busy one, a busy one more than one out of order."""
    scene, phones, invites = three_phones()
    failures = failures_of(scene)
    for phone, invite, status in zip(phones, invites, statuses, strict=True):
        assert failures == []
        phone.respond(invite, status)
        phone.expect("ACK")
    assert [(failure.status, failure.outcome) for failure in failures] == [verdict]
    assert scene.outbound.is_over
    scene.assert_nothing_left()


def test_phones_that_are_all_silent_cannot_be_reached() -> None:
    """After 16 s, not three times 16; no trunk is blamed."""
    scene, phones, _ = three_phones()
    failures = failures_of(scene)
    scene.network.run(15.9)
    assert failures == []
    scene.network.run(0.2)
    assert [(failure.status, failure.outcome) for failure in failures] == [(408, Outcome.REFUSED_BY_TARGET)]
    assert all("CANCEL" not in phone.seen for phone in phones)
    scene.assert_nothing_left()


def test_an_answer_that_nobody_can_read_is_ended_and_the_others_ring_on() -> None:
    """The broken phone gets its BYE."""
    scene, phones, invites = three_phones()
    phones[0].respond(invites[0], 200, body=b"v=0\r\nnonsense")
    phones[0].expect("ACK")
    phones[0].respond(phones[0].expect_request("BYE"), 200)
    for index in (1, 2):
        phones[index].respond(invites[index], 180)
    scene.network.run(1.0)
    assert not scene.outbound.is_over
    phones[1].respond(invites[1], 200, body=answer_to(invites[1]))
    phones[1].expect("ACK")
    take_back(phones[2], invites[2])
    scene.outbound.hang_up()
    phones[1].respond(phones[1].expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_caller_who_gives_up_stops_all_phones() -> None:
    """Also the one that has not said a word yet, should it wake up."""
    scene, phones, invites = three_phones()
    phones[0].respond(invites[0], 180)
    phones[1].respond(invites[1], 180)
    scene.network.run(0.1)
    given_up: list[Failure] = []
    scene.outbound.answered.addErrback(given_up.append)
    scene.outbound.hang_up()
    assert [failure.type for failure in given_up] == [CancelledError]
    assert take_back(phones[0], invites[0]) == ""
    assert take_back(phones[1], invites[1]) == ""
    phones[2].respond(invites[2], 180)
    take_back(phones[2], invites[2])
    scene.assert_nothing_left()


def test_each_invite_is_in_the_journal_before_it_leaves() -> None:
    """One leg, a dialled line and a dialog for each phone, so that a crash leaves none of them ringing."""
    plan = NumberPlan(number=NUMBER, bound=(BoundNumber(number="8001", kind=TargetKind.EXTENSION),))
    extension = ExtensionSnapshot(name="8001", tenant="acme", secret="s")
    exchange = Exchange(plan, extensions=(extension,))
    exchange.caller.send(exchange.caller.invite(body=sdp(CARRIER)))
    exchange.network.run(0.001)
    dialled = exchange.journal.of(LegDialled)
    assert [(line.leg, line.target) for line in dialled] == [("b1", "8001")] * len(PHONES)
    states = [line for line in exchange.journal.of(DialogNow) if line.leg == "b1"]
    assert len({bytes(line.state) for line in states}) == len(PHONES)
    assert all("INVITE" not in phone.seen for phone in exchange.phones.values())
    (desk, first), *others = [(phone, phone.expect_request("INVITE")) for phone in exchange.phones.values()]
    for phone, invite in others:
        phone.respond(invite, 180)
    desk.respond(first, 200, body=sdp(desk.address))
    desk.expect("ACK")
    for phone, invite in others:
        assert take_back(phone, invite) == ELSEWHERE
    ok = exchange.caller.expect_response("200 INVITE")
    exchange.caller.send(exchange.caller.in_dialog("ACK", ok, 1))
    exchange.network.run(0.05)
    exchange.caller.send(exchange.caller.in_dialog("BYE", ok, 2))
    desk.respond(desk.expect_request("BYE"), 200)
    assert exchange.ended().outcome == Outcome.ANSWERED
    assert [line.leg for line in exchange.journal.of(LegAnswered)] == ["b1"]
    assert sorted(line.leg for line in exchange.journal.of(LegEnded)) == ["a", "b1"]
