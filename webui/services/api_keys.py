"""Keys by which programs use the API: made, listed, revoked, recognised."""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Final, NamedTuple

from storage.models import Root
from storage.models.web import ApiKey, ApiKeyDocument
from webui.services.accounts import digest

PREFIX: Final = "b400_"
"""Lets a key be recognised where it does not belong, such as in a log or a repository."""
MOST_KEYS: Final = 50
"""Of one tenant."""


class Scope(StrEnum):
    """What a key may do."""

    CALLS_READ = "calls:read"
    RECORDINGS_READ = "recordings:read"
    LIVE_READ = "live:read"
    LIVE_CONTROL = "live:control"
    MISSED_WRITE = "missed:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    ARTICLES_READ = "articles:read"
    ARTICLES_WRITE = "articles:write"
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    PROMPTS_READ = "prompts:read"
    PROMPTS_WRITE = "prompts:write"
    PROMPTS_REVIEW = "prompts:review"
    NOTICES_READ = "notices:read"
    CONFIG_READ = "config:read"
    CONFIG_WRITE = "config:write"
    MONEY_READ = "money:read"
    INVOICES_WRITE = "invoices:write"
    MONEY_WRITE = "money:write"
    TENANTS_WRITE = "tenants:write"
    NUMBERS_READ = "numbers:read"
    NUMBERS_WRITE = "numbers:write"
    AGENTS_WRITE = "agents:write"
    BOX_READ = "box:read"
    BOX_WRITE = "box:write"
    OPERATORS_WRITE = "operators:write"


OPERATORS_ONLY: Final = frozenset(
    {
        Scope.PROMPTS_REVIEW,
        Scope.MONEY_WRITE,
        Scope.TENANTS_WRITE,
        Scope.NUMBERS_READ,
        Scope.NUMBERS_WRITE,
        Scope.BOX_READ,
        Scope.BOX_WRITE,
        Scope.OPERATORS_WRITE,
    }
)
"""Scopes that no tenant's key can have."""


class KnownKey(NamedTuple):
    """A key that is kept."""

    id: str
    """The first 12 characters of its digest."""
    key: ApiKey


class TooMany(Exception):
    """A tenant has as many keys as he may."""


def make(root: Root, key: ApiKey) -> str:
    """Keep a new key and return it; it is told once.

    Raises ValueError for scopes that a tenant's key cannot have, TooMany.
    """
    if key.tenant and OPERATORS_ONLY.intersection(Scope(each) for each in key.scopes):
        raise ValueError(key.scopes)
    if len(listed(root, key.tenant)) >= MOST_KEYS:
        raise TooMany(key.tenant)
    token = PREFIX + secrets.token_urlsafe(32)
    root.web.api_keys[digest(token)] = ApiKeyDocument(key)
    return token


def listed(root: Root, tenant: str | None = None) -> list[KnownKey]:
    """Return the keys of a tenant (``""``: the operator's), or all, oldest first."""
    found = [KnownKey(name[:12], held.value) for name, held in root.web.api_keys.items()]
    return sorted(
        (each for each in found if tenant is None or each.key.tenant == tenant),
        key=lambda each: each.key.made_at,
    )


def revoke(root: Root, wanted: str, tenant: str | None = None) -> ApiKey | None:
    """Take a key back by its id; None: there is none (of this tenant)."""
    for name, held in list(root.web.api_keys.items()):
        key: ApiKey = held.value
        if name[:12] == wanted and tenant in (None, key.tenant):
            del root.web.api_keys[name]
            return key
    return None


def recognised(root: Root, token: str, now: float) -> KnownKey | None:
    """Return a key that is good now, or None."""
    name = digest(token)
    held = root.web.api_keys.get(name)
    if held is None:
        return None
    key: ApiKey = held.value
    if (key.ends_at is not None and key.ends_at <= now) or (key.tenant and key.tenant not in root.tenants):
        return None
    return KnownKey(name[:12], key)
