"""What a ticket may be opened from: a call, a message, a missed call, a conversation, an alarm, a finding of
an inspection; with its first words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from b2bua.alarms import Alarm
from domain.customers.conversation import Way
from domain.inspection.catalogue import catalogue
from domain.outcomes import VERDICTS, Outcome
from domain.refusal import NotPossible
from domain.tickets.ticket import MOST_SUBJECT, Source, SourceKind
from storage.models import Root
from storage.notices.outbox import moment

FROM_CALLS: Final = (SourceKind.CALL, SourceKind.VOICEMAIL, SourceKind.MISSED)
FROM_TEXTS: Final = (SourceKind.EMAIL, SourceKind.SMS)
MOST_QUOTED: Final = 5000
"""Characters of a customer's text that a ticket begins with."""


class Draft(NamedTuple):
    """A ticket before somebody opens it."""

    source: Source
    subject: str = ""
    text: str = ""
    name: str = ""
    mobile: str = ""
    email: str = ""


EMPTY: Final = Draft(Source(SourceKind.PAGE))


def draft(root: Root, tenant: str, kind: str, ref: str, shown: Callable[[str], str]) -> Draft:
    """Return what a ticket from a tenant's call, message or missed call begins with; an empty one for none.

    ``shown``: how the reader sees a number.
    """
    if kind not in FROM_CALLS or not ref:
        return EMPTY
    source = Source(SourceKind(kind), ref)
    if kind == SourceKind.MISSED:
        book = root.missed.tenants.get(tenant)
        item = None if book is None else book.find(ref)
        if item is None:
            return EMPTY
        text = f"{moment(item.last)} 来电未接（共 {item.count} 次），请联系客户。"
        return Draft(source, f"未接来电 {shown(item.caller)}", text, *_who(root, tenant, item.caller))
    record = root.records.find(ref, tenant)
    if record is None:
        return EMPTY
    who = _who(root, tenant, record.caller)
    if kind == SourceKind.VOICEMAIL:
        return Draft(
            source, f"留言 {shown(record.caller)}", f"{moment(record.start)} 的留言，请收听并回复。", *who
        )
    verdict = VERDICTS[Outcome(record.outcome)].zh if record.outcome in set(Outcome) else ""
    note = root.desk.find(tenant).note(ref)
    said = "" if note is None else f"\n{note.code} {note.text}".rstrip()
    return Draft(
        source, f"来电 {shown(record.caller)}", f"{moment(record.start)} 来电，{verdict}。{said}", *who
    )


def draft_of_conversation(root: Root, tenant: str, ref: str, shown: Callable[[str], str]) -> Draft:
    """Return what a ticket from a conversation begins with, by the customer's latest text; an empty one for
    none."""
    book = root.conversations.find(tenant)
    found = book.get(ref)
    if found is None:
        return EMPTY
    held, by_mail = root.customers.find(tenant), found.way is Way.MAIL
    customer = held.of_mail(found.peer) if by_mail else held.of_number(found.peer)
    name = found.peer_name if customer is None else customer.name
    text = next((each.text for each in book.texts_of(ref) if each.direction == "in"), "")
    kind, word = (SourceKind.EMAIL, "邮件") if by_mail else (SourceKind.SMS, "短信")
    subject = found.subject or f"{word} {shown(found.peer)}"
    mobile, email = ("", found.peer) if by_mail else (found.peer, "")
    return Draft(Source(kind, ref), subject[:MOST_SUBJECT], text[:MOST_QUOTED], name, mobile, email)


def draft_of_finding(root: Root, ref: str) -> Draft:
    """Return what a ticket from a finding begins with, by ``ROUND:POINT``; an empty one for none."""
    name, _, point = ref.partition(":")
    made = root.inspection.get(name)
    try:
        finding = None if made is None else made.item(point).finding
    except NotPossible:
        finding = None
    about = catalogue().get(point)
    if finding is None or about is None:
        return EMPTY
    text = f"{moment(finding.at)} 巡检发现：{finding.zh}\n检查内容：{about.look_zh}"
    return Draft(Source(SourceKind.INSPECTION, ref), f"巡检：{about.zh}"[:MOST_SUBJECT], text)


def draft_of_alarm(alarms: list[Alarm], key: str) -> Draft:
    """Return what a ticket from an alarm that is up begins with; an empty one for none."""
    found = next((each for each in alarms if each.key == key), None)
    if found is None:
        return EMPTY
    return Draft(Source(SourceKind.ALARM, key), f"告警：{found.zh}"[:120], found.zh)


def _who(root: Root, tenant: str, caller: str) -> tuple[str, str]:
    """Return name and number of a caller; a number that is withheld is none."""
    customer = root.customers.find(tenant).of_number(caller)
    return ("" if customer is None else customer.name, caller)
