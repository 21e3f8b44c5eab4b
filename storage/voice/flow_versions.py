"""Versions of a tenant's voice menus, kept beside the published ones."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from BTrees.IOBTree import IOBTree
from BTrees.OOBTree import OOBTree

from domain.flow.document import Flow
from storage.models import Tenant
from storage.models.flows import FlowVersion, KeptVersion

VERSIONS: Final = "flow-versions"
"""Key in ``Tenant.parts``: name of a flow -> number -> :class:`KeptVersion`."""
MOST_VERSIONS: Final = 200
"""Of one flow; the oldest go."""


def keep(tenant: Tenant, flow: Flow, *, by: str, at: float, note: str = "") -> Flow:
    """Keep what is being published as a new version; return the flow with its number."""
    tree = _tree(tenant, flow.name)
    last = tree.maxKey() if len(tree) else 0
    number = max(last, flow.version) + 1
    tree[number] = KeptVersion(FlowVersion(number, flow.document(), at, by, note))
    while len(tree) > MOST_VERSIONS:
        del tree[tree.minKey()]
    return msgspec.structs.replace(flow, version=number)


def versions(tenant: Tenant, name: str) -> list[FlowVersion]:
    """Return every version of a flow that is kept, oldest first; also of one that is gone."""
    return [kept.value for kept in tenant.parts.get(VERSIONS, {}).get(name, {}).values()]


def _tree(tenant: Tenant, name: str) -> Any:
    if VERSIONS not in tenant.parts:
        tenant.parts[VERSIONS] = OOBTree()
    flows = tenant.parts[VERSIONS]
    if name not in flows:
        flows[name] = IOBTree()
    return flows[name]
