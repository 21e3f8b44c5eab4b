"""对账 in the browser: a carrier's file taken, compared and kept."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from domain.money.reconciliation import Reconciliation, Side
from domain.refusal import NotPossible
from storage.models import Root
from storage.models.web import AuditEntry
from storage.money.carrier_file import NAMES, CarrierFileWrong
from storage.money.reconciliations import Asked, compare, newest
from webui.services.box import BoxServices

MOST_BYTES: Final = 20 * 1024 * 1024
SHOWN: Final = 200
"""Differences on the page; the Excel file has them all."""
LONGEST: Final = {"apart": 3600.0, "longer": 600.0}


class Wrong(Exception):
    """A field of the form that cannot be used."""

    def __init__(self, field: str, why: NotPossible) -> None:
        super().__init__(field)
        self.field = field
        self.why = why


class Desk(NamedTuple):
    """What the page shows."""

    trunks: list[str]
    history: list[Reconciliation]


def desk(root: Root) -> Desk:
    """Return trunks that can be compared, and what was compared before."""
    return Desk(list(root.trunks), newest(root))


def find(root: Root, name: str) -> Reconciliation | None:
    """Return one comparison, or None."""
    held = root.money.reconciliations.get(name)
    return None if held is None else held.value


def take(
    services: BoxServices, typed: Mapping[str, str], name: str, file: BinaryIO, entry: AuditEntry
) -> Reconciliation:
    """Compare an uploaded file; audited. Raises Wrong, StoreDown."""
    asked = _asked(typed)
    data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Wrong("file", NotPossible("The file has more than 20 MB.", "文件超过 20 MB。"))
    suffix = ".xlsx" if name.lower().endswith(".xlsx") or data[:4] == b"PK\x03\x04" else ".csv"
    with tempfile.TemporaryDirectory(prefix="box400-web-") as folder:
        path = Path(folder) / f"carrier{suffix}"
        path.write_bytes(data)
        try:
            made, _ = compare(services.database, path, name, asked, entry.who, services.now())
        except KeyError as error:
            raise Wrong("trunk", NotPossible("Choose a trunk.", "请选择中继。")) from error
        except CarrierFileWrong as error:
            raise Wrong("file", NotPossible(error.en, error.zh)) from error
    told = ", ".join(f"{kind} {count}" for kind, count in made.counts.items())
    services.audit(msgspec.structs.replace(entry, target=f"{asked.trunk} {name[:60]}", after=told))
    return made


def _asked(typed: Mapping[str, str]) -> Asked:
    try:
        side = Side(typed.get("side", Side.INBOUND))
    except ValueError as error:
        raise Wrong("side", NotPossible("Choose calls in or legs out.", "请选择呼入或呼出。")) from error
    figures: dict[str, Any] = {}
    for field, most in LONGEST.items():
        text = typed.get(field, "").strip()
        if not text:
            continue
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= most):
            raise Wrong(field, NotPossible(f"0 to {most:.0f} seconds.", f"0 到 {most:.0f} 秒。"))
        figures[field] = float(text)
    columns = {field: typed[field].strip() for field in NAMES if typed.get(field, "").strip()}
    return Asked(typed.get("trunk", ""), side, columns, **figures)
