"""What the ledger tells the b2bua of tenants' accounts, in a file: limits hold with the store down too."""

from __future__ import annotations

import logging
from collections.abc import Iterable

import msgspec

from domain.days.calendar import local
from domain.money.funds import Place, Standing, Standings
from storage.data_directory import DataDirectory, write_atomically
from storage.models import Account, Root

log = logging.getLogger(__name__)


def limited_tenants(root: Root) -> tuple[str, ...]:
    """Return the tenants that have a limit; it changes with ``root.version`` only."""
    configs = (model.config.value for model in root.tenants.values())
    return tuple(
        config.id
        for config in configs
        if (config.credit_li, config.monthly_cap_li, config.monthly_cap_calls) != (None, None, None)
    )


def standings(root: Root, tenants: Iterable[str], place: Place, utc: float) -> Standings | None:
    """Return how these tenants' accounts stand, or None without any."""
    month = f"{local(utc):%Y%m}"
    found = {}
    for tenant in tenants:
        account: Account = root.money.accounts.get(tenant) or Account()
        use = account.month(month)
        found[tenant] = Standing(account.balance_li, month, use.li, use.calls, use.included_seconds)
    return Standings(place, found) if found else None


def write_standings(data: DataDirectory, content: Standings) -> None:
    """Replace the file; raises OSError."""
    write_atomically(data.standings, msgspec.json.encode(content))


def read_standings(data: DataDirectory) -> Standings | None:
    """Return what the ledger last wrote; None: nothing that can be read."""
    try:
        return msgspec.json.decode(data.standings.read_bytes(), type=Standings)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.error("%s cannot be read, no limit holds until the ledger runs: %s", data.standings, error)
        return None
