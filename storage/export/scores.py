"""Satisfaction (满意度) as an Excel file: a sheet for each way to put scores together, and the low ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from domain.tickets.ratings import Share
from storage.export.workbook import MOMENT, Column, sheet_of, workbook
from storage.records.call_id import BEIJING
from storage.reports.satisfaction import Satisfaction

if TYPE_CHECKING:
    import xlsxwriter


def write_scores(
    path: Path, made: Satisfaction, whose: str, days: tuple[date, date], language: str = "zh"
) -> None:
    """Write what was scored; raises OSError. ``whose`` it is and the days stand at its head."""
    zh = language == "zh"
    kinds = (
        ("通话", "Calls", made.calls),
        ("工单", "Tickets", made.tickets),
        ("邮件", "E-mails", made.mails),
    )
    every = [share._replace(name=word if zh else en) for word, en, share in kinds if share is not None]
    with workbook(path) as book:
        _sheet(book, "汇总" if zh else "Summary", f"{whose} {days[0]} — {days[1]}", every, zh=zh)
        for word, en, rows in (
            ("按时间", "By period", made.periods), ("按坐席", "By who served", made.agents),
            ("按队列", "By queue", made.queues), ("按分类", "By category", made.categories),
        ):  # fmt: skip
            _sheet(book, word if zh else en, word if zh else en, rows, zh=zh)
        _low(book, made, zh=zh)


def _sheet(book: xlsxwriter.Workbook, name: str, head: str, rows: Sequence[Share], *, zh: bool) -> None:
    titles = ("评分数", "平均分", "满意率") if zh else ("Scores", "Average", "Satisfied")
    stars = [f"{score} 分" if zh else str(score) for score in range(1, 6)]
    sheet = sheet_of(book, name, [Column(head, 30), *(Column(each, 10) for each in (*titles, *stars))])
    points, share = book.add_format({"num_format": "0.00"}), book.add_format({"num_format": "0.0%"})
    for line, each in enumerate(rows, 1):
        sheet.write_string(line, 0, each.name)
        sheet.write_number(line, 1, each.scores)
        sheet.write_number(line, 2, each.average, points)
        sheet.write_number(line, 3, each.good, share)
        for place, count in enumerate(each.of_each, 4):
            sheet.write_number(line, place, count)


def _low(book: xlsxwriter.Workbook, made: Satisfaction, *, zh: bool) -> None:
    titles = (
        ("时间", "评分", "坐席", "队列", "分类", "评语", "呼叫编号", "工单编号", "会话编号")
        if zh
        else ("When", "Score", "Who served", "Queue", "Category", "Comment", "Call", "Ticket", "Conversation")
    )
    sheet = sheet_of(book, "低分" if zh else "Low scores", [Column(each, 18) for each in titles])
    moment = book.add_format(MOMENT)
    for line, each in enumerate(made.low, 1):
        at = datetime.fromtimestamp(each.at, BEIJING).replace(microsecond=0, tzinfo=None)
        sheet.write_datetime(line, 0, at, moment)
        sheet.write_number(line, 1, each.score)
        texts = (
            each.agent,
            each.queue,
            each.category,
            each.comment,
            each.call,
            each.ticket,
            each.conversation,
        )
        for place, text in enumerate(texts, 2):
            sheet.write_string(line, place, text)
