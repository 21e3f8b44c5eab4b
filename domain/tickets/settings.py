"""What a desk sets for its tickets."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import msgspec

from domain.days.calendar import Calendar
from domain.days.schedule import Schedule
from domain.days.schedule_text import parse_schedule
from domain.tickets.hours import after_working
from domain.tickets.ticket import Priority

MOST_CATEGORIES: Final = 40


class TicketSettings(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A desk's settings. Minutes are those of its hours."""

    categories: tuple[str, ...] = ("咨询", "故障报修", "业务办理", "账单费用", "投诉建议", "其他")
    hours: tuple[str, ...] = ("workdays 09:00-18:00",)
    """Lines of a schedule (``domain.days.schedule_text``)."""
    urgent_minutes: int = 60
    """An urgent question is answered within so long; the same for the others."""
    high_minutes: int = 240
    normal_minutes: int = 540
    low_minutes: int = 1620
    remind_minutes: int = 1080
    """After an answer; 1080: two days of nine hours."""
    close_minutes: int = 1620
    """After the reminder."""
    reopen_days: int = 30
    """A closed ticket may be opened again so long."""
    low_score: int = 2
    """A score so low, of a call or a ticket, becomes a ticket; 0: none does."""
    mobiles: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    """Who of the desk is told of new questions."""
    page: bool = False
    """Whether the public page is there."""
    title: str = ""
    """Of the public page; empty: the desk's name."""
    welcome: str = ""
    address: str = ""
    """Of the operator's settings: ``https://400.example.cn``, for links in mails; empty: mails have none."""


class Terms:
    """A desk's settings with its calendar: when things are due."""

    def __init__(self, settings: TicketSettings, calendar: Calendar) -> None:
        self.settings = settings
        self._calendar = calendar

    @cached_property
    def _schedule(self) -> Schedule:
        return parse_schedule(list(self.settings.hours))

    def answer_due(self, asked: float, priority: Priority) -> float:
        """Return when a question must be answered."""
        held = self.settings
        minutes = {
            Priority.URGENT: held.urgent_minutes,
            Priority.HIGH: held.high_minutes,
            Priority.NORMAL: held.normal_minutes,
            Priority.LOW: held.low_minutes,
        }
        return self._after(asked, minutes[priority])

    def remind_at(self, answered: float) -> float:
        """Return when an asker who says nothing is reminded."""
        return self._after(answered, self.settings.remind_minutes)

    def close_at(self, reminded: float) -> float:
        """Return when a ticket is closed whose asker said nothing to the reminder."""
        return self._after(reminded, self.settings.close_minutes)

    def _after(self, start: float, minutes: int) -> float:
        return after_working(self._schedule, self._calendar, start, minutes)
