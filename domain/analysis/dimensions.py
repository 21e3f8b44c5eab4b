"""The ways in which a report tells calls apart, and how the list of calls is asked for each group. Pure."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from domain.analysis.cell import Cell
from domain.analysis.report import Report

WEEKDAYS_ZH: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
WEEKDAYS_EN: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Dimension(NamedTuple):
    """One way to tell calls apart."""

    name: str
    zh: str
    en: str
    cells: Callable[[Report], Mapping[Any, Cell]]
    label: Callable[[Any, str], str]
    """(group, language) -> what people read."""
    asked: Callable[[Any], dict[str, str]]
    """Group -> what the list of calls is asked for besides the period."""
    ordered: bool = False
    """Groups have an order of their own; others are shown by their number of calls."""
    own: bool = True
    """Only in the report of one tenant."""

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return self.zh if language == "zh" else self.en

    def groups(self, report: Report) -> list[tuple[Any, Cell]]:
        """Return the groups in the order in which they are shown."""
        found = list(self.cells(report).items())
        return (
            sorted(found) if self.ordered else sorted(found, key=lambda pair: (-pair[1].calls, str(pair[0])))
        )


def _as_is(group: Any, language: str) -> str:
    return str(group) or ("未知" if language == "zh" else "Unknown")


def hour_words(hour: int, language: str) -> str:
    """Return an hour of the day: ``9-10 点``, ``09-10``."""
    return f"{hour}-{hour + 1} 点" if language == "zh" else f"{hour:02}-{hour + 1:02}"


def weekday_words(weekday: int, language: str) -> str:
    """Return a weekday; 0 is Monday."""
    return (WEEKDAYS_ZH if language == "zh" else WEEKDAYS_EN)[weekday]


def key_words(key: str, language: str) -> str:
    """Return what was chosen in a menu: ``main · start · 1``; menus and nodes have the tenant's names."""
    menu, _, rest = key.partition("/")
    node, _, digit = rest.rpartition("/")
    return f"{menu} · {node} · {'按' if language == 'zh' else 'key '}{digit}"


def month_days(month: str) -> dict[str, str]:
    """Return the first and the last day of ``2026-10``."""
    year, number = map(int, month.split("-"))
    return {"first": f"{month}-01", "last": f"{month}-{calendar.monthrange(year, number)[1]:02}"}


UNKNOWN: Final = "-"
"""Asks the list of calls for those whose place is not known."""

DIMENSIONS: Final = (
    Dimension(
        "hour", "按小时", "By hour", Report.hours, hour_words, lambda hour: {"hour": str(hour)}, True, False
    ),
    Dimension(
        "weekday",
        "按星期",
        "By weekday",
        Report.weekdays,
        weekday_words,
        lambda weekday: {"weekday": str(weekday + 1)},
        True,
        False,
    ),
    Dimension(
        "day", "按日", "By day", Report.days, _as_is, lambda day: {"first": day, "last": day}, True, False
    ),
    Dimension("month", "按月", "By month", Report.months, _as_is, month_days, True, False),
    Dimension(
        "province",
        "按省份",
        "By province",
        Report.provinces,
        _as_is,
        lambda name: {"province": name or UNKNOWN},
        False,
        False,
    ),
    Dimension(
        "area",
        "按区号",
        "By area code",
        Report.area_codes,
        _as_is,
        lambda code: {"area": code or UNKNOWN},
        False,
        False,
    ),
    Dimension(
        "number",
        "按号码",
        "By number",
        lambda report: report.numbers,
        _as_is,
        lambda number: {"number": number},
    ),
    Dimension(
        "key",
        "按菜单按键",
        "By menu key",
        lambda report: report.figures.keys,
        key_words,
        lambda key: {"key": key},
    ),
    Dimension(
        "queue",
        "按队列",
        "By queue",
        lambda report: report.figures.queues,
        _as_is,
        lambda queue: {"queue": queue},
    ),
    Dimension(
        "agent",
        "按坐席",
        "By agent",
        lambda report: report.figures.agents,
        _as_is,
        lambda agent: {"agent": agent},
    ),
    Dimension(
        "tenant",
        "按企业",
        "By tenant",
        lambda report: report.figures.tenants,
        _as_is,
        lambda tenant: {"tenant": tenant},
        False,
        False,
    ),
)


def dimensions_of(report: Report, *, whole: bool) -> list[Dimension]:
    """Return those that make sense for a tenant's report, or for that of the whole box."""
    return [each for each in DIMENSIONS if (not each.own if whole else each.name != "tenant")]
