"""A customer's timeline: everything in one order, each thing once, page by page."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.desk import CallNote
from domain.customers.timeline import (
    MOST_TEXT,
    Entry,
    EntryKind,
    customer_stream,
    mail_stream,
    number_stream,
)
from domain.outcomes import Outcome
from storage.connection import open_main_in_memory
from storage.evolution import STEPS, evolve_main
from storage.models import ROOT_KEY, Root
from storage.models.timeline import Timeline, WholeTimeline, call_entry, note_entry
from storage.records.rows import row_of
from tests.unit.storage.test_missed import CALLER, NOON, a_record

NUMBER, MAIL, HIMSELF = number_stream(CALLER), mail_stream("Wang@Example.CN"), customer_stream("c1")


def an_entry(nth: int, at: float, kind: EntryKind = EntryKind.SMS, **fields: str) -> Entry:
    """Return an entry so many seconds after noon."""
    return Entry(at=NOON + at, kind=kind, id=f"x{nth}", **fields)


def ids(timeline: Timeline, *streams: str) -> list[str]:
    """Return the ids of a timeline, newest first."""
    return [entry.id for _, entry in WholeTimeline(timeline).newest_first(streams)]


def test_numbers_addresses_and_the_customer_himself_are_one_timeline() -> None:
    """In the order of time; an address is one however it is written; others' entries are not there."""
    timeline = Timeline()
    timeline.put([NUMBER], an_entry(1, 10))
    timeline.put([MAIL], an_entry(2, 20, EntryKind.MAIL))
    timeline.put([HIMSELF], an_entry(3, 15, EntryKind.NOTE))
    timeline.put([number_stream("13900009999")], an_entry(4, 12))
    assert ids(timeline, NUMBER, mail_stream("wang@example.cn"), HIMSELF) == ["x2", "x3", "x1"]


def test_what_hangs_on_several_streams_is_shown_once_and_can_change() -> None:
    """A ticket of a customer and of his number: its state is the last written; removed, it is gone."""
    timeline = Timeline()
    streams = [NUMBER, HIMSELF]
    ticket = an_entry(1, 0, EntryKind.TICKET, state="open")
    timeline.put(streams, ticket)
    timeline.put(streams, msgspec.structs.replace(ticket, state="closed"))
    ((_, shown),) = WholeTimeline(timeline).newest_first(streams)
    assert shown.state == "closed"
    timeline.remove(streams, ticket)
    assert ids(timeline, *streams) == []


@given(
    st.lists(st.tuples(st.sampled_from([NUMBER, MAIL, HIMSELF]), st.integers(0, 40)), max_size=60),
    st.integers(1, 7),
)
def test_pages_together_are_the_whole(put: list[tuple[str, int]], most: int) -> None:
    """Whatever lies on which stream at which moment: nothing is left out or comes twice."""
    timeline = Timeline()
    for nth, (stream, at) in enumerate(put):
        timeline.put([stream], an_entry(nth, at))
    found: list[Entry] = []
    after = ""
    while True:
        page = WholeTimeline(timeline).page((NUMBER, MAIL, HIMSELF), after, most)
        found += page.entries
        after = page.after
        if not after:
            break
        assert len(page.entries) == most
    assert len({entry.id for entry in found}) == len(found) == len(put)
    assert [entry.at for entry in found] == sorted((NOON + at for _, at in put), reverse=True)


def test_a_page_stays_right_while_entries_are_added() -> None:
    """The second page begins where the first ended, not so many entries from the top."""
    timeline = Timeline()
    for nth in range(10):
        timeline.put([NUMBER], an_entry(nth, nth))
    first = WholeTimeline(timeline).page([NUMBER], most=4)
    timeline.put([NUMBER], an_entry(99, 99))
    second = WholeTimeline(timeline).page([NUMBER], first.after, 4)
    assert [entry.id for entry in second.entries] == ["x5", "x4", "x3", "x2"]


@pytest.mark.parametrize("cursor", ["x", "0" * 31, "g" * 32, "0" * 34, "' OR 1=1"])
def test_a_cursor_that_is_none_shows_the_first_page(cursor: str) -> None:
    """Addresses are typed by anybody."""
    timeline = Timeline()
    timeline.put([NUMBER], an_entry(1, 1))
    assert [entry.id for entry in WholeTimeline(timeline).page([NUMBER], cursor).entries] == ["x1"]


def test_kinds_are_chosen_and_texts_bounded() -> None:
    """Only the notes; a text of a megabyte is cut."""
    timeline = Timeline()
    timeline.put([NUMBER], an_entry(1, 1))
    timeline.put([NUMBER], an_entry(2, 2, EntryKind.NOTE, text="很" * 5000))
    (only,) = WholeTimeline(timeline).page([NUMBER], kinds=[EntryKind.NOTE]).entries
    assert (only.id, len(only.text)) == ("x2", MOST_TEXT)


def test_a_call_stands_there_with_its_note() -> None:
    """Who answered, how long, how it ended; the note right above it; a withheld number has no timeline."""
    record = a_record(
        1, outcome=Outcome.ANSWERED, bridge_ms=1000, talk_ms=9000, answered_by="8001", recorded=True
    )
    entry = call_entry(row_of(record))
    assert entry is not None
    assert (entry.direction, entry.by, entry.seconds, entry.recorded, entry.state) == (
        "in", "8001", 9.0, True, Outcome.ANSWERED,
    )  # fmt: skip
    note = note_entry(CallNote(record.id, CALLER, "8001", NOON + 500, "订单", "要发票"))
    assert 0 < note.at - entry.at < 0.01
    assert call_entry(row_of(msgspec.structs.replace(record, caller=""))) is None
    assert call_entry(row_of(msgspec.structs.replace(record, direction="consultation"))) is None


def test_calls_of_before_are_there_after_the_upgrade() -> None:
    """The step builds the timelines of the records and notes that are kept; running it again adds nothing."""
    database = open_main_in_memory()

    def before(root: Root) -> None:
        root.records.add([a_record(nth, nth) for nth in range(5)])
        root.desk.of("acme").put_note(CallNote(a_record(1, 1).id, CALLER, "8001", NOON, "", "回电"))
        del root.timelines
        for month in root.records.owner("acme").months.values():
            del month.callers
        for number in range(14, len(STEPS) + 1):
            del root.steps[number]

    database.transact(before)
    database.transact(lambda root: evolve_main({ROOT_KEY: root}))
    kinds = database.read(
        lambda root: [entry.kind for _, entry in root.timeline("acme").newest_first([NUMBER])]
    )
    assert kinds == ["call", "call", "call", "note", "call", "call"]
