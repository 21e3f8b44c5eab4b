"""系统 / 巡检 in the browser: a round from its beginning to its report."""

from __future__ import annotations

import io
import threading
from typing import Any

import openpyxl
import pytest
from webtest import Upload

from b2bua.alarms import read_alarms
from domain.inspection.facts import Facts, MachineFacts
from domain.inspection.round import Round, State
from tests.unit.inspection.facts import MACHINE
from tests.unit.inspection.test_reports import jpeg
from tests.unit.webui.site import Browser, Site, form_of
from webui.services import live
from webui.services.inspection import machine

PAGE = "/operator/inspection"


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine beneath is one where all is well."""
    monkeypatch.setattr(machine, "look", lambda data, tell: MACHINE)


def latest(site: Site) -> Round:
    """Return the round as it is kept."""
    found: Round = site.read(lambda root: root.inspection.latest())
    return found


def begun(site: Site) -> Browser:
    """Return anna's browser after she began a round."""
    browser = site.browser("anna")
    form_of(browser.get(PAGE), f"{PAGE}/begin").submit().follow()
    site.services.looks.settle()
    return browser


def post(browser: Browser, what: str, **fields: Any) -> Any:
    """Send a form."""
    return browser.post(f"{PAGE}/{what}", {"csrf_token": browser.token(PAGE), **fields}, status="*")


def test_a_round_is_begun_and_the_box_answers_what_it_can(site: Site) -> None:
    """The page shows progress by layer; there is no second round beside it."""
    browser = begun(site)
    found = latest(site)
    assert found.item("daily-clock").state is State.GOOD
    assert found.item("data-backup").state is State.FINDING
    page = browser.get(PAGE)
    assert page.html.find("progress")["value"] == str(found.done)
    assert page.html.find(id="point-data-backup").has_attr("open")
    assert "No scheduled backup is set up" in page.text
    assert post(browser, "begin").status_int == 422
    assert site.actions().count("inspection-begun") == 1


def test_a_look_tells_how_far_it_is_and_is_made_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who presses twice, or a second person, waits for the same one; only who began it sees the page move."""
    asked, go_on = [], threading.Event()

    def look(data: object, tell: machine.Tell) -> MachineFacts:
        asked.append(tell)
        tell(machine.Step.UPDATES)
        assert go_on.wait(60)
        return MACHINE

    monkeypatch.setattr(machine, "look", look)
    anna, support = site.browser("anna", language="zh"), site.browser("sun")
    for browser in (anna, anna, support):
        assert post(browser, "begin").status_int == 303
    shown = anna.get(PAGE)
    assert "正在检查：系统更新" in shown.html.find(id="look").text
    assert shown.html.find(id="look").find("progress")["value"] == "1"
    assert anna.get(f"{PAGE}/look").html.find(id="look")["hx-get"] == f"{PAGE}/look"
    go_on.set()
    site.services.looks.settle()
    assert anna.get(f"{PAGE}/look").headers["HX-Refresh"] == "true"
    told = support.get(f"{PAGE}/look")
    assert "HX-Refresh" not in told.headers
    assert told.html.find("a", href=PAGE) is not None
    assert anna.get(PAGE).html.find(id="look") is None
    assert (len(asked), site.actions().count("inspection-begun")) == (1, 1)


def test_a_look_that_fails_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page stays usable, and the next look may do better."""
    monkeypatch.setattr(machine, "look", lambda data, tell: 1 // 0)
    browser = site.browser("anna")
    assert post(browser, "begin").status_int == 303
    site.services.looks.settle()
    assert "The look failed" in browser.get(PAGE).html.find(role="alert").text
    assert site.read(lambda root: root.inspection.latest()) is None
    monkeypatch.setattr(machine, "look", lambda data, tell: MACHINE)
    assert post(browser, "begin").status_int == 303
    site.services.looks.settle()
    assert latest(site).item("daily-clock").state is State.GOOD


def test_answers_findings_and_their_closure(site: Site) -> None:
    """Who found it and who closed it is kept, and noted."""
    browser = begun(site)
    assert (
        post(browser, "answer", point="fire", state="finding", note="灭火器过期", critical="on").status_int
        == 303
    )
    item = latest(site).item("fire")
    assert item.finding is not None
    assert (item.finding.zh, item.finding.critical, item.finding.by) == ("灭火器过期", True, "operator:anna")
    assert post(browser, "close", point="fire", remedy="已更换").status_int == 303
    assert latest(site).item("fire").state is State.CLOSED
    assert {"inspection-answered", "inspection-closed"} <= set(site.actions())


def test_what_is_refused_keeps_what_was_typed(site: Site) -> None:
    """The sentence stands at the point."""
    browser = begun(site)
    shown = post(browser, "answer", point="fire", state="good", note="x" * 501)
    assert shown.status_int == 422
    point = shown.html.find(id="point-fire")
    assert point.has_attr("open")
    assert "500 characters" in point.find(role="alert").text
    assert point.find("input", {"name": "note"})["value"] == "x" * 501
    assert post(browser, "assign", point="fire", technician="李工", due="tomorrow").status_int == 422
    assert post(browser, "answer", point="nothing", state="good").status_int == 422
    assert latest(site).item("fire").state is State.OPEN


def test_photos_are_kept_shown_and_only_those_of_the_round(site: Site) -> None:
    """A picture or a PDF; anything else is refused in words."""
    browser, picture = begun(site), jpeg(60, 40)
    assert post(browser, "photo", point="fire", file=Upload("a.jpg", picture, "image/jpeg")).status_int == 303
    assert post(browser, "photo", point="fire", file=Upload("a.exe", b"MZ", "image/jpeg")).status_int == 422
    assert post(browser, "photo", point="fire").status_int == 422
    (photo,) = latest(site).item("fire").photos
    where = f"{PAGE}/{latest(site).id}/photo"
    assert browser.get(f"{where}?id={photo.id}").body == picture
    assert browser.get(f"{where}?id=01J", status="*").status_int == 404
    assert f"{where}?id={photo.id}" in browser.get(PAGE).text


def test_findings_are_alarms_with_the_others(site: Site) -> None:
    """On the page of alarms, until they are closed."""
    browser = begun(site)
    post(browser, "answer", point="power", state="finding", note="UPS 电池老化", critical="on")
    assert "inspection:power" in {alarm.key for alarm in live.alarms(site.services)}
    assert "Inspection, Power supply: UPS" in browser.get("/operator/alarms").text
    post(browser, "close", point="power", remedy="已更换")
    assert "inspection:power" not in {alarm.key for alarm in read_alarms(site.data.inspection_alarms)}


def test_the_round_ends_and_its_report_is_fetched(site: Site) -> None:
    """As a page, as PDF and as Excel; not before everything is answered."""
    browser = begun(site)
    early = post(browser, "end")
    assert early.status_int == 422
    assert "are not answered yet" in early.text
    for item in latest(site).items:
        if item.state is State.OPEN:
            assert post(browser, "answer", point=item.point, state="good", note="").status_int == 303
    assert post(browser, "end").status_int == 303
    found = latest(site)
    assert found.ended_by == "operator:anna"
    where = f"{PAGE}/{found.id}/report"
    page = browser.get(where)
    assert "Physical access control" in page.text
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert browser.get(f"{where}?form=pdf").body.startswith(b"%PDF-")
    book = openpyxl.load_workbook(io.BytesIO(browser.get(f"{where}?form=xlsx").body))
    assert len(book.worksheets) == 2
    assert post(browser, "answer", point="fire", state="good").status_int == 422
    assert browser.get(f"{PAGE}/{found.id}").status_int == 200


def test_the_plan_names_technicians(site: Site) -> None:
    """The next round gives them their rows."""
    browser = site.browser("anna")
    plan = {"every": "30", "within": "3", "technician-physical": "李工"}
    assert post(browser, "plan", **plan).status_int == 303
    form_of(browser.get(PAGE), f"{PAGE}/begin").submit()
    site.services.looks.settle()
    assert latest(site).item("fire").technician == "李工"
    wrong = post(browser, "plan", **{**plan, "every": "often", "technician-physical": "王工"})
    assert wrong.status_int == 422
    assert "王工" in wrong.text


def test_an_empty_box_invites_and_finance_does_not_see_it(site: Site) -> None:
    """Inspections are for administrators and customer service."""
    assert "No inspection yet" in site.browser("sun").get(PAGE).text
    assert site.browser("fang").get(PAGE, status="*").status_int in (403, 404)
    assert "巡检" in site.browser("anna", language="zh").get("/operator").text


def test_checking_again_closes_what_is_good_now(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to."""
    sick = Facts(0.0, MachineFacts(failed_units=("x.service",)), None)  # type: ignore[arg-type]
    monkeypatch.setattr(machine, "look", lambda data, tell: sick.machine)
    browser = begun(site)
    assert latest(site).item("daily-services").state is State.FINDING
    monkeypatch.setattr(machine, "look", lambda data, tell: MACHINE)
    monkeypatch.setattr("webui.services.inspection.box_facts._down", lambda *facts: ())
    assert post(browser, "check").status_int == 303
    site.services.looks.settle()
    assert latest(site).item("daily-services").state is State.CLOSED


def test_a_ticket_is_opened_from_a_finding(site: Site) -> None:
    """It says what was found and where; who may not see inspections learns nothing of one."""
    browser = begun(site)
    ref = f"{latest(site).id}:data-backup"
    address = f"/operator/tickets/new?from=inspection&ref={ref}"
    assert browser.get(PAGE).html.find("a", href=address) is not None
    form = form_of(browser.get(address), "/operator/tickets/new")
    assert form["subject"].value.startswith("巡检：")
    assert "巡检发现：" in form["text"].value
    shown = form.submit(status=303).follow()
    assert shown.html.find("a", href=f"{PAGE}/{ref.replace(':', '#point-')}") is not None
    finance = site.browser("fang")
    for reader, other in (
        (finance, ref), (browser, "x:data-backup"), (browser, ref[:27] + "daily-clock"), (browser, ref + "x")
    ):  # fmt: skip
        page = reader.get(f"/operator/tickets/new?from=inspection&ref={other}")
        assert form_of(page, "/operator/tickets/new")["text"].value == ""
