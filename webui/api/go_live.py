"""上线导入: a new tenant's customers, contacts, bound numbers and articles in one workbook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from b2bua.in_force import change_in_force
from domain.refusal import NotPossible
from storage.customers.sheets import Imported
from storage.export.workbook_read import MOST_BYTES, WorkbookRefused
from storage.go_live import Taken, read_workbook, take_workbook
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import ImportQuery, octets, query
from webui.api.configuration import stored
from webui.services.provisioning import Done, KnownPrompts

MOST_FAULTS: Final = 100
"""Refused rows of a sheet, in the answer."""


def take(caller: Caller) -> Mapping[str, Any]:
    """Take a workbook, whole, in one transaction, or tell what it would change."""
    asked, tenant, services = query(caller, ImportQuery), caller.config().id, caller.services
    data = octets(caller, MOST_BYTES)
    entry = caller.entry("go-live-imported", "workbook")
    try:
        sheets, strange = read_workbook(data)

        def work(root: Root) -> Taken:
            kept = not asked.dry_run
            return take_workbook(root, tenant, sheets, KnownPrompts(root), entry, caller.who, kept=kept)

        if asked.dry_run:
            done, result = services.read(work), Done(False, "")
        else:
            done, why_not = change_in_force(services.data, services.database, work, "go-live import")
            result = Done(done.count("added") + done.count("changed") > 0, why_not)
    except (WorkbookRefused, NotPossible) as wrong:
        raise caller.wrong(wrong) from wrong
    told = {name: _told(caller, each) for name, each in done.sheets.items()}
    return {**stored(result), "sheets": told, "strange": strange}


def _told(caller: Caller, sheet: Imported) -> dict[str, Any]:
    zh = caller.language == "zh"
    refused = [(line.row, line.why) for line in sheet.lines if line.why is not None][:MOST_FAULTS]
    return {
        **{what: sheet.count(what) for what in ("added", "changed", "same", "refused")},
        "faults": [{"row": row, "why": f"{why.field}: {why.zh if zh else why.en}"} for row, why in refused],
    }
