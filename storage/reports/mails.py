"""Make the reports that are due and put them into the outbox: figures and findings, as Excel and PDF."""

from __future__ import annotations

import tempfile
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

from domain.analysis.columns import COLUMNS, Target, written
from domain.analysis.mailing import Due, Mailing, due
from domain.analysis.staffing import LEVEL
from domain.days.calendar import local
from domain.features import Feature
from domain.notices.delivery import Channel, Delivery
from domain.notices.kinds import DAY, NoticeKind
from domain.refusal import NotPossible
from storage.connection import MainDatabase
from storage.models import Root
from storage.models.mailings import ReportFile
from storage.notices.outbox import new_id
from storage.reports.analysis import Analysis, analysed, goal_of

FINDINGS: Final = 5
"""Told in the mail itself."""
WORTH_SECONDS: Final = 3 * DAY
SHOWN: Final = ("calls", "answered", "share", "missed", "level", "average", "first_call", "rating")


class Made(NamedTuple):
    """One report, ready to be sent."""

    mailing: Mailing
    due: Due
    title: str
    text: str
    files: tuple[tuple[str, bytes], ...]


def send_due(database: MainDatabase, now: float, most: int | None = None) -> int:
    """Make what is due and not sent yet, at most so many, and put it into the outbox; return how many.

    Each is made of one reading and stored by a transaction of its own, so that a slow one holds up no other;
    one that cannot be made is passed over. Raises StoreDown; OSError or ValueError of one that cannot be made
    when no other was.
    """
    count, why = 0, None
    for mailing, wanted in database.read(partial(_due, now=now)):
        if count == most:
            break
        try:
            made = database.read(partial(make, mailing=mailing, wanted=wanted, now=now))
        except (OSError, ValueError) as error:
            why = error
            continue
        count += database.transact(partial(_post, made=made, now=now), note="report mail")
    if why is not None and not count:
        raise why
    return count


def _due(root: Root, now: float) -> list[tuple[Mailing, Due]]:
    at, found = local(now), []
    for name, held in root.mailings.wished.items():
        wanted = due(held.value, at)
        tenant = held.value.tenant
        may = not tenant or (
            tenant in root.tenants and root.tenants[tenant].config.value.has(Feature.REPORTS)
        )
        if wanted is not None and root.mailings.sent.get(name, "") < wanted.name and may:
            found.append((held.value, wanted))
    return found


def make(root: Root, mailing: Mailing, wanted: Due, now: float) -> Made:
    """Make one report; raises OSError."""
    # Here: what writes PDF and Excel is 30 MB in memory, and most boxes send few reports.
    from storage.export.report import write_report
    from storage.export.report_pdf import pdf_of

    language = mailing.language
    tenant = mailing.tenant or None
    whose = _whose(root, mailing)
    goal = goal_of(root, tenant, LEVEL, mailing.seconds)
    analysis = analysed(root, tenant, wanted.first, wanted.last, local(now).date(), goal)
    target = Target(mailing.seconds)
    names = {name: model.config.value.name for name, model in root.tenants.items()}
    told = [(each.text(language), each.advice(language)) for each in analysis.found]
    files = []
    kind = "呼叫分析报表" if language == "zh" else "call report"
    title = f"{whose} {kind} {_days(wanted.first, wanted.last)}"
    if mailing.excel:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xlsx"
            write_report(
                path, analysis.report, target, whose, language,
                findings=[each.whole(language) for each in analysis.found],
                name_of=lambda name: names.get(name, name),
            )  # fmt: skip
            files.append((f"{wanted.name}.xlsx", path.read_bytes()))
    note = ""
    if mailing.pdf:
        try:
            content = pdf_of(
                analysis.report, target, whose, language, findings=told,
                name_of=lambda name: names.get(name, name),
            )  # fmt: skip
            files.append((f"{wanted.name}.pdf", content))
        except NotPossible as error:
            note = "\n\n" + (error.zh if language == "zh" else str(error))
    return Made(mailing, wanted, title, _text(analysis, target, language) + note, tuple(files))


def _text(analysis: Analysis, target: Target, language: str) -> str:
    """Return what the mail says itself: the main figures and the gravest findings."""
    figures = [
        f"{column.title(language)}：{written(column.of(analysis.report.all, target), column.kind)}"
        for column in COLUMNS
        if column.name in SHOWN
    ]
    level = "服务水平口径" if language == "zh" else "Service level"
    found = [f"{n}. {each.whole(language)}" for n, each in enumerate(analysis.found[:FINDINGS], 1)]
    return "\n".join([*figures, f"{level}：{target.words(language)}", "", *found])


def _days(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first} — {last}"


def _whose(root: Root, mailing: Mailing) -> str:
    if mailing.tenant:
        return str(root.tenants[mailing.tenant].config.value.name)
    return "全部企业" if mailing.language == "zh" else "All tenants"


def _post(root: Root, made: Made, now: float) -> int:
    """Put a report into the outbox once; return 1, or 0 where it was sent or is wished no longer."""
    mailing, book = made.mailing, root.mailings
    if mailing.id not in book.wished or book.sent.get(mailing.id, "") >= made.due.name:
        return 0
    book.sent[mailing.id] = made.due.name
    send(root, made, f"report:{mailing.id}:{made.due.name}", now)
    book.tidy(now)
    return 1


def send(root: Root, made: Made, cause: str, now: float) -> list[Delivery]:
    """Put a report into the outbox for each of its addresses; return what was put in."""
    ids = []
    for name, content in made.files:
        ids.append(new_id(now))
        root.mailings.files[ids[-1]] = ReportFile(name, content, made.mailing.tenant, now)
    deliveries = [
        Delivery(
            new_id(now), cause, made.mailing.tenant, NoticeKind.REPORT, Channel.EMAIL, address, made.text,
            now, now, now + WORTH_SECONDS, made.title, files=tuple(ids),
        )
        for address in made.mailing.emails
    ]  # fmt: skip
    return [each for each in deliveries if root.notices.add(each)]
