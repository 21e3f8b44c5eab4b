"""What there is to tell: missed calls and messages from the ledger's outbox, and how accounts stand."""

from __future__ import annotations

from datetime import date
from typing import Final

import msgspec

from domain.calling.caller import CallerClass, canonical_caller
from domain.customers.missed import Notice
from domain.days.calendar import local
from domain.money.amounts import EntryKind, yuan
from domain.notices.kinds import DAY, NoticeKind
from domain.numbers.lifecycle import NumberState
from domain.outcomes import VERDICTS, Outcome
from storage.models import Account, Root
from storage.models.notices import Watched
from storage.money.runway import runway_of
from storage.notices.outbox import Extra, moment, tell
from storage.retention.nightly import RetentionSummary

LOW_DAYS: Final = 7
"""A tenant is told when his money lasts no longer."""

EXPIRED_DAYS: Final = 7
"""A number that ended longer ago is no news."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Watched).decode


def take_missed(root: Root, now: float) -> int:
    """Turn what the ledger noted of missed calls and messages into deliveries; return how many it noted."""
    noted = root.missed.notices()
    for notice in noted:
        _tell_missed(root, notice)
        del root.missed.outbox[notice.key]
    return len(noted)


def _tell_missed(root: Root, notice: Notice) -> None:
    record = root.records.find(notice.key.partition(":")[2], notice.tenant)
    verdict = VERDICTS.get(Outcome(notice.outcome)) if notice.outcome in set(Outcome) else None
    values = {
        "number": notice.number,
        "caller": notice.caller or "匿名号码",
        "place": "" if record is None else record.place.name,
        "reason": "" if verdict is None else verdict.zh,
        "count": str(_tries(root, notice)),
        "box": notice.box,
        "time": moment(notice.at),
    }
    kind = NoticeKind.VOICEMAIL if notice.box else NoticeKind.MISSED_CALL
    extra = _named_by_box(root, notice.tenant, notice.box) if notice.box else Extra()
    tell(root, kind, notice.tenant, notice.key, values, notice.at, extra)


def _tries(root: Root, notice: Notice) -> int:
    """Return how often the caller tried since somebody last dealt with him."""
    book = root.missed.tenants.get(notice.tenant)
    item = None if book is None else book.find(notice.item)
    return max(notice.count, 0 if item is None else item.count)


def _named_by_box(root: Root, tenant: str, box: str) -> Extra:
    model = root.tenants.get(tenant)
    voicemail = None if model is None else model.parts.get("voicemails", {}).get(box)
    notify = () if voicemail is None else voicemail.value.notify
    return Extra(
        mobiles=tuple(each for each in notify if "@" not in each),
        emails=tuple(each for each in notify if "@" in each),
    )


def accounts_to_tell(root: Root) -> list[str]:
    """Return the tenants whose account has something new to be told of."""
    return [
        tenant
        for tenant, account in root.money.accounts.items()
        if tenant in root.tenants and _after(root, tenant, account) != _watched(root, tenant)
    ]


def tell_accounts(root: Root, now: float) -> None:
    """Tell tenants of recharges, and that nothing is left; each once until it is over."""
    for tenant in accounts_to_tell(root):
        account: Account = root.money.accounts[tenant]
        before, after = _watched(root, tenant), _after(root, tenant, account)
        root.notices.watched[tenant] = _encode(after)
        balance = yuan(account.balance_li)
        for _, entry in zip(range(after.entries - before.entries), account.listed(), strict=False):
            if entry.kind is EntryKind.RECHARGE and entry.at_ms / 1000 > now - DAY:
                values = {"amount": yuan(entry.li), "balance": balance, "time": moment(entry.at_ms / 1000)}
                tell(root, NoticeKind.RECHARGE, tenant, f"recharge:{entry.cause}", values, now)
        if after.arrears and not before.arrears:
            cause = f"arrears:{after.entries}:{int(now)}"
            tell(root, NoticeKind.ARREARS, tenant, cause, {"balance": balance}, now)


def _watched(root: Root, tenant: str) -> Watched:
    data = root.notices.watched.get(tenant)
    return Watched() if data is None else _decode(data)


def _after(root: Root, tenant: str, account: Account) -> Watched:
    credit = root.tenants[tenant].config.value.credit_li
    arrears = credit is not None and len(account.causes) > 0 and account.balance_li + credit <= 0
    return msgspec.structs.replace(_watched(root, tenant), entries=len(account.causes), arrears=arrears)


def follow_ups_to_tell(root: Root, now: float) -> list[str]:
    """Return the tenants who are to be reminded of a customer."""
    return [
        tenant
        for tenant, held in root.customers.tenants.items()
        if tenant in root.tenants and next(held.due_by(now, "remind"), None) is not None
    ]


def tell_follow_ups(root: Root, now: float) -> None:
    """Remind tenants of customers who are to be contacted now, and who looks after them; each once."""
    for tenant in follow_ups_to_tell(root, now):
        held, agents = root.customers.of(tenant), root.tenants[tenant].parts.get("agents", {})
        for customer in list(held.due_by(now, "remind")):
            held.reminded(customer)
            if customer.follow_up < now - DAY:  # an import of old dates is no news
                continue
            owner = agents[customer.owner].value.target if customer.owner in agents else ""
            extra = Extra(mobiles=(owner,) if canonical_caller(owner).kind is CallerClass.MOBILE else ())
            values = {
                "customer": customer.name,
                "about": customer.follow_note or "回访",
                "agent": customer.owner or "未指定",
                "time": moment(customer.follow_up),
            }
            cause = f"follow-up:{customer.id}:{int(customer.follow_up)}"
            tell(root, NoticeKind.FOLLOW_UP, tenant, cause, values, now, extra)


def tell_retention(root: Root, summary: RetentionSummary, now: float) -> None:
    """Warn tenants of what will be deleted soon, and of quotas that are nearly used up; once a week each."""
    year, week, _ = summary.day.isocalendar()
    for expiring in summary.expiring:
        values = {
            "count": str(expiring.count),
            "date": expiring.first.isoformat(),
            "days": str(max(0, (expiring.first - summary.day).days)),
        }
        cause = f"recordings-expire:{year}-{week}"
        tell(root, NoticeKind.RECORDINGS_EXPIRE, expiring.tenant, cause, values, now)
    for use in summary.quotas:
        cause = f"recordings-quota:{year}-{week}"
        tell(root, NoticeKind.RECORDINGS_QUOTA, use.tenant, cause, {"percent": str(use.percent)}, now)


def tell_low(root: Root, now: float) -> None:
    """Tell tenants whose money lasts a week at most; again only after it lasted longer."""
    for tenant in root.money.accounts:
        before = _watched(root, tenant)
        runway = runway_of(root, tenant, now)
        low = runway is not None and runway.days is not None and runway.days <= LOW_DAYS
        if low == before.low:
            continue
        root.notices.watched[tenant] = _encode(msgspec.structs.replace(before, low=low))
        if low and runway is not None and runway.days:  # without a day left it is arrears, told apart
            balance = yuan(root.money.accounts[tenant].balance_li)
            values = {"balance": balance, "days": str(runway.days)}
            tell(root, NoticeKind.LOW_BALANCE, tenant, f"low:{before.entries}:{int(now)}", values, now)


def tell_expired(root: Root, now: float) -> None:
    """Tell tenants whose term of a number ended within the last days; once, as its cause says."""
    today = local(now).date()
    for number in root.inventory.in_state(NumberState.ACTIVE, NumberState.SUSPENDED, NumberState.FROZEN):
        card = root.inventory.card(number)
        ends = card.contract.ends if card is not None and card.contract is not None else ""
        if card is None or not ends or not 0 < (today - date.fromisoformat(ends)).days <= EXPIRED_DAYS:
            continue
        values = {"number": number, "date": ends, "days": "0"}
        tell(root, NoticeKind.EXPIRY, card.tenant, f"expiry:{number}:{ends}", values, now)
