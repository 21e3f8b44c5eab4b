"""A caller's calls are found without looking through all: as many as there are, each once, newest first."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.analysis.callers import WINDOW_MS
from domain.calling.caller import CallerClass
from domain.customers.timeline import Entry, EntryKind, number_stream
from domain.days.calendar import BEIJING
from storage.connection import MainDatabase, open_main_in_memory
from storage.evolution import STEPS, evolve_main
from storage.models import ROOT_KEY, Root, by_caller
from storage.records.call_id import key_of, ulid_text
from storage.records.query import Filter, search
from storage.records.record import CallRecord
from storage.records.rows import CallRow, encode_row, row_of
from tests.unit.storage.test_missed import CALLER, a_record

BEGIN = int(datetime(2026, 10, 28, tzinfo=BEIJING).timestamp() * 1000)
"""Shortly before a month ends."""


pytestmark = pytest.mark.usefixtures("small_segments")


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    database = open_main_in_memory()
    yield database
    database.close()


def call(ms: int, caller: str, nth: int, **facts: object) -> CallRecord:
    """Return a call so many milliseconds after the begin."""
    octets = (BEGIN + ms).to_bytes(6, "big") + nth.to_bytes(10, "big")
    return msgspec.structs.replace(
        a_record(nth), id=ulid_text(octets), start=(BEGIN + ms) / 1000, caller=caller, **facts
    )


def of(root: Root, caller: str, after: bytes) -> list[str]:
    """Return the ids of a caller's calls, newest first."""
    return [row.id for _, row in root.records.owner("acme").rows_of(caller, after)]


CALLERS = ("13800138000", "13900139000", "02488886666", "", "8001")
CALLS = st.lists(
    st.tuples(st.integers(0, 9 * 86_400_000), st.sampled_from(CALLERS), st.booleans()), max_size=120
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(CALLS, st.lists(st.integers(1, 30), min_size=1), st.randoms(use_true_random=False))
def test_a_callers_calls_are_all_found(
    made: list[tuple[int, str, bool]], sizes: list[int], rnd: random.Random
) -> None:
    """In whatever order and groups they end, of two months, from any call on, and by searches of lists."""
    calls = [
        call(ms, caller, nth, outcome="busy" if busy else "answered")
        for nth, (ms, caller, busy) in enumerate(made)
    ]
    database, left = open_main_in_memory(), list(calls)
    rnd.shuffle(left)
    turn = 0
    while left:
        group, left = left[: sizes[turn % len(sizes)]], left[sizes[turn % len(sizes)] :]
        database.transact(lambda root, group=group: root.records.add(group))  # type: ignore[misc]
        turn += 1
    for step in (lambda root: None, over):  # the same when its months are over
        database.transact(step)
        database.read(lambda root: finds_all(root, calls))
    late = call(0, CALLERS[0], 200)
    database.transact(lambda root: root.records.add([late]))
    database.read(lambda root: finds_all(root, [*calls, late]))
    database.close()


def over(root: Root) -> None:
    """Seal all months for good."""
    for month in root.records.owner("acme").months.values():
        month.seal_all()
        assert month.settled
        assert len(month.callers.runs) <= 1


def finds_all(root: Root, calls: list[CallRecord]) -> None:
    """Compare what is found of each caller with the calls that were made."""
    for caller in filter(None, (*CALLERS, "13811112222")):
        own = {key_of(each.id): each for each in calls if each.caller == caller}
        for after in (b"", *sorted(own)[::3]):
            assert [key_of(each) for each in of(root, caller, after)] == sorted(
                key for key in own if key > after
            )
        busy = Filter(tenant="acme", caller=caller, outcomes=frozenset(["busy"]), since=BEGIN / 1000 + 86400)
        assert [each.row.id for each in search(root, busy)] == [
            each.id for _, each in sorted(own.items()) if each.outcome == "busy" and each.start >= busy.since
        ]


def test_who_calls_before_and_after_within_seven_days(database: MainDatabase) -> None:
    """Across months, to the millisecond; calls of agents' codes are no calls of his."""
    calls = [
        call(0, CALLER, 1), call(WINDOW_MS, CALLER, 2), call(WINDOW_MS + 5, CALLER, 3, outcome="agent-code"),
        call(2 * WINDOW_MS + 1, CALLER, 4), call(2 * WINDOW_MS + 1, "13900000000", 5),
    ]  # fmt: skip
    database.transact(lambda root: root.records.add(calls))

    def beside(root: Root) -> list[tuple[str, str]]:
        owner = root.records.owner("acme")
        pairs = [owner.beside(each.caller, key_of(each.id)) for each in calls]
        return [(before.id if before else "", after.id if after else "") for before, after in pairs]

    first, second, _, last, _ = (each.id for each in calls)
    assert database.read(beside) == [("", second), (first, ""), (second, last), ("", ""), ("", "")]


def test_colleagues_calls_are_on_no_timeline(database: MainDatabase) -> None:
    """An extension's name may look like a customer's number."""
    inside = call(0, "8001", 1, caller_class=CallerClass.EXTENSION)
    database.transact(lambda root: root.records.add([inside, call(1, "8001", 2)]))
    page = database.read(lambda root: root.timeline("acme").page([number_stream("8001")]))
    assert [entry.id for entry in page.entries] == [call(1, "8001", 2).id]


def test_an_older_box_finds_its_callers_calls(database: MainDatabase) -> None:
    """Open and sealed ones; copies in timelines go, what else was there stays, and running it again changes
    nothing."""
    calls = [call(ms * 3_600_000, CALLERS[ms % 3], ms) for ms in range(40)]
    stream = number_stream(CALLERS[0])
    sms = Entry(BEGIN / 1000 + 7200.5, EntryKind.SMS, "sms-1")

    def shown(root: Root) -> list[tuple[str, str]]:
        return [(entry.kind, entry.id) for _, entry in root.timeline("acme").newest_first([stream])]

    def older(root: Root) -> None:
        owner = root.records.owner("acme")
        owner.callers = "the last calls of each caller"
        for month in owner.months.values():
            del month.callers
        copies = [Entry(each.start, EntryKind.CALL, each.id) for each in calls]
        for copy in copies:
            root.timelines.of("acme").put([stream], copy)
        del root.steps[31]

    def put(root: Root) -> None:
        root.records.add(calls)
        root.timelines.of("acme").put([stream], sms)

    database.transact(put)
    before = database.read(shown)
    assert ("sms", "sms-1") in before
    assert len(before) == 15
    database.transact(older)
    database.transact(lambda root: evolve_main({ROOT_KEY: root}))
    for _ in range(2):
        assert database.read(shown) == before
        assert database.read(lambda root: len(root.timelines.find("acme").entries)) == 1
        assert not database.read(lambda root: hasattr(root.records.owner("acme"), "callers"))
        database.transact(lambda root: STEPS[30].run({ROOT_KEY: root}))


def test_rows_of_before_a_field_was_added_are_read(database: MainDatabase) -> None:
    """Sealed as they were: what they lack has its default."""
    short = msgspec.msgpack.encode(("id", "4001003721", CALLER, "", *[0] * 4, "busy", "", 486, 0, "", ""))
    index = by_caller.ByCaller()
    index.seal([(CALLER, b"k" * 16, short)])
    ((_, row),) = by_caller.in_order(index.sealed(CALLER, b"", by_caller.LAST))
    assert isinstance(row, CallRow)
    assert (row.caller, row.keys, row.queue) == (CALLER, "", "")


def test_traces_of_before_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have four marks a caller and do not say so."""
    monkeypatch.setattr(by_caller, "_MARKS", by_caller.Traces.marks)
    traces = by_caller.Traces(50)
    traces.mark(f"1380013{nth:04}" for nth in range(50))
    del traces.marks
    monkeypatch.undo()
    index = by_caller.ByCaller()
    row = encode_row(row_of(call(0, CALLER, 1)))
    index.seal([("13800130007", b"k" * 16, row)])
    index.seal([("13900139000", b"m" * 16, row)])
    index.runs[0].traces = traces
    asked = ["13800130007", "13900139000", "02488886666"]
    assert {"13800130007", "13900139000"} <= index.known(asked, by_caller.LAST)
    found = by_caller.in_order(index.sealed("13800130007", b"", by_caller.LAST))
    assert [key for key, _ in found] == [b"k" * 16]
