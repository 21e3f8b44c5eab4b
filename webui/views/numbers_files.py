"""号码管理: files of numbers in and out, and who waits for one."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.days.calendar import Calendar, local
from domain.numbers import application as papers
from domain.numbers.numbering import NumberBook
from domain.numbers.vanity import PatternError
from storage.export.workbook_read import MOST_BYTES, WorkbookRefused
from storage.models import Root
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk
from storage.numbers.register import entries, write_register
from storage.numbers.sheets import (
    MOST_ROWS_AT_ONCE,
    import_numbers,
    write_numbers,
    write_result,
    write_template,
)
from webui.presenters.says import say
from webui.resources import NumberStock
from webui.services import numbers
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download
from webui.views.numbers import BASE, read_wanted, words_of

MOST_SHOWN = 200
"""Rows with faults on the page; the file has all of them."""
MOST_EXPORTED = 5000


@view(
    context=NumberStock, name="import", permission="numbers", request_method="GET",
    renderer="operator/numbers_import.html",
)  # fmt: skip
def ask(request: Request) -> dict[str, Any]:
    """Ask for the file."""
    return {"errors": {}, "done": None, "token": "", "most": MOST_ROWS_AT_ONCE}


@view(
    context=NumberStock, name="import", permission="numbers", request_method="POST",
    renderer="operator/numbers_import.html",
)  # fmt: skip
def take(request: Request) -> dict[str, Any]:
    """Take a file; each row's result stands on the page and in the file that is given back."""
    _, services = request.texts, request.services
    shown: dict[str, Any] = {"errors": {}, "done": None, "token": "", "most": MOST_ROWS_AT_ONCE}
    file = request.POST.get("file")
    if not getattr(file, "file", None):
        return _refused(request, shown, _("Choose a file."))
    entry = entry_of(request, "numbers-imported", str(file.filename)[:80])
    try:
        done = import_numbers(
            services.database, file.file.read(MOST_BYTES + 1), at=services.now(), by=entry.who,
            most_rows=MOST_ROWS_AT_ONCE,
        )  # fmt: skip
    except WorkbookRefused as error:
        return _refused(request, shown, _.either(error.zh, error.en))
    services.audit(entry)
    content = content_of(lambda path: write_result(path, done, _.language))
    token = services.kept.keep(request.identity.who, "numbers-result.xlsx", content)
    wrong = [
        (line.row.line, line.row.cells.get("400号码", ""), _.either(line.zh, line.en))
        for line in done.lines
        if not line.ok
    ]
    doubtful = [
        (line.row.line, line.row.cells.get("400号码", ""), _.either(each.zh, each.en))
        for line in done.lines
        for each in line.doubts
    ]
    return shown | {
        "done": done, "token": token, "wrong": wrong[:MOST_SHOWN], "doubtful": doubtful[:MOST_SHOWN],
    }  # fmt: skip


def _refused(request: Request, shown: dict[str, Any], text: str) -> dict[str, Any]:
    request.response.status = 422
    return shown | {"errors": {"file": text}}


@view(context=NumberStock, name="result", permission="numbers", request_method="GET")
def result(request: Request) -> Response:
    """Send the file with each row's result."""
    kept = request.services.kept.fetch(request.GET.get("token", ""), request.identity.who)
    if kept is None:
        raise HTTPNotFound()
    return download(kept.content, kept.name)


@view(context=NumberStock, name="template", permission="numbers", request_method="GET")
def template(request: Request) -> Response:
    """Send an empty file to fill in."""
    return download(content_of(write_template), "numbers.xlsx")


@view(context=NumberStock, name="export", permission="see-numbers", request_method="GET")
def export(request: Request) -> Response:
    """Send what the filter finds as Excel, at most 5,000 numbers; noted in the audit log."""
    wanted, _typed = read_wanted(request.GET)

    def read(root: Root) -> tuple[numbers.Page, NumberBook]:
        book = NumberBook(root.box.value.numbering)
        return numbers.find(root, wanted, MOST_EXPORTED), book

    try:
        (cards, more), book = request.services.read(read)
    except PatternError as error:
        raise HTTPNotFound() from error
    if more:
        text = request.texts(
            "More than {most} numbers: narrow the filter, or use the command box400 numbers export.",
            most=MOST_EXPORTED,
        )
        return say(request, HTTPSeeOther(f"{BASE}?{request.query_string}"), text, "warn")
    content = content_of(lambda path: write_numbers(path, cards, book))
    request.services.audit(entry_of(request, "numbers-exported", str(len(cards))))
    return download(content, "numbers.xlsx")


@view(context=NumberStock, name="register", permission="number-papers", request_method="GET")
def register(request: Request) -> Response:
    """Send the register of applications (台账); noted in the audit log."""
    now = request.services.now()
    rows, config = request.services.read(lambda root: (entries(root), root.box.value))
    book, calendar = NumberBook(config.numbering), Calendar(config.calendar)
    content = content_of(lambda path: write_register(path, rows, book, calendar, local(now).date()))
    request.services.audit(entry_of(request, "register-exported", str(len(rows))))
    return download(content, "register.xlsx")


@view(
    context=NumberStock, name="applications", permission="see-numbers", request_method="GET",
    renderer="operator/numbers_applications.html",
)  # fmt: skip
def applications(request: Request) -> dict[str, Any]:
    """List who waits for a number, the latest first."""
    now = request.services.now()
    found = request.services.read(lambda root: Counter(NumberDesk(root, now, "")).waiting())
    return {"found": found, "stages": words_of(papers.APPLICATION_WORDS, request.texts.language)}
