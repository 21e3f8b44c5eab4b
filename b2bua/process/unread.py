"""What calls used that the ledger has not told of: a b2bua that died must not let it be spent once more."""

from __future__ import annotations

from b2bua.directory import FileDirectory
from domain.money.funds import Funds, Spent
from storage.data_directory import DataDirectory
from storage.journal import Position
from storage.money.charging import rate_record
from storage.records.call_id import day_of_call, iso_of
from storage.records.gather import ended_since
from storage.records.record import CallRecord
from storage.serving.standings import read_standings


def settle_unread(funds: Funds, directory: FileDirectory, data: DataDirectory) -> None:
    """Take what the ledger told last, and settle each call that ended in the journal after that.

    Each is charged as the ledger will do it, in the same order. Without standings there is nothing to settle:
    tenants with limits wait for the ledger. Raises OSError.
    """
    standings = read_standings(data)
    if standings is None:
        return
    funds.take(standings)
    for record, place in ended_since(data.journal, Position(*standings.place)):
        _settle(funds, directory, record, place)


def _settle(funds: Funds, directory: FileDirectory, record: CallRecord, place: Position) -> None:
    tenant = None if record.tenant is None else directory.tenant(record.tenant)
    if tenant is None or not tenant.terms.limits:
        return
    day = day_of_call(record.id, record.start)
    tariff = tenant.terms.tariff
    edition = None if tariff is None else tariff.on(iso_of(day))
    spent = Spent(calls=1)
    if tariff is not None and edition is not None:
        calendar = directory.facts.calendar_of(tenant.id)
        left = funds.included_left(tenant.id, edition.included_seconds, day[:6])
        charge = rate_record(record, tenant.terms.area_code, calendar, tariff.name, edition, left)
        spent = Spent(charge.li, charge.included_seconds, 1)
    funds.settle(tenant.id, record.id, day[:6], spent, place)
