"""Attachments that no ticket and no article names go the next night; no other."""

from __future__ import annotations

import pytest

from domain.knowledge import Article, Words, approved, drafted, submitted
from domain.refusal import NotPossible
from domain.tickets import rules
from domain.tickets.rules import Wanted
from domain.tickets.ticket import OPERATOR, Asker, AskerKind, File, Source, SourceKind
from storage.connection import open_main_in_memory, open_recordings_in_memory
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.documents import Documents
from storage.recordings import Recordings
from storage.retention.attachments import sweep_attachments
from storage.tickets import move, open_ticket

NOW = 1_795_399_200.0
LONG_AGO = NOW - 90 * 86400


def stored(files: Documents, at: float = LONG_AGO) -> File:
    """Store an attachment."""
    filed = files.add(b"%PDF-1", at)
    return File(filed.id, "a.pdf", filed.type, filed.octets)


def there(files: Documents, file: File) -> bool:
    """Tell whether an attachment can be read."""
    try:
        return files.read(file.id) == b"%PDF-1"
    except NotPossible:
        return False


@pytest.mark.parametrize("desk", [OPERATOR, "demo"])
def test_what_a_ticket_or_an_article_names_stays(desk: str) -> None:
    """In a question, an answer, a version that readers saw once, the one they see, a draft; the others go."""
    database, files = open_main_in_memory(), Recordings(open_recordings_in_memory()).attachments()
    assert sweep_attachments(database, files, NOW) == 0
    question, answer, first, second, draft = named = [stored(files) for _ in range(5)]
    refused, fresh = stored(files), stored(files, NOW - 3600)

    def fill(root: Root) -> None:
        asker = Asker(AskerKind.CUSTOMER, "王先生", "13800138000")
        source = Source(SourceKind.PAGE)
        ticket = open_ticket(
            root, Wanted(desk, "demo", asker, "发票", "要发票", source, files=(question,)), LONG_AGO
        )
        move(
            root, desk, ticket.id,
            lambda each, terms: rules.answered(each, "已开", (answer,), "8001", LONG_AGO, terms),
        )  # fmt: skip
        article = Article(new_id(LONG_AGO), desk, LONG_AGO)
        for each in (first, second):
            written = drafted(article, Words("标题", "正文", files=(each,)), "8001", LONG_AGO)
            article = approved(submitted(written), "8001", LONG_AGO)
            root.knowledge.of(desk).put(article)
        root.knowledge.of(desk).put(drafted(article, Words("标题", "正文", files=(draft,)), "8001", LONG_AGO))

    database.transact(fill)
    assert sweep_attachments(database, files, NOW) == 1
    assert [there(files, each) for each in named] == [True] * 5
    assert (there(files, refused), there(files, fresh)) == (False, True)
    assert sweep_attachments(database, files, NOW + 86400) == 1
    database.close()
