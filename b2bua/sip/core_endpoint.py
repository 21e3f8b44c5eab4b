"""What sessions share: the edge, the tables of transactions and dialogs, fresh tokens, our own header
values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from b2bua.sip.dialog import DialogKey, Found
from b2bua.sip.effects import Effects
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.respond import response_to
from b2bua.sip.session_timer import MIN_SE
from b2bua.sip.transaction import (
    InviteClient,
    InviteClientUser,
    InviteServer,
    NonInviteClient,
    NonInviteClientUser,
    NonInviteServer,
    Transactions,
)
from b2bua.sip.uri import Uri
from b2bua.sip.via import MAGIC_COOKIE

if TYPE_CHECKING:
    from b2bua.sip.session import Session

Rows = Sequence[tuple[str, str]]

ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER")
"""Methods that a dialog takes; REFER as far as the leg's owner lets it."""
SUPPORTED = ("Supported", "100rel, timer, replaces")
SUPPORTED_OPTIONS = frozenset({"100rel", "timer", "replaces", "norefersub"})
ACCEPT = ("Accept", "application/sdp")
SDP = "application/sdp"


class Paths(Protocol):
    """What the core must know about flows."""

    def reliable(self, flow: Flow) -> bool:
        """Whether the flow needs no retransmission."""

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Give host and port that we show in Via and Contact on this flow."""

    def route(self, uri: Uri, flow: Flow, found: Found) -> Flow:
        """Find the flow to the next hop of a dialog; gives ``flow`` back where nothing better is known (yet:
        ``found`` hears it then)."""


class Settings(msgspec.Struct, frozen=True):
    """Our ways."""

    product: str = "box400"
    """User-Agent and Server."""
    session_seconds: int = 1800
    """Interval of session timers that we ask callers for; 0: none."""
    min_session_seconds: int = MIN_SE


class Counters:
    """What was dropped or refused, since the start."""

    __slots__ = (
        "broken_responses",
        "merged",
        "refused",
        "silenced",
        "stray_acks",
        "stray_responses",
        "unanswerable",
    )

    def __init__(self) -> None:
        self.stray_responses = 0
        self.broken_responses = 0
        self.stray_acks = 0
        self.merged = 0
        self.refused = 0
        """Strangers answered statelessly."""
        self.silenced = 0
        """Strangers not answered."""
        self.unanswerable = 0
        """What could not be parsed and could not be answered either."""


class Endpoint:
    """The means by which sessions act."""

    __slots__ = (
        "counters",
        "dialogs",
        "effects",
        "fresh_token",
        "paths",
        "random",
        "server_row",
        "settings",
        "transactions",
        "user_agent_row",
    )

    def __init__(
        self,
        effects: Effects,
        paths: Paths,
        fresh_token: Callable[[], str],
        random: Callable[[], float],
        settings: Settings,
    ) -> None:
        self.effects = effects
        self.paths = paths
        self.fresh_token = fresh_token
        """Makes an unguessable token of letters and digits."""
        self.random = random
        """Gives a number of [0, 1) for back-off times."""
        self.settings = settings
        self.counters = Counters()
        self.transactions = Transactions()
        self.dialogs: dict[DialogKey, Session] = {}
        self.server_row = ("Server", settings.product)
        self.user_agent_row = ("User-Agent", settings.product)

    def branch(self) -> str:
        """Make a branch."""
        return MAGIC_COOKIE + self.fresh_token()

    def via(self, flow: Flow, branch: str) -> str:
        """Write our Via value for a request on a flow (RFC 3581: with rport)."""
        host, port = self.paths.sent_by(flow)
        return f"SIP/2.0/{flow.transport.upper()} {host}:{port};rport;branch={branch}"

    def contact(self, flow: Flow, user: str, *, secure: bool = False) -> str:
        """Write our Contact value for a dialog on a flow."""
        host, port = self.paths.sent_by(flow)
        if user:
            host = f"{user}@{host}"
        if secure:
            return f"<sips:{host}:{port}>"
        if flow.transport == "udp":
            return f"<sip:{host}:{port}>"
        return f"<sip:{host}:{port};transport={flow.transport}>"

    def answer(
        self,
        transaction: InviteServer | NonInviteServer,
        request: Request,
        status: int,
        headers: Rows = (),
        body: bytes = b"",
        *,
        reason: str | None = None,
        to_tag: str | None = None,
    ) -> None:
        """Send a response through its transaction; a body is SDP."""
        response = response_to(
            request,
            status,
            reason,
            to_tag=to_tag,
            headers=(*headers, self.server_row),
            body=body,
            content_type=SDP if body else None,
        )
        transaction.respond(status, response.encode())

    def answer_statelessly(
        self, request: Request, flow: Flow, status: int, reason: str | None = None, headers: Rows = ()
    ) -> None:
        """Send a response without a transaction (RFC 3261 8.2.7)."""
        response = response_to(
            request, status, reason, to_tag=self.fresh_token(), headers=(*headers, self.server_row)
        )
        self.effects.send(response.encode(), flow, request.get("Call-ID") or "")

    def send_invite(self, request: Request, branch: str, flow: Flow, user: InviteClientUser) -> InviteClient:
        """Send an INVITE in a transaction of its own."""
        return InviteClient(
            self.effects,
            self.transactions,
            (branch, "INVITE"),
            request,
            flow,
            self.paths.reliable(flow),
            user,
        )

    def send_request(
        self, request: Request, branch: str, flow: Flow, user: NonInviteClientUser | None
    ) -> NonInviteClient:
        """Send another request in a transaction of its own."""
        return NonInviteClient(
            self.effects,
            self.transactions,
            (branch, request.method),
            request.encode(),
            request.call_id,
            flow,
            self.paths.reliable(flow),
            user,
        )

    def accepting(self, request: Request, to_tag: str, headers: Rows, body: bytes) -> bytes:
        """Build the 200 to an INVITE."""
        return response_to(
            request,
            200,
            to_tag=to_tag,
            headers=(*headers, self.server_row),
            body=body,
            content_type=SDP if body else None,
        ).encode()
