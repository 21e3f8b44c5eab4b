"""A tenant's mailboxes and SMS lines: which there are, and whom he may write to by them first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from domain.calling.caller import CallerClass, canonical_caller
from domain.customers.conversation import Mailbox, SmsLine, Way
from domain.customers.customer import Customer, is_mail
from domain.refusal import BadField
from storage.models import Root

Channel = Mailbox | SmsLine
KINDS: Final = {Way.MAIL: "mailboxes", Way.SMS: "sms_lines"}


def own_of(channel: Channel) -> str:
    """Return the address or number of a channel."""
    return channel.address if isinstance(channel, Mailbox) else channel.number


def way_of(channel: Channel) -> Way:
    """Return how a channel is written to."""
    return Way.MAIL if isinstance(channel, Mailbox) else Way.SMS


def channel_named(root: Root, tenant: str, name: str, *ways: Way) -> Channel:
    """Return a tenant's mailbox or SMS line, of the ``ways`` if any are said; raises BadField for none."""
    for way in ways or Way:
        part = _parts(root, tenant, way).get(name)
        if part is not None:
            found: Channel = part.value
            return found
    raise BadField("channel", f"there is no mailbox or SMS line {name}", f"没有邮箱或短信号码 {name}")


def mailbox_of(root: Root, tenant: str, name: str) -> Mailbox:
    """Return a tenant's mailbox, one that can nothing for one that is gone."""
    part = _parts(root, tenant, Way.MAIL).get(name)
    return Mailbox("") if part is None else part.value


def sending(root: Root, tenant: str, way: Way) -> list[Channel]:
    """Return the mailboxes, or SMS lines, by which a tenant can write to somebody."""
    return [part.value for part in _parts(root, tenant, way).values() if _why_not(part.value) is None]


def addressee(root: Root, tenant: str, channel: Channel, peer: str) -> tuple[str, Customer]:
    """Return an address or number as it is kept, and whose it is; raises BadField.

    Only who has a card with it may be written to first, and nobody by what cannot send.
    """
    wrong = _why_not(channel)
    if wrong is not None:
        raise wrong
    held, way = root.customers.find(tenant), way_of(channel)
    if way is Way.MAIL:
        peer = peer.strip().lower()
        if not is_mail(peer):
            raise BadField("to", "this is no e-mail address", "邮箱地址不正确，例如 wang@example.cn")
        customer = held.of_mail(peer)
    else:
        peer = mobile_of(peer)
        if not peer:
            raise BadField(
                "to", "SMS go to mobile numbers of mainland China", "短信只能发到大陆手机号码（11 位）"
            )
        customer = held.of_number(peer)
    if customer is None:
        raise BadField(
            "to", "no customer has this address or number", "没有客户使用该邮箱或号码，请先建立客户资料"
        )
    return peer, customer


def mobile_of(number: str) -> str:
    """Return a mobile number as it is kept; empty: it is none, so SMS cannot reach it."""
    caller = canonical_caller(number)
    return caller.canonical if caller.kind is CallerClass.MOBILE else ""


def reachable(customer: Customer, way: Way) -> list[str]:
    """Return a customer's e-mail addresses, or the numbers that SMS reach."""
    return list(customer.mails) if way is Way.MAIL else [each for each in customer.numbers if mobile_of(each)]


def _parts(root: Root, tenant: str, way: Way) -> Mapping[str, Any]:
    model = root.tenants.get(tenant)
    return {} if model is None else model.parts.get(KINDS[way], {})


def _why_not(channel: Channel) -> BadField | None:
    """Return why nothing can be sent by a channel; None: it can."""
    if not channel.enabled:
        return BadField("channel", f"{channel.name} is switched off", f"{channel.name} 已停用")
    if not own_of(channel):
        return BadField("channel", f"{channel.name} has no address yet", f"{channel.name} 尚未填写地址或号码")
    if isinstance(channel, Mailbox) and not channel.smtp_host:
        return BadField(
            "channel", f"{channel.name} has no SMTP server", f"邮箱 {channel.name} 未设置发信服务器（SMTP）"
        )
    return None
