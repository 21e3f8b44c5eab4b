"""What would become of a call (模拟来电): the same decisions, followed as far as they can be without one."""

from __future__ import annotations

from typing import Final

import msgspec

from domain.calling.facts import CallerFacts
from domain.routing.decide import Decision, decide
from domain.routing.destination import Destination, DestinationKind
from domain.routing.live import LiveFacts
from domain.routing.order import Ordering, order
from domain.routing.reasons import Reason
from domain.routing.target import BoundNumber, TargetGroup, TargetKind
from domain.snapshot import NumberPlan, TenantSnapshot

MOST_NUMBERS: Final = 20
"""400 numbers that a call may be sent on to."""


class Simulation(msgspec.Struct, frozen=True):
    """A call that was not made."""

    decisions: tuple[Decision, ...]
    """The first one, and one more for every other 400 number it was sent on to."""
    to: Destination | None
    """Where it comes out; None: turned away."""
    phones: Ordering | None
    """Who rings, where phones do."""
    ring_seconds: float
    when_busy: tuple[BoundNumber, ...]
    when_no_answer: tuple[BoundNumber, ...]
    otherwise: Destination | None
    """Where it goes when nobody answers."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Return everything that decided, in order."""
        first, *others = self.decisions
        found = list(first.reasons)
        for decision in others:
            found += [each for each in decision.reasons if each.code not in ("caller", "moment")]
        if self.phones is not None:
            found += self.phones.reasons
            targets = self.phones.targets
            found.append(Reason("first", {"target": targets[0].number}) if targets else Reason("nobody"))
        return tuple(found)


def simulate(tenant: TenantSnapshot, plan: NumberPlan, facts: CallerFacts, live: LiveFacts) -> Simulation:
    """Follow a call to a number, through other numbers of the tenant, to phones, a menu or its end."""
    decisions = [decide(tenant, plan, facts, live)]
    while len(decisions) < MOST_NUMBERS:
        to = decisions[-1].to
        if to is None or to.kind is not DestinationKind.NUMBER:
            break
        plan = next((each for each in tenant.numbers if each.number == to.name), plan)
        decisions.append(decide(tenant, plan, facts, live))
    to = decisions[-1].to
    group = group_at(tenant, plan, to) if to is not None else None
    routing = plan.routing
    return Simulation(
        tuple(decisions),
        to,
        order(tenant.id, group, live, facts.when, memory_of(plan, facts, live))
        if group is not None
        else None,
        group.no_answer_seconds if group is not None else 0.0,
        routing.when_busy if routing is not None and group is not None else (),
        routing.when_no_answer if routing is not None and group is not None else (),
        group.otherwise if group is not None else None,
    )


def group_at(tenant: TenantSnapshot, plan: NumberPlan, to: Destination) -> TargetGroup | None:
    """Return the phones of a destination; None when it is no phones."""
    match to.kind:
        case DestinationKind.BOUND:
            return TargetGroup(plan.number, plan.bound, plan.strategy, plan.no_answer_seconds, plan.otherwise)
        case DestinationKind.GROUP:
            return next((group for group in tenant.groups if group.name == to.name), TargetGroup(to.name))
        case DestinationKind.EXTENSION:
            target = BoundNumber(number=to.name, kind=TargetKind.EXTENSION)
            return TargetGroup(to.name, (target,), no_answer_seconds=plan.no_answer_seconds)
    return None


def memory_of(plan: NumberPlan, facts: CallerFacts, live: LiveFacts) -> str | None:
    """Return who answered this caller last time, where the plan asks for it and it is not too long ago."""
    routing, caller = plan.routing, facts.caller.canonical
    if routing is None or not routing.memory_days or not caller:
        return None
    found = live.remembered(plan.number, caller)
    if found is None or facts.when.at.timestamp() - found.at > routing.memory_days * 86400:
        return None
    return found.target
