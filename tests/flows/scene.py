"""The usual scene of these tests: a carrier that calls, the box, a target that is rung."""

from __future__ import annotations

from dataclasses import dataclass, field

from b2bua.sdp import SessionDescription
from b2bua.sip.core_endpoint import Settings
from b2bua.sip.message import Request, Response
from b2bua.stack.legs_inbound import SipInboundLeg
from b2bua.stack.legs_outbound import SipOutboundLeg
from b2bua.stack.next_flow import Resolve
from tests.flows.box import Box, answer, offer
from tests.flows.network import Network, Peer

CARRIER = ("10.0.0.2", 5060)
TARGET = ("10.0.0.3", 5080)
SECOND = ("10.0.0.4", 5080)

OFFER = offer().encode()


@dataclass
class Scene:
    """Network, box and two peers."""

    network: Network = field(default_factory=Network)
    settings: Settings | None = None
    resolve: Resolve | None = None

    def __post_init__(self) -> None:
        self.box = Box(self.network, settings=self.settings, resolve=self.resolve)
        self.caller = Peer(self.network, CARRIER, self.box.address)
        self.callee = Peer(self.network, TARGET, self.box.address)
        self.box.hops.list = [self.box.hop(TARGET)]

    @property
    def inbound(self) -> SipInboundLeg:
        """The caller's leg."""
        return self.box.legs[-1]

    @property
    def outbound(self) -> SipOutboundLeg:
        """The callee's leg."""
        return self.box.callees[-1]

    def by_hand(self) -> None:
        """Leave calls to the test: no bridge."""
        self.box.on_leg = lambda leg: None

    def received(self, invite: Request | None = None) -> SipInboundLeg:
        """Let the caller's INVITE arrive, without a bridge."""
        self.by_hand()
        self.caller.send(invite or self.caller.invite(body=OFFER))
        self.caller.expect("100 INVITE")
        return self.inbound

    def answered(self, invite: Request | None = None) -> Response:
        """Let the caller be answered by the box alone; returns the 200."""
        leg = self.received(invite)
        offered = leg.invitation.offer
        leg.answer(answer(offered) if offered else offer()).addErrback(lambda failure: None)
        ok = self.caller.expect_response("200 INVITE")
        self.caller.send(self.caller.in_dialog("ACK", ok, ok.cseq.number))
        self.network.run(0.01)
        return ok

    def dialled(self) -> Request:
        """Let the box dial; returns the INVITE at the target."""
        self.box.dial()
        return self.callee.expect_request("INVITE")

    def picked_up(self) -> tuple[Request, Request]:
        """Let the box dial and the target answer; returns its INVITE and ACK."""
        invite = self.dialled()
        self.callee.respond(invite, 200, body=answer_to(invite))
        return invite, self.callee.expect_request("ACK")

    def bridged(self) -> tuple[Response, Request]:
        """Set up a whole call; returns the caller's 200 and the callee's INVITE."""
        self.caller.send(self.caller.invite(body=OFFER))
        invite = self.callee.expect_request("INVITE")
        self.callee.respond(invite, 200, body=answer_to(invite))
        ok = self.caller.expect_response("200 INVITE")
        self.caller.send(self.caller.in_dialog("ACK", ok, 1))
        self.callee.expect("ACK")
        self.network.run(0.01)
        return ok, invite

    def assert_nothing_left(self) -> None:
        """Every test ends so: no timer, no transaction, no dialog."""
        self.network.idle_until_quiet()
        endpoint = self.box.driver.core.endpoint
        assert len(self.box.driver.timers) == 0
        assert endpoint.dialogs == {}
        assert endpoint.transactions.servers == {}
        assert endpoint.transactions.clients == {}
        assert endpoint.transactions.merged == {}
        assert self.box.driver.faults == 0
        assert self.network.clock.getDelayedCalls() == []
        begun = [line for line in self.box.hops.log if line.startswith("begin")]
        ended = [line for line in self.box.hops.log if line.startswith("end")]
        assert len(begun) == len(ended)


def answer_to(request: Request) -> bytes:
    """Answer the offer in a request."""
    return answer(SessionDescription.parse(request.body)).encode()
