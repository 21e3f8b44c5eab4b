"""The operator's look at all notices: what was sent by which gateway, what failed, and trying it again."""

from __future__ import annotations

from collections import Counter
from typing import Final, NamedTuple

import msgspec

from domain.notices.delivery import UNREACHED, Channel, Delivery, DeliveryState, once_more
from domain.notices.kinds import DAY, PRIVATE, SHIPPED, NoticeKind
from domain.notices.template import render
from domain.recipient import EMAIL, MOBILE
from domain.refusal import NotPossible
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import moment, new_id
from webui.services.box import BoxServices

AGAIN_SECONDS: Final = 3600.0
"""So long a delivery that is tried anew is worth sending."""
TEST_SECONDS: Final = 600.0
ROWS: Final = 50
MOST_LOOKED_AT: Final = 20_000
_RECIPIENT: Final = {
    Channel.SMS: MOBILE,
    Channel.EMAIL: EMAIL,
}


_GONE: Final = (DeliveryState.SENT, DeliveryState.DELIVERED)


class Filter(NamedTuple):
    """What is looked for; empty: everything."""

    tenant: str = ""
    channel: str = ""
    state: str = ""
    to: str = ""

    def takes(self, each: Delivery) -> bool:
        """Tell whether a delivery is looked for."""
        return self.channel in ("", each.channel) and self.state in ("", each.state) and self.to in each.to


class Page(NamedTuple):
    """A page of the log, newest first."""

    rows: list[Delivery]
    next: str
    """Id from which the next one goes on; empty: there is none."""


def log(root: Root, wanted: Filter, after: str = "") -> Page:
    """Return what is looked for, older than an id."""
    rows: list[Delivery] = []
    looked_at, last = 0, ""
    for each in root.notices.newest_first(wanted.tenant or None):
        if after and each.id >= after:
            continue
        if len(rows) == ROWS or looked_at == MOST_LOOKED_AT:
            return Page(rows, last)
        looked_at, last = looked_at + 1, each.id
        if wanted.takes(each):
            rows.append(each)
    return Page(rows, "")


def failed_since(root: Root, since: float) -> int:
    """Count what was made since a moment and did not reach anybody."""
    count = 0
    for looked_at, each in enumerate(root.notices.newest_first()):
        if each.made < since or looked_at == MOST_LOOKED_AT:
            break
        count += each.state in UNREACHED
    return count


def by_gateway(root: Root, now: float) -> Counter[tuple[str, str]]:
    """Count the last day's deliveries by gateway and state."""
    found: Counter[tuple[str, str]] = Counter()
    for looked_at, each in enumerate(root.notices.newest_first()):
        if each.made < now - DAY or looked_at == MOST_LOOKED_AT:
            break
        found[each.by, each.state] += 1
    return found


def without_codes(delivery: Delivery) -> Delivery:
    """Return a delivery as its own tenant may read it: whoever reads a code can set his password."""
    return msgspec.structs.replace(delivery, text="") if delivery.kind in PRIVATE else delivery


def shown_text(delivery: Delivery) -> str:
    """Return what may be read of it: no codes, no bodies of webhooks."""
    hidden = delivery.kind in PRIVATE or delivery.channel is Channel.WEBHOOK
    return "" if hidden else delivery.text


def can_go_again(delivery: Delivery) -> bool:
    """Tell whether it makes sense to try it anew: a code that has run out helps nobody."""
    return delivery.state not in _GONE and delivery.kind not in PRIVATE


def try_again(root: Root, name: str, now: float) -> Delivery:
    """Try a delivery anew that failed, expired or waits; raises NotPossible."""
    found = root.notices.find(name)
    if found is None:
        raise NotPossible(f"There is no delivery {name}.", f"没有通知 {name}。")
    if found.state in _GONE:
        raise NotPossible(f"{name} was sent already.", f"{name} 已发送。")
    if not can_go_again(found):
        raise NotPossible("A code that has run out is not sent again.", "验证码已失效，不能重新发送。")
    again = once_more(found, now, AGAIN_SECONDS)
    root.notices.put(again)
    return again


def send_again(services: BoxServices, name: str, entry: AuditEntry) -> None:
    """Try a delivery anew, audited; raises NotPossible, StoreDown."""
    now = services.now()

    def work(root: Root) -> None:
        again = try_again(root, name, now)
        root.web.note(msgspec.structs.replace(entry, target=f"{again.kind} {again.to}", tenant=again.tenant))

    services.change(work, "notice again")


def trial(tenant: str, channel: Channel, to: str, now: float) -> Delivery:
    """Return a test for somebody; nobody pays for it."""
    shipped, name = SHIPPED[NoticeKind.TEST], new_id(now)
    values = {"time": moment(now)}
    return Delivery(
        name, f"test:{name}", tenant, NoticeKind.TEST, channel, to, render(shipped.text, values), now, now,
        now + TEST_SECONDS, shipped.title, values,
    )  # fmt: skip


def send_test(services: BoxServices, tenant: str, channel: str, to: str, entry: AuditEntry) -> None:
    """Send a test by SMS or e-mail, audited; raises NotPossible, StoreDown."""
    if channel not in _RECIPIENT or _RECIPIENT[Channel(channel)].fullmatch(to) is None:
        raise NotPossible(
            "Write a mobile number for SMS, an address for e-mail.", "短信请填手机号，邮件请填邮箱地址。"
        )
    delivery = trial(tenant, Channel(channel), to, services.now())

    def work(root: Root) -> None:
        if tenant not in root.tenants:
            raise NotPossible("Choose a tenant.", "请选择客户。")
        root.notices.add(delivery)
        root.web.note(entry)

    services.change(work, "test notice")
