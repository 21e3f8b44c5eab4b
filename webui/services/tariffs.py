"""套餐资费 in the browser: what there is, what a call would cost, new editions."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from domain.days.calendar import BEIJING, Calendar
from domain.days.schedule_text import ScheduleError, parse_schedule, schedule_lines
from domain.money.amounts import parse_yuan
from domain.money.tariff import CallKind, Charge, Edition, Tariff, rate
from storage.models import Root
from storage.models.web import AuditEntry
from webui.services.box import BoxServices
from webui.services.provisioning import Done, wish

ROWS: Final = 5
"""Prices that the form of a new edition has room for."""
LONGEST: Final = 86_400
_BETWEEN: Final = re.compile(r"[;；\n]")
NUMBERS: Final = {
    "included_minutes": "included_seconds",
    "monthly": "monthly_li",
    "message": "message_li",
    "storage": "storage_li",
}


class Line(NamedTuple):
    """A tariff as the list shows it."""

    tariff: Tariff
    now: Edition | None
    tenants: int


class Told(NamedTuple):
    """What a call would cost."""

    charge: Charge
    edition: Edition


class WrongField(ValueError):
    """A field of a form that cannot be read; ``en`` and ``zh`` say why, where there is more to say."""

    def __init__(self, field: str, en: str = "", zh: str = "") -> None:
        super().__init__(field)
        self.en = en
        self.zh = zh


def listed(root: Root, now: float) -> list[Line]:
    """Return all tariffs with the edition in force."""
    day = datetime.fromtimestamp(now, BEIJING).date().isoformat()
    used: dict[str, int] = {}
    for tenant in root.tenants.values():
        name = tenant.config.value.tariff
        used[name] = used.get(name, 0) + 1
    return [Line(held.value, held.value.on(day), used.get(name, 0)) for name, held in root.tariffs.items()]


def calculate(root: Root, typed: dict[str, str], now: float) -> Told | None:
    """Return what a call would cost; None when no edition is in force then. Raises WrongField, KeyError."""
    tariff: Tariff = root.tariffs[typed.get("tariff", "")].value
    try:
        kind = CallKind(typed.get("call", CallKind.MOBILE))
    except ValueError as error:
        raise WrongField("call") from error
    try:
        seconds = int(typed.get("seconds") or 0)
    except ValueError as error:
        raise WrongField("seconds") from error
    if not 0 <= seconds <= LONGEST:
        raise WrongField("seconds")
    try:
        when = datetime.fromtimestamp(now, BEIJING)
        if typed.get("at"):
            when = datetime.fromisoformat(typed["at"]).replace(tzinfo=BEIJING)
    except ValueError as error:
        raise WrongField("at") from error
    edition = tariff.on(when.date().isoformat())
    if edition is None:
        return None
    calendar = Calendar(root.box.value.calendar)
    return Told(rate(edition, kind, calendar.at(when), seconds * 1000), edition)


def add_edition(services: BoxServices, typed: dict[str, str], entry: AuditEntry) -> Done:
    """Add an edition to a tariff, new if there was none; raises WrongField, Refused, StoreDown."""
    name, edition = typed.get("name", "").strip(), _edition(typed)

    def document(root: Root) -> dict[str, Any]:
        held = root.tariffs.get(name)
        editions = [] if held is None else [written(each) for each in held.value.editions]
        return {"tariffs": {name: {"editions": [*editions, edition]}}}

    return wish(services, document, entry)


def _edition(typed: dict[str, str]) -> dict[str, Any]:
    edition: dict[str, Any] = {
        "valid_from": typed.get("valid_from", ""),
        "charged_from": typed.get("charged_from", "box"),
    }
    for field, target in NUMBERS.items():
        edition[target] = _whole(typed, field) * 60 if field == "included_minutes" else _money(typed, field)
    edition["prices"] = [_price(typed, row) for row in range(ROWS) if typed.get(f"step_{row}", "").strip()]
    return edition


def _price(typed: dict[str, str], row: int) -> dict[str, Any]:
    kind = typed.get(f"call_{row}", "")
    step_seconds = _whole(typed, f"step_seconds_{row}") or 60
    step = _money(typed, f"step_{row}")
    return {
        "kinds": [kind] if kind else [],
        "hours": _hours(typed, f"hours_{row}"),
        "first_seconds": _whole(typed, f"first_seconds_{row}") or step_seconds,
        "first_li": _money(typed, f"first_{row}") if typed.get(f"first_{row}", "").strip() else step,
        "step_seconds": step_seconds,
        "step_li": step,
        "minimum_li": _money(typed, f"least_{row}"),
    }


def _hours(typed: dict[str, str], field: str) -> list[str] | None:
    """Return the lines of a schedule, typed in either language with ``;`` between; None: always."""
    lines = [each.strip() for each in _BETWEEN.split(typed.get(field, "")) if each.strip()]
    if not lines:
        return None
    try:
        return list(schedule_lines(parse_schedule(lines)))
    except ScheduleError as error:
        raise WrongField(field, error.en, error.zh) from error


def _whole(typed: dict[str, str], field: str) -> int:
    text = typed.get(field, "").strip() or "0"
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise WrongField(field)
    return int(text)


def _money(typed: dict[str, str], field: str) -> int:
    try:
        li = parse_yuan(typed.get(field, "").strip() or "0")
    except ValueError as error:
        raise WrongField(field) from error
    if li < 0:
        raise WrongField(field)
    return li


def written(edition: Edition) -> dict[str, Any]:
    """Return an edition as provisioning files have it."""
    plain: dict[str, Any] = msgspec.to_builtins(edition)
    for written, price in zip(plain["prices"], edition.prices, strict=True):
        written["hours"] = None if price.hours is None else list(schedule_lines(price.hours))
    return plain
