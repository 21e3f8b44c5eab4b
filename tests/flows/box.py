"""A whole SIP stack on the in-memory network, with a bridge in place of the call services."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from b2bua.calls.ports import Dialling, Invitation, LegEnd
from b2bua.sdp import PCMA, TELEPHONE_EVENT, SdpError, SessionDescription, make_answer, make_offer
from b2bua.sip.core_admission import SILENCE, Admission, Admitted
from b2bua.sip.core_endpoint import Settings
from b2bua.sip.core_user import Reply
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.respond import response_to
from b2bua.stack.dialler import SipDialler
from b2bua.stack.driver import Driver
from b2bua.stack.legs_inbound import SipInboundLeg
from b2bua.stack.legs_outbound import SipOutboundLeg
from b2bua.stack.next_flow import Resolve
from b2bua.stack.next_hop import NextHop
from b2bua.stack.reception import SipReception
from tests.flows.network import Address, MemoryTransport, Network

CODECS = (PCMA, TELEPHONE_EVENT)


def offer(port: int = 4000, version: int = 1) -> SessionDescription:
    """Make an offer."""
    return make_offer("127.0.0.1", port, CODECS, session_id=1, version=version)


def answer(to: SessionDescription, port: int = 5000) -> SessionDescription:
    """Answer one."""
    return make_answer(to, "127.0.0.1", port, CODECS, session_id=2, version=1)


class Hops:
    """Twin of trunks and registrar: the hops a test lists."""

    def __init__(self) -> None:
        self.list: list[NextHop] = []
        self.full: set[str] = set()
        """Trunks over their limit."""
        self.log: list[str] = []

    def targets(self, dialling: Dialling) -> Deferred[Sequence[NextHop]]:
        """Give them in order."""
        return succeed(tuple(self.list))

    def begin(self, hop: NextHop) -> bool:
        """Take a channel."""
        if hop.trunk in self.full:
            return False
        self.log.append(f"begin {hop.trunk}")
        return True

    def tried(self, hop: NextHop, status: int, retry_after: float = 0.0) -> None:
        """Learn what an attempt came to."""
        later = f" later {retry_after:g}" if retry_after else ""
        self.log.append(f"tried {hop.trunk} {status}{later}")

    def end(self, hop: NextHop) -> None:
        """Give the channel back."""
        self.log.append(f"end {hop.trunk}")


class Box:
    """The stack under test. By default it bridges each caller to ``hops``; set ``on_leg`` to do
    something else."""

    def __init__(
        self,
        network: Network,
        address: Address = ("10.0.0.1", 5060),
        *,
        settings: Settings | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self.network = network
        self.address = address
        self.transport = MemoryTransport(network, address)
        self.hops = Hops()
        self.legs: list[SipInboundLeg] = []
        self.ends: list[LegEnd] = []
        """How callers' legs ended."""
        self.callees: list[SipOutboundLeg] = []
        self.refusals: list[tuple[int, str]] = []
        self.dialled: list[str | None] = []
        self.states: list[bytes] = []
        """Dialogs as they were before each INVITE of ours."""
        self.strangers: set[str] = set()
        self.on_leg: Callable[[SipInboundLeg], None] = self.bridge
        self.extension: str | None = None
        self.reception = SipReception(self, self.read_invitation, self.register, lambda admitted: False)
        chance = random.Random(network.seed + hash(address[1]))
        self.driver = Driver(
            network.clock,
            self.transport,
            self.reception,
            self.admit,
            find_flow=self.transport.find_flow,
            resolve=resolve,
            settings=settings or Settings(session_seconds=0),
            token=lambda: f"{chance.getrandbits(80):020x}",
            back_off=chance.random,
        )
        self.transport.receiver = self.driver.received
        self.dialler = SipDialler(self.driver, self.hops)

    @property
    def core(self):  # type: ignore[no-untyped-def]
        """The SIP core."""
        return self.driver.core

    def admit(self, request: Request, flow: Flow) -> Admission:
        """Let everybody in but strangers."""
        if flow.remote[0] in self.strangers:
            return SILENCE
        return Admitted(extension=self.extension) if self.extension else Admitted(trunk="in")

    def register(self, request: Request, admitted: Admitted, reply: Reply) -> None:
        """Accept all."""
        reply(response_to(request, 200, to_tag="registrar"))

    def read_invitation(
        self, request: Request, admitted: Admitted, sdp: SessionDescription | None
    ) -> Invitation:
        """Read only what the tests look at."""
        uri = request.uri.partition("@")[0].partition(":")[2]
        return Invitation(
            trunk=admitted.trunk,
            extension=admitted.extension,
            listener="carrier",
            called_raw=request.uri,
            called=uri,
            caller_raw="",
            caller="",
            caller_display="",
            anonymous=False,
            sip_call_id=request.get("Call-ID") or "",
            source="",
            user_agent="",
            offer=sdp,
        )

    # Reception

    def arrive(self, leg: SipInboundLeg) -> None:
        """Take a call."""
        self.legs.append(leg)
        leg.ended.addCallback(self._note_end)
        self.on_leg(leg)

    def _note_end(self, end: LegEnd) -> LegEnd:
        self.ends.append(end)
        return end

    def refused(self, invitation: Invitation, status: int, reason: str) -> None:
        """Note what the stack refused."""
        self.refusals.append((status, reason))

    # calling

    def hop(self, target: Address, trunk: str | None = "out", **more: object) -> NextHop:
        """Make a next hop."""
        return NextHop(
            trunk=trunk,
            uri=f"sip:01061234567@{target[0]}:{target[1]}",
            flow=self.transport.flow_to(target),
            from_="<sip:4001003721@box>",
            to=f"<sip:01061234567@{target[0]}>",
            **more,  # type: ignore[arg-type]
        )

    def dial(
        self,
        sdp: SessionDescription | None = None,
        *,
        max_forwards: int = 69,
        extension: bool = False,
    ) -> SipOutboundLeg:
        """Dial by ``hops.list``."""
        dialling = Dialling(
            call="C",
            leg=f"b{len(self.callees) + 1}",
            tenant="t",
            tenant_number="4001003721",
            target="01061234567",
            is_extension=extension,
            caller="13900001111",
            anonymous=False,
            trunks=("out",),
            max_forwards=max_forwards,
        )
        leg = self.dialler.dial(dialling, lambda listener: sdp or offer(), self._dialled)
        self.callees.append(leg)
        return leg

    def _dialled(self, trunk: str | None, listener: str, state: bytes) -> None:
        self.dialled.append(trunk)
        self.states.append(state)

    def bridge(self, leg: SipInboundLeg) -> None:
        """Ring the hops for a caller, answer him when they answer, end both when either ends."""
        callee = self.dial(max_forwards=leg.invitation.max_forwards - 1)

        def progressed(status: int, sdp: SessionDescription | None) -> None:
            if status >= 180:
                leg.ring()

        def answered(description: SessionDescription) -> None:
            if leg.is_over:
                callee.hang_up()
                return
            callee.ended.addCallback(callee_ended)
            offered = leg.invitation.offer
            try:
                mine = answer(offered) if offered else offer()
            except SdpError:
                leg.refuse(488, "Not Acceptable Here")
                return
            leg.answer(mine).addErrback(lambda failure: None)

        def failed(failure: Failure) -> None:
            leg.refuse(486, "Busy Here")

        def caller_ended(end: LegEnd) -> None:
            callee.hang_up()

        def callee_ended(end: LegEnd) -> None:
            leg.hang_up()

        callee.on_progress = progressed
        callee.answered.addCallbacks(answered, failed)
        leg.ended.addCallback(caller_ended)
