"""Articles of a knowledge base (知识库): written, reviewed, published in versions, for an audience. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.refusal import NotPossible
from domain.tickets.ticket import File

MOST_TITLE: Final = 120
MOST_BODY: Final = 50_000
MOST_KEYWORDS: Final = 200
MOST_FILES: Final = 10


class Audience(StrEnum):
    """Who may read an article, widest first."""

    PUBLIC = "public"
    """Everybody, on the public page too."""
    TENANT = "tenant"
    """Of the operator's: his tenants and their agents. Of a tenant's: his own people."""
    OPERATOR = "operator"
    """The operator's staff alone."""


class ArticleState(StrEnum):
    """How far an article is."""

    DRAFT = "draft"
    """Never published."""
    PUBLISHED = "published"
    RETIRED = "retired"
    """Was published, and is not found any more."""


class Version(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What an article says, or shall say."""

    number: int
    title: str
    body: str
    category: str = ""
    audience: Audience = Audience.TENANT
    keywords: str = ""
    """Words that it is found by as well: menu choices, pages, other names of the thing."""
    files: tuple[File, ...] = ()
    by: str = ""
    at: float = 0.0
    """UTC POSIX seconds."""
    waits: bool = False
    """For review."""
    refused: str = ""
    """Why the reviewer sent it back."""
    reviewed_by: str = ""
    reviewed_at: float = 0.0


class Article(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An article as it stands."""

    id: str
    owner: str
    """A tenant; empty: the operator."""
    made: float
    state: ArticleState = ArticleState.DRAFT
    shown: Version | None = None
    """The version that readers see, or saw last."""
    draft: Version | None = None
    """The next version, while somebody writes it or it waits for review."""
    versions: int = 0
    """How many were published."""
    ticket: str = ""
    """Id of the ticket that it was made from."""

    @property
    def latest(self) -> Version:
        """What was written last."""
        found = self.draft or self.shown
        assert found is not None
        return found

    @property
    def readable(self) -> Version | None:
        """What readers see; None: nothing."""
        return self.shown if self.state is ArticleState.PUBLISHED else None


class Words(msgspec.Struct, frozen=True):
    """What somebody writes."""

    title: str
    body: str
    category: str = ""
    audience: Audience = Audience.TENANT
    keywords: str = ""
    files: tuple[File, ...] = ()


def drafted(article: Article, words: Words, by: str, at: float) -> Article:
    """Write the next version; raises NotPossible. A version that waited for review waits no longer."""
    title, body = " ".join(words.title.split()), words.body.replace("\r\n", "\n").strip()
    if not title or len(title) > MOST_TITLE:
        raise NotPossible(f"the title has 1 to {MOST_TITLE} characters", f"标题为 1 至 {MOST_TITLE} 个字")
    if not body or len(body) > MOST_BODY:
        raise NotPossible(f"the text has 1 to {MOST_BODY} characters", f"正文为 1 至 {MOST_BODY} 个字")
    if len(words.files) > MOST_FILES:
        raise NotPossible(f"at most {MOST_FILES} files", f"最多 {MOST_FILES} 个附件")
    if article.owner and words.audience is Audience.OPERATOR:
        raise NotPossible("this audience is the operator's", "该可见范围仅限代理商")
    draft = Version(
        article.versions + 1, title, body, words.category, words.audience,
        words.keywords.strip()[:MOST_KEYWORDS], words.files, by, at,
    )  # fmt: skip
    return msgspec.structs.replace(article, draft=draft)


def submitted(article: Article) -> Article:
    """Ask for review; raises NotPossible."""
    draft = _draft(article)
    if draft.waits:
        raise NotPossible("it waits for review already", "已提交审核")
    return _with(article, msgspec.structs.replace(draft, waits=True, refused=""))


def approved(article: Article, by: str, at: float) -> Article:
    """Publish what waits for review; raises NotPossible."""
    draft = _waiting(article)
    shown = msgspec.structs.replace(draft, waits=False, reviewed_by=by, reviewed_at=at)
    return msgspec.structs.replace(
        article, state=ArticleState.PUBLISHED, shown=shown, draft=None, versions=draft.number
    )


def sent_back(article: Article, why: str, by: str, at: float) -> Article:
    """Refuse to publish what waits for review; raises NotPossible."""
    draft = _waiting(article)
    if not why.strip():
        raise NotPossible("say why", "请填写退回原因")
    refused = msgspec.structs.replace(
        draft, waits=False, refused=why.strip()[:200], reviewed_by=by, reviewed_at=at
    )
    return _with(article, refused)


def retired(article: Article) -> Article:
    """Take it from the readers; raises NotPossible."""
    if article.state is not ArticleState.PUBLISHED:
        raise NotPossible("it is not published", "尚未发布")
    return msgspec.structs.replace(article, state=ArticleState.RETIRED)


def _draft(article: Article) -> Version:
    if article.draft is None:
        raise NotPossible("nothing new is written", "没有新的修改")
    return article.draft


def _waiting(article: Article) -> Version:
    draft = _draft(article)
    if not draft.waits:
        raise NotPossible("it does not wait for review", "尚未提交审核")
    return draft


def _with(article: Article, draft: Version) -> Article:
    return msgspec.structs.replace(article, draft=draft)
