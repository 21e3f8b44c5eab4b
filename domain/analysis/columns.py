"""The figures of a report as columns: name, how each is reckoned, which calls stand behind it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, NamedTuple

from domain.analysis.cell import Cell
from domain.analysis.service_level import WORDS, Formula, service_level
from domain.money.amounts import LI_OF_YUAN


class Kind(StrEnum):
    """How a figure is written."""

    COUNT = "count"
    SHARE = "share"
    """0 to 1, written in percent."""
    SECONDS = "seconds"
    CLOCK = "clock"
    """Seconds, written as hours, minutes and seconds."""
    YUAN = "yuan"
    POINTS = "points"


class Target(NamedTuple):
    """What a service level is asked for."""

    seconds: int = 20
    formula: Formula = Formula.OFFERED

    def words(self, language: str) -> str:
        """Return the formula as it is printed, ``zh`` or ``en``."""
        words = WORDS[self.formula]
        return (words.zh if language == "zh" else words.en).format(seconds=self.seconds)


class Column(NamedTuple):
    """One figure."""

    name: str
    zh: str
    en: str
    kind: Kind
    of: Callable[[Cell, Target], float | None]
    result: str = ""
    """The calls behind it, as the list of calls is asked for them (``result=``); ``all``: every call."""
    formula_zh: str = ""
    """How it is reckoned, where its name does not say so."""
    formula_en: str = ""

    def title(self, language: str) -> str:
        """Return its name in a language."""
        return self.zh if language == "zh" else self.en

    def formula(self, language: str) -> str:
        """Return how it is reckoned, or nothing."""
        return self.formula_zh if language == "zh" else self.formula_en


def _level(cell: Cell, target: Target) -> float | None:
    return service_level(cell, target.seconds, target.formula).share if cell.soon or not cell.calls else None


def _of_offered(count: int, cell: Cell) -> float | None:
    return count / cell.offered if cell.offered else None


COLUMNS: Final = (
    Column("calls", "来电", "Calls", Kind.COUNT, lambda cell, _: cell.calls, "all"),
    Column("answered", "接听", "Answered", Kind.COUNT, lambda cell, _: cell.answered, "answered"),
    Column(
        "share",
        "接通率",
        "Answer rate",
        Kind.SHARE,
        lambda cell, _: cell.share if cell.calls else None,
        "",
        "接听 ÷ 来电",
        "answered / calls",
    ),
    Column("busy", "遇忙", "Busy", Kind.COUNT, lambda cell, _: cell.busy, "busy"),
    Column("no_answer", "无应答", "No answer", Kind.COUNT, lambda cell, _: cell.no_answer, "no-answer"),
    Column("abandoned", "放弃", "Abandoned", Kind.COUNT, lambda cell, _: cell.abandoned, "abandoned"),
    Column(
        "abandon_share",
        "放弃率",
        "Abandon rate",
        Kind.SHARE,
        lambda cell, _: _of_offered(cell.abandoned, cell),
        "",
        "放弃 ÷（接听 + 未接）",
        "abandoned / (answered + missed)",
    ),
    Column("missed", "未接", "Missed", Kind.COUNT, lambda cell, _: cell.missed, "missed"),
    Column("level", "服务水平", "Service level", Kind.SHARE, _level),
    Column(
        "speed",
        "平均等待（秒）",
        "Average wait (s)",
        Kind.SECONDS,
        lambda cell, _: cell.speed_s if cell.answered else None,
    ),
    Column("talk", "通话时长", "Talk time", Kind.CLOCK, lambda cell, _: cell.talk_ms / 1000, "answered"),
    Column(
        "average",
        "平均通话（秒）",
        "Average talk (s)",
        Kind.SECONDS,
        lambda cell, _: cell.average_s if cell.answered else None,
    ),
    Column(
        "repeats",
        "重复来电",
        "Repeat calls",
        Kind.COUNT,
        lambda cell, _: cell.repeats,
        "repeats",
        "7 天内曾来电的主叫再次来电",
        "calls whose caller had called within 7 days",
    ),
    Column(
        "first_call",
        "首次解决率",
        "First-call resolution",
        Kind.SHARE,
        lambda cell, _: cell.first_call_share,
        "",
        "1 − 接听后 7 天内再次来电数 ÷ 有主叫号码的接听数",
        "1 - answered calls whose caller called again within 7 days / answered calls with a caller number",
    ),
    Column(
        "cost",
        "每接听成本",
        "Cost per answered call",
        Kind.YUAN,
        lambda cell, _: None if cell.cost_li is None else cell.cost_li / LI_OF_YUAN,
        "",
        "全部话费 ÷ 接听",
        "all fees / answered",
    ),
    Column("rating", "满意度", "Rating", Kind.POINTS, lambda cell, _: cell.rating, "rated"),
)
"""In the order in which they are shown."""


def written(value: float | None, kind: Kind) -> str:
    """Return a figure as people read it; a dash: there is none."""
    if value is None:
        return "—"
    match kind:
        case Kind.COUNT:
            return f"{value:,.0f}"
        case Kind.SHARE:
            return f"{value * 100:.1f}%"
        case Kind.SECONDS:
            return f"{value:.1f}"
        case Kind.CLOCK:
            minutes, seconds = divmod(round(value), 60)
            hours, minutes = divmod(minutes, 60)
            return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        case Kind.YUAN:
            return f"{value:,.2f}"
        case Kind.POINTS:
            return f"{value:.2f}"
