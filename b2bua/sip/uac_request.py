"""The INVITE of a call that goes out, and its CANCEL, as messages."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from b2bua.sip.core_endpoint import ALLOW, SDP, Endpoint
from b2bua.sip.dialog import MAX_FORWARDS, aim
from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.sip.session_requests import Credentials

Rows = Sequence[tuple[str, str]]


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """What to send, and where."""

    uri: str
    flow: Flow
    from_: str
    """From value without tag."""
    to: str
    sdp: bytes
    """Our offer; b"": the callee shall make one."""
    contact_user: str = ""
    routes: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    credentials: Credentials | None = None
    session_seconds: int = 0
    min_session_seconds: int = 90
    reliable_provisional: bool = False
    follow_contact: bool = True
    max_forwards: int = 70


def write_invite(
    endpoint: Endpoint,
    invite: Invite,
    *,
    branch: str,
    tag: str,
    call_id: str,
    cseq: int,
    contact: str,
    timer_rows: Rows,
    credentials: Rows,
) -> Request:
    """Write one try of an INVITE."""
    uri, route_rows, _ = aim(invite.uri, invite.routes)
    rows: list[tuple[str, str]] = [
        ("Via", endpoint.via(invite.flow, branch)),
        *route_rows,
        ("Max-Forwards", str(invite.max_forwards)),
        ("From", f"{invite.from_};tag={tag}"),
        ("To", invite.to),
        ("Call-ID", call_id),
        ("CSeq", f"{cseq} INVITE"),
        ("Contact", contact),
        ALLOW,
        _WITH_100REL if invite.reliable_provisional else _WITHOUT_100REL,
        endpoint.user_agent_row,
        *timer_rows,
        *invite.rows,
        *credentials,
    ]
    if invite.sdp:
        rows.append(("Content-Type", SDP))
    return Request("INVITE", uri, rows, invite.sdp)


def write_cancel(invite: Request, reason: str) -> Request:
    """Write the CANCEL of an INVITE (RFC 3261 9.1): same target, route, branch and number."""
    rows = [("Via", invite.get_all("Via")[0])]
    rows += [("Route", value) for value in invite.get_all("Route")]
    rows.append(MAX_FORWARDS)
    rows += [(name, invite.get(name) or "") for name in ("From", "To", "Call-ID")]
    rows.append(("CSeq", f"{invite.cseq.number} CANCEL"))
    if reason:
        rows.append(("Reason", reason))
    return Request("CANCEL", invite.uri, rows)


_WITH_100REL = ("Supported", "100rel, timer, replaces")
_WITHOUT_100REL = ("Supported", "timer, replaces")
