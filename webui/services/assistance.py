"""远程协助: a tenant lets his operator see his pages for a while; what is seen is recorded for him."""

from __future__ import annotations

from itertools import islice
from typing import Final

import msgspec

from domain.refusal import NotPossible
from storage.models import Root
from storage.models.web import Assistance, AssistanceDocument, AuditEntry
from webui.services.accounts import assistance_of, audited
from webui.services.box import BoxServices

MINUTES: Final = (30, 120, 480)
"""How long a tenant may allow it."""
VISIT: Final = "assistance-visit"
ACTIONS: Final = frozenset(
    {VISIT, "acted-as-tenant", "assistance-asked", "assistance-given", "assistance-ended"}
)
MOST_SHOWN: Final = 200
MOST_LOOKED_AT: Final = 20_000


def ask(services: BoxServices, tenant: str, operator: str, why: str, entry: AuditEntry) -> None:
    """Ask a tenant for it; he sees it on his first page. Raises StoreDown."""
    now = services.now()

    def work(root: Root) -> None:
        held = assistance_of(root, tenant)
        _put(root, tenant, msgspec.structs.replace(held, asked_at=now, asked_by=operator, why=why))
        root.web.note(msgspec.structs.replace(entry, after=why))

    services.change(work, "assistance asked")


def give(services: BoxServices, tenant: str, minutes: int, entry: AuditEntry, *, may_change: bool) -> None:
    """Allow it from now on for some minutes; raises NotPossible, StoreDown."""
    if minutes not in MINUTES:
        raise NotPossible("Choose how long.", "请选择时长。")
    until = services.now() + minutes * 60
    given = Assistance(until=until, given_by=entry.who, may_change=may_change)
    after = f"{minutes} 分钟，可查看和修改" if may_change else f"{minutes} 分钟，仅查看"
    _change(services, tenant, given, msgspec.structs.replace(entry, after=after))


def end(services: BoxServices, tenant: str, entry: AuditEntry) -> None:
    """End it, or refuse what was asked for; sessions of operators are over with the next page."""
    _change(services, tenant, Assistance(), entry)


def record(services: BoxServices, tenant: str, who: str, method: str, path: str) -> None:
    """Note a page that an operator sees, or something that he sends, as a tenant."""
    services.audit(audited(services.now(), who, VISIT, f"{method} {path}"[:200], tenant=tenant))


def recorded(root: Root, tenant: str) -> list[AuditEntry]:
    """Return what operators did as this tenant, and who allowed it, newest first."""
    entries = (entry for _, entry in islice(root.web.listed(), MOST_LOOKED_AT))
    return list(
        islice((each for each in entries if each.tenant == tenant and each.action in ACTIONS), MOST_SHOWN)
    )


def _change(services: BoxServices, tenant: str, value: Assistance, entry: AuditEntry) -> None:
    def work(root: Root) -> None:
        _put(root, tenant, value)
        root.web.note(entry)

    services.change(work, entry.action)


def _put(root: Root, tenant: str, value: Assistance) -> None:
    held = root.web.assistance.get(tenant)
    if held is None:
        root.web.assistance[tenant] = AssistanceDocument(value)
    else:
        held.value = value
