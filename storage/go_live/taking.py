"""Take a workbook of going live: all its sheets in one transaction, or none; wrong rows apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from domain.customers.customer import CustomerKind
from domain.refusal import BadField
from storage.customers.desk import CustomerDesk
from storage.customers.sheets import COMPANY, KIND, KIND_WORDS, NAME, Imported, Line, take_sheet
from storage.export.workbook_read import SheetRead
from storage.go_live.articles import take_articles
from storage.go_live.bound import take_bound
from storage.go_live.workbook import ARTICLES, BOUND, CONTACTS, CUSTOMERS, Sheets
from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.checks import Prompts


class Taken(NamedTuple):
    """What a workbook comes to, or came to."""

    sheets: Mapping[str, Imported]

    def count(self, what: str) -> int:
        """Return how many rows of all sheets came to something."""
        return sum(each.count(what) for each in self.sheets.values())

    def bare(self) -> Taken:
        """Return the same without what was on customers' cards before: for who sees them masked."""
        of_cards = (CUSTOMERS, CONTACTS)
        return Taken({name: each.bare() if name in of_cards else each for name, each in self.sheets.items()})


def take_workbook(
    root: Root, tenant: str, sheets: Sheets, prompts: Prompts, entry: AuditEntry, by: str, *, kept: bool
) -> Taken:
    """Take the sheets in their order; ``kept`` is False for a preview, on a view that is thrown away.

    ``by``: who reviewed the articles. Raises BadField where a sheet lacks its columns.
    """
    settings, at = root.desk.find(tenant).settings.value, entry.at
    desk = CustomerDesk(root, tenant, "", at, entry, each=False)
    done: dict[str, Imported] = {}
    for name, sheet in sheets.items():
        if name == CUSTOMERS:
            done[name] = take_sheet(desk, sheet, settings, at)
        elif name == CONTACTS:
            companies, alone = _of_companies(sheet)
            taken = take_sheet(desk, companies, settings, at)
            done[name] = Imported(tuple(sorted((*taken.lines, *alone))))
        elif name == BOUND:
            done[name] = take_bound(root, tenant, sheet, prompts, kept=kept)
        elif name == ARTICLES:
            done[name] = take_articles(root, tenant, sheet, by, at)
    found = Taken(done)
    desk.note_import(found.count("added"), found.count("changed"), found.count("refused"))
    return found


def _of_companies(sheet: SheetRead) -> tuple[SheetRead, list[Line]]:
    """Return the contacts as people, and what the rows come to that name no company."""
    rows, alone = [], []
    for row in sheet.rows:
        if row.cells.get(COMPANY):
            rows.append(row._replace(cells={**row.cells, KIND: KIND_WORDS[CustomerKind.PERSON]}))
        else:
            why = BadField(COMPANY, f"{COMPANY} is empty", f"请填写“{COMPANY}”")
            alone.append(Line(row.line, row.cells.get(NAME, ""), "refused", (), why))
    return sheet._replace(rows=tuple(rows)), alone
