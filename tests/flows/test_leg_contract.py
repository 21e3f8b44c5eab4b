"""What the call services rely on in legs: one suite for the twins and for the real SIP legs."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.python.failure import Failure

from b2bua.calls.ports import DialFailed, InboundLeg, LegEnd, OutboundLeg, Referral
from b2bua.sdp import SessionDescription
from b2bua.sip.message import Request, Response
from domain.outcomes import Outcome
from tests.flows.box import Box, offer
from tests.flows.network import Network, Peer
from tests.twins.legs import MemoryInboundLeg, MemoryOutboundLeg
from tests.twins.stage import an_invitation, sdp

CARRIER = ("10.0.0.2", 5060)
PHONE = ("10.0.0.3", 5080)


class MemoryScene:
    """The twins, and what their peers do."""

    def __init__(self, *, registered: bool = False) -> None:
        """``registered``: the phone is an extension's, not a trunk's."""
        self.log: list[str] = []
        self.inbound = MemoryInboundLeg(an_invitation(offer=sdp()), self.log)
        self.outbound = MemoryOutboundLeg("b1", None if registered else "out", sdp(), self.log)

    def caller_cancels(self) -> None:
        """Let the caller give up."""
        self.inbound.peer_cancels()

    def caller_hangs_up(self) -> None:
        """Let the caller end the answered call."""
        self.inbound.peer_hangs_up()

    def phone_rings(self) -> None:
        """Let the phone ring."""
        self.outbound.peer_progresses(180)

    def phone_answers(self) -> None:
        """Let the phone answer."""
        self.outbound.peer_answers(sdp(6000))

    def phone_refuses(self, status: int) -> None:
        """Let the phone refuse."""
        self.outbound.peer_refuses(status)

    def phone_hangs_up(self) -> None:
        """Let the phone end the answered call."""
        self.outbound.peer_hangs_up()

    def phone_refers(self, target: str) -> int:
        """Let the phone send REFER; return the answer."""
        return self.outbound.peer_refers(target)

    def phone_is_told(self) -> list[tuple[int, bool]]:
        """Return what the phone was told of its transfer: status, and whether it was the last word."""
        return list(self.outbound.reports)

    def box_sent(self, what: str) -> bool:
        """Whether the box sent a message of this name to either peer."""
        return any(line.split(" ", 1)[1].startswith(what) for line in self.log)


class SipScene:
    """The real legs on the in-memory network."""

    def __init__(self, *, registered: bool = False) -> None:
        """``registered``: the phone is an extension's, not a trunk's."""
        self._told: list[tuple[int, bool]] = []
        self.network = Network()
        self.box = Box(self.network)
        self.caller = Peer(self.network, CARRIER, self.box.address)
        self.phone = Peer(self.network, PHONE, self.box.address)
        self.box.on_leg = lambda leg: None
        self.box.hops.list = [self.box.hop(PHONE, None if registered else "out")]
        self.caller.send(self.caller.invite(body=offer().encode()))
        self.outbound = self.box.dial(extension=registered)
        self._request = self.phone.expect_request("INVITE")
        self.network.run(0.05)
        self.inbound = self.box.legs[0]

    def caller_cancels(self) -> None:
        """Let the caller give up."""
        invite = self.caller.invite()
        cancel = self.caller.request(
            "CANCEL",
            call_id="call-1",
            from_=invite.get("From") or "",
            to=invite.get("To") or "",
            cseq=1,
            branch="z9hG4bK-10.0.0.2-1",
        )
        self.caller.send(cancel)
        self.caller.expect("200 CANCEL")

    def caller_hangs_up(self) -> None:
        """Let the caller end the answered call."""
        ok = self.caller.expect_response("200 INVITE")
        self.caller.send(self.caller.in_dialog("ACK", ok, 1))
        self.caller.send(self.caller.in_dialog("BYE", ok, 2))
        self.caller.expect("200 BYE")

    def phone_rings(self) -> None:
        """Let the phone ring."""
        self.phone.respond(self._request, 180)
        self.network.run(0.05)

    def phone_answers(self) -> None:
        """Let the phone answer."""
        self.phone.respond(self._request, 200, body=offer(6000).encode())
        self.phone.expect("ACK")

    def phone_refuses(self, status: int) -> None:
        """Let the phone refuse."""
        self.phone.respond(self._request, status)
        self.phone.expect("ACK")

    def phone_hangs_up(self) -> None:
        """Let the phone end the answered call."""
        self.phone.send(self.phone.in_dialog("BYE", self._request, 1))
        self.phone.expect("200 BYE")

    def phone_refers(self, target: str) -> int:
        """Let the phone send REFER; return the answer."""
        rows = (("Refer-To", f"<sip:{target}@box>"), ("Contact", self.phone.contact))
        self.phone.send(self.phone.in_dialog("REFER", self._request, 5, rows=rows))
        while True:
            self.network.run(0.01)
            for message in self.phone.inbox:
                if isinstance(message, Response) and message.cseq.method == "REFER":
                    return message.status

    def phone_is_told(self) -> list[tuple[int, bool]]:
        """Return what the phone was told of its transfer: status, and whether it was the last word."""
        self.network.run(0.1)
        for message in list(self.phone.inbox):
            if isinstance(message, Request) and message.method == "NOTIFY":
                self.phone.inbox.remove(message)
                self.phone.respond(message, 200)
                last = (message.get("Subscription-State") or "").startswith("terminated")
                self._told.append((int(message.body.split()[1]), last))
        return list(self._told)

    def box_sent(self, what: str) -> bool:
        """Whether the box sent a message of this name to either peer."""
        self.network.run(0.1)
        names = [each.split(" ")[0] for each in (*self.caller.seen, *self.phone.seen)]
        return what in names


Scene = MemoryScene | SipScene
either = pytest.mark.parametrize("make", [MemoryScene, SipScene])


def ends_of(leg: InboundLeg | OutboundLeg) -> list[LegEnd]:
    """Gather what ``ended`` fires with."""
    ends: list[LegEnd] = []
    leg.ended.addCallback(ends.append)
    return ends


def answers_of(leg: OutboundLeg) -> tuple[list[SessionDescription], list[BaseException]]:
    """Gather what ``answered`` comes to."""
    answers: list[SessionDescription] = []
    failures: list[BaseException] = []

    def failed(failure: Failure) -> None:
        failures.append(failure.value)

    leg.answered.addCallbacks(answers.append, failed)
    return answers, failures


@either
def test_the_caller_who_gives_up_ends_the_leg_once(make: Callable[[], Scene]) -> None:
    """With 487, by the peer; what is asked of the leg afterwards does nothing."""
    scene = make()
    ends = ends_of(scene.inbound)
    scene.inbound.ring()
    scene.caller_cancels()
    assert [(end.by_peer, end.status) for end in ends] == [(True, 487)]
    scene.inbound.hang_up()
    assert len(ends) == 1


@either
def test_a_refused_caller_gets_the_status(make: Callable[[], Scene]) -> None:
    """The leg is over, and it was us."""
    scene = make()
    ends = ends_of(scene.inbound)
    scene.inbound.refuse(486, "Busy Here")
    assert [(end.by_peer, end.status) for end in ends] == [(False, 486)]
    assert scene.box_sent("486")


@either
def test_an_answered_caller_who_is_hung_up_gets_a_bye(make: Callable[[], Scene]) -> None:
    """The dialog is journalled before the 200."""
    scene = make()
    states: list[bytes] = []
    scene.inbound.on_dialog = states.append
    ends = ends_of(scene.inbound)
    acked: list[object] = []
    scene.inbound.answer(sdp(7000)).addBoth(acked.append)
    assert states
    if isinstance(scene, SipScene):
        ok = scene.caller.expect_response("200 INVITE")
        scene.caller.send(scene.caller.in_dialog("ACK", ok, 1))
        scene.network.run(0.05)
    assert acked == [None]
    scene.inbound.hang_up()
    assert scene.box_sent("BYE")
    if isinstance(scene, SipScene):
        scene.caller.respond(scene.caller.expect_request("BYE"), 200)
        scene.network.run(0.05)
    assert [(end.by_peer, end.status) for end in ends] == [(False, 0)]


@either
def test_an_answered_caller_hangs_up(make: Callable[[], Scene]) -> None:
    """Status 0: a BYE."""
    scene = make()
    ends = ends_of(scene.inbound)
    scene.inbound.answer(sdp(7000)).addErrback(lambda failure: None)
    scene.caller_hangs_up()
    assert [(end.by_peer, end.status) for end in ends] == [(True, 0)]


@either
def test_a_dialled_phone_rings_and_answers(make: Callable[[], Scene]) -> None:
    """Progress first, then the answer; the dialog is told to whoever journals it."""
    scene = make()
    statuses: list[int] = []
    states: list[bytes] = []
    scene.outbound.on_progress = lambda status, description: statuses.append(status)
    scene.outbound.on_dialog = states.append
    answers, failures = answers_of(scene.outbound)
    scene.phone_rings()
    assert statuses == [180]
    scene.phone_answers()
    assert ([each.media[0].port for each in answers], failures) == ([6000], [])
    assert states
    ends = ends_of(scene.outbound)
    assert ends == []
    scene.phone_hangs_up()
    assert [(end.by_peer, end.status) for end in ends] == [(True, 0)]


@either
@pytest.mark.parametrize(
    ("status", "outcome"), [(486, Outcome.BUSY), (603, Outcome.REFUSED_BY_TARGET), (480, Outcome.NO_ANSWER)]
)
def test_a_dialled_phone_refuses(make: Callable[[], Scene], status: int, outcome: Outcome) -> None:
    """With the status and what it means for the record; the leg is over too."""
    scene = make()
    ends = ends_of(scene.outbound)
    answers, failures = answers_of(scene.outbound)
    scene.phone_rings()
    scene.phone_refuses(status)
    assert answers == []
    (failure,) = failures
    assert isinstance(failure, DialFailed)
    assert (failure.status, failure.outcome) == (status, outcome)
    assert [(end.by_peer, end.status) for end in ends] == [(True, status)]


@either
@pytest.mark.parametrize("how", ["hang up", "cancel"])
def test_a_ringing_phone_is_given_up_with_cancel(make: Callable[[], Scene], how: str) -> None:
    """By hanging up the leg or by cancelling the wish for its answer."""
    scene = make()
    answers, failures = answers_of(scene.outbound)
    scene.phone_rings()
    if how == "hang up":
        scene.outbound.hang_up('SIP;cause=200;text="Call completed elsewhere"')
    else:
        scene.outbound.answered.cancel()
    assert scene.box_sent("CANCEL")
    assert answers == []
    assert len(failures) == 1


@either
def test_an_answered_phone_is_hung_up_with_bye(make: Callable[[], Scene]) -> None:
    """And the leg ends by us."""
    scene = make()
    answers_of(scene.outbound)
    scene.phone_answers()
    ends = ends_of(scene.outbound)
    scene.outbound.hang_up()
    assert scene.box_sent("BYE")
    assert [(end.by_peer, end.status) for end in ends] == [(False, 0)]


@either
def test_a_registered_phone_refers(make: Callable[..., Scene]) -> None:
    """It is judged first; carried out once the phone knows; then the phone hears how it goes."""
    scene = make(registered=True)
    scene.phone_answers()
    story: list[str] = []
    asked: list[Referral] = []

    def carry_out(referral: Referral) -> None:
        story.append(f"carried out {referral.target}")
        asked.append(referral)

    scene.outbound.on_refer = lambda referral: story.append(f"judged {referral.target}") or 202
    scene.outbound.on_referred = carry_out
    assert scene.phone_refers("8002") == 202
    assert story == ["judged 8002", "carried out 8002"]
    assert scene.phone_is_told() == [(100, False)]
    assert (asked[0].attended, asked[0].replaces) == (False, None)
    asked[0].report(180, False)
    asked[0].report(200, True)
    assert scene.phone_is_told() == [(100, False), (180, False), (200, True)]


@either
def test_what_is_judged_badly_is_not_carried_out(make: Callable[..., Scene]) -> None:
    """The phone gets the status; without a judge 603."""
    scene = make(registered=True)
    scene.phone_answers()
    assert scene.phone_refers("8002") == 603
    scene = make(registered=True)
    scene.phone_answers()
    carried_out: list[Referral] = []
    scene.outbound.on_refer = lambda referral: 491
    scene.outbound.on_referred = carried_out.append
    assert scene.phone_refers("8002") == 491
    assert (carried_out, scene.phone_is_told()) == ([], [])


@either
def test_a_trunk_never_refers(make: Callable[..., Scene]) -> None:
    """403, and nobody is asked."""
    scene = make()
    scene.phone_answers()
    judged: list[Referral] = []
    scene.outbound.on_refer = lambda referral: judged.append(referral) or 202
    assert scene.phone_refers("8002") == 403
    assert judged == []
