"""What a desk sets for its tickets, read from a form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from domain.customers.desk import words_of
from domain.days.schedule_text import ScheduleError, parse_schedule
from domain.recipient import EMAIL, MOBILE
from domain.tickets.settings import MOST_CATEGORIES, TicketSettings
from storage.models import Root
from storage.models.web import AuditEntry
from webui.services.box import BoxServices

MOST_NOTIFIED: Final = 10
HOUR: Final = 60
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]{1,100}(?::[0-9]{1,5})?/?")
_HOURS: Final = ("urgent", "high", "normal", "low", "remind", "close")
_NUMBER: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9])?", re.ASCII)


class Words(Protocol):
    """Says things in the reader's language."""

    def __call__(self, text: str, **facts: object) -> str:
        """Return a text."""

    def either(self, zh: str, en: str) -> str:
        """Choose between two texts."""


def read_form(
    given: Mapping[str, Any], before: TicketSettings, _: Words, *, operator: bool
) -> tuple[TicketSettings, dict[str, str]]:
    """Return what was typed as settings, and what is wrong with it by field; then ``before`` is returned."""
    errors: dict[str, str] = {}
    text = {name: str(given.get(name, "")).strip() for name in given}
    values: dict[str, Any] = {}
    for name in _HOURS:
        typed = text.get(name, "")
        if not _NUMBER.fullmatch(typed) or float(typed) == 0:
            errors[name] = _("Hours, more than 0 and less than 1000.")
        else:
            values[f"{name}_minutes"] = round(float(typed) * HOUR)
    for name in ("mobiles", "emails"):
        values[name] = words_of(text.get(name, ""), MOST_NOTIFIED, 120)
    for name, most in (("reopen_days", 365), ("low_score", 4)):
        typed = text.get(name, "")
        if not re.fullmatch(r"[0-9]{1,3}", typed, re.ASCII) or int(typed) > most:
            errors[name] = _("A whole number from 0 to {most}.", most=most)
        else:
            values[name] = int(typed)
    hours = tuple(line.strip() for line in text.get("hours", "").splitlines() if line.strip())
    address = text.get("address", "") if operator else ""
    made = TicketSettings(
        categories=words_of(text.get("categories", ""), MOST_CATEGORIES), hours=hours,
        page="page" in given, title=text.get("title", "")[:40], welcome=text.get("welcome", "")[:500],
        address=address.rstrip("/"), **values,
    )  # fmt: skip
    errors |= wrong_in(made, _, operator=operator)
    return (before, errors) if errors else (made, {})


def wrong_in(settings: TicketSettings, _: Words, *, operator: bool) -> dict[str, str]:
    """Return what is wrong with settings, by field."""
    errors: dict[str, str] = {}
    try:
        parse_schedule(settings.hours)
    except ScheduleError as error:
        errors["hours"] = _.either(error.zh, error.en)
    if not settings.hours:
        errors["hours"] = _("Without working hours nothing is ever due.")
    for name, rule in (("mobiles", MOBILE), ("emails", EMAIL)):
        wrong = [each for each in getattr(settings, name) if not rule.fullmatch(each)]
        if wrong:
            errors[name] = _("Not possible: {what}", what=", ".join(wrong))
    if settings.address and not (operator and _ADDRESS.fullmatch(settings.address)):
        errors["address"] = _("Write it as https://400.example.cn")
    return errors


def keep(services: BoxServices, desk: str, settings: TicketSettings, entry: AuditEntry) -> None:
    """Store a desk's settings; raises StoreDown."""

    def work(root: Root) -> None:
        root.tickets.of(desk).settings.value = settings
        root.web.note(entry)

    services.change(work, "ticket settings")
