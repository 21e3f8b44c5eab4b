"""Articles of the knowledge base that a tenant's people may read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from domain.knowledge import Article
from storage.knowledge import Reader, find, listed, readable
from storage.models import Root
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, call_id, query
from webui.api.problems import ApiProblem


class ArticleQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which articles."""

    limit: Limit = 50
    search: Annotated[str, msgspec.Meta(max_length=80)] = ""


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
