"""号段与区号 in the browser: what is in use, what a file would change, where a number is from."""

from __future__ import annotations

import gzip
from typing import Any, Final, NamedTuple

import msgspec

from b2bua.control import ControlDown, ControlFailed, InForce, Reload
from b2bua.in_force import RELOAD_SECONDS
from domain.calling.caller import Caller, CallerRules, canonical_caller
from domain.calling.facts import CallerFacts
from domain.places.place import AreaCode, Place
from domain.places.places import Places
from domain.places.tables import SegmentTable, read_table
from domain.refusal import NotPossible
from storage.data_directory import DataDirectory
from storage.models.web import AuditEntry
from storage.serving.facts import read_facts
from storage.serving.places import (
    TableInfo,
    TableKind,
    forget_table,
    import_table,
    read_places,
    tables_in_use,
    text_of,
)
from webui.services.box import BoxServices

MOST_BYTES: Final = 20 * 1024 * 1024
"""What is larger comes by ``box400 places import``."""
MOST_COMPARED: Final = 20_000
"""Rows that a preview compares; of more, every so many one."""
MOST_SHOWN: Final = 20
NAME: Final = "places.csv.gz"


class Difference(NamedTuple):
    """A row that is not as it is now."""

    key: str
    before: str
    """Empty: it is not known now."""
    after: str


class Preview(NamedTuple):
    """What a file would change; nothing is stored yet."""

    info: TableInfo
    compared: int
    new: int
    other: int
    shown: list[Difference]
    is_older: bool
    """Than what is in use."""
    token: str
    """By which it is imported."""


def in_use(data: DataDirectory) -> list[TableInfo]:
    """Return every table, those that win first; raises ValueError for one that is damaged, OSError."""
    return tables_in_use(data)


def look_up(services: BoxServices, number: str, *, restore_zero: bool) -> tuple[Caller, CallerFacts]:
    """Tell what a caller's number says; raises ValueError, OSError as :func:`in_use`."""
    caller = canonical_caller(number, CallerRules(restore_zero=restore_zero))
    return caller, read_facts(services.data).of(caller, None, services.now())


def preview(services: BoxServices, who: str, raw: bytes) -> Preview:
    """Compare a file with what is in use; raises NotPossible, TableRefused with all that is wrong."""
    if len(raw) > MOST_BYTES:
        raise NotPossible(
            f"The file is larger than {MOST_BYTES >> 20} MiB: import it by box400 places import",
            f"文件超过 {MOST_BYTES >> 20} MiB：请用命令 box400 places import 导入",
        )
    table = read_table(text_of(raw))
    kind = TableKind.MOBILE_SEGMENTS if isinstance(table, SegmentTable) else TableKind.AREA_CODES
    held = {each.kind: each for each in reversed(tables_in_use(services.data))}[kind]
    keys = list(table.rows)
    keys = keys[:: max(1, len(keys) // MOST_COMPARED)]
    places = read_places(services.data)
    pairs = [(str(key), _now(places, key), _told(table.rows[key])) for key in keys]  # type: ignore[index]
    other = [Difference(*each) for each in pairs if each[1] != each[2]]
    token = services.kept.keep(who, NAME, gzip.compress(raw, 1))
    if not token:
        raise NotPossible(
            "The file is too large for the browser: import it by box400 places import",
            "文件过大：请用命令 box400 places import 导入",
        )
    return Preview(
        TableInfo(kind, "imported", table.date, len(table.rows)), len(keys),
        sum(not each.before for each in other), sum(bool(each.before) for each in other),
        other[:MOST_SHOWN], table.date < held.date, token,
    )  # fmt: skip


def use(services: BoxServices, who: str, token: str, entry: AuditEntry) -> tuple[TableInfo, str]:
    """Import a file that was previewed; return it, and why calls are not served by it yet.

    Raises NotPossible when it is gone.
    """
    kept = services.kept.fetch(token, who)
    if kept is None or kept.name != NAME:
        raise NotPossible("The file is gone: choose it again", "文件已失效，请重新选择")
    before = _summary(services.data)
    info = import_table(services.data, text_of(gzip.decompress(kept.content)))
    _note(services, entry, before)
    return info, _in_force(services)


def forget(services: BoxServices, kind: TableKind, entry: AuditEntry) -> tuple[bool, str]:
    """Go back to the shipped data of a kind; return whether anything was imported, and as :func:`use`."""
    before = _summary(services.data)
    if not forget_table(services.data, kind):
        return False, ""
    _note(services, entry, before)
    return True, _in_force(services)


def _note(services: BoxServices, entry: AuditEntry, before: str) -> None:
    services.audit(msgspec.structs.replace(entry, before=before, after=_summary(services.data)))


def _summary(data: DataDirectory) -> str:
    """Say what is in use; a damaged table is told, since it can be replaced and forgotten as well."""
    try:
        tables = tables_in_use(data)
    except (OSError, ValueError) as error:
        return str(error)[:2000]
    return "\n".join(f"{each.kind.value}: {each.origin} {each.date} ({each.count})" for each in tables)


def _now(places: Places, key: Any) -> str:
    if isinstance(key, int):
        return _told(places.place_of(canonical_caller(f"{key}0000")))
    row = places.area_codes.get(key)
    return "" if row is None else _told(row)


def _told(row: Place | AreaCode) -> str:
    if isinstance(row, Place):
        return " ".join(each for each in (row.area_code, row.province, row.city, row.carrier) if each)
    merged = f" → {row.merged_into}" if row.merged_into else ""
    return f"{row.province} {'/'.join(row.cities)}{merged}"


def _in_force(services: BoxServices) -> str:
    try:
        versions = services.ask(Reload(), InForce, timeout=RELOAD_SECONDS)
    except (ControlDown, ControlFailed) as error:
        return str(error)
    return "; ".join(f"{name}: {why}" for name, why in versions.errors.items())
