"""Call records at rest: found again whole, newest first, each once, and small."""

from __future__ import annotations

import random
from datetime import date

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.outcomes import Outcome
from domain.places.place import Place
from storage.connection import MainDatabase, open_main_in_memory
from storage.evolution import step020_traces, step028_days_of_all
from storage.models import Root
from storage.models.call_records import OPEN_ROWS, SEGMENT_ROWS
from storage.models.root import ROOT_KEY
from storage.models.totals import Totals
from storage.records.call_id import (
    bound_of,
    call_of,
    day_of,
    hour_of,
    key_of,
    month_of,
    ulid_bytes,
    ulid_text,
)
from storage.records.fold import fold
from storage.records.query import Filter, search
from storage.records.record import CallRecord
from storage.records.rows import (
    decode_detail,
    decode_row,
    detail_of,
    encode_detail,
    encode_row,
    record_of,
    row_of,
    seal_details,
    unseal_detail,
)
from storage.records.sealed_rows import SealedRows, may_hold, seal_rows, traces_of, traces_wanted
from storage.reports.report import report_of_rows
from tests.unit.ledger.made_up import NOON, a_call


def some(count: int, seed: int = 1, gap: float = 1.0, **facts: object) -> list[CallRecord]:
    rnd = random.Random(seed)
    outcomes = (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.BUSY)
    return [
        fold(a_call(rnd, NOON + n * gap, outcome=rnd.choice(outcomes), **facts))  # type: ignore[arg-type]
        for n in range(count)
    ]


@pytest.fixture
def database() -> MainDatabase:
    return open_main_in_memory()


@given(st.binary(min_size=16, max_size=16))
def test_call_ids_are_keys_and_back(data: bytes) -> None:
    """An id becomes 16 bytes and the same id again."""
    text = ulid_text(data)
    assert len(text) == 26
    assert ulid_bytes(text) == data
    assert call_of(key_of(text)) == text


@given(st.integers(0, 2**47), st.integers(0, 2**47), st.binary(min_size=10, max_size=10))
def test_keys_sort_newest_first(one: int, other: int, noise: bytes) -> None:
    """A later call has the smaller key, and the bound of a moment parts the calls before from those after."""
    earlier, later = sorted((one, other))
    keys = [key_of(ulid_text(ms.to_bytes(6, "big") + noise)) for ms in (earlier, later)]
    assert earlier == later or keys[1] < keys[0]
    assert bound_of(later / 1000) < keys[1]


def test_days_and_months_are_those_of_beijing() -> None:
    """16:30 UTC is half past midnight of the next day in Beijing."""
    late = 1_798_734_600_000  # 2026-12-31 16:30 UTC
    assert (day_of(late), month_of(late), hour_of(late)) == ("20270101", "202701", 0)
    assert day_of(late - 3_600_000) == "20261231"


def test_a_record_comes_back_from_its_row_and_details() -> None:
    """Nothing of a record is lost when it is split for storing, open or sealed."""
    records = some(40)
    rows = [row_of(record) for record in records]
    details = [encode_detail(detail_of(record)) for record in records]
    block, detail_block = seal_rows(rows), seal_details(details)
    assert list(SealedRows(block).rows()) == rows
    for n, record in enumerate(records):
        assert record_of(decode_row(encode_row(rows[n])), decode_detail(details[n])) == record
        assert record_of(rows[n], unseal_detail(detail_block, n)) == record


def test_rows_of_before_callers_had_places_still_read() -> None:
    """Open or sealed, what older editions wrote is there, its callers from nowhere known."""
    record = some(1)[0]
    row = msgspec.structs.replace(
        row_of(record), caller_class="", area_code="", province="", city="", carrier=""
    )
    detail = msgspec.structs.replace(detail_of(record), caller_header="", participants=())
    old_row = msgspec.msgpack.encode(list(msgspec.structs.astuple(row))[:14])
    old_detail = msgspec.msgpack.encode(list(msgspec.structs.astuple(detail))[:16])
    assert decode_row(old_row) == row
    assert decode_detail(old_detail) == detail
    assert record_of(decode_row(old_row), decode_detail(old_detail)).place == Place()
    columns = msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompress(seal_rows([row])))
    old_block = zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(columns[:14]))
    assert list(SealedRows(old_block).rows()) == [row]


def test_ids_that_are_no_ulids_are_kept_as_well() -> None:
    """Somebody else's ids only cost space."""
    rows = [row_of(fold(a_call(random.Random(n), call=f"call-{n}"))) for n in range(3)]
    assert list(SealedRows(seal_rows(rows)).rows()) == rows


def test_a_sealed_list_row_takes_at_most_80_bytes() -> None:
    """A year of a busy box stays on a small disk."""
    rows = [row_of(record) for record in some(SEGMENT_ROWS)]
    assert len(seal_rows(rows)) / len(rows) <= 40


def test_traces_deny_nothing_that_is_there() -> None:
    """What a segment holds is always looked for there; of what it does not hold next to nothing is."""
    records = some(SEGMENT_ROWS)
    traces = traces_of(row_of(record) for record in records)
    assert len(traces) <= 2.5 * SEGMENT_ROWS
    for record in records:
        assert may_hold(traces, traces_wanted({"answered_by": record.answered_by, "outcome": record.outcome}))
    strangers = [f"159{n:08}" for n in range(1000)]
    assert sum(may_hold(traces, traces_wanted({"answered_by": each})) for each in strangers) < 20


def test_segments_of_before_there_were_traces_are_evolved(database: MainDatabase) -> None:
    """An older box's calls are found after its upgrade as before."""
    records = some(OPEN_ROWS + SEGMENT_ROWS)

    def older(root: Root) -> None:
        root.records.add(records)
        segments = root.records.owners["acme"].months["202611"].segments
        for newest, (oldest, segment, _) in list(segments.items()):
            segments[newest] = (oldest, segment)

    database.transact(older)
    for _ in range(2):  # a step finds its work done without harm
        database.transact(lambda root: step020_traces.run({ROOT_KEY: root}))
    found = database.read(lambda root: list(search(root, Filter(caller=records[3].caller))))
    assert records[3].id in [each.row.id for each in found]
    assert database.read(lambda root: root.records.find(records[3].id)) == records[3]


def test_records_are_found_and_listed_newest_first(database: MainDatabase) -> None:
    """Sealed or open, a list reads newest first from any point, and each record is found by its id."""
    records = some(OPEN_ROWS + SEGMENT_ROWS + 100)
    for begin in range(0, len(records), 150):
        database.transact(lambda root, begin=begin: root.records.add(records[begin : begin + 150]))  # type: ignore[misc]

    def check(root: Root) -> None:
        month = root.records.owners["acme"].months["202611"]
        assert month.sealed_count == 2 * SEGMENT_ROWS
        listed = [row.id for _, row in month.rows()]
        assert listed == [record.id for record in reversed(records)]
        some_key = key_of(listed[700])
        assert [row.id for _, row in month.rows(some_key)] == listed[701:]
        for place in (0, 1, 499, 500, 1000, len(records) - 1):
            assert root.records.find(records[place].id) == records[place]
            assert root.records.find(records[place].id, "acme") == records[place]
        assert root.records.find(records[0].id, "other") is None
        assert root.records.find("01JD0000000000000000000000") is None

    database.read(check)


def test_a_month_is_read_in_portions_from_its_oldest_call_on(database: MainDatabase) -> None:
    """Whoever counts all calls needs memory for a few of them: each comes once, in the order of time."""
    records = some(OPEN_ROWS + SEGMENT_ROWS // 2 + 10)
    for begin in range(0, len(records), 10):
        database.transact(lambda root, some=records[begin : begin + 10]: root.records.add(some))  # type: ignore[misc]

    def portions(root: Root, most: int) -> list[list[str]]:
        month = root.records.owners["acme"].months[month_of(round(NOON * 1000))]
        assert month.sealed_count
        assert month.open_count
        return [[row.id for row in rows] for rows in month.portions(most)]

    in_order = [record.id for record in sorted(records, key=lambda record: record.start)]
    for most in (7, 500, len(records), 10_000):
        read = database.read(lambda root, most=most: portions(root, most))  # type: ignore[misc]
        assert [call for rows in read for call in rows] == in_order
        assert max(map(len, read)) <= most


def test_a_call_that_ends_days_later_finds_its_place(database: MainDatabase) -> None:
    """A long call is recorded after newer ones were sealed; lists show it where it began."""
    records = some(OPEN_ROWS * 2)
    late = records.pop(300)
    database.transact(lambda root: root.records.add(records))
    assert database.transact(lambda root: root.records.add([late])) == 1
    assert database.transact(lambda root: root.records.add([late])) == 0

    def check(root: Root) -> None:
        month = root.records.owners["acme"].months["202611"]
        month.seal_all()
        keys = [key for key, _ in month.rows()]
        assert keys == sorted(keys)
        assert len(keys) == len(records) + 1
        assert root.records.find(late.id) == late

    database.read(check)


def test_a_call_is_recorded_once(database: MainDatabase) -> None:
    """Adding again, sealed or not, changes neither records nor totals."""
    records = some(OPEN_ROWS + 10)
    assert database.transact(lambda root: root.records.add(records)) == len(records)
    before = database.read(lambda root: root.records.owner("acme").totals("20261101", "20261131"))
    assert database.transact(lambda root: root.records.add(records)) == 0
    assert database.transact(lambda root: root.records.add([records[0], records[-1]])) == 0
    assert database.read(lambda root: root.records.owner("acme").totals("20261101", "20261131")) == before
    assert before.all.calls == len(records)


def test_totals_agree_with_the_records(database: MainDatabase) -> None:
    """Daily roll-ups tell what counting every record would."""
    records = some(300, gap=600.0)
    unknown = some(5, seed=9, tenant=None, number=None)
    database.transact(lambda root: root.records.add(records + unknown))

    def check(root: Root) -> None:
        totals = root.records.owner("acme").totals("20261101", "20261231")
        assert totals.all.calls == 300
        assert totals.all.answered == sum(record.outcome == "answered" for record in records)
        assert totals.all.talk_ms == sum(record.talk_ms for record in records)
        assert totals.all.access_ms == sum(record.access_ms for record in records)
        assert sum(totals.outcomes.values()) == 300
        assert sum(count.calls for count in totals.hours.values()) == 300
        assert totals.numbers["4001003721"].calls == 300
        assert totals.trunks_in["demo-carrier"] == totals.all
        days = list(root.records.owner("acme").day_totals)
        assert len(days) == 3
        assert root.records.owner(None).totals(days[0], days[-1]).all.calls == 5

    database.read(check)


def test_the_days_of_all_tenants_are_summed_up_as_calls_end(database: MainDatabase) -> None:
    """Of tenants alone; a box of before has the same sums after its evolution, however often it runs."""
    database.transact(lambda root: root.records.add(some(30, gap=6000.0)))
    database.transact(lambda root: root.records.add(some(20, seed=2, gap=6000.0, tenant="other")))
    database.transact(lambda root: root.records.add(some(5, seed=9, tenant=None, number=None)))

    def summed(root: Root) -> dict[str, Totals]:
        return {day: held.value for day, held in root.records.day_totals.items()}

    def check(root: Root) -> dict[str, Totals]:
        found = summed(root)
        for day, totals in found.items():
            acme, other = (root.records.owner(name).totals(day, day) for name in ("acme", "other"))
            acme.add(other)
            assert totals == msgspec.structs.replace(acme, numbers={})
        assert sum(totals.all.calls for totals in found.values()) == 50
        return found

    before = database.read(check)

    def evolve(root: Root) -> dict[str, Totals]:
        del root.records.day_totals
        step028_days_of_all.run({ROOT_KEY: root})
        step028_days_of_all.run({ROOT_KEY: root})
        return summed(root)

    assert database.transact(evolve) == before


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=80), st.data())
def test_lists_are_whole_in_any_order_of_ends_and_sealing(starts: list[int], data: st.DataObject) -> None:
    """Calls end in any order and rows are sealed at any time: a list shows each once, newest first."""
    database = open_main_in_memory()
    rnd = random.Random(1)
    records = [fold(a_call(rnd, NOON + start)) for start in starts]
    for record in records:
        database.transact(lambda root, record=record: root.records.add([record]))  # type: ignore[misc]
        if data.draw(st.booleans()):
            count = data.draw(st.integers(1, 5))
            database.transact(
                lambda root, count=count: root.records.owner("acme").month("202611").seal(count)  # type: ignore[misc]
            )

    def check(root: Root) -> None:
        keys = [key for key, _ in root.records.owner("acme").month("202611").rows()]
        assert keys == sorted(key_of(record.id) for record in records)
        after = bound_of(NOON + 30)
        assert [key for key, _ in root.records.owner("acme").month("202611").rows(after)] == [
            key for key in keys if key > after
        ]

    database.read(check)


def test_call_backs_and_messages_rest_whole_and_are_counted_apart(database: MainDatabase) -> None:
    """A record comes back as it was; reports of calls that came in leave out what the box began."""
    inbound, back, message = some(3, seed=7)
    back = msgspec.structs.replace(
        back, direction="callback", contact=inbound.id, agent="8001", outcome=Outcome.NO_ANSWER
    )
    message = msgspec.structs.replace(
        message, message="service", message_ms=4200, outcome=Outcome.MESSAGE_LEFT
    )
    database.transact(lambda root: root.records.add([inbound, back, message]))

    def read(root: Root) -> None:
        assert [root.records.find(each.id) for each in (inbound, back, message)] == [inbound, back, message]
        owner = root.records.owners["acme"]
        totals = owner.totals("0", "9")
        assert (totals.all.calls, totals.call_backs.calls) == (3, 1)
        assert totals.outcomes == {inbound.outcome: 1, Outcome.MESSAGE_LEFT: 1}
        rows = {row.id: row for month in owner.months.values() for _, row in month.rows()}
        assert (rows[back.id].is_call_back, rows[inbound.id].is_call_back) == (True, False)
        assert (rows[message.id].has_message, rows[inbound.id].has_message) == (True, False)

    database.read(read)


@pytest.mark.parametrize("direction", ["consultation", "pickup", "supervision"])
def test_what_a_phone_does_for_another_call_is_no_call_that_came_in(
    database: MainDatabase, direction: str
) -> None:
    """It has its record, and counts neither as answered nor in reports."""
    answered = {"outcome": Outcome.ANSWERED, "answered_by": "13900001111"}
    inbound, line = [msgspec.structs.replace(each, **answered) for each in some(2, seed=9)]
    line = msgspec.structs.replace(line, direction=direction)
    database.transact(lambda root: root.records.add([inbound, line]))

    def read(root: Root) -> None:
        owner = root.records.owners["acme"]
        totals = owner.totals("0", "9")
        assert (totals.all.calls, totals.all.answered) == (2, 1)
        assert sum(totals.outcomes.values()) == 1
        rows = [row for month in owner.months.values() for _, row in month.rows()]
        assert [row.direction for row in rows if row.id == line.id] == [direction]
        assert report_of_rows(rows, date(2026, 11, 22), date(2026, 11, 22)).all.calls == 1

    database.read(read)
