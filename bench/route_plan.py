"""How long a route decision takes for a tenant with 200 rules: ``python -m bench.route_plan``.

Goal: 100 us. Three plans: rules by area, rules by area and time (both with the last rule the first that
fits), and rules by time alone, of which none fits: the dearest there is.
"""

from __future__ import annotations

import time
from datetime import datetime

from domain.calling.caller import canonical_caller
from domain.calling.facts import facts_of
from domain.days.calendar import BEIJING, Calendar
from domain.days.schedule_text import parse_schedule
from domain.places.places import shipped_area_codes, shipped_places
from domain.places.regions import shipped_regions
from domain.routing.decide import decide
from domain.routing.destination import Destination
from domain.routing.live import NothingLive
from domain.routing.plan import RoutePlan, Rule
from domain.snapshot import NumberPlan, TenantSnapshot

RULES = 200
ROUNDS = 300
GOAL_US = 100.0


def main() -> None:
    """Print the figures."""
    calendar = Calendar()
    moment = datetime(2026, 10, 10, 9, 30, tzinfo=BEIJING)
    caller = canonical_caller("02461234567")
    places, regions = shipped_places(), shipped_regions()
    facts = facts_of(caller, places, regions, calendar, moment)
    codes = [code for code in shipped_area_codes().rows if code != "024"][: RULES - 1]
    print(f"{'plan of 200 rules':<28}{'us a decision':>14}   goal {GOAL_US:g}")
    for name, rules in (
        ("(no rules at all)", []),
        ("by area", [_rule(code) for code in codes] + [_rule("024")]),
        (
            "by area and time",
            [_rule(code, "workdays 09:00-18:00") for code in codes] + [_rule("024", "workdays 09:00-18:00")],
        ),
        ("same area, by time", [_rule("024", f"mon-fri {n % 9:02}:00-{n % 9:02}:30") for n in range(RULES)]),
        ("by three times each", [_rule("", "mon-fri 00:00-01:00, 02:00-03:00, 22:00-06:00")] * RULES),
    ):
        routing = RoutePlan(rules=tuple(rules)) if rules else None
        plan = NumberPlan(number="4001003721", routing=routing)
        tenant = TenantSnapshot(id="bench", name="bench", numbers=(plan,))
        best = min(_seconds(tenant, plan, facts) for _ in range(30))
        print(f"{name:<28}{best * 1e6:>14.1f}")
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        facts_of(caller, places, regions, calendar, moment)
    print(f"{'(the facts of a call)':<28}{(time.perf_counter() - begun) / ROUNDS * 1e6:>14.1f}")


def _seconds(tenant: TenantSnapshot, plan: NumberPlan, facts: object) -> float:
    live = NothingLive()
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        decide(tenant, plan, facts, live)  # type: ignore[arg-type]
    return (time.perf_counter() - begun) / ROUNDS


def _rule(code: str, when: str = "") -> Rule:
    return Rule(
        callers=(code,) if code else (),
        when=parse_schedule([when]) if when else None,
        to=Destination.parse("group:north"),
    )


if __name__ == "__main__":
    main()
