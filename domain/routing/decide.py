"""The route decision: one function for the call, the simulator and the record."""

from __future__ import annotations

from typing import Final

import msgspec

from domain.calling.facts import CallerFacts
from domain.days.schedule import is_open_at
from domain.outcomes import Outcome
from domain.routing.callers import first_in, patterns_of
from domain.routing.destination import Destination, DestinationKind
from domain.routing.live import LiveFacts
from domain.routing.plan import RoutePlan, Rule
from domain.routing.reasons import Reason, caller_reason, moment_reason
from domain.routing.turns import sequence
from domain.snapshot import NumberPlan, TenantSnapshot

BOUND: Final = Destination(DestinationKind.BOUND)
_NO_RULES: Final = RoutePlan()
_WITHOUT_PIN: Final = frozenset(
    {DestinationKind.ANNOUNCEMENT, DestinationKind.HANG_UP, DestinationKind.VOICEMAIL}
)
"""Nobody is connected there, so nobody needs leave."""


class Decision(msgspec.Struct, frozen=True):
    """Where a call goes, and why."""

    number: str
    """The 400 number whose plan decided."""
    to: Destination | None
    """None: the call is turned away with ``refusal``."""
    refusal: Outcome | None
    needs_pin: bool
    vip: bool
    reasons: tuple[Reason, ...]
    turn: str = ""
    """What was shared out: to be counted by who carries the decision out; empty: nothing."""

    @property
    def explains(self) -> bool:
        """Whether anything but the number's own plan decided, so that the record says why."""
        return any(reason.code not in ("caller", "moment", "to") for reason in self.reasons)


def decide(tenant: TenantSnapshot, plan: NumberPlan, facts: CallerFacts, live: LiveFacts) -> Decision:
    """Decide where a call to a number goes.

    In this order: the blacklist, VIPs (whom no area bars), areas, opening hours, PIN, rules, the
    number's ``entry``. Whoever is blacklisted by his whole number is turned away, also as a VIP.
    """
    reasons = [caller_reason(facts), moment_reason(facts)]
    routing = plan.routing or _NO_RULES
    patterns = patterns_of(facts) if _names_callers(tenant, routing) else ()
    vip, refusal = _admit(tenant, routing, patterns, reasons)
    if refusal is not None:
        return Decision(plan.number, None, refusal, False, vip, tuple(reasons))
    if routing.hours is not None and not is_open_at(routing.hours, facts.when):
        reasons.append(Reason("closed"))
        if routing.closed is None:
            return Decision(plan.number, None, Outcome.CLOSED, False, vip, tuple(reasons))
        to, turn = routing.closed, ""
    else:
        to, turn = _route(tenant, plan, routing, frozenset(patterns), facts, live, reasons)
    needs_pin = bool(plan.pin) and to.kind not in _WITHOUT_PIN
    if needs_pin:
        reasons.append(Reason("pin"))
    reasons.append(Reason("to", {"to": str(to)}))
    return Decision(plan.number, to, None, needs_pin, vip, tuple(reasons), turn)


def _names_callers(tenant: TenantSnapshot, routing: RoutePlan) -> bool:
    """Tell whether anything depends on who calls; most numbers have no such rules."""
    return routing is not _NO_RULES or bool(tenant.blacklist or tenant.vip)


def _admit(
    tenant: TenantSnapshot, routing: RoutePlan, patterns: tuple[str, ...], reasons: list[Reason]
) -> tuple[bool, Outcome | None]:
    """Tell whether the caller is a VIP, and why he is turned away, or None."""
    whole = patterns[:1]
    for listed in (routing.vip, tenant.vip):
        found = first_in(whole, listed)
        if found is not None:
            reasons.append(Reason("vip", {"note": listed[found]}))
            barred = first_in(whole, routing.blacklist) or first_in(whole, tenant.blacklist)
            return True, _blacklisted(tenant, routing, barred, reasons)
    barred = first_in(patterns, routing.blacklist) or first_in(patterns, tenant.blacklist)
    if barred is not None:
        return False, _blacklisted(tenant, routing, barred, reasons)
    denied = first_in(patterns, routing.deny)
    if denied is not None:
        reasons.append(Reason("denied", {"pattern": denied}))
        return False, Outcome.AREA_DENIED
    if routing.allow and first_in(patterns, routing.allow) is None:
        reasons.append(Reason("not-allowed"))
        return False, Outcome.AREA_DENIED
    return False, None


def _blacklisted(
    tenant: TenantSnapshot, routing: RoutePlan, barred: str | None, reasons: list[Reason]
) -> Outcome | None:
    if barred is None:
        return None
    note = routing.blacklist.get(barred) or tenant.blacklist.get(barred, "")
    reasons.append(Reason("blacklisted", {"pattern": barred, "note": note}))
    return Outcome.BLACKLISTED


def _route(
    tenant: TenantSnapshot,
    plan: NumberPlan,
    routing: RoutePlan,
    patterns: frozenset[str],
    facts: CallerFacts,
    live: LiveFacts,
    reasons: list[Reason],
) -> tuple[Destination, str]:
    """Return where the rules send a call, and what was shared out."""
    when, kind = facts.when, facts.kind
    for index, rule in enumerate(routing.rules, 1):
        if rule.callers and patterns.isdisjoint(rule.callers):
            continue
        if rule.classes and kind not in rule.classes:
            continue
        if rule.when is not None and not is_open_at(rule.when, when):
            continue
        reasons.append(Reason("rule", {"index": str(index), "name": rule.name}))
        if rule.to is not None:
            return rule.to, ""
        return _shared_out(rule, f"{tenant.id}/{plan.number}/rule {index}", live, reasons)
    if routing.rules:
        reasons.append(Reason("default"))
    return plan.entry or BOUND, ""


def _shared_out(rule: Rule, turn: str, live: LiveFacts, reasons: list[Reason]) -> tuple[Destination, str]:
    shares = sequence(tuple(share.percent for share in rule.split))
    number = live.turn(turn) % len(shares)
    share = rule.split[shares[number]]
    reasons.append(Reason("share", {"percent": str(share.percent), "turn": str(number + 1)}))
    return share.to, turn
