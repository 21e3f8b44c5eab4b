"""Who finds which articles: those of his own base, and the operator's that are for him."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from domain.knowledge import Article, Audience
from storage.models import Root
from storage.models.text_index import TextIndex


class Reader(NamedTuple):
    """Somebody who looks for articles."""

    owner: str
    """Whose base he looks into first: a tenant's, or the operator's (``""``)."""
    public: bool = False
    """Whether he is one of the public."""


def places_of(reader: Reader) -> list[tuple[str, Audience]]:
    """Return where a reader may look, best first."""
    if reader.public:
        return [(reader.owner, Audience.PUBLIC)]
    if not reader.owner:
        return [("", Audience.OPERATOR), ("", Audience.TENANT), ("", Audience.PUBLIC)]
    own = [(reader.owner, Audience.TENANT), (reader.owner, Audience.PUBLIC)]
    return [*own, ("", Audience.TENANT), ("", Audience.PUBLIC)]


def find(root: Root, reader: Reader, query: str, most: int) -> list[Article]:
    """Return the articles that a query finds, those of the reader's own base first."""
    return _gather(root, reader, most, lambda index: index.search(query, most))


def like(root: Root, reader: Reader, text: str, most: int) -> list[Article]:
    """Return articles about the same things as a text, at most ``most`` of each base together."""
    return _gather(root, reader, most, lambda index: index.like(text, most))


def _gather(root: Root, reader: Reader, most: int, names: Callable[[TextIndex], list[str]]) -> list[Article]:
    def found() -> Iterator[Article]:
        for owner, audience in places_of(reader):
            shelf = root.knowledge.read(owner)
            for name in names(shelf.index(audience)):
                article = shelf.find(name)
                if article is not None:
                    yield article

    return list(islice(found(), most))


def readable(root: Root, reader: Reader, name: str) -> Article | None:
    """Return an article that a reader may read, or None."""
    for owner in dict.fromkeys(owner for owner, _ in places_of(reader)):
        article = root.knowledge.read(owner).find(name)
        if article is not None:
            shown = article.readable
            return article if shown is not None and (owner, shown.audience) in places_of(reader) else None
    return None


def listed(root: Root, reader: Reader, category: str, most: int) -> list[Article]:
    """Return what a reader may read, newest first; of a category of his first base, or of any (``""``)."""
    places = places_of(reader)

    def found() -> Iterator[Article]:
        for owner in dict.fromkeys(owner for owner, _ in places):
            for article in root.knowledge.read(owner).newest_first():
                shown = article.readable
                if (
                    shown is not None
                    and (owner, shown.audience) in places
                    and category in ("", shown.category)
                ):
                    yield article

    return list(islice(found(), most))
