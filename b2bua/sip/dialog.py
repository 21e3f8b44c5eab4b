"""Dialogs (RFC 3261 12): what both ends remember, and the requests made from it.

:class:`Dialog` is the live one; :class:`DialogState` its frozen picture for the journal, from which
:func:`farewell` can end a call after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any

import msgspec

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.text import malformed
from b2bua.sip.uri import Uri

DialogKey = tuple[str, str, str]
"""Call-ID, our tag, the peer's tag."""

Rows = Sequence[tuple[str, str]]

MAX_FORWARDS = ("Max-Forwards", "70")
NO_ROWS: list[tuple[str, str]] = []


class Phase(StrEnum):
    """How far a dialog is."""

    CALLING = "calling"
    """We sent the INVITE; ended by CANCEL."""
    CALLED = "called"
    """We got the INVITE and owe its final answer."""
    CONFIRMED = "confirmed"
    """Ended by BYE."""


class DialogState(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A dialog as a value: enough to end it when the process that had it is gone."""

    phase: Phase
    call_id: str
    local: str
    """Our From or To value, with tag where it has one."""
    remote: str
    local_tag: str
    remote_tag: str = ""
    local_cseq: int
    remote_cseq: int = -1
    """Highest CSeq of the peer, -1 before its first request."""
    target: str
    routes: tuple[str, ...] = ()
    flow: Flow
    vias: tuple[str, ...] = ()
    """While an INVITE is pending: its Vias, top first."""
    invite_cseq: int = 0
    """CSeq of the INVITE that made the dialog."""

    def to_json(self) -> bytes:
        """Encode for the journal; bytes in headers that are no UTF-8 become question marks."""
        try:
            return _ENCODER.encode(self)
        except UnicodeEncodeError:
            clean = {name: _printable(value) for name, value in msgspec.structs.asdict(self).items()}
            return _ENCODER.encode(DialogState(**clean))


_ENCODER = msgspec.json.Encoder()


def _printable(value: Any) -> Any:
    """Any text of the peer's may hold such bytes: tags, Call-ID, routes and Vias as well as names."""
    if isinstance(value, tuple):
        return tuple([_printable(part) for part in value])
    return value.encode("utf-8", "replace").decode() if type(value) is str else value


def decode_state(data: bytes) -> DialogState:
    """Decode what :meth:`DialogState.to_json` made; raises msgspec.DecodeError."""
    return msgspec.json.decode(data, type=DialogState)


Found = Callable[[Flow], None]
"""Takes a flow that was not known at once."""
Route = Callable[[Uri, Flow, Found], Flow]
"""Finds the flow to a next hop; the present flow gives listener and fallback. Where a name has to be asked
for, the answer comes later."""


class Dialog:
    """The state of RFC 3261 12, for either role."""

    __slots__ = (
        "_next_hop",
        "_route_rows",
        "_uri",
        "call_id",
        "contact",
        "flow",
        "follow_contact",
        "invite_cseq",
        "key",
        "local",
        "local_cseq",
        "local_tag",
        "remote",
        "remote_cseq",
        "remote_tag",
        "routes",
        "target",
    )

    def __init__(
        self,
        *,
        call_id: str,
        local: str,
        remote: str,
        local_tag: str,
        remote_tag: str,
        local_cseq: int,
        remote_cseq: int,
        target: Uri,
        routes: tuple[str, ...],
        contact: str,
        flow: Flow,
        follow_contact: bool,
        invite_cseq: int,
    ) -> None:
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.local_tag = local_tag
        self.remote_tag = remote_tag
        self.key: DialogKey = (call_id, local_tag, remote_tag)
        self.local_cseq = local_cseq
        self.remote_cseq = remote_cseq
        self.target = str(target)
        self.routes = routes
        self.contact = contact
        """Our Contact value, the same for the dialog's life."""
        self.flow = flow
        self.follow_contact = follow_contact
        self.invite_cseq = invite_cseq
        self._aim(target)

    def _aim(self, target: Uri) -> None:
        """Work out Request-URI, Route rows and next hop (RFC 3261 12.2.1.1)."""
        if self.routes:
            self._uri, self._route_rows, first = aim(self.target, self.routes)
            self._next_hop = Uri.parse(first)
        else:
            self._uri, self._route_rows, self._next_hop = self.target, NO_ROWS, target

    def retarget(self, message: Message, route: Route | None, moved: Callable[[], None]) -> bool:
        """Take the peer's Contact as remote target (RFC 3261 12.2); tell whether it changed.

        ``moved`` is called when its address is found later than that.
        """
        contact = contact_of(message)
        if contact is None:
            return False
        target = str(contact)
        if target == self.target:
            return False
        self.target = target
        self._aim(contact)
        self.find_flow(route, moved)
        return True

    def find_flow(self, route: Route | None, moved: Callable[[], None] | None = None) -> None:
        """Follow route set or target where this dialog does so; ``moved`` as above."""
        if route is None or not self.follow_contact:
            return
        wanted = self._next_hop

        def found(flow: Flow) -> None:
            if self._next_hop is wanted and flow != self.flow:
                self.flow = flow
                if moved is not None:
                    moved()

        self.flow = route(wanted, self.flow, found)

    def set_routes(self, routes: tuple[str, ...]) -> None:
        """Fix the route set (a UAC does so at the 2xx)."""
        self.routes = routes
        self._aim(Uri.parse(self.target))

    def request(self, method: str, cseq: int, via: str, headers: Rows = (), body: bytes = b"") -> Request:
        """Build a request in the dialog; ``cseq`` is the caller's business (an ACK repeats the INVITE's)."""
        return Request(
            method,
            self._uri,
            [
                ("Via", via),
                *self._route_rows,
                MAX_FORWARDS,
                ("From", self.local),
                ("To", self.remote),
                ("Call-ID", self.call_id),
                ("CSeq", f"{cseq} {method}"),
                *headers,
            ],
            body,
        )

    def state(self, phase: Phase, vias: tuple[str, ...] = ()) -> DialogState:
        """Picture it for the journal."""
        return DialogState(
            phase=phase,
            call_id=self.call_id,
            local=self.local,
            remote=self.remote,
            local_tag=self.local_tag,
            remote_tag=self.remote_tag,
            local_cseq=self.local_cseq,
            remote_cseq=self.remote_cseq,
            target=self.target,
            routes=self.routes,
            flow=self.flow,
            vias=vias,
            invite_cseq=self.invite_cseq,
        )


def aim(target: str, routes: tuple[str, ...]) -> tuple[str, list[tuple[str, str]], str]:
    """Give Request-URI, Route rows and the URI of the next hop for a target behind a route set.

    A first router without ``lr`` is a strict one (RFC 2543): it becomes the Request-URI, the target the
    last Route.
    """
    if not routes:
        return target, [], target
    first = NameAddr.parse(routes[0]).uri
    if first.lr:
        return target, [("Route", value) for value in routes], str(first)
    rest = [("Route", value) for value in routes[1:]]
    return str(_as_request_uri(first)), [*rest, ("Route", f"<{target}>")], str(first)


def _as_request_uri(uri: Uri) -> Uri:
    """Leave out what a Request-URI may not have (RFC 3261 19.1.1)."""
    params = tuple([param for param in uri.params if param[0] != "method"])
    return msgspec.structs.replace(uri, params=params, headers="")


def contact_of(message: Message) -> Uri | None:
    """Return the URI of the first Contact where it is fit to be a target, else None."""
    try:
        contacts = message.contacts
    except SipError:
        return None
    if not contacts or not contacts[0].uri.is_sip or not contacts[0].uri.host:
        return None
    return contacts[0].uri


def route_set(message: Message, *, reverse: bool) -> tuple[str, ...]:
    """Read the route set: as recorded for a UAS, reversed for a UAC; values that do not parse raise
    SipError(400)."""
    if not message.has("Record-Route"):
        return ()
    if not all(value.uri.is_sip and value.uri.host for value in message.record_routes):
        raise malformed("Record-Route")
    routes = tuple([str(value) for value in message.record_routes])
    return routes[::-1] if reverse else routes


def make_request(
    state: DialogState, method: str, cseq: int, via: str, headers: Rows = (), body: bytes = b""
) -> Request:
    """Build a request from a dialog's picture, as :meth:`Dialog.request` would."""
    uri, route_rows, _ = aim(state.target, state.routes)
    rows = [
        ("Via", via),
        *route_rows,
        MAX_FORWARDS,
        ("From", state.local),
        ("To", state.remote),
        ("Call-ID", state.call_id),
        ("CSeq", f"{cseq} {method}"),
        *headers,
    ]
    return Request(method, uri, rows, body)


CSEQ_LEAP = 1000
"""How far a farewell's CSeq is ahead of the journal, since requests may have followed the last line."""


def farewell(state: DialogState, via: str) -> Request | Response:
    """Build the message that ends a dialog which nobody has any more.

    A confirmed one gets a BYE (``via`` is a fresh Via value), a calling one the CANCEL of its INVITE, a
    called one the final answer 503.
    """
    reason = ("Reason", 'SIP;cause=503;text="Restart"')
    if state.phase is Phase.CONFIRMED:
        return make_request(state, "BYE", state.local_cseq + CSEQ_LEAP, via, [reason])
    if state.phase is Phase.CALLING:
        return make_request(state, "CANCEL", state.invite_cseq, state.vias[0], [reason])
    rows = [
        *[("Via", value) for value in state.vias],
        ("From", state.remote),
        ("To", state.local),
        ("Call-ID", state.call_id),
        ("CSeq", f"{state.invite_cseq} INVITE"),
    ]
    return Response(503, "Service Unavailable", rows)
