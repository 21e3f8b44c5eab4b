"""``box400 numbers apply``, ``document`` ...: applications, from the papers to the carrier's word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.options import data_option, json_option
from box400.cli.services import box_services, entry_of, pick
from box400.cli.table import table
from box400.cli.words import words
from domain.days.calendar import Calendar, local
from domain.numbers.application import (
    APPLICANT_WORDS,
    APPLICATION_WORDS,
    MISSING_WORDS,
    PAPER_WORDS,
    REVIEW_WORDS,
    Applicant,
    ApplicantKind,
    Application,
    Paper,
    Review,
    checklist,
)
from domain.numbers.numbering import NumberBook
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk
from storage.numbers.register import entries, write_register
from webui.services.applications import add_document, at_counter, pack_of

_why = click.option("--why", default="", metavar="TEXT", help="Why; it stands in the history.")
_file = click.Path(dir_okay=False, path_type=Path)


def add_application_commands(group: click.Group) -> None:
    """Add the commands to ``box400 numbers``."""
    for command in (
        apply, applications, application, document, review, submit, returned, approve, withdraw, pack,
        register,
    ):  # fmt: skip
        group.add_command(command)


def _do(data: DataDirectory, number: str, action: str, work: Callable[[Counter], Any], told: str = "") -> Any:
    with box_services(data) as services:
        return at_counter(services, work, entry_of(f"application-{action}", number), told)


def _say(found: Application, as_json: bool = False) -> None:
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    click.echo(f"{found.number}  {found.applicant.name}  {pick(APPLICATION_WORDS[found.state])}  {found.due}")


@click.command()
@click.argument("number")
@click.option("--kind", type=click.Choice([each.value for each in ApplicantKind]), required=True,
              help="Only enterprises and sole traders may have a number.")  # fmt: skip
@click.option("--name", required=True, help="Name as on the licence.")
@click.option(
    "--licence", required=True, help="Unified social credit code, or 15 digits of an older licence."
)
@click.option("--contact", required=True, help="Who is asked.")
@click.option("--phone", required=True, help="His telephone.")
@click.option("--email", default="", help="His e-mail.")
@click.option("--address", default="", help="Address.")
@click.option("--purpose", default="", help="What the number is for.")
@click.option("--fee-instead", is_flag=True, help="A picking fee instead of minimum and term, where offered.")
@data_option
@json_option
def apply(
    number: str, kind: str, fee_instead: bool, data: DataDirectory, as_json: bool, **fields: str
) -> None:
    """Receive an application for NUMBER; it is promised within 7 working days.

    \b
    Exit status: 0 received; 1 the applicant is not described rightly, or the number is not to be had;
    3 the store is not running.
    """
    applicant = Applicant(ApplicantKind(kind), **fields)
    _say(
        _do(data, number, "opened", lambda counter: counter.open(number, applicant, fee_instead=fee_instead))
    )


@click.command()
@click.option("--overdue", is_flag=True, help="Only those past the promised day.")
@data_option
@json_option
def applications(overdue: bool, data: DataDirectory, as_json: bool) -> None:
    """List the applications that somebody waits for, the latest first, with the working days left.

    Exit status: 0 shown, also when there is none; 3 the store is not running.
    """
    entry = entry_of("")

    def read(root: Root) -> list[tuple[Application, int]]:
        return Counter(NumberDesk(root, entry.at, entry.who)).waiting(overdue=overdue)

    with main_database(data) as database:
        found = database.read(read)
    if as_json:
        click.echo(
            msgspec.json.encode([{**msgspec.to_builtins(each), "days_left": left} for each, left in found])
        )
        return
    head = words(
        ("number", "applicant", "state", "received", "promised", "days left", "documents"),
        ("号码", "申请人", "状态", "受理时间", "承诺日期", "剩余工作日", "资料份数"),
    )
    rows = [
        (
            each.number, each.applicant.name, pick(APPLICATION_WORDS[each.state]), beijing(each.at), each.due,
            str(left) if left >= 0 else words(f"{-left} too late", f"超期 {-left}"), str(len(each.documents)),
        )
        for each, left in found
    ]  # fmt: skip
    click.echo(table(head, rows, right=(5, 6)))


@click.command()
@click.argument("number")
@data_option
@json_option
def application(number: str, data: DataDirectory, as_json: bool) -> None:
    """Show the application for NUMBER, its papers, and what is missing.

    Exit status: 0 shown; 1 there is none; 3 the store is not running.
    """
    with box_services(data) as services:
        now = services.now()
        found = services.read(lambda root: Counter(NumberDesk(root, now, "")).of(number))
    checks = checklist(found, local(now).date())
    if as_json:
        missing = {check.paper: list(check.missing) for check in checks if check.missing}
        click.echo(msgspec.json.encode({**msgspec.to_builtins(found), "missing": missing}))
        return
    _say(found)
    click.echo(f"{pick(APPLICANT_WORDS[found.applicant.kind])}  {found.applicant.licence}")
    click.echo(f"{found.applicant.contact}  {found.applicant.phone}")
    head = words(
        ("id", "paper", "file", "stamped", "original", "valid until", "check", "note"),
        ("编号", "资料", "文件", "加盖公章", "原件核对", "有效期至", "审核", "备注"),
    )
    yes, no = words(("yes", "no"), ("是", "否"))
    rows = [
        (
            each.id, pick(PAPER_WORDS[each.paper]), each.name, yes if each.stamped else no,
            yes if each.original else no, each.expires or "-", pick(REVIEW_WORDS[each.review]), each.note,
        )
        for each in found.documents
    ]  # fmt: skip
    click.echo(table(head, rows))
    for check in checks:
        if check.missing:
            lacks = ", ".join(pick(MISSING_WORDS[each]) for each in check.missing)
            click.echo(words("missing: ", "缺：") + f"{pick(PAPER_WORDS[check.paper])} ({lacks})")


@click.command()
@click.argument("number")
@click.argument("paper", type=click.Choice([each.value for each in Paper]))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--stamped", is_flag=True, help="The company's seal is on it.")
@click.option("--original", is_flag=True, help="The original was seen.")
@click.option("--expires", default="", metavar="2027-12-31", help="Last day it is valid.")
@data_option
def document(number: str, paper: str, file: Path, data: DataDirectory, **facts: Any) -> None:
    """Put FILE (PDF, JPEG or PNG, 10 MB at most) to the papers of an application; prints its id.

    \b
    Exit status: 0 stored; 1 there is no open application, or the file is none; 3 the store is not running.

    \b
    Example:
      box400 numbers document 4006001234 licence scan.pdf --stamped --original --expires 2036-01-01
    """
    entry = entry_of("application-document", number)
    with box_services(data) as services:
        made = add_document(services, number, Paper(paper), file.name, file.read_bytes(), facts, entry)
    click.echo(made.id)


@click.command()
@click.argument("number")
@click.argument("name", metavar="DOCUMENT")
@click.option("--accept/--reject", "accepted", default=True, help="In order, or not (with --note why).")
@click.option("--stamped/--no-stamp", default=None, help="Whether the company's seal is on it.")
@click.option("--original/--no-original", default=None, help="Whether the original was seen.")
@click.option("--expires", metavar="2027-12-31", help='Last day it is valid; "" without end.')
@click.option("--note", default="", help="What is wrong with it.")
@data_option
def review(number: str, name: str, accepted: bool, data: DataDirectory, **given: Any) -> None:
    """Note what the check of a document found.

    Exit status: 0 noted; 1 there is no such document, or no reason; 3 the store is not running.
    """
    facts = {key: value for key, value in given.items() if value is not None}
    facts["review"] = Review.ACCEPTED if accepted else Review.REJECTED
    _do(data, number, "reviewed", lambda counter: counter.describe(number, name, **facts), str(facts))


@click.command()
@click.argument("number")
@_why
@data_option
@json_option
def submit(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Note that the papers went to the carrier; they must be complete.

    Exit status: 0 noted; 1 something is missing; 3 the store is not running.
    """
    _say(_do(data, number, "submitted", lambda counter: counter.submit(number, why), why), as_json)


@click.command("return")
@click.argument("number")
@click.option("--why", required=True, metavar="TEXT", help="Why the carrier sent the papers back.")
@data_option
@json_option
def returned(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """Note that the carrier sent the papers back; they can be put right and submitted again.

    Exit status: 0 noted; 1 it is not with the carrier; 3 the store is not running.
    """
    _say(_do(data, number, "returned", lambda counter: counter.returned(number, why), why), as_json)


@click.command()
@click.argument("number")
@click.option("--reference", default="", help="The carrier's number of it.")
@data_option
@json_option
def approve(number: str, reference: str, data: DataDirectory, as_json: bool) -> None:
    """Note that the carrier agreed; `box400 tenant open` then opens the number.

    Exit status: 0 noted; 1 it is not with the carrier; 3 the store is not running.
    """
    _say(
        _do(data, number, "approved", lambda counter: counter.approve(number, reference), reference), as_json
    )


@click.command()
@click.argument("number")
@_why
@data_option
@json_option
def withdraw(number: str, why: str, data: DataDirectory, as_json: bool) -> None:
    """End an application; the number is in stock again.

    Exit status: 0 ended; 1 there is none; 3 the store is not running.
    """
    _say(_do(data, number, "withdrawn", lambda counter: counter.withdraw(number, why), why), as_json)


@click.command()
@click.argument("number")
@click.argument("file", type=_file, metavar="FILE.zip")
@data_option
def pack(number: str, file: Path, data: DataDirectory) -> None:
    """Write what goes to the carrier: a cover sheet, the list of papers, the papers.

    Exit status: 0 written; 1 there is no application; 3 the store is not running.
    """
    with box_services(data) as services:
        content = pack_of(services, number, entry_of("application-packed", number))
    file.touch(mode=0o600)
    file.write_bytes(content)
    click.echo(str(file))


@click.command()
@click.argument("file", type=_file, metavar="FILE.xlsx")
@data_option
def register(file: Path, data: DataDirectory) -> None:
    """Write the register of all applications (台账).

    Exit status: 0 written; 3 the store is not running.
    """
    entry = entry_of("")
    with main_database(data) as database:
        rows, config = database.read(lambda root: (entries(root), root.box.value))
    book, calendar = NumberBook(config.numbering), Calendar(config.calendar)
    count = write_register(file, rows, book, calendar, local(entry.at).date())
    click.echo(words(f"{count} applications in {file}", f"{file}：{count} 份申请"))
