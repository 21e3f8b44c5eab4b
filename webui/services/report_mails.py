"""定时报表: reports that are sent by e-mail, kept by tenants and operators."""

from __future__ import annotations

import secrets

import msgspec

from domain.analysis.mailing import MOST_MAILINGS, Due, Mailing, Often, checked
from domain.days.calendar import local
from domain.refusal import NotPossible
from storage.models import Root
from storage.models.web import AuditEntry
from storage.reports.mails import make, send
from webui.services.box import BoxServices
from webui.services.reports import period


def listed(root: Root, tenant: str) -> list[tuple[Mailing, str]]:
    """Return a tenant's mailings, or ("") the operator's, each with the days sent last."""
    return [(each, root.mailings.sent.get(each.id, "")) for each in root.mailings.of(tenant)]


def save(services: BoxServices, mailing: Mailing, entry: AuditEntry) -> Mailing:
    """Keep a new mailing and return it with its id; raises NotPossible."""
    wished = checked(msgspec.structs.replace(mailing, id=secrets.token_hex(8)))

    def work(root: Root) -> None:
        if len(root.mailings.of(wished.tenant)) >= MOST_MAILINGS:
            raise NotPossible(f"At most {MOST_MAILINGS} of them.", f"最多 {MOST_MAILINGS} 个定时报表。")
        root.mailings.put(wished)
        root.web.note(msgspec.structs.replace(entry, after=f"{wished.often} {' '.join(wished.emails)}"))

    services.change(work, "report mail wished")
    return wished


def remove(services: BoxServices, tenant: str, name: str, entry: AuditEntry) -> bool:
    """Forget a mailing; False: there is none."""

    def work(root: Root) -> bool:
        gone = root.mailings.drop(tenant, name)
        if gone:
            root.web.note(entry)
        return gone

    return bool(services.change(work, "report mail removed"))


def send_now(services: BoxServices, tenant: str, name: str, entry: AuditEntry) -> int:
    """Send the report of the last days that are over, besides those in their turn; return to how many.

    Raises NotPossible where there is no such mailing.
    """
    now = services.now()

    def work(root: Root) -> int:
        held = root.mailings.wished.get(name)
        if held is None or held.value.tenant != tenant:
            raise NotPossible("It is there no longer.", "该定时报表已不存在。")
        days = {Often.DAILY: 1, Often.WEEKLY: 7, Often.MONTHLY: 30}[held.value.often]
        yesterday = local(now).date().toordinal() - 1
        first, last = period(None, local(now).date().fromordinal(yesterday), now, days)
        made = make(root, held.value, Due(first, last), now)
        root.web.note(entry)
        return len(send(root, made, f"report:{name}:now:{now:.0f}", now))

    return int(services.change(work, "report mail sent"))
