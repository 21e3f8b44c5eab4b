"""统计报表 and 模拟来电."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import islice
from typing import Annotated, Any, Final, Literal

import msgspec

from domain.analysis.cell import Cell
from domain.analysis.columns import Target
from domain.analysis.dimensions import DIMENSIONS
from domain.analysis.service import BEHIND
from domain.analysis.service_level import Formula
from domain.routing.target import BoundNumber
from storage.models import Root
from storage.models.service import Happened
from storage.records.call_id import BEIJING
from storage.reports.satisfaction import Period
from webui.api.access import Caller
from webui.api.asked import Limit, number_400, query
from webui.api.problems import ApiProblem, Fault
from webui.services import reports
from webui.services.simulator import simulated


class ReportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which figures."""

    first: date | None = None
    last: date | None = None
    number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{10}\Z")] = ""
    seconds: Literal[5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 300, 600] = 20
    formula: Formula = Formula.OFFERED


class BehindQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a figure of conversations and tickets counts."""

    figure: Annotated[str, msgspec.Meta(max_length=40)]
    first: date | None = None
    last: date | None = None
    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(min_length=1, max_length=160)] = ""


class ScoreQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which scores."""

    first: date | None = None
    last: date | None = None
    by: Period = Period.DAY


class CallQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which call that is not made."""

    caller: Annotated[str, msgspec.Meta(pattern=r"^[0-9+*#]{0,24}\Z")]
    at: Annotated[float, msgspec.Meta(ge=0, le=4_102_444_800)] | None = None


def report(caller: Caller) -> Mapping[str, Any]:
    """Return the figures of a period."""
    asked = query(caller, ReportQuery)
    caller.config()
    first, last = reports.period(asked.first, asked.last, caller.services.now())
    target = Target(asked.seconds, asked.formula)
    wanted = reports.Wanted(first, last, asked.number, target)
    made = caller.services.read(lambda root: reports.made(root, caller.tenant, wanted))
    return {
        "first": first.isoformat(),
        "last": last.isoformat(),
        "all": _sum(made.all),
        **{name: _sums(each.cells(made)) for name, each in _DIMENSIONS.items()},
        "outcomes": made.figures.outcomes,
        "ratings": {str(rating): made.figures.ratings.get(rating, 0) for rating in range(1, 6)},
        "level": {
            **made.level(target.seconds, target.formula)._asdict(),
            "formula": target.words(caller.language),
        },
        "occupancy": made.occupancy,
        "service": {
            name: msgspec.structs.asdict(getattr(made.service, name)) for name in ("mail", "sms", "tickets")
        },
    }


def behind(caller: Caller) -> Mapping[str, Any]:
    """Return what a figure of conversations and tickets counts one by one, the latest first."""
    asked = query(caller, BehindQuery)
    caller.config()
    if asked.figure not in BEHIND:
        raise ApiProblem(422, errors=(Fault("figure", f"one of {', '.join(sorted(BEHIND))}"),))
    first, last = reports.period(asked.first, asked.last, caller.services.now())
    days = first.strftime("%Y%m%d"), last.strftime("%Y%m%d")

    def read(root: Root) -> list[tuple[str, Happened]]:
        found = root.service.behind(caller.tenant, *days, asked.figure, asked.cursor)
        return list(islice(found, asked.limit + 1))

    found = caller.services.read(read)
    shown = found[: asked.limit]
    kind = "ticket" if asked.figure.startswith("ticket-") else "conversation"
    return {
        "items": [_happened(kind, each) for _, each in shown],
        "next": shown[-1][0] if len(found) > len(shown) else "",
    }


def _happened(kind: str, each: Happened) -> dict[str, Any]:
    name, _, text = each.what.partition("/")
    return {"at": each.at, kind: name, **({"text": text} if text else {})}


def satisfied(caller: Caller) -> Mapping[str, Any]:
    """Return what callers and askers scored."""
    asked = query(caller, ScoreQuery)
    caller.config()
    found = reports.scores(caller.services, caller.tenant, asked.first, asked.last, asked.by)
    made = found.made
    return {
        "first": found.first.isoformat(),
        "last": found.last.isoformat(),
        **{
            name: None if each is None else each._asdict()
            for name, each in (("calls", made.calls), ("tickets", made.tickets), ("mails", made.mails))
        },
        **{
            name: [each._asdict() for each in getattr(made, name)]
            for name in ("agents", "queues", "categories", "periods")
        },
        "low": [msgspec.structs.asdict(each) for each in made.low],
    }


_DIMENSIONS: Final = {f"{each.name}s": each for each in DIMENSIONS if each.name != "tenant"}


def _sum(cell: Cell) -> dict[str, Any]:
    return msgspec.structs.asdict(cell)


def _sums(cells: Mapping[Any, Cell]) -> dict[str, Any]:
    return {str(group): _sum(cell) for group, cell in cells.items()}


def simulation(caller: Caller) -> Mapping[str, Any]:
    """Return what would become of a call, and why."""
    asked = query(caller, CallQuery)
    caller.config()
    number = number_400(caller)
    if not caller.services.read(lambda root: number in root.tenants[caller.tenant].numbers):
        raise ApiProblem(404)
    moment = caller.services.now() if asked.at is None else asked.at
    at = datetime.fromtimestamp(moment, BEIJING)
    found = simulated(caller.services, caller.tenant, number, asked.caller, at)
    return {
        "to": "" if found.to is None else str(found.to),
        "refusal": found.decisions[-1].refusal or "",
        "reasons": [{"code": each.code, "text": each.text(caller.language)} for each in found.reasons],
        "rounds": [] if found.phones is None else [_numbers(each) for each in found.phones.rounds],
        "ring_seconds": found.ring_seconds,
        "when_busy": _numbers(found.when_busy),
        "when_no_answer": _numbers(found.when_no_answer),
        "otherwise": "" if found.otherwise is None else str(found.otherwise),
    }


def _numbers(phones: Iterable[BoundNumber]) -> list[str]:
    return [each.number for each in phones]
