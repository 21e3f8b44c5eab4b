"""对账 in the browser: a carrier's file is taken, compared, kept, and given back as Excel."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from typing import Any

import msgspec
import openpyxl
import pytest
from webtest import Upload

from domain.days.calendar import BEIJING
from storage.models import Root
from storage.records.record import LegRecord
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of, made_up

PAGE = "/operator/reconciliation"
NUMBER = "4001003721"
NOON = datetime(2026, 11, 20, 12, tzinfo=BEIJING).timestamp()


def filled(site: Site) -> None:
    """Let two calls come in and one leg go out by the trunk ``demo``."""
    leg = LegRecord("b1", "013911112222", False, ("other", "demo"), 1000, 1500, 8000, 68_000, 200, "", True)
    inbound = made_up("alpha", NUMBER, NOON, caller="13900001111")
    out = made_up("alpha", NUMBER, NOON + 600, caller="13800138000")
    out = msgspec.structs.replace(out, trunk_out="demo", legs=(leg,), end_ms=68_000)

    def add(root: Root) -> None:
        root.records.add([inbound, out])

    site.change(add)


def upload(browser: Browser, rows: list[str], name: str = "unicom.csv", **fields: str) -> Any:
    form = form_of(browser.get(PAGE), PAGE)
    form["file"] = Upload(name, "\n".join(("主叫号码,被叫号码,开始时间,计费时长", *rows)).encode("gb18030"))
    for field, value in fields.items():
        form[field] = value
    return form.submit(status="*")


def test_a_list_is_compared_kept_and_given_back(site: Site) -> None:
    """Matched, missing, another duration; the history has it for the next who looks."""
    filled(site)
    browser = site.browser("fang")
    rows = [
        f"13900001111,{NUMBER},2026-11-20 12:00:03,66",
        f"13800138000,{NUMBER},2026-11-20 12:10:02,90",
        f"13711112222,{NUMBER},2026-11-20 12:15:00,30",
    ]
    page = upload(browser, rows).follow()
    tiles = [each.get_text(strip=True) for each in page.html.find_all(class_="tile-value")]
    assert tiles == ["3", "2", "2", "1", "0", "1"]
    assert "13711112222" in page.text
    book = openpyxl.load_workbook(io.BytesIO(page.click(href="excel").body))
    kinds = [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)]
    assert kinds == ["时长不符", "运营商有、我方无"]
    history = site.browser("anna").get(PAGE)
    assert "unicom.csv" in history.text
    assert {"reconciled", "reconciliation-exported"} <= set(site.actions())


def test_legs_out_are_compared_by_the_number_that_was_rung(site: Site) -> None:
    """From their answer on, by the trunk that had them at last, whoever the carrier says called."""
    filled(site)
    browser = site.browser("fang")
    rows = ["01088886666,13911112222,2026-11-20 12:10:08,60", "01088886666,13911112222,2026-11-20 12:30:00,5"]
    page = upload(browser, rows, side="outbound").follow()
    tiles = [each.get_text(strip=True) for each in page.html.find_all(class_="tile-value")]
    assert tiles == ["2", "1", "1", "1", "0", "0"]
    assert "legs out" in page.text


@pytest.mark.parametrize(
    ("rows", "fields", "told"),
    [
        ([f"139,{NUMBER},gestern,5"], {}, "line 2"),
        ([], {}, "no calls"),
        ([f"139,{NUMBER},2026-11-20 12:00:00,5"], {"caller": "谁"}, "no column for caller"),
        ([f"139,{NUMBER},2026-11-20 12:00:00,5"], {"apart": "4000"}, "0 to 3600 seconds"),
        ([f"139,{NUMBER},2026-11-20 12:00:00,-5"], {}, "no duration"),
    ],
)
def test_what_cannot_be_compared_is_told_and_nothing_is_kept(
    site: Site, rows: list[str], fields: dict[str, str], told: str
) -> None:
    """At the field, with what was typed still there."""
    page = upload(site.browser("fang"), rows, name=f"{HOSTILE}.csv", **fields)
    assert page.status_int == 422
    assert told in page.text
    assert HOSTILE not in page.text
    assert site.read(lambda root: len(root.money.reconciliations)) == 0


def test_a_bomb_of_a_workbook_is_refused(site: Site) -> None:
    """Judged by its directory before anything is unpacked; who has no business with money gets no page."""
    form = form_of(site.browser("fang").get(PAGE), PAGE)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 60_000_000)
    form["file"] = Upload("bomb.xlsx", bomb.getvalue())
    page = form.submit(status=422)
    assert "far larger inside" in page.text
    assert site.browser("sun").get(PAGE, status="*").status_int in (403, 404)


def test_only_the_newest_two_hundred_are_kept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first."""
    monkeypatch.setattr("storage.money.reconciliations.MOST", 2)
    filled(site)
    browser = site.browser("fang")
    for name in ("a.csv", "b.csv", "c.csv"):
        site.moved += 5
        upload(browser, [f"13900001111,{NUMBER},2026-11-20 12:00:03,66"], name=name)
    page = browser.get(PAGE).text
    assert ("a.csv" in page, "b.csv" in page, "c.csv" in page) == (False, True, True)
