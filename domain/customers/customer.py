"""A tenant's customers (客户): people and companies, what is known of them, and when two are one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

from domain.calling.caller import canonical_caller
from domain.customers.timeline import customer_stream, mail_stream, number_stream
from domain.recipient import EMAIL
from domain.refusal import BadField

MOST_NUMBERS: Final = 20
MOST_MAILS: Final = 10
MOST_ADDRESSES: Final = 10
MOST_TAGS: Final = 20
LONGEST_NAME: Final = 60
LONGEST_LINE: Final = 200
"""Of an address or a field."""
LONGEST_NOTE: Final = 2000
_NUMBER: Final = re.compile(r"[0-9]{3,20}", re.ASCII)
_BETWEEN: Final = re.compile(r"[\s,;、，；/]+")
_MANNERS: Final = re.compile(r"(先生|女士|小姐|老师|经理|有限责任公司|股份有限公司|有限公司|公司)$")
"""What people add to a name or leave out."""


class CustomerKind(StrEnum):
    """Who it is."""

    PERSON = "person"
    COMPANY = "company"


class Customer(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Somebody whom a tenant knows."""

    id: str
    name: str
    numbers: tuple[str, ...] = ()
    """Canonical digits."""
    fields: dict[str, str] = {}
    """Custom field -> value; fields that the tenant no longer has stay."""
    note: str = ""
    by: str = ""
    """工号 of who changed it last; empty: the tenant himself, or a program."""
    at: float = 0.0
    """UTC POSIX seconds of the last change."""
    kind: CustomerKind = CustomerKind.PERSON
    company: str = ""
    """Id of the company that a person belongs to."""
    mails: tuple[str, ...] = ()
    """E-mail addresses, in lower case."""
    addresses: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owner: str = ""
    """工号 of who looks after him (负责人)."""
    follow_up: float = 0.0
    """When he is to be contacted again (回访), UTC POSIX seconds; 0: no date."""
    follow_note: str = ""
    was: tuple[str, ...] = ()
    """Ids of cards that became part of this one."""
    others: tuple[str, ...] = ()
    """Ids of cards that somebody said are other customers, however alike."""


def streams_of(customer: Customer) -> tuple[str, ...]:
    """Return the streams of a customer's timeline."""
    return (
        *map(number_stream, customer.numbers),
        *map(mail_stream, customer.mails),
        *map(customer_stream, (customer.id, *customer.was)),
    )


def is_mail(text: str) -> bool:
    """Tell whether a text is an e-mail address."""
    return EMAIL.fullmatch(text) is not None


def read_numbers(text: str) -> tuple[str, ...]:
    """Read telephone numbers that somebody typed, canonical; raises BadField."""
    found = []
    for each in filter(None, _BETWEEN.split(text.strip())):
        number = canonical_caller(each.replace("-", "")).canonical
        if _NUMBER.fullmatch(number) is None:
            raise BadField("numbers", f"not a telephone number: {each[:30]}", f"不是电话号码：{each[:30]}")
        found.append(number)
    return _bounded("numbers", found, MOST_NUMBERS, "numbers", "个号码")


def read_mails(text: str) -> tuple[str, ...]:
    """Read e-mail addresses that somebody typed; raises BadField."""
    found = []
    for each in filter(None, _BETWEEN.split(text.strip())):
        if not is_mail(each):
            raise BadField("mails", f"not an e-mail address: {each[:60]}", f"不是邮箱地址：{each[:60]}")
        found.append(each.lower())
    return _bounded("mails", found, MOST_MAILS, "e-mail addresses", "个邮箱")


def read_tags(text: str) -> tuple[str, ...]:
    """Read tags that somebody typed; raises BadField."""
    found = [each[:20] for each in _BETWEEN.split(text.strip()) if each]
    return _bounded("tags", found, MOST_TAGS, "tags", "个标签")


def read_addresses(text: str) -> tuple[str, ...]:
    """Read postal addresses, one a line; raises BadField."""
    found = [" ".join(line.split())[:LONGEST_LINE] for line in re.split(r"[\r\n]+", text) if line.strip()]
    return _bounded("addresses", found, MOST_ADDRESSES, "addresses", "个地址")


def _bounded(field: str, found: Iterable[str], most: int, en: str, zh: str) -> tuple[str, ...]:
    once = tuple(dict.fromkeys(found))
    if len(once) > most:
        raise BadField(field, f"at most {most} {en}", f"最多 {most} {zh}")
    return once


def name_key(name: str) -> str:
    """Return what names that mean one customer have in common; empty for a name of signs alone."""
    plain = "".join(each for each in unicodedata.normalize("NFKC", name).casefold() if each.isalnum())
    return _MANNERS.sub("", plain) or plain


def merged(kept: Customer, gone: Customer) -> Customer:
    """Return two cards as one; what they contradict each other in stays readable in the note.

    Raises BadField where it would have too many numbers or addresses, or the two are of different kinds.
    """
    if kept.kind is not gone.kind:
        raise BadField("kind", "a person and a company cannot be merged", "个人与公司不能合并")
    told = [
        f"{name}：{value}"
        for name, value in gone.fields.items()
        if value and kept.fields.get(name) not in ("", None, value)
    ]
    if gone.name != kept.name:
        told.insert(0, f"又名：{gone.name}")
    fields = {**gone.fields, **{name: value for name, value in kept.fields.items() if value}}
    dates = [each for each in (kept.follow_up, gone.follow_up) if each]
    first = kept if not gone.follow_up or 0 < kept.follow_up <= gone.follow_up else gone
    note = "\n".join(dict.fromkeys(filter(None, (kept.note, *told, gone.note))))
    return msgspec.structs.replace(
        kept,
        numbers=_bounded("numbers", (*kept.numbers, *gone.numbers), MOST_NUMBERS, "numbers", "个号码"),
        mails=_bounded("mails", (*kept.mails, *gone.mails), MOST_MAILS, "e-mail addresses", "个邮箱"),
        addresses=_bounded(
            "addresses", (*kept.addresses, *gone.addresses), MOST_ADDRESSES, "addresses", "个地址"
        ),
        tags=_bounded("tags", (*kept.tags, *gone.tags), MOST_TAGS, "tags", "个标签"),
        fields=fields,
        note=note[:LONGEST_NOTE],
        company=kept.company or gone.company,
        owner=kept.owner or gone.owner,
        follow_up=min(dates, default=0.0),
        follow_note=first.follow_note,
        was=(*kept.was, gone.id, *gone.was),
        others=tuple(each for each in dict.fromkeys((*kept.others, *gone.others)) if each != kept.id),
    )
