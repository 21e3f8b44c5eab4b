"""Dialling: the next trunk when one fails, other numbers when refused, credentials where configured."""

from __future__ import annotations

import msgspec

from b2bua.calls.ports import DialFailed
from b2bua.sip.message import Request, Response
from domain.outcomes import Outcome
from tests.flows.network import Peer
from tests.flows.scene import SECOND, TARGET, Scene, answer_to


def two_trunks(**more: object) -> tuple[Scene, Peer]:
    """Make a scene with a first trunk (the callee) and a second one."""
    scene = Scene()
    second = Peer(scene.network, SECOND, scene.box.address)
    scene.box.hops.list = [scene.box.hop(TARGET, "one", **more), scene.box.hop(SECOND, "two")]
    return scene, second


def failures_of(scene: Scene) -> list[DialFailed]:
    """Collect how the leg failed."""
    failures: list[DialFailed] = []
    scene.outbound.answered.addErrback(lambda failure: failures.append(failure.value))
    return failures


def pick_up(scene: Scene, peer: Peer) -> None:
    """Let a trunk answer, and end the call."""
    invite = peer.expect_request("INVITE", within=3.0)
    peer.respond(invite, 200, body=answer_to(invite))
    peer.expect("ACK")
    assert scene.outbound.answered.called
    scene.outbound.hang_up()
    peer.respond(peer.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_503_leads_to_the_next_trunk_at_once() -> None:
    """The leg keeps its id, its trunk changes; the first trunk learns of the 503 and its Retry-After."""
    scene, second = two_trunks()
    invite = scene.dialled()
    assert scene.outbound.trunk == "one"
    scene.callee.respond(invite, 503, rows=(("Retry-After", "30"),))
    scene.callee.expect("ACK")
    pick_up(scene, second)
    assert scene.outbound.trunk == "two"
    assert scene.outbound.id == "b1"
    assert scene.box.dialled == ["one", "two"]
    assert scene.box.hops.log == [
        "begin one",
        "tried one 503 later 30",
        "end one",
        "begin two",
        "tried two 200",
        "end two",
    ]


def test_a_silent_trunk_is_left_after_its_time() -> None:
    """No word for 2.5 s: the next trunk; the silent one is cancelled should it wake up."""
    scene, second = two_trunks()
    first = scene.dialled()
    scene.network.run(2.4)
    assert second.seen == []
    pick_up_late = second.expect_request("INVITE", within=0.3)
    second.respond(pick_up_late, 200, body=answer_to(pick_up_late))
    second.expect("ACK")
    scene.callee.respond(first, 180)
    cancel = scene.callee.expect_request("CANCEL")
    scene.callee.respond(cancel, 200)
    scene.callee.respond(first, 487)
    scene.callee.expect("ACK")
    scene.outbound.hang_up()
    second.respond(second.expect_request("BYE"), 200)
    scene.assert_nothing_left()


def test_a_trunk_that_says_trying_is_waited_for() -> None:
    """100 is a word: the trunk is not left."""
    scene, second = two_trunks()
    first = scene.dialled()
    scene.callee.respond(first, 100, tag=None)
    scene.network.run(10.0)
    assert second.seen == []
    scene.callee.respond(first, 486)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [failure.outcome for failure in failures] == [Outcome.BUSY]
    scene.assert_nothing_left()


def test_a_dead_trunk_is_left_at_once() -> None:
    """Nobody listens there: the next trunk without waiting."""
    scene, second = two_trunks()
    scene.dialled()
    scene.box.driver.flow_failed(scene.box.transport.flow_to(TARGET))
    pick_up(scene, second)


def test_a_trunk_over_its_limit_is_passed_over() -> None:
    """No channel is free: the next trunk is tried, and no INVITE was sent to the first."""
    scene, second = two_trunks()
    scene.box.hops.full = {"one"}
    scene.box.dial()
    pick_up(scene, second)
    assert scene.callee.seen == []
    assert scene.box.dialled == ["two"]


def test_no_trunk_at_all() -> None:
    """Nothing can take the call: 503, trunk down, and no INVITE."""
    scene = Scene()
    scene.box.hops.list = []
    scene.box.dial()
    failures = failures_of(scene)
    assert [(failure.status, failure.outcome) for failure in failures] == [(503, Outcome.TRUNK_DOWN)]
    assert scene.outbound.is_over
    scene.assert_nothing_left()


def test_all_trunks_fail() -> None:
    """The last failure is what the leg ends with."""
    scene, second = two_trunks()
    scene.callee.respond(scene.dialled(), 503)
    second.respond(second.expect_request("INVITE"), 503)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [(failure.status, failure.outcome) for failure in failures] == [(503, Outcome.TRUNK_DOWN)]
    scene.assert_nothing_left()


def test_a_busy_target_is_not_tried_by_another_trunk() -> None:
    """486 is the target's word, not the trunk's."""
    scene, second = two_trunks()
    scene.callee.respond(scene.dialled(), 486)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [failure.outcome for failure in failures] == [Outcome.BUSY]
    assert second.seen == []
    scene.assert_nothing_left()


def test_a_number_that_the_trunk_forbids_to_show_is_replaced() -> None:
    """403: the same trunk once more, with its own number as caller."""
    scene = Scene()
    own = scene.box.hop(TARGET, "one")
    own = msgspec.structs.replace(own, from_="<sip:0101@box>")
    scene.box.hops.list = [scene.box.hop(TARGET, "one", fallback=own)]
    scene.callee.respond(scene.dialled(), 403)
    scene.callee.expect("ACK")
    again = scene.callee.expect_request("INVITE")
    assert again.from_.uri.user == "0101"
    scene.callee.respond(again, 403)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [failure.status for failure in failures] == [403]
    scene.assert_nothing_left()


def test_giving_up_while_trunks_are_tried() -> None:
    """The owner takes his wish back: no further trunk is tried."""
    scene, second = two_trunks()
    invite = scene.dialled()
    scene.outbound.answered.addErrback(lambda failure: None)
    scene.callee.respond(invite, 180)
    scene.network.run(0.1)
    scene.outbound.answered.cancel()
    scene.callee.respond(scene.callee.expect_request("CANCEL"), 200)
    scene.callee.respond(invite, 487)
    scene.callee.expect("ACK")
    assert second.seen == []
    assert scene.outbound.is_over
    scene.assert_nothing_left()


class Wallet:
    """Credentials as a trunk has them; keeps what it was asked."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[int, str]] = []

    def __call__(self, response: Response, request: Request) -> tuple[str, str] | None:
        """Answer a challenge."""
        self.asked.append((response.status, request.method))
        answer = self.answers.pop(0) if self.answers else None
        return None if answer is None else ("Proxy-Authorization", answer)


def test_a_challenge_is_answered_where_credentials_are_configured() -> None:
    """407: ACK, then the INVITE again with credentials, same call, next CSeq; the ACK to the 200 has
    them too."""
    scene = Scene()
    wallet = Wallet("Digest one")
    scene.box.hops.list = [scene.box.hop(TARGET, credentials=wallet)]
    first = scene.dialled()
    scene.callee.respond(first, 407)
    scene.callee.expect("ACK")
    second = scene.callee.expect_request("INVITE")
    assert second.get("Proxy-Authorization") == "Digest one"
    assert (second.call_id, second.cseq.number) == (first.call_id, first.cseq.number + 1)
    assert second.via.branch != first.via.branch
    scene.callee.respond(second, 200, body=answer_to(second))
    assert scene.callee.expect_request("ACK").get("Proxy-Authorization") == "Digest one"
    wallet.answers = ["Digest bye"]
    scene.outbound.hang_up()
    bye = scene.callee.expect_request("BYE")
    scene.callee.respond(bye, 407)
    again = scene.callee.expect_request("BYE")
    assert again.get("Proxy-Authorization") == "Digest bye"
    scene.callee.respond(again, 200)
    scene.assert_nothing_left()


def test_a_challenge_without_end_is_a_refusal() -> None:
    """A second challenge that does not say stale=true means that our credentials are wrong."""
    scene = Scene()
    wallet = Wallet("Digest one", "Digest two", "Digest three")
    scene.box.hops.list = [scene.box.hop(TARGET, credentials=wallet)]
    scene.callee.respond(scene.dialled(), 401)
    scene.callee.respond(scene.callee.expect_request("INVITE"), 401)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [failure.status for failure in failures] == [401]
    assert len(wallet.asked) == 1
    scene.assert_nothing_left()


def test_a_stale_nonce_is_no_refusal() -> None:
    """The nonce was too old: answered again, but not for ever; a proxy and the peer may both ask."""
    scene = Scene()
    wallet = Wallet("Digest one", "Digest two", "Digest three", "Digest four", "Digest five")
    scene.box.hops.list = [scene.box.hop(TARGET, credentials=wallet)]
    stale = (("WWW-Authenticate", 'Digest realm="r", nonce="n", stale=TRUE'),)
    scene.callee.respond(scene.dialled(), 407)
    for _ in range(4):
        scene.callee.respond(scene.callee.expect_request("INVITE"), 401, rows=stale)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [failure.status for failure in failures] == [401]
    assert len(wallet.asked) == 4
    scene.assert_nothing_left()


def test_no_credentials_for_who_may_not_ask() -> None:
    """A trunk without configured credentials that challenges is refused."""
    scene = Scene()
    scene.callee.respond(scene.dialled(), 407)
    failures = failures_of(scene)
    scene.network.run(0.1)
    assert [failure.status for failure in failures] == [407]
    assert scene.callee.seen == ["INVITE", "ACK"]
    scene.assert_nothing_left()


def test_the_invite_shows_what_the_hop_says() -> None:
    """From, To, Contact user and further headers come from the next hop."""
    scene = Scene()
    rows = (("P-Asserted-Identity", "<sip:13900001111@box>"), ("Diversion", "<sip:4001003721@box>"))
    scene.box.hops.list = [scene.box.hop(TARGET, headers=rows, contact_user="400")]
    invite = scene.dialled()
    assert invite.get("P-Asserted-Identity") == "<sip:13900001111@box>"
    assert invite.get("Diversion") == "<sip:4001003721@box>"
    assert str(invite.contacts[0].uri) == "sip:400@10.0.0.1:5060"
    assert invite.max_forwards == 69
    scene.callee.respond(invite, 486)
    failures_of(scene)
    scene.assert_nothing_left()


def test_the_journal_hears_of_the_call_before_and_after_the_answer() -> None:
    """Dialog states: calling, then confirmed, each set before what follows from it is sent."""
    scene = Scene()
    scene.box.dial()
    states = scene.box.states
    scene.outbound.on_dialog = states.append
    invite = scene.callee.expect_request("INVITE")
    scene.callee.respond(invite, 200, body=answer_to(invite))
    scene.callee.expect("ACK")
    assert [b'"phase":"calling"' in states[0], b'"phase":"confirmed"' in states[-1]] == [True, True]
    assert len(states) == 2
    scene.outbound.hang_up()
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()
