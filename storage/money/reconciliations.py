"""对账记录: comparisons with carriers' lists, made and kept."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from domain.money.reconciliation import (
    SECONDS_SLACK,
    START_SLACK,
    Reconciled,
    Reconciliation,
    Side,
    kept,
    reconcile,
)
from domain.snapshot import TrunkSnapshot
from storage.connection import MainDatabase
from storage.models import Root
from storage.models.finance import ReconciliationDocument
from storage.money.carrier_file import our_side, read_carrier_file
from storage.notices.outbox import new_id

MOST: Final = 200
"""Comparisons that are kept; the oldest go first."""


class Asked(NamedTuple):
    """What is to be compared."""

    trunk: str
    side: Side = Side.INBOUND
    columns: Mapping[str, str] = {}
    """Our names of columns -> titles in the file; others are known by their usual titles."""
    apart: float = START_SLACK
    longer: float = SECONDS_SLACK


class Compared(NamedTuple):
    """What came out of one."""

    kept: Reconciliation
    whole: Reconciled
    """With every difference."""


def compare(database: MainDatabase, path: Path, name: str, asked: Asked, who: str, at: float) -> Compared:
    """Compare a file with what a trunk's records say, and keep the result.

    ``name``: the file's own. Raises KeyError for a trunk that is not there, CarrierFileWrong, OSError and
    StoreDown.
    """
    trunk: TrunkSnapshot = database.read(lambda root: root.trunks[asked.trunk].value)
    read = read_carrier_file(path, trunk.landing_numbers, asked.columns, asked.side)
    since, until = read.first - asked.apart, read.last + asked.apart + 1
    ours = database.read(lambda root: our_side(root, asked.trunk, asked.side, since, until))
    whole = reconcile(read.calls, ours, asked.apart, asked.longer)
    found, counts = kept(whole)
    made = Reconciliation(
        new_id(at), at, who, asked.trunk, asked.side, name[:80], read.first, read.last, asked.apart,
        asked.longer, found, counts,
    )  # fmt: skip
    database.transact(lambda root: _keep(root, made), note="reconciliation")
    return Compared(made, whole)


def _keep(root: Root, made: Reconciliation) -> None:
    held = root.money.reconciliations
    held[made.id] = ReconciliationDocument(made)
    for name in list(islice(held.keys(), max(0, len(held) - MOST))):
        del held[name]


def newest(root: Root) -> list[Reconciliation]:
    """Return what was compared, the latest first."""
    return [each.value for each in reversed(list(root.money.reconciliations.values()))]
