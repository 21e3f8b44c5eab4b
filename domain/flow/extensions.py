"""Whom callers reach by keying an extension or a job number (工号)."""

from __future__ import annotations

from collections.abc import Iterator

from domain.flow.dialling import DialPlan
from domain.snapshot import BoundNumber, BoxSnapshot, NumberPlan, TargetKind, TenantSnapshot


def dial_plan_of(box: BoxSnapshot, tenant: TenantSnapshot, plan: NumberPlan) -> DialPlan:
    """Return what callers of a number may dial."""
    numbers = [extension.name for extension in box.extensions if extension.tenant == tenant.id]
    numbers += [target.job_number for target in _registered(tenant, plan) if target.job_number]
    return DialPlan(numbers)


def dialled_target(
    box: BoxSnapshot, tenant: TenantSnapshot, plan: NumberPlan, dialled: str
) -> BoundNumber | None:
    """Return whom an extension or a job number rings; None when the tenant has neither."""
    for extension in box.extensions:
        if extension.name == dialled and extension.tenant == tenant.id:
            return BoundNumber(number=dialled, kind=TargetKind.EXTENSION)
    return next((target for target in _registered(tenant, plan) if target.job_number == dialled), None)


def _registered(tenant: TenantSnapshot, plan: NumberPlan) -> Iterator[BoundNumber]:
    """Return the phones that calls to a number may ring, those that are on."""
    for targets in (plan.bound, *(group.targets for group in tenant.groups)):
        yield from (target for target in targets if target.enabled)
