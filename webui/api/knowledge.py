"""Articles of the knowledge base: those that a tenant's people may read, and proposals for his own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from domain.knowledge import MOST_BODY, MOST_KEYWORDS, MOST_TITLE, Article, Audience, Words
from domain.refusal import NotPossible
from domain.tickets.ticket import File
from storage.knowledge import Reader, find, listed, readable
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, body, call_id, query
from webui.api.problems import ApiProblem
from webui.services import knowledge


class ArticleQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles."""

    limit: Limit = 50
    search: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Proposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an article shall say."""

    title: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_TITLE, pattern=r"^[^\s\x00-\x1f]")]
    body: Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_BODY, pattern=r"^[^\s\x00-\x1f]")]
    category: Annotated[str, msgspec.Meta(max_length=40)] = ""
    audience: Literal["public", "tenant"] = "tenant"
    keywords: Annotated[str, msgspec.Meta(max_length=MOST_KEYWORDS)] = ""
    submit: bool = True


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return what a search finds, best first, or the newest."""
    asked = query(caller, ArticleQuery)
    caller.config()
    reader, text = Reader(caller.tenant), asked.search.strip()

    def read(root: Root) -> list[Article]:
        if text:
            return find(root, reader, text, asked.limit)
        return listed(root, reader, "", asked.limit)

    return {"items": [_object(each) for each in caller.services.read(read)]}


def show(caller: Caller) -> Mapping[str, Any]:
    """Return one article."""
    query(caller, NoQuery)
    name = call_id(caller, "article")
    found = caller.services.read(lambda root: readable(root, Reader(caller.tenant), name))
    if found is None:
        raise ApiProblem(404)
    return _object(found)


def propose(caller: Caller) -> Mapping[str, Any]:
    """Write an article of the tenant's; a reviewer publishes it."""
    query(caller, NoQuery)
    wish = body(caller, Proposal)
    caller.config()
    return _written(caller, "", wish, ())


def proposal(caller: Caller) -> Mapping[str, Any]:
    """Return what was written last of one of the tenant's own articles, and how far it is."""
    query(caller, NoQuery)
    return _proposal(_own(caller))


def rewrite(caller: Caller) -> Mapping[str, Any]:
    """Write the next version of one of the tenant's own articles; its files stay."""
    query(caller, NoQuery)
    wish, held = body(caller, Proposal), _own(caller)
    return _written(caller, held.id, wish, held.latest.files)


def _own(caller: Caller) -> Article:
    name = call_id(caller, "article")
    found = caller.services.read(lambda root: root.knowledge.read(caller.tenant).find(name))
    if found is None:
        raise ApiProblem(404)
    return found


def _written(caller: Caller, name: str, wish: Proposal, files: tuple[File, ...]) -> Mapping[str, Any]:
    services, tenant, by = caller.services, caller.tenant, caller.known.key.name[:40]
    entry = caller.entry("article-written", wish.title[:80])
    words = Words(wish.title, wish.body, wish.category, Audience(wish.audience), wish.keywords, files)
    try:
        if wish.category and wish.category not in services.read(
            lambda root: root.tickets.read(tenant).settings.value.categories
        ):
            raise NotPossible(f"there is no category {wish.category}", f"没有分类 {wish.category}")
        made = knowledge.write(services, tenant, name, words, (), by, entry, submit=wish.submit)
    except NotPossible as error:
        raise ApiProblem(409, error.zh, error.en) from error
    return _proposal(made)


def _proposal(article: Article) -> dict[str, Any]:
    latest, draft = article.latest, article.draft
    return {
        "id": article.id,
        "state": article.state,
        "version": latest.number,
        "title": latest.title,
        "body": latest.body,
        "category": latest.category,
        "audience": latest.audience,
        "keywords": latest.keywords,
        "waits": draft is not None and draft.waits,
        "refused": "" if draft is None else draft.refused,
    }


def _object(article: Article) -> dict[str, Any]:
    shown = article.readable
    assert shown is not None
    return {
        "id": article.id,
        "owner": "tenant" if article.owner else "operator",
        "title": shown.title,
        "body": shown.body,
        "category": shown.category,
        "audience": shown.audience,
        "version": shown.number,
        "published": shown.reviewed_at,
    }
