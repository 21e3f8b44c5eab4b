"""Which recording a prompt's name stands for: the tenant's own, the pack in use, or the shipped voice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from domain.snapshot import BoxSnapshot, TenantSnapshot

OWN: Final = "prompt:"
"""Begins a reference to a prompt that the tenant uploaded, such as ``prompt:greeting``."""
SHIPPED_PACK: Final = "zh_CN"
"""The voice that comes with the product; what other packs lack is spoken by it."""


def own_name(reference: str) -> str | None:
    """Return the name in a ``prompt:NAME`` reference; None when it is none."""
    return reference[len(OWN) :] if reference.startswith(OWN) else None


class PromptBook:
    """Every name of a prompt with its content address, laid out once for many look-ups.

    A system prompt is looked for in the pack of the tenant (when one is chosen for him), among the box's own
    replacements (``system_prompts``), in the pack of the box, and in the shipped voice, in this order.
    """

    def __init__(
        self, box: BoxSnapshot, tenants: Iterable[TenantSnapshot], shipped: Mapping[str, str]
    ) -> None:
        common = {**shipped, **box.prompt_packs.get(box.prompt_pack, {}), **box.system_prompts}
        voices: dict[str, dict[str, str]] = {"": common, SHIPPED_PACK: {**common, **shipped}}
        for name, pack in box.prompt_packs.items():
            voices[name] = {**common, **pack}
        self._common = common
        self._voices: dict[str, dict[str, str]] = {}
        self._own: dict[str, dict[str, str]] = {}
        for tenant in tenants:
            self._voices[tenant.id] = voices.get(tenant.prompt_pack, common)
            self._own[tenant.id] = tenant.prompts

    def find(self, tenant: str | None, name: str) -> str | None:
        """Return the content address of a system prompt, or of ``prompt:NAME``; None: there is none."""
        own = own_name(name)
        if own is not None:
            return self._own.get(tenant or "", {}).get(own)
        return self._voices.get(tenant or "", self._common).get(name)
