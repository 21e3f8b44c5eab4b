"""Delete attachments that no ticket and no article names: of what was refused, or cut off by a crash.

The file is stored first, what names it then; so what nobody names after a day will not be named any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from domain.knowledge import Article
from domain.tickets.ticket import Entry, File
from storage.connection import MainDatabase
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.documents import Documents
from storage.retention.letters import LEFT_OVER

_HAS_FILES: Final = b'"files"'
_entry = msgspec.json.Decoder(Entry).decode


def sweep_attachments(database: MainDatabase, files: Documents, now: float) -> int:
    """Delete what nobody names; return how many. Raises StoreDown. ``now``: UTC POSIX seconds."""
    if not files.any():
        return 0
    kept = database.read(lambda root: {each.id for each in _named(root)})
    return files.sweep(kept, new_id(now - LEFT_OVER))


def _named(root: Root) -> Iterator[File]:
    for tickets in root.tickets.shelves.values():
        for data in tickets.entries.values():
            if _HAS_FILES in data:
                yield from _entry(data).files
    for articles in root.knowledge.shelves.values():
        for article in articles.newest_first():
            yield from _of_article(article)
            for version in articles.versions_of(article.id):
                yield from version.files


def _of_article(article: Article) -> Iterable[File]:
    return [each for version in (article.draft, article.shown) if version for each in version.files]
