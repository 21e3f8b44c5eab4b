"""Calls that the box places without an offer: the callee makes it (RFC 3261 13.2.1, RFC 3262 5)."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.sip.dialog import DialogState
from b2bua.sip.message import Request, Response
from b2bua.sip.session import Session
from b2bua.sip.uac_request import Invite
from tests.flows.scene import OFFER, TARGET, Scene
from tests.flows.test_reliable import reliable

ANSWER = OFFER.replace(b"4000", b"4100")


class Caller:
    """The user of an outgoing INVITE: answers offers, keeps what it hears."""

    def __init__(self, answer: bytes | None = ANSWER) -> None:
        self.answer = answer
        self.dialogs = self
        self.heard: list[str] = []
        self.session: Session | None = None

    def answer_offer(self, sdp: bytes) -> bytes | None:
        """Answer the callee's offer."""
        self.heard.append("offer")
        return self.answer

    def make_offer(self) -> bytes | None:
        """Have none."""
        return None

    def take_answer(self, sdp: bytes) -> None:
        """Keep it."""
        self.heard.append("answer")

    def take_info(self, request: Request) -> int:
        """Take it."""
        return 200

    def take_refer(self, request: Request) -> int:
        """Refuse."""
        return 603

    def referred(self, request: Request) -> None:
        """Never asked."""

    def dialog_changed(self, state: Callable[[], DialogState]) -> None:
        """Ignore it."""

    def session_over(self, by_peer: bool, status: int, reason: str) -> None:
        """Keep it."""
        self.heard.append("over")

    def call_progressed(self, status: int, sdp: bytes, response: Response) -> None:
        """Keep it."""
        self.heard.append(str(status))

    def call_answered(self, sdp: bytes, session: Session) -> None:
        """Keep it."""
        self.heard.append("answered")
        self.session = session

    def call_refused(self, status: int, response: Response | None) -> None:
        """Keep it."""
        self.heard.append(f"refused {status}")


def call(scene: Scene, caller: Caller) -> Request:
    """Place the call; returns the INVITE at the callee."""
    flow = scene.box.transport.flow_to(TARGET)
    invite = Invite(
        uri="sip:x@10.0.0.3:5080",
        flow=flow,
        from_="<sip:box@box>",
        to="<sip:x@y>",
        sdp=b"",
        reliable_provisional=True,
    )
    scene.box.core.invite(invite, caller).start()
    arrived = scene.callee.expect_request("INVITE")
    assert arrived.body == b""
    return arrived


def hang_up(scene: Scene, caller: Caller) -> None:
    """End the call."""
    assert caller.session is not None
    caller.session.end()
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    scene.assert_nothing_left()
    assert caller.heard[-1] == "over"


def test_the_offer_comes_in_the_200_and_the_answer_goes_in_the_ack() -> None:
    """The usual late offer."""
    scene, caller = Scene(), Caller()
    invite = call(scene, caller)
    scene.callee.respond(invite, 180)
    scene.callee.respond(invite, 200, body=OFFER)
    assert scene.callee.expect_request("ACK").body == ANSWER
    assert caller.heard == ["180", "offer", "answered"]
    hang_up(scene, caller)


def test_the_offer_comes_in_a_reliable_183_and_the_answer_goes_in_the_prack() -> None:
    """Early media without waiting for the 200."""
    scene, caller = Scene(), Caller()
    invite = call(scene, caller)
    reliable(scene, invite, 183, 1, OFFER)
    prack = scene.callee.expect_request("PRACK")
    assert prack.body == ANSWER
    scene.callee.respond(prack, 200)
    scene.callee.respond(invite, 200)
    assert scene.callee.expect_request("ACK").body == b""
    assert caller.heard == ["offer", "183", "answered"]
    hang_up(scene, caller)


def test_an_offer_that_cannot_be_answered_ends_the_call() -> None:
    """ACK, then BYE."""
    scene, caller = Scene(), Caller(answer=None)
    scene.callee.respond(call(scene, caller), 200, body=OFFER)
    scene.callee.expect("ACK")
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    assert caller.heard == ["offer", "refused 488"]
    scene.assert_nothing_left()


def test_a_200_without_any_offer_ends_the_call() -> None:
    """The callee never said what it wants."""
    scene, caller = Scene(), Caller()
    scene.callee.respond(call(scene, caller), 200)
    scene.callee.expect("ACK")
    scene.callee.respond(scene.callee.expect_request("BYE"), 200)
    assert caller.heard == ["refused 488"]
    scene.assert_nothing_left()
