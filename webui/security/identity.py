"""Who asks: read from the session cookie, once a request."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

import msgspec
from pyramid.request import Request

from storage.models import Root
from storage.models.web import Role
from webui.services import accounts

COOKIE: Final = "box400"
BROWSER_COOKIE: Final = "box400-browser"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)


class Identity(msgspec.Struct, frozen=True):
    """Somebody who is signed in."""

    account: str
    """``operator:NAME``, ``tenant:ID`` or ``agent:TENANT/工号``."""
    name: str
    tenant: str = ""
    """Of a tenant, and of an operator who acts as one."""
    role: Role | None = None
    """Of an operator; None while he acts as a tenant."""
    desk: str = ""
    """The tenant whose agent it is."""
    agent: str = ""
    """工号 of an agent."""
    supervisor: bool = False
    acting: str = ""
    """The operator who acts as this tenant."""
    looks_only: bool = False
    """Of an operator who acts as a tenant: that he may change nothing."""
    session: str = ""
    """Digest of the cookie's token."""
    first: bool = False
    """The password must be changed before anything else."""

    @property
    def who(self) -> str:
        """Return the name that the audit log keeps."""
        return f"operator:{self.acting} as {self.account}" if self.acting else self.account


def token_of(request: Request) -> str:
    """Return the session cookie, "" without one."""
    token: str = request.cookies.get(COOKIE, "")
    return token if _TOKEN.fullmatch(token) else ""


def read_identity(request: Request) -> Identity | None:
    """Return who asks, or None; a session in use is noted every few minutes."""
    token = token_of(request)
    if not token:
        return None
    services = request.services
    now = services.now()

    def read(root: Root) -> tuple[accounts.Known | None, bool]:
        found = accounts.known(root, token, now)
        tenant = found.session.account.partition(":")[2] if found and found.session.acting else ""
        return found, bool(tenant) and not accounts.may_change(root, tenant, now)

    known, looks_only = services.read(read)
    if known is None:
        return None
    if now - known.session.seen > accounts.SEEN_EVERY:
        services.change(lambda root: accounts.touch(root, known.token, now), "session")
    kind, _, name = known.session.account.partition(":")
    acting = known.session.acting
    desk, agent = accounts.agent_of(known.session.account)
    return Identity(
        account=known.session.account,
        name=agent or name,
        tenant=name if kind == "tenant" else "",
        role=known.account.role if kind == "operator" else None,
        desk=desk,
        agent=agent,
        supervisor=bool(agent) and known.account.supervisor,
        acting=acting,
        looks_only=looks_only,
        session=known.token,
        first=known.account.credential.first and not acting,
    )


def sign(request: Request, purpose: str, text: str) -> str:
    """Return a keyed digest that only this box can make."""
    secret: bytes = request.services.secret
    return hmac.new(secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()
