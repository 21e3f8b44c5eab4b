"""Who signs in to the web pages, what is open, and the audit log of what they changed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from storage.models.document import Document

_NEWEST_FIRST: Final = 2**63


class Role(StrEnum):
    """What an operator may do; ``webui.security.permissions`` has the table."""

    ADMIN = "admin"
    FINANCE = "finance"
    SUPPORT = "support"


class Credential(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How somebody proves who he is."""

    hash: str
    """Argon2, with its parameters."""
    first: bool = False
    """Made by somebody else: it must be changed before anything else."""
    set_at: float = 0.0
    """UTC POSIX seconds."""
    wrong: int = 0
    """Wrong tries in all against a first password."""
    totp: str = ""
    """Base 32 secret of the second factor; empty: none."""
    totp_step: int = 0
    """The last time step that was taken; no code is good twice."""
    recovery: tuple[str, ...] = ()
    """SHA-256 of recovery codes that were not used yet."""


class Account(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may sign in."""

    credential: Credential
    role: Role | None = None
    """Of an operator."""
    enabled: bool = True
    supervisor: bool = False
    """Of an agent: whether he sees the wall board, listens, and keeps the contacts."""


class WebSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser that is signed in."""

    account: str
    """Key of its account."""
    began: float
    seen: float
    """Kept to five minutes."""
    address: str
    browser: str = ""
    acting: str = ""
    """The operator who is in as this tenant; empty: the tenant himself."""


class ApiKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a program proves itself by; the key itself is not kept."""

    name: str
    """What it is for, in its maker's words."""
    tenant: str
    """Whose things it reaches; empty: the operator's, which reaches all."""
    scopes: tuple[str, ...]
    """What it may do (``webui.api.scopes``)."""
    made_at: float
    """UTC POSIX seconds."""
    made_by: str
    ends_at: float | None = None
    """When it stops being good; None: never."""


class Acknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That somebody knows of an alarm and sees to it."""

    who: str
    at: float
    """UTC POSIX seconds; it holds for an alarm that was up by then."""
    note: str = ""


class Assistance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """远程协助: what a tenant allows his operator, or what the operator asks for. UTC POSIX seconds."""

    asked_at: float = 0.0
    """0: nobody asks."""
    asked_by: str = ""
    why: str = ""
    until: float = 0.0
    """Operators may see his pages until then."""
    given_by: str = ""
    may_change: bool = False
    """Whether they may also change something."""

    def holds(self, now: float) -> bool:
        """Tell whether operators may see his pages now."""
        return now < self.until


class SavedFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody looks for in a list again and again."""

    list: str
    """Name of the list, as its address ends: ``calls``."""
    name: str
    query: str
    """As it stands in the list's address."""
    day: str = ""
    """When it was saved, ``2026-11-23``, if its dates move on with the days; empty: they stay."""


class SavedFilters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Those of one account, in the order in which they were saved."""

    filters: tuple[SavedFilter, ...] = ()


class AuditEntry(msgspec.Struct, frozen=True, array_like=True):
    """Something that somebody changed, or was refused. New fields go to the end, with a default."""

    at: float
    who: str
    """Key of the account; ``operator:anna as tenant:demo`` when an operator acts as a tenant."""
    action: str
    target: str = ""
    tenant: str = ""
    before: str = ""
    after: str = ""
    address: str = ""


class AccountDocument(Document[Account]):
    """Somebody who may sign in."""

    TYPE = Account


class SessionDocument(Document[WebSession]):
    """A browser that is signed in."""

    TYPE = WebSession


class ApiKeyDocument(Document[ApiKey]):
    """A key of a program."""

    TYPE = ApiKey


class AssistanceDocument(Document[Assistance]):
    """What a tenant allows his operator."""

    TYPE = Assistance


class FiltersDocument(Document[SavedFilters]):
    """The saved filters of an account."""

    TYPE = SavedFilters


class AcknowledgementDocument(Document[Acknowledgement]):
    """That somebody knows of an alarm."""

    TYPE = Acknowledgement


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(AuditEntry).decode


class WebBook(Persistent):  # type: ignore[misc]
    """Everything the web pages keep for themselves."""

    def __init__(self) -> None:
        self.accounts: Any = OOBTree()
        """``operator:NAME``, ``tenant:ID``, ``agent:TENANT/工号`` -> AccountDocument."""
        self.sessions: Any = OOBTree()
        """SHA-256 of the cookie's token -> SessionDocument."""
        self.audit: Any = OOBTree()
        """Key, newest first -> AuditEntry, encoded."""
        self.api_keys: Any = OOBTree()
        """SHA-256 of the key -> ApiKeyDocument."""
        self.acknowledged: Any = OOBTree()
        """Key of an alarm -> AcknowledgementDocument."""
        self.assistance: Any = OOBTree()
        """Tenant -> AssistanceDocument."""
        self.filters: Any = OOBTree()
        """Account -> FiltersDocument."""

    def note(self, entry: AuditEntry) -> None:
        """Add to the audit log."""
        key = _NEWEST_FIRST - time.time_ns()
        while key in self.audit:
            key -= 1
        self.audit[key] = _encode(entry)

    def listed(self, after: int = 0) -> Iterator[tuple[int, AuditEntry]]:
        """Yield keys and entries, newest first, those older than a key."""
        return ((key, _decode(data)) for key, data in self.audit.items(after + 1))

    def account(self, key: str) -> Account | None:
        """Return an account, or None."""
        found = self.accounts.get(key)
        return None if found is None else found.value

    def set_account(self, key: str, account: Account) -> None:
        """Store an account."""
        held = self.accounts.get(key)
        if held is None:
            self.accounts[key] = AccountDocument(account)
        else:
            held.value = account

    def filters_of(self, key: str) -> tuple[SavedFilter, ...]:
        """Return the filters that an account saved, of all lists."""
        found = self.filters.get(key)
        return () if found is None else found.value.filters

    def set_filters(self, key: str, filters: tuple[SavedFilter, ...]) -> None:
        """Store the filters of an account."""
        self.filters[key] = FiltersDocument(SavedFilters(filters))

    def sign_out(self, account: str, but: str = "") -> int:
        """End the sessions of an account, all but one; return how many there were.

        Those in which an operator acts as a tenant are his too.
        """
        gone = [
            token
            for token, session in self.sessions.items()
            if account in (session.value.account, f"operator:{session.value.acting}") and token != but
        ]
        for token in gone:
            del self.sessions[token]
        return len(gone)
