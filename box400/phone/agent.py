"""A SIP user agent on the box's own core: one address to call from or to be called at."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from twisted.internet.defer import Deferred, succeed

from b2bua.calls.ports import Dialling, InboundLeg, Invitation
from b2bua.sdp import SessionDescription
from b2bua.sip.core_admission import Admission, Admitted
from b2bua.sip.core_endpoint import Settings
from b2bua.sip.core_user import Reply
from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Message, Request
from b2bua.sip.respond import response_to
from b2bua.stack.dialler import SipDialler
from b2bua.stack.driver import Driver, Wire
from b2bua.stack.legs_outbound import SipOutboundLeg
from b2bua.stack.next_hop import NextHop
from b2bua.stack.reception import SipReception
from b2bua.stack.strangers import Gate
from b2bua.stack.transports.listeners import Listeners
from b2bua.stack.transports.reactor import Network
from domain.snapshot import ListenerSnapshot

LISTENER = "phone"
SILENCE = 8.0
"""Seconds without any answer after which nobody is there."""


class UserAgent:
    """Listens at one address; places calls from it and takes calls at it."""

    def __init__(
        self,
        reactor: Network,
        host: str,
        port: int,
        wire: Wire,
        arrived: Callable[[InboundLeg], None] | None = None,
    ) -> None:
        """Listen at ``host`` (port 0: any); raises b2bua.stack.transports.listeners.ListenFailed."""
        self._reactor = reactor
        self._arrived = arrived
        self._listeners = Listeners(reactor, self, lambda name: Gate(reactor.seconds, _anyone, phones=True))
        reception = SipReception(self, _invitation, _no_register)
        self.driver = Driver(
            reactor,
            self._listeners,
            reception,
            _admit,
            wire=wire,
            settings=Settings(product="box400 test phone"),
        )
        bind = ListenerSnapshot(name=LISTENER, bind=host, port=port)
        self._listeners.configure([bind])

    def call(
        self, number: str, at: tuple[str, int], caller: str, offer: Callable[[], SessionDescription]
    ) -> SipOutboundLeg:
        """Call a number of the box that listens ``at`` this address."""
        flow = self._listeners.flow(LISTENER, "udp", at)
        assert flow is not None
        host = f"[{at[0]}]" if ":" in at[0] else at[0]
        ours, _ = self._listeners.sent_by(flow)
        hop = NextHop(
            trunk="box400",
            uri=f"sip:{number}@{host}:{at[1]}",
            flow=flow,
            from_=f"<sip:{caller}@{ours}>",
            to=f"<sip:{number}@{host}>",
            contact_user=caller,
            failover_seconds=SILENCE,
        )
        dialling = Dialling(
            call="test", leg="b1", tenant="", tenant_number=number, target=number, is_extension=False,
            caller=caller, anonymous=False, trunks=("box400",),
        )  # fmt: skip
        dialler = SipDialler(self.driver, _OneHop(hop))
        return dialler.dial(dialling, lambda listener: offer(), _no_journal)

    def close(self) -> Deferred[None]:
        """Stop listening."""
        self.driver.close()
        return self._listeners.close()

    # Receiver, before the driver exists

    def received(self, message: Message | SipError, flow: Flow) -> None:
        """Pass on to the driver."""
        self.driver.received(message, flow)

    def flow_failed(self, flow: Flow) -> None:
        """Pass on to the driver."""
        self.driver.flow_failed(flow)

    # Reception

    def arrive(self, leg: InboundLeg) -> None:
        """Take a call, or refuse it where nobody waits for one."""
        if self._arrived is None:
            leg.refuse(480, "Temporarily Unavailable")
        else:
            self._arrived(leg)

    def refused(self, invitation: Invitation, status: int, reason: str) -> None:
        """Do nothing: the ladder has told it."""


class _OneHop:
    """The one way to the box (:class:`b2bua.stack.next_hop.NextHops`)."""

    def __init__(self, hop: NextHop) -> None:
        self._hop = hop

    def targets(self, dialling: Dialling) -> Deferred[Sequence[NextHop]]:
        """Give it."""
        return succeed([self._hop])

    def begin(self, hop: NextHop) -> bool:
        """Let every attempt begin."""
        return True

    def tried(self, hop: NextHop, status: int, retry_after: float = 0.0) -> None:
        """Learn nothing."""

    def end(self, hop: NextHop) -> None:
        """Count nothing."""


def _no_journal(trunk: str | None, listener: str, dialog: bytes) -> None:
    """Note nothing: a test phone that crashes owes nobody a BYE."""


def _anyone(host: str) -> bool:
    return True


def _admit(request: Request, flow: Flow) -> Admission:
    return Admitted(trunk="box400")


def _no_register(request: Request, admitted: Admitted, reply: Reply) -> None:
    reply(response_to(request, 404))


def _invitation(request: Request, admitted: Admitted, offer: SessionDescription | None) -> Invitation:
    called = request.request_uri.user or ""
    caller = request.from_.uri.user or ""
    flow = request.source
    source = f"{flow.remote[0]}:{flow.remote[1]}" if flow is not None else ""
    return Invitation(
        trunk=admitted.trunk, extension=None, listener=LISTENER, called_raw=called, called=called,
        caller_raw=caller, caller=caller, caller_display="", anonymous=False,
        sip_call_id=request.call_id, source=source,
        user_agent=request.get("User-Agent") or "", offer=offer,
    )  # fmt: skip
