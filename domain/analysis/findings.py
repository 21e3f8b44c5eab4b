"""专家级分析: what the calls of a period tell, the gravest first. Pure.

Each rule looks at one thing, says nothing where there are too few calls to tell, and gives figures that can
be checked in the report.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from domain.analysis.cell import TARGETS, Cell
from domain.analysis.dimensions import key_words
from domain.analysis.finding import Fact, Finding, Weight, percent, slot_asked
from domain.analysis.report import Report
from domain.analysis.service_level import Formula
from domain.analysis.staffing import Advice, Goal, advice, patience_of
from domain.outcomes import Outcome

FEW: Final = 20
"""Fewer calls tell nothing."""
LOST: Final = 0.15
"""A share of missed calls from which an hour is told."""
MOST_SLOTS: Final = 5
_ORDER: Final = {Weight.BAD: 0, Weight.WARN: 1, Weight.GOOD: 2}


def findings(report: Report, goal: Goal, before: Report | None = None) -> list[Finding]:
    """Return what the calls tell, the gravest first; ``before``: the period before, of the same length."""
    if report.all.offered < FEW:
        return [Finding("few", Weight.GOOD, {"offered": report.all.offered, "few": FEW})]
    found = [
        *_level(report, goal), *_slots(report, goal), *_patience(report), *_lines(report), *_menus(report),
        *_closed(report), *_resolution(report), *_agents(report), *_places(report), *_queues(report, goal),
        *(() if before is None else _trend(report, before)),
    ]  # fmt: skip
    return sorted(found, key=lambda finding: _ORDER[finding.weight])


def _level(report: Report, goal: Goal) -> Iterator[Finding]:
    level = report.level(goal.seconds, Formula.OFFERED)
    share = level.share or 0.0
    facts: dict[str, Fact] = {
        "share": percent(share), "seconds": goal.seconds, "soon": level.soon, "counted": level.counted,
        "goal": percent(goal.level), "short": (level.counted * goal.level - level.soon) / report.days_count,
    }  # fmt: skip
    if share >= goal.level:
        yield Finding("level-met", Weight.GOOD, facts, {"upto": str(goal.seconds)}, "answered")
    else:
        weight = Weight.BAD if share < goal.level - 0.2 else Weight.WARN
        yield Finding("level-short", weight, facts, {"upto": str(goal.seconds)}, "answered")


def _slots(report: Report, goal: Goal) -> Iterator[Finding]:
    """Tell the hours of the week in which most is lost, and those that have people to spare."""
    told = [each for each in advice(report, goal) if each.cell.offered >= FEW // 2]
    lost = [each for each in told if each.cell.missed / each.cell.offered >= LOST]
    for each in sorted(lost, key=lambda one: -one.cell.missed)[:MOST_SLOTS]:
        yield _slot(each, report, goal)
    spare = [each for each in told if each.had >= each.needed + 2 and not each.cell.missed]
    for each in sorted(spare, key=lambda one: one.needed - one.had)[:2]:
        facts: dict[str, Fact] = {
            "slot": each.slot, "hourly": each.hourly, "goal": goal.short, "needed": each.needed,
            "had": each.had, "over": int(each.had - each.needed),
        }  # fmt: skip
        yield Finding("spare", Weight.GOOD, facts, slot_asked(each.slot), "all")


def _slot(each: Advice, report: Report, goal: Goal) -> Finding:
    cell, had, patience = each.cell, round(each.had), patience_of(report.all)
    missed = cell.missed / cell.offered
    more = each.needed - had
    kind = "slot-add" if more > 0 else "slot-unanswered" if cell.no_answer >= cell.busy else "slot-burst"
    facts: dict[str, Fact] = {
        "slot": each.slot, "busy": percent(cell.busy / cell.offered), "missed_share": percent(missed),
        "offered": cell.offered, "missed": cell.missed, "no_answer": cell.no_answer, "hourly": each.hourly,
        "handle": round(each.handle_s), "goal": goal.short, "needed": each.needed, "had": had, "more": more,
        "patience": round(patience.seconds), "patient": each.needed_patient, "seconds": goal.seconds,
        "known": ("实测", "measured") if patience.estimated else ("假定", "assumed"),
        "after": percent(each.expected(each.needed, goal).level),
    }  # fmt: skip
    weight = Weight.BAD if missed >= 2 * LOST else Weight.WARN
    return Finding(kind, weight, facts, slot_asked(each.slot), "missed")


def _patience(report: Report) -> Iterator[Finding]:
    cell = report.all
    if cell.abandoned < FEW or cell.abandoned / cell.offered < 0.05:
        return
    half = next(place for place, count in enumerate(accumulate(cell.gone)) if count * 2 >= cell.abandoned)
    early = TARGETS[min(half, len(TARGETS) - 1)] <= 20
    facts: dict[str, Fact] = {
        "share": percent(cell.abandoned / cell.offered), "count": cell.abandoned,
        "within": TARGETS[min(half, len(TARGETS) - 1)], "after": TARGETS[max(0, half - 1)],
        "patience": round(cell.patience_s or 0),
    }  # fmt: skip
    yield Finding("patience-early" if early else "patience-late", Weight.WARN, facts, {}, "abandoned")


def _lines(report: Report) -> Iterator[Finding]:
    for kind, outcome in (
        ("lines-tenant", Outcome.OVER_TENANT_LIMIT), ("lines-trunk", Outcome.OVER_TRUNK_LIMIT)
    ):  # fmt: skip
        count = report.figures.outcomes.get(outcome, 0)
        if count >= 5:
            facts: dict[str, Fact] = {"count": count, "share": percent(count / report.all.calls)}
            yield Finding(kind, Weight.BAD, facts, {"outcome": outcome}, "all")


def _menus(report: Report) -> Iterator[Finding]:
    outcomes, calls = report.figures.outcomes, report.all.calls
    ends = (Outcome.GAVE_UP_MENU, Outcome.MENU_NO_KEY, Outcome.MENU_WRONG_KEYS)
    lost = sum(outcomes.get(name, 0) for name in ends)
    if lost >= FEW // 2 and lost / calls >= 0.1:
        commonest = max(ends, key=lambda name: outcomes.get(name, 0))
        facts: dict[str, Fact] = {"share": percent(lost / calls), "lost": lost}
        yield Finding("menus", Weight.WARN, facts, {"outcome": commonest}, "all")
    keys = report.figures.keys
    whole = sum(cell.calls for cell in keys.values())
    rare = sorted(key for key, cell in keys.items() if cell.calls < 0.01 * whole)[:5]
    if rare and whole >= 10 * FEW:
        words = (
            "、".join(key_words(key, "zh") for key in rare),
            ", ".join(key_words(key, "en") for key in rare),
        )
        yield Finding("rare-keys", Weight.GOOD, {"keys": words})


def _closed(report: Report) -> Iterator[Finding]:
    outcomes, calls = report.figures.outcomes, report.all.calls
    ends = (Outcome.CLOSED, Outcome.QUEUE_CLOSED)
    closed = sum(outcomes.get(name, 0) for name in ends)
    if closed >= FEW // 2 and closed / calls >= 0.05:
        commonest = max(ends, key=lambda name: outcomes.get(name, 0))
        facts: dict[str, Fact] = {"share": percent(closed / calls), "count": closed}
        yield Finding("closed", Weight.WARN, facts, {"outcome": commonest}, "all")


def _resolution(report: Report) -> Iterator[Finding]:
    cell = report.all
    share = cell.first_call_share
    if share is not None and cell.known >= FEW and share < 0.7:
        facts: dict[str, Fact] = {"share": percent(share), "known": cell.known, "again": cell.again}
        yield Finding("resolution", Weight.WARN, facts, {}, "followed")


def _agents(report: Report) -> Iterator[Finding]:
    mean = report.all.rating
    for agent, cell in sorted(report.figures.agents.items()):
        rating = cell.rating
        if mean is not None and rating is not None and cell.rated >= 10 and rating < min(3.5, mean - 0.5):
            facts: dict[str, Fact] = {"agent": agent, "rating": rating, "rated": cell.rated, "mean": mean}
            yield Finding("rating", Weight.WARN, facts, {"agent": agent}, "rated")
    share = report.occupancy or 0.0
    if share > 0.85 and report.all.answered >= FEW:
        yield Finding("occupancy", Weight.WARN, {"share": percent(share)})


def _places(report: Report) -> Iterator[Finding]:
    for name, cell in sorted(report.provinces().items(), key=lambda pair: -pair[1].missed):
        others = Cell(answered=report.all.answered - cell.answered, missed=report.all.missed - cell.missed)
        if not name or cell.offered < FEW or others.offered < FEW:
            continue
        share, rest = cell.missed / cell.offered, others.missed / others.offered
        if share >= rest + LOST:
            facts: dict[str, Fact] = {
                "place": name, "share": percent(share), "missed": cell.missed, "offered": cell.offered,
                "rest": percent(rest),
            }  # fmt: skip
            yield Finding("place", Weight.WARN, facts, {"province": name}, "missed")


def _queues(report: Report, goal: Goal) -> Iterator[Finding]:
    for name, cell in sorted(report.figures.queues.items()) if len(report.figures.queues) > 1 else ():
        if cell.offered >= FEW and cell.missed / cell.offered >= 2 * LOST:
            facts: dict[str, Fact] = {
                "queue": name, "share": percent(cell.missed / cell.offered), "missed": cell.missed,
                "offered": cell.offered, "speed": round(cell.speed_s), "seconds": goal.seconds,
                "goal": percent(goal.level),
            }  # fmt: skip
            yield Finding("queue", Weight.BAD, facts, {"queue": name}, "missed")


def _trend(report: Report, before: Report) -> Iterator[Finding]:
    now, then = report.all.calls, before.all.calls
    if then >= FEW and abs(now - then) >= 0.2 * then:
        facts: dict[str, Fact] = {"now": now, "then": then, "share": percent(abs(now - then) / then)}
        kind, weight = ("trend-more", Weight.WARN) if now > then else ("trend-fewer", Weight.GOOD)
        yield Finding(kind, weight, facts, {}, "all")
