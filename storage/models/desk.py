"""Notes of calls and settings of desks, by tenant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.customers.desk import CallNote, DeskSettings
from storage.models.document import Document
from storage.records.call_id import key_of

_encode = msgspec.json.Encoder().encode
_note = msgspec.json.Decoder(CallNote).decode


class SettingsDocument(Document[DeskSettings]):
    """A tenant's settings."""

    TYPE = DeskSettings


class TenantDesk(Persistent):  # type: ignore[misc]
    """One tenant's."""

    def __init__(self) -> None:
        self.settings = SettingsDocument(DeskSettings())
        self.notes: Any = OOBTree()
        """Id of a call -> JSON of CallNote."""
        self.of_caller: Any = OOBTree()
        """(Caller, key of the call, newest first) -> id of the call."""

    def put_note(self, note: CallNote) -> None:
        """Store what was written about a call, instead of what was written before."""
        self.notes[note.call] = _encode(note)
        if note.caller:
            self.of_caller[(note.caller, key_of(note.call))] = note.call

    def note(self, call: str) -> CallNote | None:
        """Return what was written about a call, or None."""
        data = self.notes.get(call)
        return None if data is None else _note(data)

    def notes_of(self, caller: str, most: int) -> list[CallNote]:
        """Return what was written about a caller's calls, newest first."""
        return list(islice(self._notes_of(caller), most)) if caller else []

    def _notes_of(self, caller: str) -> Iterator[CallNote]:
        for key, call in self.of_caller.items((caller,)):
            if key[0] != caller:
                return
            note = self.note(call)
            if note is not None:
                yield note


class DeskBook(Persistent):  # type: ignore[misc]
    """Everybody's."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant id -> TenantDesk."""

    def of(self, tenant: str) -> TenantDesk:
        """Return a tenant's, made when he has none."""
        found: TenantDesk | None = self.tenants.get(tenant)
        if found is None:
            found = self.tenants[tenant] = TenantDesk()
        return found

    def find(self, tenant: str) -> TenantDesk:
        """Return a tenant's to read; an empty one, that is not kept, when he has none."""
        found: TenantDesk | None = self.tenants.get(tenant)
        return TenantDesk() if found is None else found
