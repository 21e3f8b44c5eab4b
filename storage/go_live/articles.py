"""The sheet 知识库: articles by their titles, published as they are taken."""

from __future__ import annotations

from typing import Final

from domain import knowledge as rules
from domain.knowledge import Article, Audience, Version, Words
from domain.refusal import BadField, NotPossible
from storage.customers.sheets import Difference, Imported, Line, filled
from storage.export.workbook_read import SheetRead, SheetRow
from storage.go_live.workbook import AUDIENCE, BODY, CATEGORY, KEYWORDS, TITLE
from storage.models import Root
from storage.models.knowledge import KnowledgeShelf
from storage.notices.outbox import new_id

AUDIENCE_WORDS: Final = {Audience.PUBLIC: "公开", Audience.TENANT: "内部"}
_AUDIENCES: Final = {word: audience for audience, word in AUDIENCE_WORDS.items()}
SHOWN: Final = 80
"""Characters of a text that a preview shows."""


def take_articles(root: Root, tenant: str, sheet: SheetRead, by: str, at: float) -> Imported:
    """Take the rows; who imports has read them, so they are published. A wrong one is refused by itself."""
    shelf = root.knowledge.of(tenant)
    known = {each.latest.title: each for each in shelf.newest_first()}
    categories = root.tickets.read(tenant).settings.value.categories
    lines = []
    for row in sheet.rows:
        title = " ".join(row.cells.get(TITLE, "").split())
        try:
            line, article = _take(shelf, row, known.get(title), tenant, categories, by, at)
            known[title] = article
        except NotPossible as why:
            line = Line(row.line, title, "refused", (), BadField(BODY, why.en, why.zh))
        lines.append(line)
    return Imported(tuple(lines))


def _take(
    shelf: KnowledgeShelf, row: SheetRow, known: Article | None, tenant: str, categories: tuple[str, ...],
    by: str, at: float,
) -> tuple[Line, Article]:  # fmt: skip
    held = known or Article(new_id(at), tenant, at)
    before = None if known is None else known.latest
    drafted = rules.drafted(held, _words(filled(row), before, categories), by, at)
    wanted = drafted.latest
    was = _told(before)
    differences = tuple(
        Difference(title, was[title][:SHOWN], text[:SHOWN])
        for title, text in _told(wanted).items()
        if was[title] != text
    )
    if known is not None and not differences and known.readable is not None and known.draft is None:
        return Line(row.line, wanted.title, "same"), known
    article = rules.approved(rules.submitted(drafted), by, at)
    shelf.put(article)
    return Line(row.line, wanted.title, "added" if known is None else "changed", differences), article


def _words(cells: dict[str, str], before: Version | None, categories: tuple[str, ...]) -> Words:
    """Return what a row says, what it leaves empty as it was; raises BadField."""
    category = cells.get(CATEGORY, "" if before is None else before.category)
    if CATEGORY in cells and category not in categories:
        some = "、".join(categories)
        raise BadField(CATEGORY, f"{CATEGORY} is one of {some}", f"“{CATEGORY}”应为：{some}")
    audience = Audience.TENANT if before is None else before.audience
    if AUDIENCE in cells:
        if cells[AUDIENCE] not in _AUDIENCES:
            raise BadField(AUDIENCE, f"{AUDIENCE} is 公开 or 内部", f"“{AUDIENCE}”应为公开或内部")
        audience = _AUDIENCES[cells[AUDIENCE]]
    keywords = cells.get(KEYWORDS, "" if before is None else before.keywords)
    if len(keywords) > rules.MOST_KEYWORDS:
        most = rules.MOST_KEYWORDS
        raise BadField(
            KEYWORDS, f"{KEYWORDS} has more than {most} characters", f"“{KEYWORDS}”超过 {most} 个字"
        )
    files = () if before is None else before.files
    return Words(
        cells.get(TITLE, ""), cells.get(BODY, "" if before is None else before.body), category, audience,
        keywords, files,
    )  # fmt: skip


def _told(version: Version | None) -> dict[str, str]:
    """Return title of a column -> what stands there of a version."""
    if version is None:
        return dict.fromkeys((TITLE, CATEGORY, AUDIENCE, KEYWORDS, BODY), "")
    return {
        TITLE: version.title,
        CATEGORY: version.category,
        AUDIENCE: AUDIENCE_WORDS.get(version.audience, ""),
        KEYWORDS: version.keywords,
        BODY: version.body,
    }
