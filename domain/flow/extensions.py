"""Whom callers reach by keying an extension or a job number (工号)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.flow.dialling import DialPlan
from domain.snapshot import BoundNumber, BoxSnapshot, NumberPlan, TargetKind, TenantSnapshot


def dial_plan_of(box: BoxSnapshot, tenant: TenantSnapshot, plan: NumberPlan) -> DialPlan:
    """Return what callers of a number may dial."""
    return DialPlan(name for name, _ in _colleagues(box, tenant, plan))


def dialled_target(
    box: BoxSnapshot, tenant: TenantSnapshot, plan: NumberPlan, dialled: str
) -> BoundNumber | None:
    """Return whom an extension or a job number rings, extensions first; None when the tenant has neither."""
    return next((target for name, target in _colleagues(box, tenant, plan) if name == dialled), None)


def _colleagues(
    box: BoxSnapshot, tenant: TenantSnapshot, plan: NumberPlan
) -> Iterator[tuple[str, BoundNumber]]:
    """Return by which names a tenant's phones, those that are on, can be dialled."""
    own = [extension.name for extension in box.extensions if extension.tenant == tenant.id]
    for name in own:
        yield name, BoundNumber(number=name, kind=TargetKind.EXTENSION)
    for targets in (plan.bound, *(group.targets for group in tenant.groups)):
        for target in targets:
            if target.enabled and target.job_number:
                yield target.job_number, target
    for agent in tenant.agents:
        kind = TargetKind.EXTENSION if agent.target in own else TargetKind.MOBILE
        yield agent.name, BoundNumber(number=agent.target, kind=kind, job_number=agent.name)
