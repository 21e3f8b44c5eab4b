"""How long tenants' balances last, by what their calls cost lately."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from domain.days.calendar import local
from domain.money.fees import minimum_spend, next_month
from domain.money.forecast import LOOK_BACK_DAYS, Runway, runway
from storage.models import Account, Root

DAYS_A_MONTH: Final = 30


def runway_of(root: Root, tenant: str, utc: float) -> Runway | None:
    """Return for how many days a tenant's balance and credit last; None when nothing limits his account.

    The days before today count, from the first on which his account had anything to do with calls; and what
    is lacking of his minimum spend (低消补足) at the end of each month.
    """
    found = root.tenants.get(tenant)
    config = None if found is None else found.config.value
    if config is None or config.credit_li is None or config.tariff not in root.tariffs:
        return None
    account: Account = root.money.accounts.get(tenant) or Account()
    today = local(utc).date()
    names = [f"{today - timedelta(days=ago):%Y%m%d}" for ago in range(LOOK_BACK_DAYS, 0, -1)]
    owner = root.records.owners.get(tenant)
    used: list[int] = []
    if owner is not None and owner.day_totals:
        begun = owner.day_totals.minKey()
        fees = account.call_fees(names[0], names[-1])
        used = [fees.get(day, 0) for day in names if day >= begun]
    edition = root.tariffs[config.tariff].value.on(today.isoformat())
    package = 0 if edition is None else edition.monthly_li
    this = f"{today:%Y%m}"
    coming = next_month(this)
    calls = DAYS_A_MONTH * sum(used) // len(used) if used else 0
    fees = package + sum(agreement.monthly_in(coming) for agreement in config.agreements)
    first, later = (
        fees + minimum_spend(config.agreements, month, {}, calls + package)[0] for month in (this, coming)
    )
    return runway(account.balance_li + config.credit_li, used, today, later, first)
