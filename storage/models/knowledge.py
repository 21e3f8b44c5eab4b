"""Knowledge bases by their owner: articles, their versions, votes, and an index for each audience."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from BTrees.OOBTree import OOBTree
from persistent import Persistent

from domain.knowledge import Article, Audience, Version
from storage.models.text_index import Text, TextIndex
from storage.records.call_id import key_of

_encode = msgspec.json.Encoder().encode
_article = msgspec.json.Decoder(Article).decode
_version = msgspec.json.Decoder(Version).decode


class KnowledgeShelf(Persistent):  # type: ignore[misc]
    """One owner's articles."""

    def __init__(self) -> None:
        self.articles: Any = OOBTree()
        """Key of the id, newest first -> JSON of Article."""
        self.versions: Any = OOBTree()
        """Id and number (four digits) -> JSON of a Version that was published."""
        self.votes: Any = OOBTree()
        """(Id, who) -> whether it helped him."""
        self.waiting: Any = OOBTree()
        """Id of an article that waits for review -> since when."""
        self.indexes: Any = OOBTree()
        """Audience -> TextIndex of what is published for it."""

    def find(self, name: str) -> Article | None:
        """Return an article by its id, or None."""
        data = self.articles.get(key_of(name))
        return None if data is None else _article(data)

    def newest_first(self) -> Iterator[Article]:
        """Yield all articles."""
        return (_article(data) for data in self.articles.values())

    def put(self, article: Article) -> None:
        """Store an article as it is now, and index what its readers see."""
        before = self.find(article.id)
        was = None if before is None else before.readable
        self.articles[key_of(article.id)] = _encode(article)
        if article.draft is not None and article.draft.waits:
            self.waiting[article.id] = article.draft.at
        else:
            self.waiting.pop(article.id, None)
        now = article.readable
        if now is not None:
            self.versions[f"{article.id}{now.number:04d}"] = _encode(now)
        if was is not None and (now is None or now.audience is not was.audience):
            self.index(was.audience).remove(article.id, text_of(was))
            was = None
        if now is not None:
            index = self.indexes.get(now.audience)
            if index is None:
                index = self.indexes[now.audience] = TextIndex()
            index.put(article.id, text_of(now), None if was is None else text_of(was))

    def index(self, audience: Audience) -> TextIndex:
        """Return the index of an audience to read; an empty one, that is not kept, where there is none."""
        found: TextIndex | None = self.indexes.get(audience)
        return TextIndex() if found is None else found

    def versions_of(self, name: str) -> list[Version]:
        """Return the versions that were published, oldest first."""
        return [_version(data) for data in self.versions.values(name, f"{name}~")]

    def vote(self, name: str, who: str, *, helped: bool) -> None:
        """Keep whether an article helped somebody; his last word counts."""
        self.votes[(name, who)] = helped

    def votes_of(self, name: str) -> tuple[int, int]:
        """Return how many it helped, and how many not."""
        found = list(self.votes.values((name, ""), (name, "\uffff")))
        return sum(found), len(found) - sum(found)


class KnowledgeBook(Persistent):  # type: ignore[misc]
    """Everybody's."""

    def __init__(self) -> None:
        self.shelves: Any = OOBTree()
        """Owner -> KnowledgeShelf."""

    def of(self, owner: str) -> KnowledgeShelf:
        """Return an owner's, made when he has none."""
        found: KnowledgeShelf | None = self.shelves.get(owner)
        if found is None:
            found = self.shelves[owner] = KnowledgeShelf()
        return found

    def read(self, owner: str) -> KnowledgeShelf:
        """Return an owner's to read; an empty one, that is not kept, when he has none."""
        found: KnowledgeShelf | None = self.shelves.get(owner)
        return KnowledgeShelf() if found is None else found


def text_of(version: Version) -> Text:
    """Return what a version is found by."""
    return Text(version.title, f"{version.category}\n{version.keywords}\n{version.body}")
