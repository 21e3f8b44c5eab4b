"""How a call is shown on the leg that leaves by a trunk: From, To, identity, diversion. Pure."""

from __future__ import annotations

import msgspec

from b2bua.sip.uri import escape_user
from domain.calling.dialplan import apply_prefixes
from domain.snapshot import ShownCaller, TrunkKind, TrunkSnapshot

Rows = tuple[tuple[str, str], ...]
ANONYMOUS = '"Anonymous" <sip:anonymous@anonymous.invalid>'


class Shown(msgspec.Struct, frozen=True):
    """The rows of an INVITE that name people."""

    uri: str
    from_: str
    to: str
    headers: Rows


def outbound_domain(trunk: TrunkSnapshot) -> str:
    """Return the domain of From and To on a trunk: its own, else the host of its target."""
    if trunk.domain:
        return trunk.domain
    return target_authority(trunk.target)[0]


def target_authority(target: str) -> tuple[str, str]:
    """Split ``host[:port]`` into the host (IPv6 in brackets) and ``:port`` or ""."""
    if target.startswith("["):
        host, _, rest = target.partition("]")
        return host + "]", rest
    if target.count(":") > 1:
        return f"[{target}]", ""
    host, colon, port = target.partition(":")
    return host, colon + port


def present(
    trunk: TrunkSnapshot,
    *,
    target: str,
    caller: str,
    anonymous: bool,
    tenant_number: str,
    identity: str = "",
    shown: ShownCaller | None = None,
) -> Shown:
    """Write a call for one trunk.

    ``identity`` is the registered public identity (P-Associated-URI), used where our own number is named.
    ``shown`` overrides the trunk's setting (the fallback after a 403 shows the trunk's own number). A caller
    who withheld his number is never named, whatever the setting.
    """
    shown = shown or trunk.shown_caller
    domain = outbound_domain(trunk)
    dialled = apply_prefixes(target, trunk.dialled_prefixes)
    own = trunk.trunk_number or (trunk.username if trunk.kind is TrunkKind.REGISTER else "") or tenant_number
    headers: list[tuple[str, str]] = []
    if shown is ShownCaller.CALLER and (anonymous or not caller):
        from_ = ANONYMOUS
        if trunk.trunk_number or identity:
            headers.append(("P-Asserted-Identity", identity or f"<{_address(trunk, own, domain)}>"))
        headers.append(("Privacy", "id"))
        named = ""
    else:
        named = {
            ShownCaller.CALLER: caller,
            ShownCaller.TENANT_NUMBER: tenant_number,
            ShownCaller.TRUNK_NUMBER: own,
        }[shown]
        from_ = f"<{_address(trunk, named, domain)}>"
        headers.append(("P-Asserted-Identity", identity or f"<{_address(trunk, own, domain)}>"))
    if tenant_number and tenant_number not in (named, caller):  # a call-back is diverted from nowhere
        diverting = _address(trunk, tenant_number, domain)
        headers.append(("Diversion", f"<{diverting}>;reason=unconditional;counter=1"))
    if trunk.play_early_media:
        headers.append(("P-Early-Media", "supported"))
    return Shown(_request_uri(trunk, dialled), from_, f"<{_address(trunk, dialled, domain)}>", tuple(headers))


def _request_uri(trunk: TrunkSnapshot, dialled: str) -> str:
    if trunk.tel_uri:
        return _tel(dialled, outbound_domain(trunk))
    if trunk.kind is TrunkKind.REGISTER:
        return f"sip:{_user(dialled)}@{outbound_domain(trunk)};user=phone"
    host, port = target_authority(trunk.target)
    return f"sip:{_user(dialled)}@{host}{port}"


def _address(trunk: TrunkSnapshot, number: str, domain: str) -> str:
    if trunk.tel_uri and number:
        return _tel(number, domain)
    phone = ";user=phone" if trunk.kind is TrunkKind.REGISTER else ""
    return f"sip:{_user(number)}@{domain}{phone}" if number else f"sip:{domain}"


def _tel(number: str, domain: str) -> str:
    # A number that is not global needs its context (RFC 3966 5.1.5).
    return f"tel:{number}" if number.startswith("+") else f"tel:{number};phone-context={domain}"


def _user(number: str) -> str:
    # Nearly always plain digits, which need no escaping.
    return number if number.isascii() and number.isalnum() else escape_user(number)
