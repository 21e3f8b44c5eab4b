"""How long tenants' balances last, by what their calls cost lately."""

from __future__ import annotations

from datetime import timedelta

from domain.calendar import local
from domain.forecast import LOOK_BACK_DAYS, Runway, runway
from storage.models import Account, Root


def runway_of(root: Root, tenant: str, utc: float) -> Runway | None:
    """Return for how many days a tenant's balance and credit last; None when nothing limits his account.

    The days before today count, from the first on which his account had anything to do with calls.
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
    month = f"{today:%Y%m}"
    monthly = (0 if edition is None else edition.monthly_li) + sum(
        agreement.monthly_in(month) for agreement in config.agreements
    )
    return runway(account.balance_li + config.credit_li, used, today, monthly)
