"""A number's route plan as a picture: the gates a call passes, and where it leaves them."""

from __future__ import annotations

from typing import NamedTuple

from domain.calling.caller import CLASS_WORDS
from domain.routing.destination import Destination
from domain.routing.order import Ordering
from domain.routing.plan import RoutePlan, Rule
from domain.routing.reasons import Reason
from domain.routing.target import BoundNumber
from domain.snapshot import NumberPlan, TenantSnapshot
from webui.presenters.schedule import lines_in
from webui.presenters.texts import Texts
from webui.services.routing import digest, fields_of, rules_of

MOST_SHOWN = 6
"""Callers of a list that the picture names."""


class Exit(NamedTuple):
    """Where calls leave a gate."""

    label: str
    to: str
    kind: str = "good"
    percent: int = 100


class Gate(NamedTuple):
    """One step that a call passes on its way down."""

    symbol: str
    title: str
    edit: str
    """Last part of the address of its form."""
    lines: tuple[str, ...] = ()
    exits: tuple[Exit, ...] = ()
    on: bool = True
    """False: it lets everything pass."""
    rule: str = ""
    """Digest of a rule."""


def gates(tenant: TenantSnapshot, plan: NumberPlan, texts: Texts) -> list[Gate]:
    """Return the picture from top to bottom, in the order of the decision (docs/routing.md)."""
    routing = plan.routing or RoutePlan()
    return [
        _lists(tenant, routing, texts),
        _areas(routing, texts),
        _hours(routing, texts),
        *_rules(plan, routing, texts),
        _ways(plan, texts),
        _pin(plan, texts),
        _phones(plan, texts),
        _forwards(plan, routing, texts),
    ]


def where(to: Destination | str | None, texts: Texts) -> str:
    """Say a destination."""
    return Reason("to", {"to": str(to)}).text(texts.language) if to is not None else ""


def rounds(phones: Ordering, texts: Texts) -> list[str]:
    """Say who is rung, round by round."""
    return [texts(", ").join(_phone(each) for each in batch) for batch in phones.rounds]


def _lists(tenant: TenantSnapshot, routing: RoutePlan, texts: Texts) -> Gate:
    _ = texts
    barred, vip = {**tenant.blacklist, **routing.blacklist}, {**tenant.vip, **routing.vip}
    lines = [_("Blacklist: {list}", list=_some(tuple(barred), texts))] if barred else []
    lines += [_("VIP: {list}", list=_some(tuple(vip), texts))] if vip else []
    exits = (Exit(_("on the blacklist"), _("Turned away"), "bad"),) if barred else ()
    return Gate("ban", _("Blacklist and VIP"), "lists", tuple(lines), exits, bool(lines))


def _areas(routing: RoutePlan, texts: Texts) -> Gate:
    _ = texts
    lines = [_("Only: {list}", list=_some(routing.allow, texts))] if routing.allow else []
    lines += [_("Not: {list}", list=_some(routing.deny, texts))] if routing.deny else []
    exits = (Exit(_("from elsewhere"), _("Turned away"), "bad"),) if lines else ()
    return Gate("map-pin", _("Areas"), "areas", tuple(lines), exits, bool(lines))


def _hours(routing: RoutePlan, texts: Texts) -> Gate:
    _ = texts
    if routing.hours is None:
        return Gate("clock", _("Opening hours"), "hours", (_("Always open"),), on=False)
    to = where(routing.closed, texts) or _("Announcement, then the end")
    exits = (Exit(_("outside these hours"), to, "warn"),)
    return Gate("clock", _("Opening hours"), "hours", tuple(lines_in(routing.hours, texts.language)), exits)


def _rules(plan: NumberPlan, routing: RoutePlan, texts: Texts) -> list[Gate]:
    names = [digest(each) for each in rules_of(fields_of(plan))]
    return [
        _rule(index, rule, name, texts)
        for index, (rule, name) in enumerate(zip(routing.rules, names, strict=True), 1)
    ]


def _rule(index: int, rule: Rule, name: str, texts: Texts) -> Gate:
    _ = texts
    title = _("Rule {index}", index=index) + (f" {rule.name}" if rule.name else "")
    lines = [_("Callers: {list}", list=_some(rule.callers, texts))] if rule.callers else []
    if rule.classes:
        kinds = [CLASS_WORDS[each] for each in rule.classes]
        told = _(", ").join(texts.either(each.zh, each.en) for each in kinds)
        lines.append(_("Numbers: {list}", list=told))
    lines += lines_in(rule.when, texts.language)
    if rule.to is not None:
        exits: tuple[Exit, ...] = (Exit(_("if it fits"), where(rule.to, texts)),)
    else:
        exits = tuple(
            Exit(f"{share.percent}%", where(share.to, texts), "good", share.percent) for share in rule.split
        )
    symbol = "arrows-split" if rule.split else "filter"
    return Gate(symbol, title, f"rule?which={name}", tuple(lines) or (_("Every call"),), exits, rule=name)


def _ways(plan: NumberPlan, texts: Texts) -> Gate:
    _ = texts
    if plan.entry is None:
        return Gate("route", _("All other calls"), "ways", (_("to the bound numbers"),), on=False)
    exits = (Exit(_("always"), where(plan.entry, texts)),)
    return Gate("route", _("All other calls"), "ways", (), exits)


def _pin(plan: NumberPlan, texts: Texts) -> Gate:
    _ = texts
    if not plan.pin:
        return Gate("key", _("Access PIN"), "pin", (_("None is asked"),), on=False)
    return Gate("key", _("Access PIN"), "pin", (_("Asked before callers are connected"),),
                (Exit(_("wrong PIN"), _("Turned away"), "bad"),))  # fmt: skip


def _phones(plan: NumberPlan, texts: Texts) -> Gate:
    _ = texts
    lines = [f"{n}. {_phone(each)}" for n, each in enumerate(plan.bound, 1) if each.enabled]
    shown = lines if len(lines) <= MOST_SHOWN else [*lines[:MOST_SHOWN], "…"]
    return Gate("phone-call", _("Bound numbers"), "", tuple(shown) or (_("Nobody is rung"),))


def _forwards(plan: NumberPlan, routing: RoutePlan, texts: Texts) -> Gate:
    _ = texts
    exits = [Exit(_("busy"), _phone(each), "warn") for each in routing.when_busy]
    exits += [Exit(_("no answer"), _phone(each), "warn") for each in routing.when_no_answer]
    if plan.otherwise is not None:
        exits.append(Exit(_("nobody at all"), where(plan.otherwise, texts), "plain"))
    days = f"{routing.memory_days:g}"
    memory = _("Caller memory: {days} days", days=days) if routing.memory_days else _("Caller memory: off")
    lines = (memory,) if exits else (memory, _("No forwards: the call ends with an announcement"))
    on = bool(exits or routing.memory_days)
    return Gate("phone-outgoing", _("Forwards and caller memory"), "forwards", lines, tuple(exits), on)


def _phone(target: BoundNumber) -> str:
    return f"{target.number} {target.label}".rstrip()


def _some(names: tuple[str, ...], texts: Texts) -> str:
    told = texts(", ").join(names[:MOST_SHOWN])
    more = len(names) - MOST_SHOWN
    return told if more <= 0 else texts("{some} and {more} more", some=told, more=more)
