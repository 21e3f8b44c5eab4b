"""Pyramid's security policy: who asks, and whether the table of permissions lets him."""

from __future__ import annotations

from pyramid.request import Request, RequestLocalCache
from pyramid.security import Allowed, Denied

from webui.security.identity import Identity, read_identity
from webui.security.permissions import ACCOUNT, AGENT, OPERATORS, PUBLIC, SUPERVISOR, TENANT


def may(identity: Identity | None, permission: str) -> bool:
    """Tell whether somebody has a permission."""
    if permission == PUBLIC:
        return True
    if identity is None:
        return False
    if permission == ACCOUNT:
        return not identity.acting
    if permission in (AGENT, SUPERVISOR):
        return bool(identity.agent) and (permission == AGENT or identity.supervisor)
    if permission == TENANT:
        return bool(identity.tenant)
    return identity.role is not None and identity.role in OPERATORS[permission]


class Policy:
    """Answers Pyramid's questions."""

    def __init__(self) -> None:
        self._cache = RequestLocalCache(read_identity)

    def identity(self, request: Request) -> Identity | None:
        """Return who asks, or None."""
        found: Identity | None = self._cache.get_or_create(request)
        return found

    def authenticated_userid(self, request: Request) -> str | None:
        """Return the key of his account."""
        identity = self.identity(request)
        return None if identity is None else identity.account

    def permits(self, request: Request, context: object, permission: str) -> Allowed | Denied:
        """Tell whether he may; which tenant's pages are his is decided by the resource tree."""
        identity = self.identity(request)
        allowed = may(identity, permission)
        if identity is not None and identity.looks_only and permission != PUBLIC:
            allowed = allowed and request.method in ("GET", "HEAD")
        return Allowed(permission) if allowed else Denied(permission)

    def remember(self, request: Request, userid: str, **options: object) -> list[tuple[str, str]]:
        """Sessions are opened by the sign-in page itself."""
        return []

    def forget(self, request: Request, **options: object) -> list[tuple[str, str]]:
        """Sessions are ended by the page that signs out."""
        return []
