"""Persistent configuration: what the box itself knows, tenants and their numbers."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.snapshot import (
    ExtensionSnapshot,
    ListenerSnapshot,
    NumberPlan,
    TenantSnapshot,
    TenantState,
    TrunkSnapshot,
)
from storage.models.document import Document

BOUND_LIMIT: Final = 20
"""Bound numbers a 400 number may have unless the operator raised the tenant's limit (features.md 2)."""


class BoxConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Settings of the box that belong to no trunk, listener or tenant."""

    realm: str = "box400"
    max_calls: int = 300
    stranger_status: int = 0
    system_prompts: dict[str, str] = {}
    """Name (``busy``, ``no-answer`` ...) -> content address."""


class TenantConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant without its numbers."""

    id: str
    name: str
    state: TenantState = TenantState.ACTIVE
    max_calls: int | None = None
    outbound_trunks: tuple[str, ...] = ()
    bound_limit: int = BOUND_LIMIT


class PromptInfo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people want to know of a prompt."""

    address: str
    name: str
    """File name of the upload."""
    seconds: float = 0.0


class Box(Document[BoxConfig]):
    """The box's own settings."""

    TYPE = BoxConfig


class Listener(Document[ListenerSnapshot]):
    """A place where SIP is spoken."""

    TYPE = ListenerSnapshot


class Trunk(Document[TrunkSnapshot]):
    """A carrier trunk."""

    TYPE = TrunkSnapshot


class Extension(Document[ExtensionSnapshot]):
    """A SIP phone of an agent."""

    TYPE = ExtensionSnapshot


class Number(Document[NumberPlan]):
    """A 400 number with what happens on a call to it."""

    TYPE = NumberPlan


class Prompt(Document[PromptInfo]):
    """A pre-encoded prompt; its audio lies in the data directory."""

    TYPE = PromptInfo


class TenantDocument(Document[TenantConfig]):
    """A tenant's own settings."""

    TYPE = TenantConfig


class Tenant(Persistent):  # type: ignore[misc]
    """A tenant: configuration here, balances and records elsewhere, so that they never conflict."""

    def __init__(self, config: TenantConfig) -> None:
        self.config = TenantDocument(config)
        self.numbers: Any = OOBTree()
        """Number (10 digits) -> :class:`Number`."""
        self.version = 0
        """``Root.version`` at the last change of anything in the snapshot."""

    def snapshot(self) -> TenantSnapshot:
        """Return the frozen value that calls are served from."""
        config = self.config.value
        return TenantSnapshot(
            id=config.id,
            name=config.name,
            state=config.state,
            max_calls=config.max_calls,
            outbound_trunks=config.outbound_trunks,
            numbers=tuple(number.value for number in self.numbers.values()),
            version=self.version,
        )
