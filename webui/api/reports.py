"""统计报表 and 模拟来电."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from typing import Annotated, Any

import msgspec

from domain.service_level import Formula
from domain.target import BoundNumber
from storage.call_id import BEIJING
from webui.api.access import Caller
from webui.api.asked import number_400, query
from webui.api.problems import ApiProblem
from webui.services import reports
from webui.services.simulator import simulated


class ReportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which figures."""

    first: date | None = None
    last: date | None = None
    number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{10}\Z")] = ""
    seconds: Annotated[int, msgspec.Meta(ge=1, le=600)] = reports.SECONDS
    formula: Formula = Formula.OFFERED


class CallQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which call that is not made."""

    caller: Annotated[str, msgspec.Meta(pattern=r"^[0-9+*#]{0,24}\Z")]
    at: Annotated[float, msgspec.Meta(ge=0, le=4_102_444_800)] | None = None


def report(caller: Caller) -> Mapping[str, Any]:
    """Return the figures of a period."""
    asked = query(caller, ReportQuery)
    caller.config()
    first, last = reports.period(_begin(asked.first), _begin(asked.last), caller.services.now())
    wanted = reports.Wanted(first, last, asked.number, asked.seconds, asked.formula)
    made, cut = caller.services.read(lambda root: reports.made(root, caller.tenant, wanted))
    figures: dict[str, Any] = msgspec.to_builtins(made)
    return {
        **figures, "first": wanted.typed()["first"], "last": wanted.typed()["last"], "cut": cut,
        "level": made.level._asdict(),
    }  # fmt: skip


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


def _begin(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), BEIJING)


def _numbers(phones: Iterable[BoundNumber]) -> list[str]:
    return [each.number for each in phones]
