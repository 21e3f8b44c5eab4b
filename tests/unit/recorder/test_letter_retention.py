"""Files of e-mails go by their tenant's plan, and what nobody names goes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from domain.customers.conversation import Attachment, Conversation, Text, Way
from domain.refusal import NotPossible
from storage.connection import MainDatabase, open_main_in_memory, open_recordings_in_memory
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.notices.outbox import new_id
from storage.numbers.documents import Documents
from storage.recordings import Recordings
from storage.retention.letters import GONE, sweep_letters
from storage.retention.nightly import RetentionJob, clock_path
from storage.retention.recordings import Keep, Plans, is_weekday
from storage.retention.trusted_clock import Clocks, TrustedClock

TODAY = date(2026, 11, 22)
DAY = 86400.0
PLANS = Plans(Keep(months=3), {"short": Keep(days=20)})


def noon(day: date) -> float:
    """Return noon of a day in China."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC).timestamp()


@pytest.fixture
def database() -> MainDatabase:
    """Return a box without texts."""
    return open_main_in_memory()


@pytest.fixture
def recordings() -> Recordings:
    """Return an empty storage beside it."""
    return Recordings(open_recordings_in_memory())


def written(database: MainDatabase, files: Documents, tenant: str, days_ago: int) -> tuple[str, str, str]:
    """Let a customer write with a file and one that was too large; return conversation, text and file."""
    at = noon(TODAY - timedelta(days=days_ago))
    filed = files.add(b"a file", at, "text/plain")
    conversation = Conversation(new_id(at), Way.MAIL, "w@sihai.cn", "service", "s@acme.cn", at, at)
    attachments = (
        Attachment("a.txt", "text/plain", 6, filed.id), Attachment("b.iso", "x/y", 10**9, why="too large")
    )  # fmt: skip
    text = Text(new_id(at), at, "in", "看附件", attachments=attachments, message_id=f"{filed.id}@x")

    def put(root: Root) -> None:
        book = root.conversations.of(tenant)
        book.put(conversation)
        book.put_text(conversation.id, text)

    database.transact(put)
    return conversation.id, text.id, filed.id


def there(files: Documents, name: str) -> bool:
    """Tell whether a file can be read."""
    try:
        return files.read(name) == b"a file"
    except NotPossible:
        return False


def sweep(database: MainDatabase, files: Documents, day: date = TODAY) -> int:
    """Run the night of a day."""
    return sweep_letters(database, files, PLANS, day, noon(day), is_weekday)


def test_each_tenants_files_go_by_his_plan(database: MainDatabase, recordings: Recordings) -> None:
    """The text stays and says what became of its file; what was never kept says what it said."""
    files = recordings.letter_files()
    old = written(database, files, "short", 30)
    fresh = written(database, files, "short", 10)
    other = written(database, files, "long", 30)
    assert sweep(database, files) == 1
    assert [there(files, name) for _, _, name in (old, fresh, other)] == [False, True, True]
    conversation, name, _ = old
    text = database.read(lambda root: root.conversations.find("short").text(conversation, name))
    assert text is not None
    assert (text.text, text.message_id) == ("看附件", f"{old[2]}@x")
    assert [(each.name, each.file, each.why) for each in text.attachments] == [
        ("a.txt", "", GONE), ("b.iso", "", "too large"),
    ]  # fmt: skip
    assert sweep(database, files) == 0
    assert sweep(database, files, TODAY + timedelta(days=120)) == 2


def test_never_before_ten_working_days(database: MainDatabase, recordings: Recordings) -> None:
    """Whatever the plan says."""
    files = recordings.letter_files()
    written(database, files, "hasty", 12)
    plans = Plans(Keep(days=1))
    today, now = TODAY, noon(TODAY)
    assert sweep_letters(database, files, plans, today, now, is_weekday) == 0
    assert sweep_letters(database, files, plans, today + timedelta(days=7), now, is_weekday) == 1


def test_a_file_that_no_text_names_goes_after_a_day(database: MainDatabase, recordings: Recordings) -> None:
    """As a crash or a refused answer leaves it; not one whose text is still on its way."""
    files = recordings.letter_files()
    old = files.add(b"a file", noon(TODAY) - 2 * DAY, "text/plain")
    fresh = files.add(b"a file", noon(TODAY) - 3600, "text/plain")
    tickets = recordings.attachments().add(b"%PDF-1", noon(TODAY) - 90 * DAY)
    assert sweep(database, files) == 1
    assert (there(files, old.id), there(files, fresh.id)) == (False, True)
    assert recordings.attachments().read(tickets.id) == b"%PDF-1"


def test_the_nightly_run_tells_how_many_went(
    tmp_path: Path, database: MainDatabase, recordings: Recordings
) -> None:
    """By the trusted clock, with the recordings."""
    data = DataDirectory(tmp_path)
    data.create()
    files = recordings.letter_files()
    _, _, name = written(database, files, "short", 30)
    clock = TrustedClock(clock_path(data), lambda: Clocks(noon(TODAY), 0.0, "boot"))
    job = RetentionJob(
        data, recordings, clock, lambda: PLANS, is_weekday,
        letters=lambda plans, today, now, works: sweep_letters(database, files, plans, today, now, works),
    )  # fmt: skip
    summary = job.step()
    assert summary is not None
    assert (summary.day, summary.letters) == (TODAY, 1)
    assert not there(files, name)
