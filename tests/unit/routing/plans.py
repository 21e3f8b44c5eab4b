"""Callers, moments and live facts for the tests of routing."""

from __future__ import annotations

from datetime import datetime

from domain.calling.caller import canonical_caller
from domain.calling.facts import CallerFacts, facts_of
from domain.days.calendar import BEIJING, Calendar
from domain.days.schedule_text import parse_schedule
from domain.places.places import shipped_places
from domain.places.regions import shipped_regions
from domain.routing.destination import Destination
from domain.routing.live import LineUse, Remembered
from domain.routing.plan import RoutePlan, Rule
from domain.snapshot import BoundNumber, NumberPlan, TargetGroup, TenantSnapshot

NUMBER = "4001003721"
SHENYANG = "02461234567"
BEIJING_LANDLINE = "01061234567"
MOBILE = "13900001111"
MAKE_UP_SATURDAY = "2026-10-10 09:30"
CALENDAR = Calendar()


class Live:
    """Live facts that a test sets."""

    def __init__(self) -> None:
        self.turns: dict[str, int] = {}
        self.uses: dict[str, LineUse] = {}
        self.memory: dict[tuple[str, str], Remembered] = {}

    def turn(self, key: str) -> int:
        """See LiveFacts."""
        return self.turns.get(key, 0)

    def use(self, line: str) -> LineUse:
        """See LiveFacts."""
        return self.uses.get(line, LineUse())

    def remembered(self, number: str, caller: str) -> Remembered | None:
        """See LiveFacts."""
        return self.memory.get((number, caller))

    def count(self, key: str) -> None:
        """Take a turn."""
        if key:
            self.turns[key] = self.turn(key) + 1


def at(text: str) -> datetime:
    """Read a moment in Beijing time."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=BEIJING)


def facts(
    caller: str = SHENYANG, moment: str = MAKE_UP_SATURDAY, calendar: Calendar = CALENDAR
) -> CallerFacts:
    """Make the facts of a call."""
    return facts_of(canonical_caller(caller), shipped_places(), shipped_regions(), calendar, at(moment))


def to(text: str) -> Destination:
    """Read a destination."""
    return Destination.parse(text)


def hours(*lines: str):  # type: ignore[no-untyped-def]
    """Read a schedule."""
    return parse_schedule(lines)


def plan(routing: RoutePlan | None = None, **fields: object) -> NumberPlan:
    """Make a number's plan with two bound numbers."""
    fields.setdefault("bound", (BoundNumber("13800002222"), BoundNumber("13700003333")))
    return NumberPlan(number=NUMBER, routing=routing, **fields)  # type: ignore[arg-type]


def tenant(*plans: NumberPlan, groups: tuple[TargetGroup, ...] = (), **fields: object) -> TenantSnapshot:
    """Make a tenant."""
    return TenantSnapshot(id="acme", name="Acme", numbers=plans, groups=groups, **fields)  # type: ignore[arg-type]


def rule(goal: str, *callers: str, **fields: object) -> Rule:
    """Make a rule with a destination."""
    return Rule(callers=callers, to=to(goal), **fields)  # type: ignore[arg-type]
