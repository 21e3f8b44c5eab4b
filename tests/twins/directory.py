"""Configuration in memory."""

from __future__ import annotations

from collections.abc import Mapping

from b2bua.recorder import voice
from domain.calling.facts import FactsInForce
from domain.flow.dialling import DialPlan
from domain.flow.extensions import dial_plan_of
from domain.places.places import shipped_places
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from domain.voice.prompts import PromptBook, own_name

SHIPPED = {name: name for name in voice.WORDS}
"""Every shipped prompt; here its address is its name, so that a test reads what was played."""


class MemoryDirectory:
    """Twin of ``b2bua.directory.FileDirectory``."""

    def __init__(
        self, box: BoxSnapshot, *tenants: TenantSnapshot, shipped: Mapping[str, str] | None = None
    ) -> None:
        """``shipped``: the prompts that come with the product, by default none; ``SHIPPED`` is all."""
        self.box = box
        self.tenants = list(tenants)
        self.shipped = shipped or {}

    @property
    def facts(self) -> FactsInForce:
        """What facts of calls follow from."""
        return FactsInForce(shipped_places(), self.box, self.tenants)

    def find(self, number: str) -> tuple[TenantSnapshot, NumberPlan] | None:
        """Return who owns a 400 number and its plan, or None."""
        for tenant in self.tenants:
            for plan in tenant.numbers:
                if plan.number == number:
                    return tenant, plan
        return None

    def tenant(self, name: str) -> TenantSnapshot | None:
        """Return a tenant by id."""
        return next((tenant for tenant in self.tenants if tenant.id == name), None)

    def trunk(self, name: str) -> TrunkSnapshot | None:
        """Return a trunk by name."""
        return next((trunk for trunk in self.box.trunks if trunk.name == name), None)

    def dial_plan(self, tenant: TenantSnapshot, plan: NumberPlan) -> DialPlan:
        """Return the extensions and job numbers that callers of a number may dial."""
        return dial_plan_of(self.box, tenant, plan)

    def prompt(self, tenant: str | None, name: str) -> str | None:
        """Return the content address of a prompt, or None when there is none.

        With the whole voice there, a name that it does not have is a mistake in the code that asks.
        """
        found = PromptBook(self.box, self.tenants, self.shipped).find(tenant, name)
        whole = self.shipped is SHIPPED
        assert found is not None or not whole or own_name(name) is not None, f"no prompt ships as {name!r}"
        return found
