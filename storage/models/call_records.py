"""Call records, partitioned by tenant and month."""

from __future__ import annotations

from typing import Any

from BTrees.OOBTree import OOBTree
from persistent import Persistent


class CallRecords(Persistent):  # type: ignore[misc]
    """Every call record of the box."""

    def __init__(self) -> None:
        self.owners: Any = OOBTree()
        """Tenant id, or "" for calls that reached no tenant -> OwnerRecords."""
        self.journals: Any = OOBTree()
        """Box -> JournalProgress: how far its journal is in these records."""
