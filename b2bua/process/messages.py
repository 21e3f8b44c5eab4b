"""Whose quota of messages is used up."""

from __future__ import annotations

from typing import Final

from domain.snapshot import TenantSnapshot
from storage.data_directory import DataDirectory
from storage.serving.message_counts import read_counts

LOOK_SECONDS: Final = 5.0


class MessageQuota:
    """Compares what the recorder counted last with what tenants may have."""

    def __init__(self, data: DataDirectory) -> None:
        self._data = data
        self._counts: dict[str, int] = {}

    def look(self) -> None:
        """Read the counts again; called every :data:`LOOK_SECONDS`."""
        self._counts = read_counts(self._data)

    def is_full(self, tenant: TenantSnapshot) -> bool:
        """Whether a tenant may have no more messages."""
        return self._counts.get(tenant.id, 0) >= tenant.message_quota
