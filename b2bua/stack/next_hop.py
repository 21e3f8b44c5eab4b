"""Where an outbound leg may go: one value for each attempt, in order, and the port that makes them.

The trunk and registrar side implements :class:`NextHops`; the dialler (``b2bua/stack/dialler.py``) walks
the list.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from b2bua.calls.ports import Dialling
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request, Response

Credentials = Callable[[Response, Request], tuple[str, str] | None]
"""Answers a 401/407: takes the response and the refused request, returns the header ``(name, value)`` to add
(``Authorization`` or ``Proxy-Authorization``), or None when this peer may not ask us. Called once per
nonce."""


class NextHop(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to reach a target: where the INVITE goes and how it shows the call."""

    trunk: str | None
    """Name of the trunk, None for a binding of an extension."""
    uri: str
    """Request-URI (for an extension: the contact it registered)."""
    flow: Flow
    """Resolved already (RFC 3263). ``flow.local`` is the listener's bind address; a new TCP/TLS connection is
    opened by the transport when none to ``flow.remote`` exists."""
    from_: str
    """From header value without tag: ``"Name" <sip:user@domain>``."""
    to: str
    """To header value without tag."""
    contact_user: str = ""
    """User part of our Contact; host and port are the listener's advertised ones."""
    routes: tuple[str, ...] = ()
    """Values of Route, nearest first: outbound proxy, Service-Route, Path."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers of the INVITE: P-Asserted-Identity, Privacy, Diversion, P-Early-Media ..."""
    credentials: Credentials | None = None
    fallback: NextHop | None = None
    """Tried next, once, when this attempt is refused with 403 (the trunk's own number as caller)."""
    failover_seconds: float = 2.5
    """No provisional answer within this time: the attempt is given up and the next one tried."""
    session_seconds: int = 1800
    """Session-Expires offered (RFC 4028); 0: none."""
    min_session_seconds: int = 90
    reliable_provisional: bool = True
    """Offer 100rel (RFC 3262)."""
    follow_contact: bool = True
    """Send requests of the dialog to the peer's Contact or route (RFC 3261 12.2); False: always back along
    ``flow`` (registered phones behind NAT)."""


class NextHops(Protocol):
    """Knows trunks, bindings, their health and limits."""

    def targets(self, dialling: Dialling) -> Deferred[Sequence[NextHop]]:
        """Give the attempts in order, healthy ones first; empty when nothing can take the call."""

    def begin(self, hop: NextHop) -> bool:
        """Take a channel of the hop's trunk; False: it is over its limit, the next hop is tried."""

    def tried(self, hop: NextHop, status: int, retry_after: float = 0.0) -> None:
        """Learn what an attempt came to: first provisional above 100 or final status, 408 for silence, 0
        for a transport error (circuit breaker, health). Called once for each attempt that was begun; a last
        hop that was silent for too long (408) and is heard after all is told again.
        ``retry_after``: seconds, out of a 503; 0 without."""

    def end(self, hop: NextHop) -> None:
        """Give the channel back; called once for each attempt that was begun, when its leg is over."""
