"""Test calls through a trunk: begun, and how they went. Trunks themselves stand in the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from b2bua.control import ControlFailed
from domain.refusal import NotPossible
from domain.snapshot import TrunkSnapshot
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, call_id, named, query
from webui.api.live import refused
from webui.api.problems import ApiProblem
from webui.services import trunk_test


class RingWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to ring, and which number to show; nothing: the trunk's own."""

    to: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3,20}\Z")]
    shows: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{0,20}\Z")] = ""


def begin(caller: Caller) -> Mapping[str, Any]:
    """Ring somebody."""
    query(caller, NoQuery)
    trunk, wish = _trunk(caller), body(caller, RingWish)
    shows = wish.shows or trunk.trunk_number or trunk_test.suggested(trunk)
    entry = caller.entry("trunk-test-called", f"{trunk.name} {wish.to}")
    try:
        return {"call": trunk_test.begin(caller.services, trunk, wish.to, shows, entry)}
    except NotPossible as why:
        field = "shows" if isinstance(why, trunk_test.NotShown) else "to"
        raise caller.wrong(why, field) from why
    except ControlFailed as error:
        raise refused(error) from error


def result(caller: Caller) -> Mapping[str, Any]:
    """Tell how one goes, or went."""
    query(caller, NoQuery)
    trunk = _trunk(caller)
    found = trunk_test.progress(caller.services, trunk.name, call_id(caller))
    if found is None or not (found.state or found.record):
        raise ApiProblem(404)
    leg, media, record = found.leg, found.media, found.record
    return {
        "call": found.call,
        "state": found.state,
        "outcome": record.outcome if record else "",
        "sip_status": leg.status if leg else 0,
        "rang_ms": leg.rang_ms if leg else None,
        "answered_ms": leg.answered_ms if leg else None,
        "packets_in": media.packets_in if media else 0,
        "packets_out": media.packets_out if media else 0,
        "lost": media.lost if media else 0,
        "mos": media.mos if media else None,
    }


def _trunk(caller: Caller) -> TrunkSnapshot:
    name = named(caller, "trunk")
    found: TrunkSnapshot | None = caller.services.read(
        lambda root: root.trunks[name].value if name in root.trunks else None
    )
    if found is None:
        raise ApiProblem(404)
    return found
