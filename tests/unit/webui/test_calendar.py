"""系统 / 日历: the operator sees which days are worked and enters what was not published yet."""

from __future__ import annotations

import pytest

from domain.days.calendar import Calendar, published_years
from tests.unit.webui.site import Site, form_of

PAGE = "/operator/calendar"
NEXT = published_years().stop
"""The first year that nobody published."""
YEAR = f"""{NEXT}-01-01..{NEXT}-01-03 放假 元旦
{NEXT}-02-20: workday 春节

{NEXT}-10-01..{NEXT}-10-07 holiday 国庆节"""


def held(site: Site) -> dict[str, str]:
    """Return what is entered."""
    table = site.read(lambda root: root.box.value.calendar)
    return {day: f"{each.kind} {each.name}".strip() for day, each in table.items()}


def enter(site: Site, status: int = 303, **typed: str) -> object:
    """Enter days in a row by the form."""
    form = form_of(site.browser("anna").get(PAGE), PAGE)
    for name, value in typed.items():
        form[name].force_value(value)
    answer = form.submit(status="*")
    assert answer.status_int == status
    return answer


def test_an_unknown_year_is_told_until_it_is_entered(site: Site) -> None:
    """A whole year by lines, in either language; then the year counts as known."""
    browser = site.browser("anna", language="zh")
    page = browser.get(f"{PAGE}?year={NEXT}")
    assert "暂按周一至周五为工作日" in page.html.select_one(".alert").text
    form = form_of(page, f"{PAGE}/lines")
    form["lines"] = YEAR
    answer = form.submit()
    assert answer.headers["Location"].endswith(f"year={NEXT}")
    assert held(site)[f"{NEXT}-02-20"] == "workday 春节"
    assert len(held(site)) == 11
    assert site.read(lambda root: Calendar(root.box.value.calendar).knows(NEXT))
    page = browser.get(f"{PAGE}?year={NEXT}")
    assert "国务院" not in page.text
    assert len(page.html.select("td.day-holiday")) == 10
    assert len(page.html.select("td.day-entered")) == 11
    noted = next(each for _, each in site.read(lambda root: list(root.web.listed())))
    assert noted.action == "calendar-entered"
    assert "国庆节" in noted.after


def test_published_days_are_shown_and_put_right(site: Site) -> None:
    """A day of one's own wins; removed, what was published holds again."""
    year = published_years()[-1]
    page = site.browser("sun").get(f"{PAGE}?year={year}")
    assert len(page.html.select("table.month")) == 12
    assert page.html.select("td.day-holiday")
    assert page.html.select("form[action^='/operator/calendar']") == []
    enter(site, first=f"{year}-03-03", last=f"{year}-03-04", kind="holiday", name="搬迁")
    enter(site, first=f"{year}-03-04", kind="workday")
    assert held(site) == {f"{year}-03-03": "holiday 搬迁", f"{year}-03-04": "workday"}
    page = site.browser("anna").get(f"{PAGE}?year={year}")
    assert form_of(page, f"{PAGE}/remove").submit().status_int == 303
    assert held(site) == {f"{year}-03-04": "workday"}
    noted = next(each for _, each in site.read(lambda root: list(root.web.listed())))
    assert (noted.action, "搬迁" in noted.before, "搬迁" in noted.after) == ("calendar-removed", True, False)


@pytest.mark.parametrize(
    "typed",
    [
        {"first": ""},
        {"first": "2027-02-30"},
        {"first": "2027-02-03", "last": "2027-02-01"},
        {"first": "2027-01-01", "last": "2027-12-31"},
        {"first": "2027-01-01", "kind": "half"},
    ],
)
def test_what_cannot_be_is_refused_beside_the_form(site: Site, typed: dict[str, str]) -> None:
    """Nothing is stored, and what was typed stays."""
    answer = enter(site, 422, name="春节", **typed)
    assert answer.html.select(".invalid-feedback")  # type: ignore[attr-defined]
    assert form_of(answer, PAGE)["name"].value == "春节"
    assert held(site) == {}


@pytest.mark.parametrize(
    ("lines", "told"),
    [("", "at least one"), ("2027-01-01 元旦", "Line 1"), ("2027-01-01 放假\nfoo", "Line 2: foo")],
)
def test_a_line_that_is_not_understood_is_named(site: Site, lines: str, told: str) -> None:
    """With its number and text; all the lines stay."""
    form = form_of(site.browser("anna").get(PAGE), f"{PAGE}/lines")
    form["lines"] = lines
    answer = form.submit(status=422)
    assert told in answer.html.select_one(".invalid-feedback").text
    assert form_of(answer, f"{PAGE}/lines")["lines"].value.replace("\r", "") == lines
    assert held(site) == {}
