"""What a tenant's edition includes, and what of a tenant's configuration is served without it. Pure.

The brief gives the web call centre to 网络版 only; what else a tenant has or has not, the operator switches.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.routing.destination import Destination, DestinationKind
from domain.snapshot import TenantSnapshot


class Feature(StrEnum):
    """What can be switched on and off for a tenant."""

    RECORDING = "recording"
    MENUS = "menus"
    VOICEMAIL = "voicemail"
    RINGBACK = "ringback"
    CALL_CENTRE = "call-centre"
    """Queues, agents, their workbench."""
    REPORTS = "reports"
    API = "api"
    """Keys for the tenant's own programs."""


class ProductEdition(StrEnum):
    """产品版本."""

    BASIC = "basic"
    """基本版."""
    NETWORK = "network"
    """网络版: with the web call centre."""


INCLUDED: Final[Mapping[ProductEdition, frozenset[Feature]]] = {
    ProductEdition.BASIC: frozenset(Feature) - {Feature.CALL_CENTRE},
    ProductEdition.NETWORK: frozenset(Feature),
}
WORDS: Final[Mapping[Feature, tuple[str, str]]] = {
    Feature.RECORDING: ("Recording of calls", "通话录音"),
    Feature.MENUS: ("Voice menus", "语音导航"),
    Feature.VOICEMAIL: ("Voicemail", "语音留言"),
    Feature.RINGBACK: ("Company ringback", "企业彩铃"),
    Feature.CALL_CENTRE: ("Call centre: queues, agents, workbench", "网络呼叫中心：排队、坐席、工作台"),
    Feature.REPORTS: ("Reports", "统计报表"),
    Feature.API: ("API for own programs", "开放接口（API）"),
}
"""English and Chinese."""
_LEADS_TO: Final = {
    Feature.MENUS: DestinationKind.FLOW,
    Feature.CALL_CENTRE: DestinationKind.QUEUE,
    Feature.VOICEMAIL: DestinationKind.VOICEMAIL,
}


def features_of(edition: ProductEdition, switches: Mapping[Feature, bool]) -> frozenset[Feature]:
    """Return what a tenant has: what his edition includes, but for what was switched by hand."""
    return frozenset(each for each in Feature if switches.get(each, each in INCLUDED[edition]))


def served(tenant: TenantSnapshot, has: frozenset[Feature]) -> TenantSnapshot:
    """Return what calls are served by when a tenant has these features and no others.

    Where the configuration leads a call to something that he has not, it rings the bound numbers instead.
    """
    if has == frozenset(Feature):
        return tenant
    off = frozenset(kind for feature, kind in _LEADS_TO.items() if feature not in has)
    less: dict[str, Any] = {"numbers": _led(tenant.numbers, off), "groups": _led(tenant.groups, off)}
    if Feature.MENUS not in has:
        less["flows"] = ()
    if Feature.VOICEMAIL not in has:
        less["voicemails"] = ()
    if Feature.CALL_CENTRE not in has:
        less |= {"queues": (), "agents": ()}
    tenant = msgspec.structs.replace(tenant, **less)
    change: dict[str, Any] = {}
    if Feature.RECORDING not in has:
        change["record"] = False
    if Feature.RINGBACK not in has:
        change["ringback"] = None
        groups = tuple(msgspec.structs.replace(each, ringback=None) for each in tenant.groups)
        tenant = msgspec.structs.replace(tenant, groups=groups)
    numbers = tuple(msgspec.structs.replace(each, **change) for each in tenant.numbers)
    return msgspec.structs.replace(tenant, numbers=numbers)


def _led(value: Any, off: frozenset[DestinationKind]) -> Any:
    """Return configuration in which no destination is of these kinds."""
    if isinstance(value, Destination):
        return Destination(DestinationKind.BOUND) if value.kind in off else value
    if isinstance(value, tuple):
        return tuple(_led(each, off) for each in value)
    if isinstance(value, dict):
        return {key: _led(each, off) for key, each in value.items()}
    if isinstance(value, msgspec.Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, held in fields.items() if (new := _led(held, off)) is not held}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
