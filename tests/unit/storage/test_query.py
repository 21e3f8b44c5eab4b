"""Call lists: filters, pages and the Excel file people download."""

from __future__ import annotations

import random
from pathlib import Path

import msgspec
import openpyxl
import pytest

from domain.outcomes import Outcome
from domain.places.place import Place
from storage.connection import MainDatabase, open_main_in_memory
from storage.export.call_records import COLUMNS, write_xlsx
from storage.models import Root
from storage.models.call_records import SEGMENT_COST
from storage.records import query
from storage.records.fold import fold
from storage.records.query import Filter, Found, Page, every, page, search
from storage.records.record import CallRecord
from storage.records.rows import ANONYMOUS, CALL_BACK, CONSULTATION, MESSAGE, row_of
from tests.unit.ledger.made_up import NOON, a_call, call_id

DAY = 86400.0


def made() -> list[CallRecord]:
    """Return calls of two tenants and of nobody, over ten weeks."""
    rnd = random.Random(7)
    outcomes = (Outcome.ANSWERED, Outcome.ANSWERED, Outcome.BUSY, Outcome.NO_ANSWER)
    owners = (("acme", "4001003721"), ("acme", "4001003722"), ("other", "4006000000"), (None, None))
    records = []
    for n in range(400):
        tenant, number = owners[rnd.randrange(4)]
        outcome = Outcome.NUMBER_UNKNOWN if tenant is None else rnd.choice(outcomes)
        record = fold(a_call(rnd, NOON + n * DAY / 6, tenant=tenant, number=number, outcome=outcome))
        records.append(msgspec.structs.replace(record, keys=("", "1", "12", "9")[n % 4]))
    return records


@pytest.fixture(scope="module")
def records() -> list[CallRecord]:
    return made()


@pytest.fixture(scope="module", params=[0, 30, 1000], ids=["open", "partly sealed", "sealed"])
def database(records: list[CallRecord], request: pytest.FixtureRequest) -> MainDatabase:
    database = open_main_in_memory()

    def add(root: Root) -> None:
        root.records.add(records)
        for owner in root.records.owners.values():
            for month in owner.months.values():
                for _ in range(0, min(request.param, month.open_count), 7):
                    month.seal(7)

    database.transact(add)
    return database


def ids(found: list[Found]) -> list[str]:
    return [each.row.id for each in found]


def read_page(database: MainDatabase, wanted: Filter, limit: int, cursor: str) -> Page:
    return database.read(lambda root: page(root, wanted, limit, cursor))


@pytest.mark.parametrize(
    ("wanted", "takes"),
    [
        (Filter(), lambda r: True),
        (Filter(tenant="acme"), lambda r: r.tenant == "acme"),
        (Filter(tenant=""), lambda r: r.tenant is None),
        (Filter(tenant="nobody"), lambda r: False),
        (Filter(number="4001003722"), lambda r: r.number == "4001003722"),
        (Filter(caller="13*"), lambda r: r.caller.startswith("13")),
        (Filter(answerer="13900001111"), lambda r: r.answered_by == "13900001111"),
        (Filter(outcomes=frozenset({"busy", "no-answer"})), lambda r: r.outcome in ("busy", "no-answer")),
        (Filter(answered=True), lambda r: r.outcome == "answered"),
        (Filter(answered=False, tenant="acme"), lambda r: r.outcome != "answered" and r.tenant == "acme"),
        (Filter(recorded=True), lambda r: r.recorded),
        (Filter(keys="1"), lambda r: r.keys.startswith("1")),
        (
            Filter(area_code="024", answered=False),
            lambda r: r.place.area_code == "024" and r.outcome != "answered",
        ),
        (
            Filter(outcomes=frozenset({"busy", "answered"}), answered=False),
            lambda r: r.outcome == "busy",
        ),
        (
            Filter(since=NOON + 5 * DAY, until=NOON + 40 * DAY),
            lambda r: NOON + 5 * DAY <= r.start < NOON + 40 * DAY,
        ),
    ],
)
def test_filters_take_what_they_say(
    database: MainDatabase, records: list[CallRecord], wanted: Filter, takes: object
) -> None:
    """A list holds exactly the calls asked for, newest first, however it is read."""
    expected = [record.id for record in reversed(records) if takes(record)]  # type: ignore[operator]
    assert ids(database.read(lambda root: list(search(root, wanted)))) == expected
    assert ids(list(every(database, wanted, at_a_time=7))) == expected
    assert ids(database.read(lambda root: list(search(root, wanted, 5)))) == expected[:5]


def test_a_caller_is_found_exactly(database: MainDatabase, records: list[CallRecord]) -> None:
    """A number without * is that number, not its beginning."""
    caller = records[50].caller
    found = database.read(lambda root: list(search(root, Filter(caller=caller))))
    assert records[50].id in ids(found)
    assert {each.row.caller for each in found} == {caller}
    assert not database.read(lambda root: list(search(root, Filter(caller=caller[:6]))))


def test_a_search_passes_over_what_cannot_hold_it(database: MainDatabase, records: list[CallRecord]) -> None:
    """Of a caller his own calls are looked at alone; who never answered costs next to nothing."""

    def cost(root: Root, wanted: Filter) -> int:
        months = [month for owner in root.records.owners.values() for month in owner.months.values()]
        return sum(each.cost for month in months for each in month.look(b"", wanted.wanted()))

    def without_reading(root: Root) -> int:
        months = [month for owner in root.records.owners.values() for month in owner.months.values()]
        return sum(month.open_count + len(month.segments) for month in months)

    caller = records[0].caller
    own = sum(record.caller == caller for record in records)
    assert database.read(lambda root: cost(root, Filter(caller=caller))) == own
    most = database.read(without_reading) + SEGMENT_COST
    assert database.read(lambda root: cost(root, Filter(answerer="13999999999"))) <= most


def test_a_page_that_costs_too_much_ends_early(
    database: MainDatabase, records: list[CallRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be empty, and the next ones go on where it ended: together they hold all."""
    monkeypatch.setattr(query, "MOST_COST", 20)
    found, cursor, pages = [], "", 0
    while True:
        got, cursor = read_page(database, Filter(caller=f"{records[0].caller[:-1]}*"), 50, cursor)
        found += got
        pages += 1
        if not cursor:
            break
    assert records[0].id in ids(found)
    assert pages > 1


def test_pages_stay_right_while_calls_are_added(records: list[CallRecord]) -> None:
    """Turning the page shows neither a call twice nor leaves one out when newer calls came in between."""
    database = open_main_in_memory()
    database.transact(lambda root: root.records.add(records[:100]))
    first = read_page(database, Filter(), 30, "")
    database.transact(lambda root: root.records.add(records[100:200]))
    second = read_page(database, Filter(), 30, first.next)
    assert ids(first.found) + ids(second.found) == [record.id for record in reversed(records[40:100])]
    last = read_page(database, Filter(until=NOON + DAY), 500, "")
    assert last.next == ""


def test_a_wrong_cursor_is_refused(database: MainDatabase) -> None:
    """A cursor is what a page gave, nothing else."""
    with pytest.raises(ValueError, match="hex"):
        read_page(database, Filter(), 10, "not a cursor")


def test_excel_has_the_columns_of_the_trade(
    database: MainDatabase, records: list[CallRecord], tmp_path: Path
) -> None:
    """Numbers are text, times are Beijing time, and the reason stands beside what was not answered."""
    path = tmp_path / "calls.xlsx"
    assert write_xlsx(path, every(database, Filter())) == len(records)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == tuple(column.title for column in COLUMNS)
    newest = records[-1]
    assert rows[1][2] == newest.caller
    assert (rows[0][19], rows[1][19]) == ("接入时长（秒）", newest.access_ms / 1000)
    assert str(rows[-1][4]) == "2026-11-22 12:00:00"
    assert {row[7] for row in rows[1:]} == {0}
    states = {row[5] for row in rows[1:]}
    assert "接听" in states
    assert "未接听（全部占线）" in states
    assert [path.name for path in tmp_path.iterdir()] == ["calls.xlsx"]


def test_excel_tells_call_backs_and_messages(tmp_path: Path) -> None:
    """Who called whom, and whether the caller left a message."""
    row = row_of(fold(a_call(random.Random(1))))
    kinds = [row.flags, CALL_BACK, CONSULTATION, MESSAGE]
    found = [Found("acme", msgspec.structs.replace(row, flags=flags)) for flags in kinds]
    path = tmp_path / "kinds.xlsx"
    write_xlsx(path, found)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    told = [values[17:19] for values in sheet.iter_rows(min_row=2, values_only=True)]
    assert told == [("呼入", "无"), ("回拨", "无"), ("咨询", "无"), ("呼入", "有")]


def test_hostile_callers_become_no_formulas(tmp_path: Path) -> None:
    """What begins with = or looks like a link stays a text in the file."""
    record = fold(a_call(random.Random(1)))
    row = row_of(record)
    hostile = ["=1+2", "@SUM(A1)", "http://example.net", "+8613900001111", "013900001111", "{=1}"]
    found = [Found("acme", msgspec.structs.replace(row, caller=text)) for text in hostile]
    path = tmp_path / "hostile.xlsx"
    write_xlsx(path, found)
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    cells = [sheet.cell(line + 2, 3) for line in range(len(hostile))]
    assert [cell.value for cell in cells] == hostile
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.hyperlink for cell in cells} == {None}


def test_excel_tells_where_callers_are_from(tmp_path: Path) -> None:
    """As it was recorded; of calls older than places, what the data say now."""
    row = row_of(fold(a_call(random.Random(1))))
    replace = msgspec.structs.replace
    shenzhen = {"area_code": "0755", "province": "广东", "city": "深圳", "carrier": "移动"}
    rows = [
        replace(row, caller="13900001111", caller_class="mobile", **shenzhen),
        replace(row, caller="01061234567", caller_class="", **dict.fromkeys(shenzhen, "")),
        replace(row, caller="95588", caller_class="short-code", **dict.fromkeys(shenzhen, "")),
        replace(row, caller="", flags=ANONYMOUS, caller_class="withheld", **dict.fromkeys(shenzhen, "")),
    ]
    path = tmp_path / "places.xlsx"
    write_xlsx(path, [Found("acme", each) for each in rows])
    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    shown = [tuple(line[column] or "" for column in (0, 1, 2, 11, 12)) for line in sheet.values][1:]
    assert shown == [
        ("0755", "广东 深圳", "13900001111", "移动", "手机"),
        ("010", "北京", "01061234567", "", ""),
        ("", "", "95588", "", "短号码"),
        ("", "", "匿名", "", "匿名"),
    ]


def test_calls_are_found_by_place() -> None:
    """Area code, province, city and class; of an area code that cities share, each city."""
    record = fold(a_call(random.Random(5)))
    replace = msgspec.structs.replace
    calls = [
        replace(record, id=call_id(random.Random(n), NOON + n), caller_class=kind, place=place)
        for n, (kind, place) in enumerate(
            [
                ("mobile", Place("0755", "广东", "深圳", "移动")),
                ("landline", Place("0755", "广东", "深圳")),
                ("landline", Place("024", "辽宁", "沈阳/抚顺/本溪/铁岭")),
                ("mobile", Place("024", "辽宁", "抚顺", "联通")),
                ("withheld", Place()),
            ]
        )
    ]
    database = open_main_in_memory()
    database.transact(lambda root: root.records.add(calls))

    def find(**wanted: str) -> list[int]:
        found = database.read(lambda root: list(search(root, Filter(**wanted))))  # type: ignore[arg-type]
        return sorted([call.id for call in calls].index(each.row.id) for each in found)

    assert find(area_code="0755") == [0, 1]
    assert find(province="辽宁") == [2, 3]
    assert find(city="抚顺") == [2, 3]
    assert find(city="沈阳") == [2]
    assert find(caller_class="landline", area_code="0755") == [1]
    assert database.read(lambda root: root.records.find(calls[0].id)) == calls[0]
