"""The route plan of a 400 number, as it is configured.

Callers are named everywhere by the same patterns: a whole number (``13900001111``), a number segment (号段)
by its first digits and a star (``1390000*``), an area code (``024``), a province (``辽宁``), a region group
(``东北``), or ``unknown`` for callers whose place is not known. ``domain.routing.callers`` reads them.
"""

from __future__ import annotations

from typing import Final

import msgspec

from domain.calling.caller import CallerClass
from domain.days.schedule import Schedule
from domain.routing.destination import Destination
from domain.routing.target import BoundNumber

UNKNOWN_PLACE: Final = "unknown"
WHOLE: Final = 100
"""Per cent."""
MOST_FORWARDS: Final = 3
"""Forward numbers rung in one call, whatever is configured (features.md 3)."""
FORWARDS_EACH: Final = 2
"""Forward numbers for busy, and as many for no answer."""


class Share(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the calls, in whole per cent."""

    to: Destination
    percent: int


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Calls that meet every condition go to one place, or are shared out between several."""

    name: str = ""
    """For people; it is shown where the decision is explained."""
    callers: tuple[str, ...] = ()
    """Patterns, of which one must fit; empty: every caller."""
    classes: tuple[CallerClass, ...] = ()
    """Kinds of numbers; empty: every one."""
    when: Schedule | None = None
    """None: at any time."""
    to: Destination | None = None
    split: tuple[Share, ...] = ()

    def __post_init__(self) -> None:
        if (self.to is None) is not bool(self.split):
            raise ValueError("a rule has either a destination or a split")
        if self.split and not is_whole([share.percent for share in self.split]):
            raise ValueError("the shares of a rule do not sum to 100")


class RoutePlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may call a number, when, and where calls go; what it does not say, the number's plan does."""

    blacklist: dict[str, str] = {}
    """黑名单: pattern -> note."""
    vip: dict[str, str] = {}
    """Whole numbers -> note; they pass every area rule and go first in queues."""
    allow: tuple[str, ...] = ()
    """Patterns of callers; nobody else is connected. Empty: everybody."""
    deny: tuple[str, ...] = ()
    """呼叫阻截: patterns of callers who are not connected."""
    hours: Schedule | None = None
    """When the number is open; None: always."""
    closed: Destination | None = None
    """Where calls go at other times; None: they end with an announcement."""
    rules: tuple[Rule, ...] = ()
    """The first that fits decides; with none, the number's ``entry``."""
    memory_days: float = 0.0
    """来电转接记忆: for so many days a caller first reaches who answered last time; 0: off."""
    when_busy: tuple[BoundNumber, ...] = ()
    """遇忙前转: rung when the phones were busy, two at most."""
    when_no_answer: tuple[BoundNumber, ...] = ()
    """无应答前转: rung when nobody answered, two at most."""

    def __post_init__(self) -> None:
        if max(len(self.when_busy), len(self.when_no_answer)) > FORWARDS_EACH:
            raise ValueError("two forward numbers at most for busy, two for no answer")


def is_whole(percents: list[int]) -> bool:
    """Tell whether percentages are whole numbers from 1 and sum to 100."""
    return all(percent >= 1 for percent in percents) and sum(percents) == WHOLE
