"""Schedules as people read them: lines in their language, and the next days as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from domain.days.calendar import DayKind
from domain.days.schedule import MIDNIGHT, DayPreview, Hours, Schedule
from domain.days.schedule_text import hours_text, schedule_lines
from webui.presenters.texts import N_, Texts

_CHINESE: Final = {
    "mon": "周一", "tue": "周二", "wed": "周三", "thu": "周四", "fri": "周五", "sat": "周六", "sun": "周日",
    "workdays": "工作日", "days-off": "休息日", "weekends": "周末", "holidays": "节假日",
    "make-up": "调休上班日", "daily": "每天", "closed": "关闭",
}  # fmt: skip
"""What ``domain.days.schedule_text`` reads as well."""
_DAY: Final = re.compile(r"\b[a-z][a-z-]*[a-z]\b", re.ASCII)
_RANGE: Final = re.compile(r"\b(mon|tue|wed|thu|fri|sat|sun)-(mon|tue|wed|thu|fri|sat|sun)\b", re.ASCII)
_WEEKDAYS: Final = (N_("Mon"), N_("Tue"), N_("Wed"), N_("Thu"), N_("Fri"), N_("Sat"), N_("Sun"))
_KINDS: Final = {
    DayKind.WORKDAY: "",
    DayKind.MAKE_UP: N_("worked by exchange"),
    DayKind.WEEKEND: N_("weekend"),
    DayKind.HOLIDAY: N_("holiday"),
}
PRESETS: Final = {
    "zh": ("工作日 09:00-18:00", "每天 09:00-21:00", "周末 10:00-16:00", "节假日 关闭"),
    "en": ("workdays 09:00-18:00", "daily 09:00-21:00", "weekends 10:00-16:00", "holidays closed"),
}
"""Lines that people begin with."""


class Drawn(NamedTuple):
    """A stretch of a day, in minutes."""

    start: int
    length: int


class CalendarDay(NamedTuple):
    """A day as the picture shows it."""

    iso: str
    date: str
    weekday: str
    kind: str
    off: bool
    bands: tuple[Drawn, ...]
    hours: str


def lines_in(schedule: Schedule | None, language: str) -> list[str]:
    """Return a schedule as lines in the reader's language; both are read back alike."""
    if schedule is None:
        return []
    return [told_in(line, language) for line in schedule_lines(schedule)]


def told_in(line: str, language: str) -> str:
    """Return one line in the reader's language."""
    if language != "zh":
        return line
    ranged = _RANGE.sub(lambda found: f"{_CHINESE[found[1]]}至{_CHINESE[found[2]]}", line)
    return _DAY.sub(lambda found: _CHINESE.get(found[0], found[0]), ranged)


def told_now(is_open: bool, change: datetime | None, texts: Texts) -> str:
    """Say whether a schedule is on, and until when; ``change`` is in Beijing time."""
    if change is None:
        return texts("Always open.") if is_open else texts("Never open within the next year.")
    moment = f"{change:%m-%d} {texts(_WEEKDAYS[change.weekday()])} {change:%H:%M}"
    if is_open:
        return texts("Open now, until {moment}.", moment=moment)
    return texts("Closed now, open from {moment}.", moment=moment)


def calendar_days(days: Iterable[DayPreview], texts: Texts) -> list[CalendarDay]:
    """Return days for the picture."""
    return [
        CalendarDay(
            each.day.iso,
            each.day.iso[5:],
            texts(_WEEKDAYS[each.day.date.weekday()]),
            each.day.name or (texts(_KINDS[each.day.kind]) if _KINDS[each.day.kind] else ""),
            not each.day.kind.works,
            tuple(Drawn(band.start, band.end - band.start) for band in each.open),
            _hours(each.open, texts),
        )
        for each in days
    ]


def _hours(bands: tuple[Hours, ...], texts: Texts) -> str:
    if bands == (Hours(0, MIDNIGHT),):
        return texts("all day")
    return hours_text(bands) or texts("closed")
