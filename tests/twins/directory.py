"""Configuration in memory."""

from __future__ import annotations

from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot


class MemoryDirectory:
    """Twin of ``b2bua.directory.FileDirectory``."""

    def __init__(self, box: BoxSnapshot, *tenants: TenantSnapshot) -> None:
        self.box = box
        self.tenants = list(tenants)

    def find(self, number: str) -> tuple[TenantSnapshot, NumberPlan] | None:
        """Return who owns a 400 number and its plan, or None."""
        for tenant in self.tenants:
            for plan in tenant.numbers:
                if plan.number == number:
                    return tenant, plan
        return None

    def trunk(self, name: str) -> TrunkSnapshot | None:
        """Return a trunk by name."""
        return next((trunk for trunk in self.box.trunks if trunk.name == name), None)
