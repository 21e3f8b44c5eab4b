"""统计报表 in the browser: figures that can be checked, with their formula."""

from __future__ import annotations

import io
import json
from typing import Any

import openpyxl
import pytest

from domain.outcomes import Outcome
from domain.service_level import Formula, Waited, service_level
from tests.unit.webui.site import HOSTILE, Site, made_up
from webui.presenters.tile_map import PLACES, tiles

PAGE = "/t/alpha/reports"


def test_service_level_by_each_formula() -> None:
    """Two answered soon, one late; one gave up early, one late."""
    waits = [Waited(5, True), Waited(20, True), Waited(30, True), Waited(10, False), Waited(40, False)]
    counts = {each: service_level(waits, 20, each) for each in Formula}
    assert counts[Formula.OFFERED] == (2, 5)
    assert counts[Formula.WITHOUT_EARLY] == (2, 4)
    assert counts[Formula.ANSWERED] == (2, 3)
    assert service_level([], 20, Formula.OFFERED).share is None


def test_every_province_has_a_tile_of_its_own() -> None:
    """34 of them, none upon another, named as the tables of places name them; shaded by their share."""
    from domain.regions import shipped_regions

    assert set(PLACES) == set(shipped_regions())
    assert len(set(PLACES.values())) == 34
    shades = {each.name: each.shade for each in tiles({"北京": 100, "辽宁": 1, "上海": 50})}
    assert (shades["北京"], shades["辽宁"], shades["上海"], shades["西藏"]) == (5, 1, 3, 0)


def fill(site: Site) -> None:
    """Let alpha have three calls more, and beta one."""
    start = site.clock() - 100
    rated = {"queue": "sales", "wait_ms": 8000, "job_number": "8001", "rating": 5}
    made = [
        made_up("alpha", "4001003721", start, **rated),
        made_up("alpha", "4001003721", start, job_number="8002", rating=2, talk_ms=35_000),
        made_up("alpha", "4001003721", start, outcome=Outcome.NO_ANSWER, talk_ms=0, answered_by=""),
        made_up("beta", "4001003731", start, job_number=HOSTILE),
    ]
    site.change(lambda root: root.records.add(made))


def test_the_figures(site: Site) -> None:
    """Only the tenant's own calls; service level with counts and formula; ratings."""
    fill(site)
    page = site.browser("4001003721").get(f"{PAGE}?seconds=20&formula=offered")
    values = [each.text for each in page.html.select(".tile-value")]
    assert values == ["4", "2:45", "50.0%", "3.50"]
    assert "2 / 4 · answered within 20 s / all calls" in page
    charts = [json.loads(each["data-chart"]) for each in page.html.select(".chart")]
    assert [len(each["names"]) for each in charts] == [7, 24, 5]
    assert sum(charts[1]["series"][0]["values"]) == 3
    assert charts[2]["series"][0]["values"] == [0, 1, 0, 0, 1]
    assert "8001" in page
    assert len(page.html.select(".tile-map rect")) == 34


def test_the_same_figures_as_excel(site: Site) -> None:
    """A sheet for each way of looking at them; noted in the audit log."""
    fill(site)
    answer = site.browser("4001003721").get("/t/alpha/reports-excel")
    book = openpyxl.load_workbook(io.BytesIO(answer.body))
    assert book.sheetnames == ["By day", "By hour", "By place", "By number", "By agent", "By result"]
    rows = list(book["By number"].iter_rows(values_only=True))
    assert rows[1][:4] == ("4001003721", 4, 3, 1)
    assert site.actions()[0] == "report-exported"


@pytest.mark.parametrize(
    "query",
    [
        "first=never&last=2026-99-99", "first=1900-01-01&last=2999-12-31", "seconds=-5&formula=best",
        "number=4001003731", f"number={HOSTILE}&seconds=%D9%A3", "first=2026-10-10&last=2026-10-01",
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_left_out(site: Site, query: str) -> None:
    """Another tenant's number finds nothing; the period has an end."""
    fill(site)
    page = site.browser("4001003721").get(f"{PAGE}?{query}")
    assert "<script>alert" not in page.text
    days = json.loads(page.html.select(".chart")[0]["data-chart"])["names"]
    assert 1 <= len(days) <= 93


def test_nothing_to_report(site: Site) -> None:
    """The page says what to do instead of dividing by nothing."""
    page: Any = site.browser("4001003731").get("/t/beta/reports?first=2020-01-01&last=2020-01-02")
    assert "No calls found" in page
    assert [each.text for each in page.html.select(".tile-value")] == ["0", "0:00", "—", "—"]
