"""Nodes that choose by themselves: hours, area, percentage, variable."""

from __future__ import annotations

from collections.abc import Mapping

from domain.days.schedule import Schedule, is_open_at
from domain.days.schedule_text import parse_schedule
from domain.flow import document as doc
from domain.flow.steps import Surroundings
from domain.routing.turns import sequence

Branching = doc.WorkingHours | doc.Area | doc.Percentage | doc.Branch


def branch(node: Branching, variables: Mapping[str, str], around: Surroundings, turn: int) -> str:
    """Return the node that a branching node leads to now; ``turn``: callers it has divided before."""
    match node:
        case doc.WorkingHours():
            schedule = node.schedule
            if not isinstance(schedule, Schedule):
                schedule = parse_schedule(schedule)
            return node.open if is_open_at(schedule, around.when) else node.closed
        case doc.Area():
            return next((case.next for case in node.cases if _is_from(case, around)), node.default)
        case doc.Percentage():
            return _share(node, turn)
        case doc.Branch():
            return node.cases.get(variables.get(node.variable, ""), node.default)


def _is_from(case: doc.AreaCase, around: Surroundings) -> bool:
    place = around.place
    return (
        (place.area_code != "" and place.area_code in case.area_codes)
        or (place.province != "" and place.province in case.provinces)
        or (around.region != "" and around.region in case.regions)
        or (around.caller != "" and around.caller.startswith(case.prefixes))
    )


def _share(node: doc.Percentage, turn: int) -> str:
    """Divide exactly and evenly over each hundred callers, as the route plan does."""
    order = sequence(tuple([share.percent for share in node.shares]))
    return node.shares[order[turn % len(order)] if order else -1].next
