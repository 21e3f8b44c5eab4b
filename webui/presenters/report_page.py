"""A report as its pages show it: tiles, charts, the table of one dimension; each number with its calls."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from domain.analysis.cell import TARGETS, Cell
from domain.analysis.columns import COLUMNS, Column, Target, written
from domain.analysis.dimensions import Dimension, dimensions_of, hour_words, weekday_words
from domain.analysis.report import Report, Slot
from domain.analysis.service_level import WORDS
from webui.presenters.tile_map import SHADES

MOST_GROUPS: Final = 200
"""Rows of a table on a page; Excel has all."""


class Shown(NamedTuple):
    """One figure."""

    text: str
    link: str
    """The calls behind it; empty: it is no count of calls."""


class Line(NamedTuple):
    """One group."""

    label: str
    cells: list[Shown]


class Links:
    """Makes the addresses of the calls behind figures."""

    def __init__(self, base: str, period: Mapping[str, str], number: str, tenant: str = "") -> None:
        """``base``: the list of calls; ``tenant``: for the operator's list."""
        self._base = base
        self._period = dict(period)
        more = {"number": number, "tenant": tenant}
        self._more = {name: value for name, value in more.items() if value}

    def to(self, asked: Mapping[str, str], result: str) -> str:
        """Return the address of the calls of a group that ended in some way; ``all``: of all of them."""
        told = {**self._period, **self._more, **asked, "counted": "1"}
        if result != "all":
            told["result"] = result
        return f"{self._base}?{urlencode(told)}"

    def behind(self, figure: str) -> str:
        """Return the address of what a figure of conversations and tickets counts."""
        told = {"figure": figure, **self._period, **self._more}
        return f"{self._base.removesuffix('calls')}reports-behind?{urlencode(told)}"


def table(report: Report, dimension: Dimension, target: Target, links: Links, language: str) -> list[Line]:
    """Return the groups of a dimension with all figures."""
    return [
        Line(
            dimension.label(group, language), cells_of(cell, target, links, dimension.asked(group))
        )
        for group, cell in dimension.groups(report)[:MOST_GROUPS]
        if cell.calls or dimension.ordered
    ]  # fmt: skip


def cells_of(cell: Cell, target: Target, links: Links, asked: Mapping[str, str]) -> list[Shown]:
    """Return all figures of a cell."""
    found = []
    for column in COLUMNS:
        value = column.of(cell, target)
        link = links.to(asked, column.result) if column.result and value else ""
        found.append(Shown(written(value, column.kind), link))
    return found


def heads(target: Target, language: str) -> list[tuple[str, str]]:
    """Return titles of the columns with how each is reckoned."""
    return [(column.title(language), _formula(column, target, language)) for column in COLUMNS]


def _formula(column: Column, target: Target, language: str) -> str:
    return target.words(language) if column.name == "level" else column.formula(language)


def formulas(target: Target, language: str) -> list[tuple[str, str]]:
    """Return the formulas that may be chosen."""
    return [(each, Target(target.seconds, each).words(language)) for each in WORDS]


def waits(report: Report, links: Links, language: str) -> list[tuple[str, int, str, int, str]]:
    """Return, by how long they waited: label, answered and abandoned calls, each with the link to them."""
    bounds = [0, *TARGETS]
    names = [
        f"{low}-{high} 秒" if language == "zh" else f"{low}-{high} s"
        for low, high in zip(bounds, TARGETS, strict=False)
    ]
    names.append(f"超过 {TARGETS[-1]} 秒" if language == "zh" else f"over {TARGETS[-1]} s")
    found = []
    for place, name in enumerate(names):
        asked = {"over": str(bounds[place])} if place else {}
        if place < len(TARGETS):
            asked["upto"] = str(TARGETS[place])
        soon = report.all.soon[place] if report.all.soon else 0
        gone = report.all.gone[place] if report.all.gone else 0
        found.append((name, soon, links.to(asked, "answered"), gone, links.to(asked, "abandoned")))
    return found


def bars(groups: list[tuple[str, Cell]], answered: str, unanswered: str) -> str:
    """Return the chart of answered and other calls, as JSON for ``own/reports.js``."""
    return chart(
        [name for name, _ in groups],
        [
            (answered, [cell.answered for _, cell in groups]),
            (unanswered, [cell.unanswered for _, cell in groups]),
        ],
    )


def chart(names: list[str], series: list[tuple[str, list[Any]]], kind: str = "bar") -> str:
    """Return a chart as JSON for ``own/reports.js``."""
    told = {
        "names": names,
        "kind": kind,
        "series": [{"name": name, "values": values} for name, values in series],
    }
    return msgspec.json.encode(told).decode()


class Hour(NamedTuple):
    """One hour of the week in the picture."""

    weekday: int
    hour: int
    calls: float
    """On average of the period's weeks."""
    shade: int
    title: str
    link: str


def week(report: Report, links: Links, language: str) -> list[Hour]:
    """Return the calls of each hour of the week, shaded by their number."""
    counts, slots = report.weekday_counts(), report.slots()
    means = {slot: cell.calls / max(1, counts[slot.weekday]) for slot, cell in slots.items()}
    most = max(means.values(), default=0.0)
    found = []
    for slot in (Slot(weekday, hour) for weekday in range(7) for hour in range(24)):
        cell, mean = slots.get(slot, Cell()), means.get(slot, 0.0)
        when = f"{weekday_words(slot.weekday, language)} {hour_words(slot.hour, language)}"
        missed = f"{cell.missed / cell.offered:.0%}" if cell.offered else "—"
        title = (
            f"{when}: 平均 {mean:.1f} 个来电，未接 {missed}"
            if language == "zh"
            else f"{when}: {mean:.1f} calls, {missed} missed"
        )
        asked = {"weekday": str(slot.weekday + 1), "hour": str(slot.hour)}
        link = links.to(asked, "all") if cell.calls else ""
        found.append(Hour(*slot, mean, max(1, ceil(mean * SHADES / most)) if mean else 0, title, link))
    return found


def tabs(report: Report, *, whole: bool, language: str) -> list[tuple[str, str]]:
    """Return the dimensions that may be shown: name and title."""
    return [(each.name, each.title(language)) for each in dimensions_of(report, whole=whole)]
