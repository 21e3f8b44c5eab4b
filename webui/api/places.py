"""号段与区号: which tables are in use, a newer one, where a number is from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from domain.places.tables import TableRefused
from domain.refusal import NotPossible
from storage.serving.places import TableKind
from webui.api.access import Caller
from webui.api.asked import ImportQuery, NoQuery, octets, query
from webui.api.configuration import stored
from webui.api.problems import ApiProblem, Fault
from webui.services import places
from webui.services.provisioning import Done

MOST_FAULTS: Final = 100
"""Of a file, in the answer."""


class NumberQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which number."""

    number: Annotated[str, msgspec.Meta(pattern=r"^\+?[0-9]{1,24}\Z")]


def tables(caller: Caller) -> Mapping[str, Any]:
    """Return every table, those that win first."""
    query(caller, NoQuery)
    try:
        found = places.in_use(caller.services.data)
    except (OSError, ValueError) as error:
        raise ApiProblem(409, str(error), str(error)) from error
    return {"items": found}


def look_up(caller: Caller) -> Mapping[str, Any]:
    """Tell where a number is from."""
    asked = query(caller, NumberQuery)
    try:
        number, facts = places.look_up(caller.services, asked.number, restore_zero=False)
    except (OSError, ValueError) as error:
        raise ApiProblem(409, str(error), str(error)) from error
    place = facts.place
    return {
        "number": number.canonical, "kind": facts.kind, "area_code": place.area_code,
        "province": place.province, "city": place.city, "carrier": place.carrier, "region": facts.region,
    }  # fmt: skip


def take(caller: Caller) -> Mapping[str, Any]:
    """Import a table, or tell what it would change."""
    asked, services = query(caller, ImportQuery), caller.services
    raw = octets(caller, places.MOST_BYTES)
    try:
        seen = places.preview(services, caller.who, raw)
        told = {
            "table": seen.info.kind, "date": seen.info.date, "count": seen.info.count,
            "compared": seen.compared, "new": seen.new, "other": seen.other, "older": seen.is_older,
            "differences": [each._asdict() for each in seen.shown],
        }  # fmt: skip
        if asked.dry_run:
            return {**told, "changed": False, "in_force": True}
        entry = caller.entry("places-imported", "box")
        _info, why_not = places.use(services, caller.who, seen.token, entry)
    except TableRefused as refused:
        zh = caller.language == "zh"
        faults = tuple(
            Fault(f"{each.line}:{each.field}", each.zh if zh else each.en)
            for each in refused.problems[:MOST_FAULTS]
        )
        raise ApiProblem(422, errors=faults) from refused
    except NotPossible as error:
        raise ApiProblem(413, error.zh, error.en) from error
    return {**told, **stored(Done(True, why_not))}


def forget(caller: Caller) -> Mapping[str, Any]:
    """Go back to the shipped data of a kind."""
    query(caller, NoQuery)
    kind = caller.part("table")
    if kind not in set(TableKind):
        raise ApiProblem(404)
    done, why_not = places.forget(caller.services, TableKind(kind), caller.entry("places-forgotten", kind))
    return stored(Done(done, why_not))
