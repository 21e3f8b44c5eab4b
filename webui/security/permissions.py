"""One table: permission -> the roles that have it. A tenant has exactly ``tenant``, on his own pages."""

from __future__ import annotations

from typing import Final

from storage.models.web import Role

_ALL: Final = frozenset(Role)

OPERATORS: Final[dict[str, frozenset[Role]]] = {
    "watch": _ALL,
    "see-tenants": _ALL,
    "open-tenant": frozenset({Role.ADMIN, Role.SUPPORT}),
    "suspend-tenant": frozenset({Role.ADMIN, Role.FINANCE}),
    "tenant-settings": frozenset({Role.ADMIN, Role.SUPPORT}),
    "tenant-password": frozenset({Role.ADMIN, Role.SUPPORT}),
    "act-as-tenant": frozenset({Role.ADMIN, Role.SUPPORT}),
    "money": frozenset({Role.ADMIN, Role.FINANCE}),
    "tariffs": frozenset({Role.ADMIN, Role.FINANCE}),
    "see-calls": frozenset({Role.ADMIN, Role.SUPPORT}),
    "take-down": frozenset({Role.ADMIN, Role.SUPPORT}),
    "review-prompts": frozenset({Role.ADMIN, Role.SUPPORT}),
    "see-numbers": _ALL,
    "numbers": frozenset({Role.ADMIN, Role.SUPPORT}),
    "number-papers": frozenset({Role.ADMIN, Role.SUPPORT}),
    "see-audit": frozenset({Role.ADMIN}),
    "api-keys": frozenset({Role.ADMIN}),
    "settings": frozenset({Role.ADMIN}),
    "operators": frozenset({Role.ADMIN}),
    "upgrade": frozenset({Role.ADMIN}),
    "acknowledge": frozenset({Role.ADMIN, Role.SUPPORT}),
    "tickets": _ALL,
    "inspection": frozenset({Role.ADMIN, Role.SUPPORT}),
    "articles": _ALL,
    "review-articles": frozenset({Role.ADMIN}),
    "see-notices": frozenset({Role.ADMIN, Role.SUPPORT}),
    "reports": _ALL,
}
"""Those of operators."""
PUBLIC: Final = "public"
TENANT: Final = "tenant"
AGENT: Final = "agent"
SUPERVISOR: Final = "supervisor"
"""An agent with the flag; the desk and what it shows are his own tenant's."""
ACCOUNT: Final = "account"
"""Everybody who is signed in, on the pages of his own account; not an operator who acts as somebody."""
