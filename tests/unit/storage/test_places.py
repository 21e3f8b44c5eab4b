"""Importing newer area codes and mobile segments."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.calling.caller import canonical_caller
from domain.places.place import Place
from domain.places.places import shipped_places
from domain.places.tables import MOST_PROBLEMS, TableRefused, read_table
from storage.data_directory import DataDirectory
from storage.serving.places import (
    TableInfo,
    TableKind,
    forget_table,
    import_table,
    read_places,
    table_path,
    tables_in_use,
)

CODES = "# date: 2026-11-01\narea_code,province,cities,merged_into\n"
SEGMENTS = "# date: 2026-11-02\nsegment,area_code,province,city,carrier\n"


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    data = DataDirectory(tmp_path)
    data.create()
    return data


def place(data: DataDirectory, number: str) -> Place:
    return read_places(data).place_of(canonical_caller(number))


def test_without_imports_the_shipped_data_are_used(data: DataDirectory) -> None:
    """And their dates are told."""
    assert read_places(data) is shipped_places()
    tables = tables_in_use(data)
    assert [(each.kind, each.origin) for each in tables] == [
        (TableKind.AREA_CODES, "shipped"),
        (TableKind.MOBILE_SEGMENTS, "shipped"),
    ]
    assert tables[0].count > 330
    assert tables[1].count > 490_000
    assert all(each.date for each in tables)


def test_imported_rows_win_and_the_rest_stays(data: DataDirectory) -> None:
    """A new segment, a city that moved, an area code that was merged."""
    assert import_table(data, SEGMENTS + "1400000,0755,广东,深圳,广电\n") == TableInfo(
        TableKind.MOBILE_SEGMENTS, "imported", "2026-11-02", 1
    )
    import_table(data, CODES + "0459,黑龙江,大庆,0451\n0411,辽宁,大连;瓦房店,\n")
    assert place(data, "14000001111") == Place("0755", "广东", "深圳", "广电")
    assert place(data, "13900001111").city == "乌鲁木齐"
    assert place(data, "04591234567") == Place("0451", "黑龙江", "大庆")
    assert place(data, "041112345678") == Place("0411", "辽宁", "大连/瓦房店")
    assert place(data, "01061234567").city == "北京"
    first = tables_in_use(data)[0]
    assert (first.origin, first.count) == ("imported", 2)


def test_the_next_import_of_a_kind_takes_its_place(data: DataDirectory) -> None:
    """What the newer table does not name is as shipped again."""
    import_table(data, CODES + "0459,黑龙江,一,\n")
    import_table(data, CODES + "0411,辽宁,二,\n")
    assert place(data, "04591234567").city == "大庆"
    assert place(data, "041112345678").city == "二"


def test_going_back_to_the_shipped_data(data: DataDirectory) -> None:
    """An import is undone; the other kind stays."""
    import_table(data, CODES + "0411,辽宁,二,\n")
    import_table(data, SEGMENTS + "1400000,0755,广东,深圳,广电\n")
    assert forget_table(data, TableKind.AREA_CODES)
    assert not forget_table(data, TableKind.AREA_CODES)
    assert place(data, "041112345678").city == "大连"
    assert place(data, "14000001111").city == "深圳"


def test_files_of_spreadsheets_are_read(data: DataDirectory) -> None:
    """A byte order mark, CR LF, quotes, blanks around cells, an empty line at the end."""
    head = "\ufeff# date: 2026-11-01\r\narea_code, province,cities,merged_into\r\n"
    text = head + '0411,辽宁,"大连; 旅顺", \r\n\r\n'
    assert import_table(data, text).count == 1
    assert place(data, "041112345678").city == "大连/旅顺"


def test_area_codes_may_be_merged_in_several_steps(data: DataDirectory) -> None:
    """0413 went to 024 once; would 024 go on, so would it. A circle is nobody's place but harms nothing."""
    import_table(
        data, CODES + "024,辽宁,沈阳,0410\n0410,辽宁,沈阳,0411\n0451,黑龙江,甲,0452\n0452,黑龙江,乙,0451"
    )
    assert place(data, "041351234567") == Place("0411", "辽宁", "抚顺")
    assert place(data, "04511234567").area_code in ("0451", "0452")


WRONG = [
    ("", [(1, "date"), (1, "")]),
    ("a,b\n1,2\n", [(1, "date"), (1, "")]),
    (CODES.split("\n")[1] + "\n0411,辽宁,大连,\n", [(1, "date")]),
    (CODES.replace("11-01", "02-30") + "0411,辽宁,大连,\n", [(1, "date")]),
    (CODES + "411,辽宁,大连,\n", [(3, "area_code")]),
    (CODES + "0411,,大连,\n", [(3, "province")]),
    (CODES + "0411,辽宁,大连;,\n", [(3, "cities")]),
    (CODES + "0411,辽宁,大连/旅顺,\n", [(3, "cities")]),
    (CODES + "0411,辽宁,大连,24\n", [(3, "merged_into")]),
    (CODES + "0411,辽宁,大连\n", [(3, "")]),
    (CODES + '0411,辽宁,"大连\n', [(3, "")]),
    (CODES + "0411,辽宁,大连,\n0411,辽宁,大连,\n", [(4, "area_code")]),
    (CODES + f"0411,{'长' * 41},大连,\n", [(3, "province")]),
    (CODES + "0411,辽\x1b宁,大连,\n", [(3, "province")]),
    (SEGMENTS + "139000,010,北京,北京,移动\n", [(3, "segment")]),
    (SEGMENTS + "1290000,010,北京,北京,移动\n", [(3, "segment")]),
    (SEGMENTS + "١٣٩٠٠٠٠,010,北京,北京,移动\n", [(3, "segment")]),
    (SEGMENTS + "1390000,10,北京,北京,移动\n", [(3, "area_code")]),
    (SEGMENTS + "1390000,010,北京,北京,中国移动\n", [(3, "carrier")]),
    (SEGMENTS + "1390000,010,,北京,\nx\n1390000,010,北京,,\n", [(3, "province"), (4, ""), (5, "segment")]),
]


@pytest.mark.parametrize(("text", "told"), WRONG)
def test_with_anything_wrong_nothing_is_imported(
    data: DataDirectory, text: str, told: list[tuple[int, str]]
) -> None:
    """All faults are told, each with line and field, in both languages."""
    with pytest.raises(TableRefused) as caught:
        import_table(data, text)
    assert [(each.line, each.field) for each in caught.value.problems] == told
    assert all(each.en and each.zh and "\x1b" not in each.en + each.zh for each in caught.value.problems)
    assert list(data.places.glob("*")) == []


def test_a_file_of_another_kind_does_not_flood_the_screen(data: DataDirectory) -> None:
    """Only so many faults are told at a time."""
    with pytest.raises(TableRefused) as caught:
        import_table(data, CODES + "x\n" * 5000)
    assert len(caught.value.problems) == MOST_PROBLEMS


@pytest.mark.parametrize("content", [b"", b"{", b'{"date":"","places":[],"segments":"AAAA","indexes":""}'])
def test_a_damaged_file_is_named(data: DataDirectory, content: bytes) -> None:
    """So that somebody can import it again."""
    data.places.mkdir()
    table_path(data, TableKind.MOBILE_SEGMENTS).write_bytes(content)
    with pytest.raises(ValueError, match=r"mobile-segments\.json"):
        read_places(data)


lines = st.text("#date:2026-1\n,;\"'\ufeff区号area_code0459辽宁", max_size=30)


@given(st.sampled_from(["", CODES, SEGMENTS]), lines)
def test_any_text_is_a_table_or_refused(head: str, text: str) -> None:
    """Nothing else is raised, whatever file somebody picked."""
    try:
        assert read_table(head + text).date
    except TableRefused:
        return
