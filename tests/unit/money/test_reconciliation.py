"""对账: a carrier's list against ours; the differences, and a file that says what is wrong with it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec
import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import BEIJING
from domain.money.reconciliation import BilledCall, DifferenceKind, reconcile
from domain.outcomes import Outcome
from storage.connection import open_main_in_memory
from storage.models import Root
from storage.money.carrier_file import CarrierFileWrong, our_calls, read_carrier_file, write_differences
from tests.unit.webui.site import made_up

NOON = datetime(2026, 11, 22, 12, tzinfo=BEIJING).timestamp()
NUMBER = "4001003721"


def call(name: str, start: float, seconds: float, caller: str = "13900001111") -> BilledCall:
    """Return a call that began so many seconds after noon."""
    return BilledCall(name, caller, NUMBER, NOON + start, seconds)


def test_missing_extra_and_other_durations_are_told() -> None:
    """In the order of time; two seconds apart is the same duration."""
    theirs = [call("2", 0, 61), call("3", 300, 30), call("4", 900, 10), call("5", 950, 10, "13800138000")]
    ours = [call("a", 3, 60), call("b", 310, 40), call("d", 955, 10, "13911112222")]
    found = reconcile(theirs, ours)
    assert [(each.kind, (each.theirs or each.ours).name) for each in found.differences] == [  # type: ignore[union-attr]
        (DifferenceKind.DURATION, "3"),
        (DifferenceKind.MISSING, "4"),
        (DifferenceKind.MISSING, "5"),
        (DifferenceKind.EXTRA, "d"),
    ]
    assert (found.theirs, found.ours, found.matched) == (4, 3, 2)
    assert (found.their_seconds, found.our_seconds) == (111, 110)


def test_calls_of_one_caller_shortly_after_each_other_find_their_own() -> None:
    """The nearest in time; a call lost between two others is the one that is told."""
    theirs = [call("2", 0, 5), call("3", 20, 5), call("4", 40, 5)]
    found = reconcile(theirs, [call("a", 1, 5), call("c", 41, 5)])
    assert [each.theirs and each.theirs.name for each in found.differences] == ["3"]


calls = st.lists(
    st.builds(
        call, st.just(""), st.integers(0, 400), st.integers(1, 90), st.sampled_from(("13900001111", ""))
    ),
    max_size=12,
)


@given(calls, calls)
def test_every_call_is_accounted_for_once(theirs: list[BilledCall], ours: list[BilledCall]) -> None:
    """Matched, missing or extra; the same list has no differences, and sides may be exchanged."""
    theirs = [msgspec.structs.replace(each, name=f"t{n}") for n, each in enumerate(theirs)]
    ours = [msgspec.structs.replace(each, name=f"o{n}") for n, each in enumerate(ours)]
    found = reconcile(theirs, ours)
    kinds = [each.kind for each in found.differences]
    assert found.matched + kinds.count(DifferenceKind.MISSING) == len(theirs)
    assert found.matched + kinds.count(DifferenceKind.EXTRA) == len(ours)
    assert reconcile(theirs, theirs).differences == ()
    assert reconcile(ours, theirs).matched == found.matched


ROWS = (
    ("主叫号码", "被叫号码", "开始时间", "计费时长"),
    ("013900001111", "02488880000", "2026-11-22 12:00:03", "61"),
    ("8613900001111", "4001003721", "2026/11/22 12:05:00", "00:00:30"),
    ("95588", "4001003721", "20261122121000", "0"),
)


def test_files_of_carriers_are_read(tmp_path: Path) -> None:
    """GBK or UTF-8 or Excel, landing numbers, callers in any form, unanswered ones left out."""
    text = "\n".join(",".join(row) for row in ROWS)
    for name, data in (("a.csv", text.encode("gb18030")), ("b.csv", text.encode("utf-8-sig"))):
        (tmp_path / name).write_bytes(data)
    with xlsxwriter.Workbook(str(tmp_path / "c.xlsx")) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(ROWS):
            sheet.write_row(line, 0, row)
    expected = [
        BilledCall("2", "13900001111", NUMBER, NOON + 3, 61),
        BilledCall("3", "13900001111", NUMBER, NOON + 300, 30),
    ]
    for name in ("a.csv", "b.csv", "c.xlsx"):
        assert read_carrier_file(tmp_path / name, {"02488880000": NUMBER}).calls == expected


def test_bills_with_units_in_titles_and_a_sum_at_the_end_are_read(tmp_path: Path) -> None:
    """As carriers print them: brackets of any width, minutes in words, a line of sums, an empty one."""
    path = tmp_path / "bill.csv"
    rows = (
        "序号,主叫号码,被叫号码,通话 起始时间,通话时长(秒),费用（元）",
        f"1,13900001111,{NUMBER},2026-11-22 12:00:03,61,0.2",
        f"2,13900001111,{NUMBER},2026-11-22 12:05:00,1分5秒,0.2",
        "合计,,,,126,0.4",
        ",,,,,",
    )
    path.write_text("\n".join(rows), encoding="gb18030")
    assert [(each.start - NOON, each.seconds) for each in read_carrier_file(path, {}).calls] == [
        (3, 61),
        (300, 65),
    ]
    wrong = tmp_path / "wrong.csv"
    for text, told in (
        ("昨天,5", "第 2 行：“昨天”不是时间"),
        ("2026-11-22 12:00:00,x", "第 2 行：“x”不是时长"),
    ):
        wrong.write_text(f"主叫,被叫,开始时间,时长\n139,400,{text}", encoding="utf-8")
        with pytest.raises(CarrierFileWrong) as error:
            read_carrier_file(wrong, {})
        assert error.value.zh.startswith(told)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("主叫,被叫,开始时间,时长\n139,400,gestern,1", "line 2: 'gestern' is no time"),
        ("主叫,被叫,开始时间,时长\n139,400,2026-11-22 12:00:00,-5", "no duration"),
        ("A,被叫,开始时间,时长\n1,2,3,4", "--column caller=TITLE"),
        ("主叫,被叫,开始时间,时长\n139,400,2026-11-22 12:00:00,0", "no calls"),
        ("", "no calls"),
    ],
)
def test_a_file_that_cannot_be_compared_says_where(tmp_path: Path, text: str, told: str) -> None:
    """And what to do."""
    path = tmp_path / "x.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CarrierFileWrong) as wrong:
        read_carrier_file(path, {})
    assert told in wrong.value.en
    (tmp_path / "y.xlsx").write_bytes(b"no workbook")
    with pytest.raises(CarrierFileWrong):
        read_carrier_file(tmp_path / "y.xlsx", {})


def test_our_side_is_what_the_trunk_brought_and_was_answered(tmp_path: Path) -> None:
    """And the differences go into an Excel file."""
    database = open_main_in_memory()

    def work(root: Root) -> list[BilledCall]:
        kept = made_up("acme", NUMBER, NOON, caller="13900001111")
        others = [
            made_up("acme", NUMBER, NOON + 1, outcome=Outcome.BUSY),
            msgspec.structs.replace(made_up("acme", NUMBER, NOON + 2), trunk_in="other"),
            made_up("acme", NUMBER, NOON + 500),
        ]
        others[0] = msgspec.structs.replace(others[0], access_ms=0)
        root.records.add([kept, *others])
        return our_calls(root, "demo", NOON - 60, NOON + 60)

    ours = database.transact(work)
    assert [(each.caller, each.start, each.seconds) for each in ours] == [("13900001111", NOON, 66.0)]
    path = tmp_path / "differences.xlsx"
    write_differences(path, reconcile([call("2", 0, 80), call("3", 700, 5)], ours))
    sheet = openpyxl.load_workbook(path)["对账差异"]
    assert [cell.value for cell in sheet["A"]][1:] == ["时长不符", "运营商有、我方无"]
    assert [sheet.cell(2, column).value for column in (5, 7)] == [80, 66]
