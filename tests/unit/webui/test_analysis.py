"""专家级分析 in the browser: findings with their calls, agents for each hour, next week and its backtest."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from domain.days.calendar import local
from domain.outcomes import Outcome
from tests.unit.webui.site import Browser, Site, made_up

PAGE = "/t/alpha/analysis"


@pytest.fixture
def busy(site: Site) -> Site:
    """Let alpha have five weeks with twelve calls each weekday from ten on, a third of them busy."""
    now = local(site.clock())
    made = []
    for back in range(1, 36):
        day = (now - timedelta(days=back)).replace(hour=10, minute=0, second=0, microsecond=0)
        for n in range(12 if day.weekday() < 5 else 2):
            start = (day + timedelta(minutes=n)).timestamp()
            facts = {} if n % 3 else {"outcome": Outcome.BUSY, "talk_ms": 0, "answered_by": ""}
            made.append(
                made_up("alpha", "4001003721", start, caller=f"139{len(made):08}", job_number="8001", **facts)
            )
    site.change(lambda root: root.records.add(made))
    return site


def test_findings_lead_to_their_calls(busy: Site) -> None:
    """Each says what to do; the calls behind a slot are those that it counts."""
    browser = busy.browser("4001003721", language="zh")
    page = browser.get(PAGE)
    told = [each.text for each in page.html.select(".finding")]
    slot = next(each for each in page.html.select(".finding") if "10-11 点" in each.text)
    assert "未接率 33 %（应接 48，未接 16）" in slot.text
    assert any("服务水平" in each for each in told)
    found = browser.get(slot.select_one("a")["href"])
    assert len(found.html.select("table.calls tbody tr")) == 16
    assert "周" in found.html.select_one(".behind").text


def test_next_week_is_foretold_and_the_method_tried(busy: Site) -> None:
    """Seven days with their busiest hour and agents; the last week as it came and as it was foretold."""
    page = busy.browser("4001003721").get(f"{PAGE}?seconds=20&level=90")
    foretold, test = (json.loads(each["data-chart"]) for each in page.html.select(".chart"))
    assert len(foretold["names"]) == 7
    assert sum(foretold["series"][0]["values"]) == 5 * 12 + 2 * 2
    assert [each["name"] for each in test["series"]] == ["Came", "Foretold"]
    assert test["series"][0]["values"] == test["series"][1]["values"]
    assert "Off by 0% by hours and 0% by days" in page
    assert "Agents for 90/20" in page


def test_a_table_of_agents(busy: Site) -> None:
    """Calls an hour, what Erlang C and A ask for, and who was there."""
    page = busy.browser("4001003721").get(PAGE)
    tuesday = page.html.select(".staff-table tbody tr")[1]
    assert [each.text for each in tuesday.select("td")][:6] == ["12.0", "75", "33%", "2", "1", "1.0"]


@pytest.mark.parametrize("query", ["", "first=2020-01-01&last=2020-01-02", "level=x&seconds=0&number=1"])
def test_nothing_to_analyse(site: Site, query: str) -> None:
    """A new tenant reads that it is too early, and nothing breaks."""
    page = site.browser("4001003731", language="zh").get(f"/t/beta/analysis?{query}")
    assert "暂不作分析" in page
    assert "目前数据不足" in page


def test_the_operator_analyses_one_tenant_or_all(busy: Site) -> None:
    """With the same findings; finance may see them too."""
    for name in ("anna", "fang"):
        browser = busy.browser(name)
        assert "10-11" in browser.get("/operator/analysis?tenant=alpha") or "10-11" in browser.get(
            "/operator/analysis"
        )
    links = busy.browser("anna").get("/operator/analysis?tenant=alpha").html.select(".finding a")
    assert all(
        "tenant=alpha" in each["href"] and each["href"].startswith("/operator/calls") for each in links
    )


def sent(browser: Browser, place: str, **fields: str) -> Any:
    """Send a form with its token."""
    page = place.rpartition("-")[0] if place.endswith(("-now", "-remove")) else place
    return browser.post(place, {"csrf_token": browser.token(page), **fields}, status="*")


def test_a_report_is_sent_by_e_mail(busy: Site) -> None:
    """Wished, sent at once for a trial, taken away; what cannot be is refused, nothing typed is lost."""
    browser = busy.browser("4001003721", language="zh")
    place = "/t/alpha/report-mails"
    form = browser.get(place).html.select_one("form.report-mail-form")
    assert form is not None
    wrong = sent(browser, place, often="weekly", hour="8", seconds="20", emails="nobody", pdf="1")
    assert wrong.status_int == 422
    assert "不是邮箱地址：nobody" in wrong
    assert wrong.html.select_one("#emails")["value"] == "nobody"
    typed = {"often": "daily", "hour": "9", "seconds": "20", "emails": "a@b.cn， c@d.cn", "excel": "1"}
    assert sent(browser, place, **typed).status_int == 303
    page = browser.get(place)
    assert "a@b.cn, c@d.cn" in page
    name = page.html.select_one("input[name=id]")["value"]
    assert sent(browser, f"{place}-now", id=name).status_int == 303
    kept = busy.read(lambda root: [each.to for each in root.notices.newest_first("alpha")])
    assert sorted(kept) == ["a@b.cn", "c@d.cn"]
    other = busy.browser("4001003731")
    assert sent(other, "/t/beta/report-mails-remove", id=name).status_int == 404
    assert sent(other, "/t/beta/report-mails-now", id=name).status_int == 404
    assert sent(browser, f"{place}-remove", id=name).status_int == 303
    assert "还没有定时报表" in browser.get(place)
    noted = [each for each in busy.actions() if each.startswith("report-mail")]
    assert noted == ["report-mail-removed", "report-mail-sent", "report-mail-wished"]


def test_the_report_as_pdf(busy: Site) -> None:
    """For the tenant and the operator, with the findings; noted."""
    answer = busy.browser("4001003721", language="zh").get("/t/alpha/reports-pdf")
    assert answer.content_type == "application/pdf"
    assert answer.body.startswith(b"%PDF")
    assert busy.actions()[0] == "report-exported"
    assert busy.browser("anna").get("/operator/reports-pdf?tenant=alpha").body.startswith(b"%PDF")


def test_a_wall_board_for_a_big_screen(busy: Site) -> None:
    """The page asks for the stream of live calls and, every few seconds, for the figures of today."""
    browser = busy.browser("4001003721")
    page = browser.get("/t/alpha/wallboard").html.select_one("main.wb")
    assert browser.get(page["data-ticket"]).json["url"].startswith("/live?ticket=")
    told = browser.get(page["data-figures"]).json
    assert (told["calls"], told["missed"], told["level"]) == ("1", "0", "100%")
    assert told["formula"] == "answered within 20 s / (answered + missed)"


def test_a_box_that_is_younger_than_the_period_before_shows_no_trend(busy: Site) -> None:
    """Monday to Friday are more than the five days before; before the last four weeks little is known."""
    browser = busy.browser("4001003721", language="zh")
    assert "比上一个同样长的时段" not in browser.get(PAGE)
    day = local(busy.clock()).date()
    friday = day - timedelta(days=(day.weekday() - 4) % 7 or 7)
    week = browser.get(f"{PAGE}?first={friday - timedelta(days=4)}&last={friday}")
    assert "来电 60 个，比上一个同样长的时段（40 个）增加 50 %" in week
