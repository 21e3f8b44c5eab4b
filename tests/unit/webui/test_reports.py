"""统计报表 in the browser: figures that can be checked, with their formula."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import openpyxl
import pytest

from domain.analysis.cell import Cell
from domain.analysis.service_level import Formula, service_level
from domain.outcomes import Outcome
from tests.unit.webui.site import HOSTILE, Site, made_up
from webui.presenters.tile_map import PLACES, tiles

PAGE = "/t/alpha/reports"


def test_service_level_by_each_formula() -> None:
    """Two answered soon, one late; one gave up early, one late; one more found everybody busy."""
    cell = Cell(6, 3, 1, 0, 2, 3, soon=[1, 0, 0, 1, 1] + [0] * 8, gone=[0, 1, 0, 0, 0, 1] + [0] * 7)
    counts = {each: service_level(cell, 20, each) for each in Formula}
    assert counts == {
        Formula.OFFERED: (2, 6), Formula.WITHOUT_EARLY: (2, 5), Formula.ANSWERED: (2, 3),
        Formula.EARLY_GOOD: (3, 6),
    }  # fmt: skip
    assert service_level(Cell(), 20, Formula.OFFERED).share is None
    with pytest.raises(ValueError, match="tuple"):
        service_level(cell, 17, Formula.OFFERED)


def test_every_province_has_a_tile_of_its_own() -> None:
    """34 of them, none upon another, named as the tables of places name them; shaded by their share."""
    from domain.places.regions import shipped_regions

    assert set(PLACES) == set(shipped_regions())
    assert len(set(PLACES.values())) == 34
    shades = {each.name: each.shade for each in tiles({"北京": 100, "辽宁": 1, "上海": 50})}
    assert (shades["北京"], shades["辽宁"], shades["上海"], shades["西藏"]) == (5, 1, 3, 0)


def fill(site: Site) -> None:
    """Let alpha have three calls more, and beta one."""
    start = site.clock() - 100
    rated = {"queue": "sales", "wait_ms": 8000, "job_number": "8001", "rating": 5, "menu": "main/start/1"}
    made = [
        made_up("alpha", "4001003721", start, **rated),
        made_up("alpha", "4001003721", start, job_number="8002", rating=2, talk_ms=35_000),
        made_up("alpha", "4001003721", start, outcome=Outcome.NO_ANSWER, talk_ms=0, answered_by=""),
        made_up("beta", "4001003731", start, job_number=HOSTILE),
    ]
    site.change(lambda root: root.records.add(made))


def test_the_figures(site: Site) -> None:
    """Only the tenant's own calls; service level with counts and formula; ratings; what a call costs."""
    fill(site)
    page = site.browser("4001003721").get(f"{PAGE}?seconds=20&formula=offered")
    values = [each.text for each in page.html.select(".tile-value")]
    assert values[:4] == ["4", "2:45", "50.0%", "3.50"]
    assert "2 / 4 · answered within 20 s / (answered + missed)" in page
    charts = [json.loads(each["data-chart"]) for each in page.html.select(".chart")]
    assert [len(each["names"]) for each in charts] == [7, 24, 5]
    assert sum(charts[1]["series"][0]["values"]) == 3
    assert charts[2]["series"][0]["values"] == [0, 1, 0, 0, 1]
    assert len(page.html.select(".tile-map:not(.week-map) rect")) == 34
    assert len(page.html.select(".week-map rect")) == 7 * 24


@pytest.mark.parametrize("formula", list(Formula))
def test_each_formula_is_printed(site: Site, formula: Formula) -> None:
    """The one that was chosen stands with its counts."""
    fill(site)
    page = site.browser("4001003721").get(f"{PAGE}?seconds=60&formula={formula}")
    assert page.html.select_one("#formula option[selected]").text in page.html.select(".tile-more")[2].text


DIMENSIONS = ("hour", "weekday", "day", "month", "province", "area", "number", "key", "queue", "agent")


@pytest.mark.parametrize("by", DIMENSIONS)
def test_every_number_leads_to_its_calls(site: Site, by: str) -> None:
    """Following any link of the page shows as many calls as the number says."""
    fill(site)
    browser = site.browser("4001003721")
    page = browser.get(f"{PAGE}?by={by}")
    assert f"by={by}" in str(page.html.select_one(".report-tabs [aria-current]"))
    seen = 0
    where = ".main" if by == "hour" else ".report-table tbody"
    for link in page.html.select(f"{where} a[href*=counted]"):
        hour_of_week = link.select_one("rect") is not None
        text = link["aria-label"].split(": ")[1] if hour_of_week else link.text
        if re.fullmatch(r"\d+:\d\d|\d\.\d\d", text):  # a time of talk and a mean rating lead to many calls
            continue
        count = round(float(re.findall(r"[0-9.]+", text.split(": ")[-1])[0]))
        found = browser.get(link["href"])
        assert len(found.html.select("table.calls tbody tr")) == count, link["href"]
        seen += 1
    assert seen >= 2


def test_the_list_says_what_it_is_narrowed_to(site: Site) -> None:
    """Hour, weekday and waiting time in words; another search within it keeps them."""
    fill(site)
    browser = site.browser("4001003721")
    page = browser.get("/t/alpha/calls?counted=1&hour=9&weekday=1&over=5&upto=10&agent=8001&province=-")
    told = page.html.select_one(".behind").text
    for word in ("09-10", "Mon", "waited over 5 s", "waited up to 10 s", "8001", "unknown"):
        assert word in told
    kept = {each["name"] for each in page.html.select("form.filters input[type=hidden]")}
    assert {"hour", "weekday", "over", "upto", "agent", "province", "counted"} <= kept
    wrong = "/t/alpha/calls?counted=1&hour=99&weekday=x&over=-1&rating=9&key=%3Cscript%3E"
    assert "<script>alert" not in browser.get(wrong).text


def test_the_same_figures_as_excel(site: Site) -> None:
    """A sheet for each way of looking at them, formulas beside the figures; noted in the audit log."""
    fill(site)
    answer = site.browser("4001003721").get("/t/alpha/reports-excel")
    book = openpyxl.load_workbook(io.BytesIO(answer.body))
    assert book.sheetnames == [
        "Summary", "By hour", "By weekday", "By day", "By month", "By province", "By area code", "By number",
        "By menu key", "By queue", "By agent", "By result",
    ]  # fmt: skip
    rows = list(book["By number"].iter_rows(values_only=True))
    assert rows[1][:4] == ("4001003721", 4, 3, 0.75)
    summary = {row[0]: row[1:] for row in book["Summary"].iter_rows(values_only=True)}
    assert summary["Service level"] == (0.5, "answered within 20 s / (answered + missed)")
    assert site.actions()[0] == "report-exported"


def test_the_operator_sees_all_tenants_or_one(site: Site) -> None:
    """Figures by tenant with names; one tenant's with his agents; finance sees figures, not the calls."""
    fill(site)
    browser = site.browser("anna")
    page = browser.get("/operator/reports?by=tenant")
    assert page.html.select(".tile-value")[0].text == "6"
    names = [each.text for each in page.html.select(".report-table tbody th")]
    assert len(names) == 2
    one = browser.get("/operator/reports?tenant=alpha&by=agent")
    assert one.html.select(".tile-value")[0].text == "4"
    for link in one.html.select(".report-table a[href*=counted]")[:2]:
        assert "tenant=alpha" in link["href"]
        assert len(browser.get(link["href"]).html.select("table.calls tbody tr")) == int(link.text)
    assert browser.get("/operator/reports-excel?by=tenant").content_type.endswith("sheet")


@pytest.mark.parametrize(
    "query",
    [
        "first=never&last=2026-99-99", "first=1900-01-01&last=2999-12-31", "seconds=-5&formula=best",
        "number=4001003731", f"number={HOSTILE}&seconds=%D9%A3", "first=2026-10-10&last=2026-10-01",
        "by=tenant",
    ],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_left_out(site: Site, query: str) -> None:
    """Another tenant's number finds nothing; the period has an end."""
    fill(site)
    page = site.browser("4001003721").get(f"{PAGE}?{query}")
    assert "<script>alert" not in page.text
    days = json.loads(page.html.select(".chart")[0]["data-chart"])["names"]
    assert 1 <= len(days) <= 366


def test_nothing_to_report(site: Site) -> None:
    """The page shows noughts and dashes instead of dividing by nothing."""
    page: Any = site.browser("4001003731").get("/t/beta/reports?first=2020-01-01&last=2020-01-02")
    assert [each.text for each in page.html.select(".tile-value")] == [
        "0",
        "0:00",
        "—",
        "—",
        "0",
        "—",
        "0",
        "—",
    ]
    assert "No calls found" in site.browser("4001003731").get(
        "/t/beta/reports?first=2020-01-01&last=2020-01-02&by=key"
    )
