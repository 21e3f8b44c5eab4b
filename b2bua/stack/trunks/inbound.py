"""Who calls whom: the numbers out of an INVITE, by the rules of the trunk it came by. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec

from b2bua.sip.diversion import Diversion
from b2bua.sip.errors import SipError
from b2bua.sip.history import HistoryEntry
from b2bua.sip.message import Request
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.privacy import hides_identity
from b2bua.sip.uri import Uri
from domain.calling.called import CalledRules, read_called
from domain.calling.caller import CallerClass, CallerRules, canonical_caller
from domain.snapshot import CalledHeader, CallerHeader

Value = TypeVar("Value")


class Numbers(msgspec.Struct, frozen=True):
    """What an INVITE says about caller and called."""

    called_raw: str
    called: str
    caller_raw: str
    caller: str
    caller_display: str
    caller_class: CallerClass
    caller_header: CallerHeader
    """Where the caller was found: the trunk's header, or From in its absence."""
    anonymous: bool
    """The caller must not be shown to whom he calls."""


def read_numbers(
    request: Request,
    caller_header: CallerHeader,
    caller_rules: CallerRules,
    called_header: CalledHeader,
    called_rules: CalledRules,
) -> Numbers:
    """Read both numbers; hostile or missing headers give empty strings, never an error."""
    address, used = _caller_address(request, caller_header)
    raw = _user(address.uri) if address is not None else ""
    if address is not None and address.uri.host.endswith("anonymous.invalid"):
        raw = "anonymous"
    caller = canonical_caller(raw, caller_rules)
    called = read_called(_called_raw(request, called_header), called_rules)
    hidden = hides_identity(request) or caller.kind is CallerClass.WITHHELD or _from_is_anonymous(request)
    if used is CallerHeader.REMOTE_PARTY_ID and address is not None:
        hidden = hidden or (address.param("privacy") or "off").lower() not in ("off", "none")
    return Numbers(
        called_raw=called.raw,
        called=called.number,
        caller_raw=raw,
        caller=caller.canonical,
        caller_display=address.display if address is not None else "",
        caller_class=caller.kind,
        caller_header=used,
        anonymous=hidden,
    )


def _caller_address(request: Request, wanted: CallerHeader) -> tuple[NameAddr | None, CallerHeader]:
    if wanted is not CallerHeader.FROM:
        found = [
            address
            for address in _each(request, wanted.value, NameAddr.parse)
            if (address.param("party") or "calling").lower() == "calling"
        ]
        # PAI may hold a sip: and a tel: URI of the same person (RFC 3325 9.1): the one with a number counts.
        for address in found:
            if address.uri.number:
                return address, wanted
        if found:
            return found[0], wanted
    try:
        return request.from_, CallerHeader.FROM
    except SipError:
        return None, CallerHeader.FROM


def _from_is_anonymous(request: Request) -> bool:
    try:
        uri = request.from_.uri
    except SipError:
        return False
    return uri.host.endswith("anonymous.invalid") or (uri.user or "").lower() == "anonymous"


def _called_raw(request: Request, wanted: CalledHeader) -> str:
    try:
        dialled = _user(request.request_uri)
    except SipError:
        dialled = ""
    if wanted is CalledHeader.REQUEST_URI:
        return dialled
    return _called_in(request, wanted, dialled) or dialled


def _called_in(request: Request, wanted: CalledHeader, dialled: str) -> str:
    if wanted is CalledHeader.TO:
        try:
            return _user(request.to.uri)
        except SipError:
            return ""
    if wanted is CalledHeader.P_CALLED_PARTY_ID:
        called = _each(request, "P-Called-Party-ID", NameAddr.parse)
        return _user(called[0].uri) if called else ""
    if wanted is CalledHeader.DIVERSION:
        # The topmost one is the last diversion: 400 number to landing number.
        diversions = _each(request, "Diversion", Diversion.parse)
        return _user(diversions[0].address.uri) if diversions else ""
    entries = sorted(_each(request, "History-Info", HistoryEntry.parse), key=lambda entry: entry.index)
    users = [_user(entry.target) for entry in entries]
    # The last entry is where the request goes now; the one before was dialled.
    before = [user for user in users[:-1] if user and user != dialled]
    return before[-1] if before else (users[-1] if users else "")


def _each(request: Request, name: str, parse: Callable[[str], Value]) -> list[Value]:
    out: list[Value] = []
    for raw in request.values(name):
        try:
            out.append(parse(raw))
        except SipError:
            continue
    return out


def _user(uri: Uri) -> str:
    return uri.number or uri.user_unescaped.partition(";")[0]
