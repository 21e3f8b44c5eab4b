"""统计报表: the figures of a period, from what was counted as calls ended, or from the calls themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from domain.analysis.callers import Callers, Change
from domain.analysis.cell import Cell
from domain.analysis.figures import Counted, Figures, Groups
from domain.analysis.report import Report, day_of_hour
from storage.models import Root
from storage.models.figures import FiguresBook
from storage.records.counted import began_ms, count, counts
from storage.records.rows import CallRow


def report(root: Root, tenant: str | None, first: date, last: date, number: str | None = None) -> Report:
    """Return the report of some days (both included) of a tenant, perhaps of one of his numbers, or (None) of
    all tenants."""
    days = first.strftime("%Y%m%d"), last.strftime("%Y%m%d")
    if tenant is None:
        found = root.records.whole.between(*days)
        return Report(first, last, found.get("", Figures()), {}, root.service.between(None, *days))
    owner = root.records.owners.get(tenant)
    book = FiguresBook() if owner is None else owner.figures
    made = _report(first, last, dict(book.between(*days, number)))
    return made if number else made._replace(service=root.service.between(tenant, *days))


def report_of_rows(rows: Iterable[CallRow], first: date, last: date) -> Report:
    """Return the report of a tenant's calls, counted one by one, the oldest first; what is kept equals it.

    Give the calls of the seven days before and after as well: they tell who called again.
    """
    return _report(first, last, _numbers(rows, first, last))


def whole_of_rows(tenants: Mapping[str, Iterable[CallRow]], first: date, last: date) -> Report:
    """Return the report of all tenants' calls, counted one by one, as :func:`report_of_rows`."""
    whole = Figures()
    for tenant, rows in tenants.items():
        for figures in _numbers(rows, first, last).values():
            whole.add(figures.in_whole(tenant))
    return Report(first, last, whole, {})


def _numbers(rows: Iterable[CallRow], first: date, last: date) -> dict[str, Figures]:
    numbers: dict[str, Figures] = {}
    for call, changes in _one_by_one(rows):
        if _within(call.groups, first, last):
            numbers.setdefault(call.groups.number, Figures()).take([call])
        for change in changes:
            if _within(change.groups, first, last):
                numbers.setdefault(change.groups.number, Figures()).count(change.groups, change.cell)
    return numbers


def _one_by_one(rows: Iterable[CallRow]) -> Iterator[tuple[Counted, list[Change]]]:
    callers = Callers()
    for row in filter(counts, rows):
        call = count(row, began_ms(row))
        yield call, callers.take(call.caller, call.groups)


def _within(groups: Groups, first: date, last: date) -> bool:
    return first <= day_of_hour(groups.hour) <= last


def _report(first: date, last: date, numbers: dict[str, Figures]) -> Report:
    figures = Figures()
    cells: dict[str, Cell] = {}
    for name, each in sorted(numbers.items()):
        figures.add(each)
        cells[name] = each.all
    return Report(first, last, figures, cells)
