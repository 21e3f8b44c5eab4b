"""Where callers are from, on a running box."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from tests.product.box import Box

STRAIGHT = "4001003722"


def test_the_record_keeps_where_the_caller_was_from(quiet_box: Box, tmp_path: Path) -> None:
    """An imported segment holds from the next call on; the record keeps its words when the table has gone."""
    table = tmp_path / "segments.csv"
    table.write_text(
        "# date: 2026-11-01\nsegment,area_code,province,city,carrier\n"
        f"{quiet_box.caller[:7]},0413,辽宁,抚顺,广电\n",
        encoding="utf-8",
    )
    assert quiet_box.json("places", "import", str(table))["in_force"] is True
    quiet_box.answered_by(STRAIGHT, "--seconds", "1")
    record = quiet_box.record()
    quiet_box.cli("places", "forget", "mobile-segments")
    place = {"area_code": "024", "province": "辽宁", "city": "抚顺", "carrier": "广电"}
    assert record["place"] == place
    found = quiet_box.json("records", "--area-code", "024", "--province", "辽宁", "--city", "抚顺")
    assert [each["id"] for each in found] == [record["id"]]
    assert found[0]["carrier"] == "广电"
    assert found[0]["caller_class"] == "mobile"
    assert quiet_box.json("records", "--area-code", "0755") == []
    assert "辽宁 抚顺" in quiet_box.cli("records", "--caller", quiet_box.caller)
    assert "mobile, 024, 辽宁 抚顺, 广电, From" in quiet_box.cli("records", record["id"])
    file = tmp_path / "calls.xlsx"
    quiet_box.cli("records", "--caller", quiet_box.caller, "--xlsx", str(file))
    rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    assert rows[1][:2] == ("024", "辽宁 抚顺")
