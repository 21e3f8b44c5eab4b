"""Hours of bound numbers in the browser: typed in either language, drawn while they are typed."""

from __future__ import annotations

from datetime import datetime

import pytest

from domain.days.calendar import BEIJING
from domain.days.schedule_text import parse_schedule
from tests.unit.webui.site import Site
from tests.unit.webui.test_bound_numbers import PAGE, bound, post
from webui.presenters.schedule import PRESETS, lines_in

NUMBER = "13900001111"


def test_a_bound_number_gets_hours_and_press_1(site: Site) -> None:
    """As Chinese words; an empty field takes the hours away again."""
    browser = site.browser("4001003721", language="zh")
    lines = "工作日 09:00-18:00\r\n节假日 关闭"
    post(browser, "edit", [("which", NUMBER), ("schedule", lines), ("press_1", "1")])
    assert bound(site)[0].schedule == parse_schedule(["workdays 09:00-18:00", "holidays closed"])
    assert bound(site)[0].confirm_seconds == 10
    page = browser.get(PAGE)
    assert "工作日 09:00-18:00；节假日 关闭" in page.html.select(".bound-hours")[0].text
    post(browser, "edit", [("which", NUMBER), ("schedule", "")])
    assert (bound(site)[0].schedule, bound(site)[0].confirm_seconds) == (None, 0)


def test_wrong_hours_are_told_beside_the_field_and_stay_typed(site: Site) -> None:
    """The form is open again, nothing was stored."""
    answer = post(site.browser("4001003721"), "edit", [("which", NUMBER), ("schedule", "someday 9-5")])
    assert answer.status_int == 422
    row = answer.html.select("li.bound-row")[0]
    assert row.has_attr("data-open")
    assert "someday" in row.select(".invalid-feedback")[0].text
    assert row.select("textarea")[0].text.strip() == "someday 9-5"
    assert bound(site)[0].schedule is None


@pytest.mark.parametrize(
    ("seconds", "strategy", "status"), [("30", "rotating", 303), ("1", "rotating", 422), ("30", "x", 422)]
)
def test_how_they_are_rung(site: Site, seconds: str, strategy: str, status: int) -> None:
    """Within the limits of `apply`."""
    answer = post(site.browser("4001003721"), "ringing", [("seconds", seconds), ("strategy", strategy)])
    assert answer.status_int == status
    plan = site.read(lambda root: root.tenants["alpha"].numbers["4001003721"].value)
    assert (plan.strategy, plan.no_answer_seconds) == (
        ("rotating", 30.0) if status == 303 else ("sequential", 25.0)
    )


def test_hours_are_drawn_while_they_are_typed(site: Site) -> None:
    """A line for each of 14 days; what is wrong is said instead."""
    browser = site.browser("4001003721")
    drawn = browser.get("/t/alpha/schedule", {"hours": "daily 09:00-18:00"})
    assert len(drawn.html.select("rect.calendar-open")) == 14
    assert len(browser.get("/t/alpha/schedule", {"when": "holidays closed"}).html.select("svg g")) == 14
    wrong = browser.get("/t/alpha/schedule", {"schedule": "<b>never"})
    assert "is not DAYS HOURS" in wrong
    assert "<b>" not in wrong


@pytest.mark.parametrize(
    ("typed", "zh", "en"),
    [
        ("daily 00:00-24:00", "始终开放。", "Always open."),
        ("daily closed", "未来一年内都不开放。", "Never open within the next year."),
        ("fri 09:00-18:00", "现在开放，到 10-09 周五 18:00。", "Open now, until 10-09 Fri 18:00."),
        ("mon 09:00-18:00", "现在关闭，10-12 周一 09:00 开放。", "Closed now, open from 10-12 Mon 09:00."),
    ],
)
def test_whether_it_is_open_now_is_said(site: Site, typed: str, zh: str, en: str) -> None:
    """In words above the picture: on a Friday afternoon."""
    site.moved += datetime(2026, 10, 9, 15, 0, tzinfo=BEIJING).timestamp() - site.clock()
    for language, said in (("zh", zh), ("en", en)):
        browser = site.browser("4001003721", language=language)
        assert said in browser.get("/t/alpha/schedule", {"hours": typed})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_is_shown_can_be_typed_again(language: str) -> None:
    """Every line that the page writes or offers means the same when it is read."""
    lines = [*PRESETS[language], "mon-fri 08:00-12:00, 13:00-17:00", "mon,sat 09:00-10:00", "make-up closed"]
    schedule = parse_schedule([*lines, "2026-12-31 09:00-12:00", "also holidays 20:00-21:00"])
    assert parse_schedule(lines_in(schedule, language)) == schedule
