"""The life of a number on a running box: stock, opened in one step, called, suspended, reclaimed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl

from tests.product.box import Box

NUMBER = "4001007329"
PHONE = "13900002222"


def outcome_of_a_call(box: Box) -> dict[str, Any]:
    """Call the number in vain; return the record."""
    before = len(box.json("records", "--caller", box.caller))
    box.call(NUMBER, "--seconds", "8", status=1)
    return box.records("--caller", box.caller, count=before + 1)[0]


def test_a_number_from_stock_to_reclaim(quiet_box: Box, tmp_path: Path) -> None:
    """Imported, reserved, opened for its holder, answered; then each halt is heard and recorded as it is."""
    box, file = quiet_box, tmp_path / "numbers.xlsx"
    book = openpyxl.Workbook()
    for row in (("400号码", "最低消费（元/月）"), (NUMBER, 30), ("4001", 1)):
        book.active.append(row)
    book.save(file)
    box.cli("numbers", "import", str(file), status=1)
    result = openpyxl.load_workbook(tmp_path / "numbers-result.xlsx").active
    told = [row[-1] for row in result.iter_rows(values_only=True, min_row=2)]
    assert told[0] in ("已入库", "taken into stock")
    assert "4001" in told[1]
    box.cli("numbers", "reserve", NUMBER, "--for", "旅行社")
    box.cli("tenant", "open", "other", "--company", "别家", "--number", NUMBER, status=1)
    opened = box.json("tenant", "open", "trips", "--company", "旅行社", "--number", NUMBER, "--bound", PHONE)
    assert (opened["login"], opened["in_force"], len(opened["password"])) == (NUMBER, True, 6)
    assert box.answered_by(NUMBER, "--seconds", "2") is not None
    assert box.record()["answered_by"] == PHONE
    for command, outcome, status in (
        (("suspend", NUMBER, "--for", "arrears"), "number-in-arrears", 403),
        (("freeze", NUMBER), "number-frozen", 403),
        (("reclaim", NUMBER, "--why", "合同到期"), "number-reclaimed", 410),
    ):
        box.cli("numbers", *command)
        record = outcome_of_a_call(box)
        assert (record["outcome"], record["sip_status"]) == (outcome, status)
    told = box.json("numbers", "show", NUMBER)
    assert [each["move"] for each in told["history"]] == [
        "import", "reserve", "activate", "suspend", "freeze", "reclaim",
    ]  # fmt: skip
