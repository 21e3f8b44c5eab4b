"""Tell people something, after the transaction in which it happened: the outbox.

``tell`` may be called in any transaction on the main storage. It puts one delivery for each recipient into
the book; the process ``notices`` sends it when the transaction is committed, and never if it is not.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from domain.notices.delivery import Channel, Delivery
from domain.notices.kinds import CHARGED, DAY, FREE_TEXT, SHIPPED, VALID_SECONDS, NoticeKind
from domain.notices.template import Template, TemplateState, clean, render
from domain.notices.ways import Recipients, recipients_of
from storage.models import Root
from storage.records.call_id import BEIJING, day_of, iso_of, ulid_text


class Extra(NamedTuple):
    """Recipients besides those that the tenant's notices name."""

    mobiles: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


NOBODY_ELSE = Extra()


def new_id(at: float) -> str:
    """Return an id that sorts by its time (UTC POSIX seconds)."""
    return ulid_text(int(at * 1000).to_bytes(6, "big") + secrets.token_bytes(10))


def moment(at: float) -> str:
    """Return a moment as notices write it, in Beijing time."""
    return datetime.fromtimestamp(at, BEIJING).strftime("%m-%d %H:%M")


def template_of(root: Root, kind: NoticeKind) -> Template:
    """Return the words of a kind of notice, the shipped ones where the operator wrote none."""
    found = root.templates.get(kind)
    return Template(kind) if found is None else found.value


def tell(
    root: Root,
    kind: NoticeKind,
    tenant: str,
    cause: str,
    values: Mapping[str, str],
    at: float,
    extra: Extra = NOBODY_ELSE,
) -> list[Delivery]:
    """Tell a tenant's recipients of something, each once for a cause; return what was put in.

    ``values``: the variables of the kind (``domain.notices.kinds``); ``tenant`` and ``time`` are filled in.
    ``at``: when it happened, UTC POSIX seconds.
    """
    model = root.tenants.get(tenant)
    if model is None:
        return []
    every: dict[str, Recipients] = dict(model.named("notices"))
    to = recipients_of(kind, every)
    told_too = Recipients(kind, _once(to.mobiles, extra.mobiles), _once(to.emails, extra.emails), to.robots)
    return _put(root, kind, tenant, cause, values, at, told_too)


def tell_alone(
    root: Root, kind: NoticeKind, tenant: str, cause: str, values: Mapping[str, str], at: float, to: Extra
) -> list[Delivery]:
    """Tell these and nobody else, each once for a cause; return what was put in.

    ``tenant``: who tells, and pays; ``""``: the operator.
    """
    once = Recipients(kind, _once(to.mobiles), _once(to.emails))
    return _put(root, kind, tenant, cause, values, at, once)


def _put(
    root: Root,
    kind: NoticeKind,
    tenant: str,
    cause: str,
    values: Mapping[str, str],
    at: float,
    to: Recipients,
) -> list[Delivery]:
    model = root.tenants.get(tenant)
    name = "" if model is None else model.config.value.name
    told = clean(kind, {"tenant": name, "time": moment(at), **values})
    template = template_of(root, kind)
    words = SHIPPED[kind]
    title = render(template.title or words.title, told)
    text = render(template.text or words.text, told)
    sms = render(template.sms_text, told)
    ways = [
        *((Channel.SMS, each, sms) for each in to.mobiles),
        *((Channel.EMAIL, each, text) for each in to.emails),
        *((Channel.ROBOT, each, text) for each in to.robots),
    ]
    expires = at + VALID_SECONDS.get(kind, 2 * DAY)
    made = [
        Delivery(
            new_id(at), cause, tenant, kind, channel, each, said, at, at, expires, title,
            told if channel is Channel.SMS else {},
        )
        for channel, each, said in ways
    ]  # fmt: skip
    return [delivery for delivery in made if root.notices.add(delivery)]


def _once(*lists: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for one in lists for each in one))


def why_not_by_sms(root: Root, delivery: Delivery, promised_li: int = 0) -> str:
    """Say why a notice must not leave as SMS; empty: it may.

    ``promised_li``: price of what is being sent for the tenant.
    """
    kind = NoticeKind(delivery.kind)
    if template_of(root, kind).state is not TemplateState.APPROVED and kind not in FREE_TEXT:
        return f"模板未审核通过 template {kind} is not approved"
    model = root.tenants.get(delivery.tenant)
    if model is None:
        return "租户不存在 no such tenant" if delivery.tenant else ""
    credit = model.config.value.credit_li
    price = price_of(root, delivery)
    account = root.money.accounts.get(delivery.tenant)
    if price and credit is not None:
        waiting = (request.value for request in root.money.requests.values())
        owed = sum(each.li for each in waiting if each.tenant == delivery.tenant and each.li < 0)
        if (0 if account is None else account.balance_li) + owed - promised_li + credit < price:
            return "余额不足 balance too low"
    return ""


def price_of(root: Root, delivery: Delivery) -> int:
    """Return what one SMS of a delivery costs its tenant on its day, in 厘; 0 for the operator's own."""
    if delivery.channel is not Channel.SMS or delivery.kind not in CHARGED:
        return 0
    model = root.tenants.get(delivery.tenant)
    tariff = None if model is None else root.tariffs.get(model.config.value.tariff)
    if tariff is None:
        return 0
    day = day_of(int(delivery.made * 1000))
    edition = tariff.value.on(iso_of(day))
    return 0 if edition is None else edition.message_li
