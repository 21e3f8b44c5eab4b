"""定时报表: reports that are sent by e-mail, of a tenant or of the whole box."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from domain.analysis.mailing import MOST_ADDRESSES, Mailing, Often
from domain.refusal import NotPossible
from webui.api.access import Caller
from webui.api.asked import NoQuery, body, named, query
from webui.api.problems import ApiProblem
from webui.services import report_mails


class MailingWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who gets it, how often and as what."""

    emails: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=250)]],
        msgspec.Meta(min_length=1, max_length=MOST_ADDRESSES),
    ]
    often: Often = Often.WEEKLY
    hour: Annotated[int, msgspec.Meta(ge=0, le=23)] = 8
    seconds: int = 20
    excel: bool = True
    pdf: bool = True


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return them, each with the days that were sent last."""
    query(caller, NoQuery)
    tenant = caller.desk
    found = caller.services.read(lambda root: report_mails.listed(root, tenant))
    return {"items": [{**_shown(each), "sent": sent} for each, sent in found]}


def add(caller: Caller) -> Mapping[str, Any]:
    """Keep one more."""
    query(caller, NoQuery)
    tenant, wish = caller.desk, body(caller, MailingWish)
    wished = Mailing(
        "", tenant, wish.often, tuple(dict.fromkeys(wish.emails)), wish.hour, wish.seconds,
        wish.excel, wish.pdf, caller.language, caller.who,
    )  # fmt: skip
    try:
        kept = report_mails.save(caller.services, wished, caller.entry("report-mail-wished", ""))
    except NotPossible as refused:
        raise caller.wrong(refused) from refused
    return {**_shown(kept), "sent": ""}


def remove(caller: Caller) -> Mapping[str, Any]:
    """Forget one."""
    query(caller, NoQuery)
    tenant, name = caller.desk, named(caller, "mailing")
    if not report_mails.remove(caller.services, tenant, name, caller.entry("report-mail-removed", name)):
        raise ApiProblem(404)
    return {}


def send(caller: Caller) -> Mapping[str, Any]:
    """Send one at once, besides its turn."""
    query(caller, NoQuery)
    tenant, name = caller.desk, named(caller, "mailing")
    try:
        entry = caller.entry("report-mail-sent", name)
        return {"addresses": report_mails.send_now(caller.services, tenant, name, entry)}
    except NotPossible as gone:
        raise ApiProblem(404) from gone


def _shown(mailing: Mailing) -> dict[str, Any]:
    return {
        "id": mailing.id, "often": mailing.often, "emails": mailing.emails, "hour": mailing.hour,
        "seconds": mailing.seconds, "excel": mailing.excel, "pdf": mailing.pdf, "by": mailing.by,
    }  # fmt: skip
