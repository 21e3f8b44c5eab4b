"""Whether a new call is let in: the number, its tenant, and the limits of box, trunk and tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from b2bua.calls.ports import Directory, Invitation
from domain.outcomes import Outcome
from domain.snapshot import NumberPlan, TenantSnapshot, TenantState

TOLD_SHARE = 0.1
"""Part of the box's calls that callers who are turned away may take for being told why."""


class Verdict(msgspec.Struct, frozen=True):
    """What is known of a new call before anything is done with it."""

    tenant: TenantSnapshot | None
    plan: NumberPlan | None
    refusal: Outcome | None
    """Why the call is not let in, or None."""


class Admission:
    """Counts calls up, and the rate of new ones, against the limits in force."""

    def __init__(self, calls_out: Callable[[str], int] = lambda trunk: 0) -> None:
        """``calls_out``: channels of a trunk that calls going out have taken."""
        self._calls_out = calls_out
        self.by_tenant: Counter[str] = Counter()
        self.by_trunk: Counter[str] = Counter()
        self.up = 0
        self._rates: dict[str, tuple[float, float]] = {}

    def ask(self, directory: Directory, invitation: Invitation, mono: float) -> Verdict:
        """Judge a new call; it is not counted yet (:meth:`enter`)."""
        found = directory.find(invitation.called)
        tenant, plan = found if found is not None else (None, None)
        refusal = self._limit(directory, invitation, mono)
        if refusal is None:
            refusal = self._number(tenant, plan)
            if refusal is Outcome.NUMBER_UNKNOWN and invitation.called in directory.box.reclaimed:
                refusal = Outcome.NUMBER_RECLAIMED
        return Verdict(tenant=tenant, plan=plan, refusal=refusal)

    def enter(self, tenant: str | None, trunk: str | None) -> None:
        """Count a call; each needs its :meth:`leave`. ``tenant`` is None for one that is only turned away."""
        self.up += 1
        if tenant is not None:
            self.by_tenant[tenant] += 1
        if trunk is not None:
            self.by_trunk[trunk] += 1

    def leave(self, tenant: str | None, trunk: str | None) -> None:
        """Take a call out of the counts."""
        self.up -= 1
        if tenant is not None:
            _less(self.by_tenant, tenant)
        if trunk is not None:
            _less(self.by_trunk, trunk)

    def may_tell(self, directory: Directory) -> bool:
        """Whether one more caller may be told why he is turned away, which takes his line for some seconds.

        A flood of calls to wrong numbers shall not take the lines of those who have somebody to talk to.
        """
        turned_away = self.up - self.by_tenant.total()
        return turned_away < max(1, int(directory.box.max_calls * TOLD_SHARE))

    def _limit(self, directory: Directory, invitation: Invitation, mono: float) -> Outcome | None:
        if self.up >= directory.box.max_calls:
            return Outcome.OVER_BOX_LIMIT
        if invitation.trunk is None:
            return None
        trunk = directory.trunk(invitation.trunk)
        if trunk is None:
            return None
        taken = self.by_trunk[trunk.name] + self._calls_out(trunk.name)
        if trunk.channels is not None and taken >= trunk.channels:
            return Outcome.OVER_TRUNK_LIMIT
        if trunk.calls_per_second is not None and not self._in_time(trunk.name, trunk.calls_per_second, mono):
            return Outcome.OVER_TRUNK_LIMIT
        return None

    def _number(self, tenant: TenantSnapshot | None, plan: NumberPlan | None) -> Outcome | None:
        if tenant is None or plan is None:
            return Outcome.NUMBER_UNKNOWN
        if tenant.state is not TenantState.ACTIVE or not plan.active:
            return Outcome.SUSPENDED
        if plan.number in tenant.halted:
            return tenant.halted[plan.number]
        if tenant.max_calls is not None and self.by_tenant[tenant.id] >= tenant.max_calls:
            return Outcome.OVER_TENANT_LIMIT
        if _leads_nowhere(plan):
            return Outcome.NOTHING_BOUND
        return None

    def _in_time(self, trunk: str, rate: float, mono: float) -> bool:
        """Spend one of the trunk's tokens; a full second's worth may come at once, one at least."""
        burst = max(1.0, rate)
        tokens, last = self._rates.get(trunk, (burst, mono))
        tokens = min(burst, tokens + (mono - last) * rate)
        allowed = tokens >= 1.0
        self._rates[trunk] = (tokens - 1.0 if allowed else tokens, mono)
        return allowed


def _leads_nowhere(plan: NumberPlan) -> bool:
    elsewhere = plan.routing is not None or plan.entry is not None or plan.otherwise is not None
    return not elsewhere and not any(each.enabled for each in plan.bound)


def _less(counts: Counter[str], name: str) -> None:
    counts[name] -= 1
    if not counts[name]:
        del counts[name]
