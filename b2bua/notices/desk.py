"""What the process does in the store, in a thread of its own: what is due, and what became of it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import date
from typing import Final

import msgspec

from b2bua.notices.alarm_news import AlarmNews
from b2bua.notices.hooks import Hooks
from b2bua.notices.sending import File, Message
from domain.money.amounts import EntryKind
from domain.notices.delivery import Channel, Delivery, DeliveryState, Receipt
from domain.notices.kinds import NoticeKind
from domain.notices.template import segments
from domain.notices.ways import Gateway, GatewayKind, Robot, Webhook
from storage.connection import MainDatabase
from storage.models import MoneyRequest, Request, Root
from storage.notices.intake import (
    accounts_to_tell,
    follow_ups_to_tell,
    take_missed,
    tell_accounts,
    tell_expired,
    tell_follow_ups,
    tell_low,
    tell_retention,
)
from storage.notices.outbox import price_of, template_of, why_not_by_sms
from storage.reports.mails import send_due
from storage.retention.nightly import RetentionSummary
from storage.tickets.upkeep import look_after as look_after_tickets
from storage.tickets.upkeep import tickets_due

log = logging.getLogger(__name__)

MOST_DUE: Final = 1000
_REPORTING: Final = (GatewayKind.SMPP, GatewayKind.CMPP2, GatewayKind.CMPP3)
ACCOUNT_SECONDS: Final = 3.0
"""How often accounts are looked at; every tenant's settings are read for it."""
SLOW_SECONDS: Final = 600.0


class Work(msgspec.Struct, frozen=True):
    """A delivery that is due, with the way it goes; without one it cannot go, and ``refusal`` says why."""

    delivery: Delivery
    message: Message | None = None
    robot: Robot | None = None
    webhook: Webhook | None = None
    refusal: str = ""

    @property
    def lane(self) -> str:
        """Name of the way it goes."""
        if self.message is not None:
            return f"gateway:{self.message.gateway.name}"
        return f"{self.delivery.channel}:{self.delivery.tenant}:{self.delivery.to}"


class Desk:
    """Reads and writes the book; every method may raise StoreDown, and is for one thread."""

    def __init__(
        self,
        database: MainDatabase,
        hooks: Hooks | None = None,
        retention: Callable[[], RetentionSummary | None] = lambda: None,
        alarms: AlarmNews | None = None,
        remind: Callable[[float], None] = lambda now: None,
    ) -> None:
        """``retention`` tells what the last nightly run came to, ``remind`` looks at days that passed."""
        self._database = database
        self._hooks = hooks
        self._retention = retention
        self._alarms = alarms
        self._remind = remind
        self._accounts_due = self._slow_due = self._reports_due = 0.0
        self._warned: date | None = None

    def take_in(self, now: float) -> None:
        """Make deliveries of what there is to tell."""
        if self._database.read(lambda root: len(root.missed.outbox) > 0):
            self._database.transact(lambda root: take_missed(root, now), note="notices")
        if self._hooks is not None:
            self._hooks.step(now)
        if self._database.read(lambda root: tickets_due(root, now)):
            self._database.transact(lambda root: look_after_tickets(root, now), note="tickets due")
        if self._alarms is not None:
            self._alarms.step(now)
        if now >= self._accounts_due:
            if self._database.read(accounts_to_tell):
                self._database.transact(lambda root: tell_accounts(root, now), note="notices of accounts")
            if self._database.read(lambda root: follow_ups_to_tell(root, now)):
                self._database.transact(lambda root: tell_follow_ups(root, now), note="follow-ups")
            self._accounts_due = now + ACCOUNT_SECONDS
        if now >= self._slow_due:
            self._take_in_slowly(now)
            self._slow_due = now + SLOW_SECONDS
        if now >= self._reports_due:
            self._reports_due = now if self._send_report(now) else now + SLOW_SECONDS

    def _send_report(self, now: float) -> bool:
        """Make one of the reports that are due, so that what else there is to tell waits for one at most.

        Tells whether there may be more; one that cannot be made now is tried again later.
        """
        try:
            return send_due(self._database, now, most=1) > 0
        except (OSError, ValueError) as error:
            log.error("a report by e-mail cannot be made: %s", error)
            return False

    def _take_in_slowly(self, now: float) -> None:
        """Look at what changes within hours: how long money lasts, what retention did last night."""
        self._remind(now)
        self._database.transact(lambda root: tell_low(root, now), note="notices of balances")
        self._database.transact(lambda root: tell_expired(root, now), note="notices of terms")
        summary = self._retention()
        if summary is not None and summary.day != self._warned:
            self._database.transact(
                lambda root: tell_retention(root, summary, now), note="notices of retention"
            )
            self._warned = summary.day

    def tidy(self, now: float) -> int:
        """Forget deliveries of long ago."""
        return self._database.transact(lambda root: root.notices.tidy(now), note="notices tidy")

    def store(self, done: Sequence[Delivery]) -> None:
        """Keep what became of deliveries, and charge what was sent; doing it twice changes nothing."""
        if done:
            self._database.transact(lambda root: _store(root, done), note="notices sent")

    def report(self, receipts: Sequence[Receipt]) -> list[Receipt]:
        """Keep carriers' reports; return those on SMS that are not known (yet)."""
        if not receipts:
            return []
        return self._database.transact(
            lambda root: [each for each in receipts if not root.notices.report(each)], note="notices reported"
        )

    def due(self, now: float, busy: Container[str], down: Container[str]) -> list[Work]:
        """Return what is due and not ``busy``, with its way: no gateway that is ``down`` unless all are."""
        return self._database.read(lambda root: _due(root, now, busy, down))


def _store(root: Root, done: Iterable[Delivery]) -> None:
    for delivery in done:
        if delivery.state is DeliveryState.SENT and delivery.channel is Channel.SMS:
            delivery = _charged(root, delivery)
            if _reports(root, delivery.by):
                root.notices.await_report(delivery)
        root.notices.put(delivery)


def _reports(root: Root, gateway: str) -> bool:
    """Tell whether a gateway says later what became of an SMS."""
    found = root.gateways.get(gateway)
    return found is not None and found.value.kind in _REPORTING


def _charged(root: Root, delivery: Delivery) -> Delivery:
    """Charge an SMS by a request to the ledger, once by its cause."""
    count = delivery.segments or segments(delivery.text)
    li = price_of(root, delivery) * count
    cause = f"sms:{delivery.id}"
    account = root.money.accounts.get(delivery.tenant)
    if li and cause not in root.money.requests and (account is None or account.find(cause) is None):
        request = MoneyRequest(
            cause, delivery.tenant, EntryKind.MESSAGES, -li, int(delivery.at * 1000), delivery.to
        )
        root.money.requests[cause] = Request(request)
    return msgspec.structs.replace(delivery, segments=count, li=li)


def _due(root: Root, now: float, busy: Container[str], down: Container[str]) -> list[Work]:
    gateways = sorted(
        (each.value for each in root.gateways.values() if each.value.enabled),
        key=lambda each: (each.rank, each.name),
    )
    promised: dict[str, int] = {}
    found = []
    for delivery in root.notices.due_by(now, MOST_DUE):
        if delivery.id in busy:
            promised[delivery.tenant] = promised.get(delivery.tenant, 0) + price_of(root, delivery)
        elif delivery.expires < now:
            found.append(Work(delivery))
        elif delivery.channel in (Channel.SMS, Channel.EMAIL):
            found.append(_by_gateway(root, delivery, gateways, down, promised))
        else:
            found.append(_by_web(root, delivery))
    return found


def _by_gateway(
    root: Root, delivery: Delivery, gateways: list[Gateway], down: Container[str], promised: dict[str, int]
) -> Work:
    mails = delivery.channel is Channel.EMAIL
    fitting = [gateway for gateway in gateways if gateway.kind.mails == mails]
    if not fitting:
        return Work(
            delivery,
            refusal="没有可用的邮件网关 no gateway for e-mail"
            if mails
            else "没有可用的短信网关 no gateway for SMS",
        )
    if not mails:
        refusal = why_not_by_sms(root, delivery, promised.get(delivery.tenant, 0))
        if refusal:
            return Work(delivery, refusal=refusal)
        promised[delivery.tenant] = promised.get(delivery.tenant, 0) + price_of(root, delivery)
    up = [each for each in fitting if f"gateway:{each.name}" not in down] or fitting
    gateway = next((each for each in up if each.name != delivery.by), up[0])
    kept = (root.mailings.files.get(name) for name in delivery.files)
    files = tuple(File(file.name, file.content) for file in kept if file is not None)
    return Work(delivery, Message(delivery, gateway, template_of(root, NoticeKind(delivery.kind)), files))


def _by_web(root: Root, delivery: Delivery) -> Work:
    robots = delivery.channel is Channel.ROBOT
    model = root.tenants.get(delivery.tenant)
    parts = {} if model is None else model.parts.get("robots" if robots else "webhooks", {})
    part = parts.get(delivery.to)
    if part is None:
        return Work(delivery, refusal="已删除 removed from the configuration")
    return Work(delivery, robot=part.value) if robots else Work(delivery, webhook=part.value)
