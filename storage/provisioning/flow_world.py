"""What a tenant has besides a flow, for its checker, as the configuration says it."""

from __future__ import annotations

from collections.abc import Collection

from domain.flow.dialling import DialPlan
from domain.routing.destination import Destination
from domain.voice.prompts import own_name
from storage.provisioning.checks import ADDRESS
from storage.provisioning.consistency import is_there
from storage.provisioning.state import Configuration


class FlowWorld:
    """Implements ``domain.flow.checker.World``."""

    def __init__(
        self,
        configuration: Configuration,
        tenant: str,
        shipped: Collection[str],
        heard: Collection[str] | None = None,
    ) -> None:
        """``shipped``: names of the system prompts; ``heard``: those of the tenant's own that were approved,
        by default all that are there."""
        self._own = configuration.own_prompts(tenant) if heard is None else heard
        self._after = configuration
        self._tenant = tenant
        self._system = {*shipped, *configuration.box.system_prompts}
        self.dial = DialPlan(_dialled(configuration, tenant))

    def has_prompt(self, name: str) -> bool:
        """Look among system prompts, what the tenant uploaded, and audio that configuration names."""
        own = own_name(name)
        if own is not None:
            return own in self._own
        return name in self._system or ADDRESS.fullmatch(name) is not None

    def has_destination(self, destination: Destination) -> bool:
        """Look for it in the configuration."""
        return is_there(self._after, self._tenant, destination)


def _dialled(after: Configuration, tenant: str) -> list[str]:
    numbers = [name for owner, name in after.extensions if owner == tenant]
    numbers += [name for owner, name in after.parts["agents"] if owner == tenant]
    for owner, plan in after.numbers.values():
        if owner == tenant:
            numbers += [target.job_number for target in plan.bound]
    for (owner, _), group in after.parts["groups"].items():
        if owner == tenant:
            numbers += [target.job_number for target in group.targets]
    return numbers
