"""Which audio in ``prompts/`` anything in the database names."""

from __future__ import annotations

from storage.models import Root
from storage.provisioning.state import read_configuration


def addresses_in_use(root: Root) -> set[str]:
    """Return the content addresses that anything in the database names."""
    used = read_configuration(root).used_prompts()
    for tenant in root.tenants.values():
        for prompt in tenant.own_prompts().values():
            used.update(version.address for version in prompt.versions)
    for pack in root.prompt_packs.values():
        used.update(pack.value.prompts.values())
    return used
