"""What reports show is counted as calls end, and equals a count of the calls one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.analysis.callers import WINDOW_MS
from domain.analysis.cell import TARGETS, Fate, fate_of
from domain.analysis.service_level import Formula, service_level
from domain.days.calendar import BEIJING
from domain.outcomes import Outcome
from domain.places.place import Place
from storage.connection import MainDatabase, open_main_in_memory
from storage.evolution import STEPS
from storage.models.root import ROOT_KEY
from storage.records.call_id import ulid_text
from storage.records.query import Filter, search
from storage.records.record import CallRecord
from storage.records.rows import CallRow
from storage.reports.report import report, report_of_rows, whole_of_rows

FIRST = date(2026, 9, 28)
BEGIN = datetime(2026, 9, 28, tzinfo=BEIJING).timestamp()
DAYS = 33
"""In two months: who called neither in this one nor the one before is not known any more."""
OUTCOMES = (
    Outcome.ANSWERED, Outcome.ANSWERED, Outcome.BUSY, Outcome.NO_ANSWER, Outcome.GAVE_UP_QUEUE,
    Outcome.CUT_BY_OPERATOR, Outcome.BLACKLISTED, Outcome.MESSAGE_LEFT, Outcome.AGENT_CODE,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("small_segments")


@st.composite
def records(draw: st.DrawFn) -> CallRecord:
    """A call of one of two tenants: few callers, so that they call again."""
    outcome = draw(st.sampled_from(OUTCOMES))
    talks = outcome in (Outcome.ANSWERED, Outcome.CUT_BY_OPERATOR)
    # Moments come in clumps, so that there are calls in a row, and calls a week apart to the millisecond.
    ms = (
        int(BEGIN * 1000)
        + draw(st.integers(0, DAYS * 24 - 1)) * 3_600_000
        + draw(st.sampled_from([0, 1, 3_599_999]))
    )
    talk = draw(st.integers(1, 3_000_000)) if talks else 0
    wait = draw(st.sampled_from([0, 4_999, 5_000, 5_001, 20_000, 700_000]))
    queue = draw(st.sampled_from(["", "sales", "service"]))
    return CallRecord(
        id=ulid_text(ms.to_bytes(6, "big") + draw(st.binary(min_size=10, max_size=10))),
        tenant=draw(st.sampled_from(["acme", "beta"])),
        number=draw(st.sampled_from(["4001003721", "4008000000"])),
        called="", called_raw="", caller_raw="", source="", sip_call_id="", trunk_in="demo", start=ms / 1000,
        caller=draw(st.sampled_from(["", "13800138000", "13900139000", "02488886666"])),
        place=draw(st.sampled_from([Place("024", "辽宁", "沈阳", ""), Place("", "", "", "")])),
        answered_by=draw(st.sampled_from(["13700000001", "13700000002"])) if talks else "",
        job_number=draw(st.sampled_from(["", "8001"])) if talks else "", end_ms=wait + talk, talk_ms=talk,
        access_ms=talk, outcome=outcome, queue=queue, wait_ms=wait if queue else 0,
        rating=draw(st.sampled_from([None, 1, 5])) if talks else None,
        menu=draw(st.sampled_from(["", "main/start/1", "main/start/2 main/more/1"])),
    )  # fmt: skip


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    database = open_main_in_memory()
    yield database
    database.close()


def rows_of(database: MainDatabase, tenant: str) -> list[CallRow]:
    """Return the calls of a tenant, the oldest first."""
    return database.read(lambda root: [each.row for each in search(root, Filter(tenant=tenant))])[::-1]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    calls=st.lists(records(), max_size=40, unique_by=lambda call: call.id),
    groups=st.lists(st.integers(1, 9), min_size=1),
    first=st.integers(0, DAYS), length=st.integers(0, DAYS), rnd=st.randoms(use_true_random=False),
)  # fmt: skip
def test_figures_equal_a_count_of_the_calls(
    calls: list[CallRecord], groups: list[int], first: int, length: int, rnd: object
) -> None:
    """In whatever order and groups calls end, for any days, for one number, for a tenant and for the box."""
    database = open_main_in_memory()
    rnd.shuffle(calls)  # type: ignore[attr-defined]
    left, turn = list(calls), 0
    while left:
        size = groups[turn % len(groups)]
        group, left, turn = left[:size], left[size:], turn + 1
        database.transact(lambda root, group=group: root.records.add(group))  # type: ignore[misc]
    begin, end = FIRST + timedelta(days=first), FIRST + timedelta(days=first + length)
    every = {tenant: rows_of(database, tenant) for tenant in ("acme", "beta")}
    for tenant, rows in every.items():
        kept = database.read(lambda root, tenant=tenant: report(root, tenant, begin, end))  # type: ignore[misc]
        assert kept == report_of_rows(rows, begin, end)
        one = database.read(
            lambda root, tenant=tenant: report(root, tenant, begin, end, "4001003721")  # type: ignore[misc]
        )
        assert one.all == kept.numbers.get("4001003721", type(one.all)())
    whole = database.read(lambda root: report(root, None, begin, end))
    assert whole == whole_of_rows(every, begin, end)
    database.close()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(calls=st.lists(records(), max_size=40, unique_by=lambda call: call.id))
def test_a_naive_count_agrees(calls: list[CallRecord]) -> None:
    """Counted by hand out of the rows: fates, hours, weekdays, areas, keys, agents, waits, repeat callers."""
    database = open_main_in_memory()
    database.transact(lambda root: root.records.add(calls))
    rows = [row for row in rows_of(database, "acme") if row.outcome != Outcome.AGENT_CODE]
    made = database.read(lambda root: report(root, "acme", FIRST, FIRST + timedelta(days=DAYS)))
    when = {row.id: datetime.fromtimestamp(row.start_ms / 1000, BEIJING) for row in rows}
    assert made.all.calls == len(rows)
    fates = Counter(fate_of(row.outcome, row.answered) for row in rows)
    assert (made.all.answered, made.all.busy, made.all.no_answer, made.all.abandoned) == tuple(
        fates[fate] for fate in (Fate.ANSWERED, Fate.BUSY, Fate.NO_ANSWER, Fate.ABANDONED)
    )
    assert {n: cell.calls for n, cell in made.hours().items() if cell.calls} == Counter(
        when[row.id].hour for row in rows
    )
    assert {n: cell.calls for n, cell in made.weekdays().items() if cell.calls} == Counter(
        when[row.id].weekday() for row in rows
    )
    assert {n: cell.calls for n, cell in made.provinces().items()} == Counter(row.province for row in rows)
    assert {n: cell.calls for n, cell in made.figures.keys.items()} == Counter(
        key for row in rows for key in row.menu.split()
    )
    assert {n: cell.talk_ms for n, cell in made.figures.agents.items()} == _talk(rows)
    by_time = sorted((row for row in rows if row.caller), key=lambda row: (row.start_ms, row.id))
    pairs = [
        (before, after)
        for caller in {row.caller for row in by_time}
        for own in [[row for row in by_time if row.caller == caller]]
        for before, after in pairwise(own)
        if after.start_ms - before.start_ms <= WINDOW_MS
    ]
    assert made.all.repeats == len(pairs)
    assert made.all.again == sum(before.answered for before, _ in pairs)
    for seconds in TARGETS:
        soon = sum(row.answered and row.waited_ms <= seconds * 1000 for row in rows)
        gone = sum(
            fate_of(row.outcome, row.answered) is Fate.ABANDONED and row.waited_ms <= seconds * 1000
            for row in rows
        )
        offered = fates[Fate.ANSWERED] + made.all.missed
        assert tuple(service_level(made.all, seconds, Formula.OFFERED)) == (soon, offered)
        assert tuple(service_level(made.all, seconds, Formula.WITHOUT_EARLY)) == (soon, offered - gone)
        assert tuple(service_level(made.all, seconds, Formula.ANSWERED)) == (soon, fates[Fate.ANSWERED])
        assert tuple(service_level(made.all, seconds, Formula.EARLY_GOOD)) == (soon + gone, offered)
    assert sum(sum(agents.values()) for agents in made.figures.staff.values()) == made.all.talk_ms
    database.close()


def _talk(rows: list[CallRow]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in rows:
        if row.answered:
            found[row.job_number or row.answered_by] += row.talk_ms
    return dict(found)


@given(calls=st.lists(records(), min_size=1, max_size=30, unique_by=lambda call: call.id))
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_an_older_box_gets_its_figures(calls: list[CallRecord]) -> None:
    """The evolution step counts the records that are there; running it again counts none twice."""
    database = open_main_in_memory()
    database.transact(lambda root: root.records.add(calls))
    last = FIRST + timedelta(days=DAYS)

    def reports(root) -> list[object]:  # type: ignore[no-untyped-def]
        return [report(root, tenant, FIRST, last) for tenant in ("acme", "beta", None)]

    def older(root) -> None:  # type: ignore[no-untyped-def]
        del root.records.whole
        for owner in root.records.owners.values():
            del owner.figures

    before = database.read(reports)
    database.transact(older)
    step = next(each for each in STEPS if each.name == "figures of reports")
    for _ in range(2):
        database.transact(lambda root: step.run({ROOT_KEY: root}))
    assert database.read(reports) == before
    database.close()


def test_hours_of_days_that_are_over_become_one_object(database: MainDatabase) -> None:
    """A call of the next day puts the hours of the day before together; a late call still counts."""
    base = CallRecord(
        id="", tenant="acme", number="4001003721", called="", called_raw="", caller="13800138000",
        caller_raw="", source="", sip_call_id="", trunk_in="demo", start=BEGIN,
        outcome=Outcome.BUSY, end_ms=1000,
    )  # fmt: skip

    def call(hours: float) -> CallRecord:
        ms = int((BEGIN + hours * 3600) * 1000)
        return msgspec.structs.replace(
            base, id=ulid_text(ms.to_bytes(6, "big") + b"\1" * 10), start=ms / 1000
        )

    for hours in (1, 2, 3, 26, 4):
        database.transact(lambda root, hours=hours: root.records.add([call(hours)]))  # type: ignore[misc]
    sizes = database.read(lambda root: [len(tree) for tree in _trees(root)])
    assert sizes == [1, 2]
    made = database.read(lambda root: report(root, "acme", FIRST, FIRST))
    assert (made.all.calls, made.all.repeats) == (4, 3)


def _trees(root):  # type: ignore[no-untyped-def]
    figures = root.records.owners["acme"].figures
    return figures.days, figures.hours
