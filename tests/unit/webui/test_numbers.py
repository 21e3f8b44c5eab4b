"""号码管理: the inventory, import and export, one number, an application from papers to opening."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from webtest import Upload

from domain.numbers.lifecycle import NumberState
from domain.outcomes import Outcome
from storage.models.web import AuditEntry
from storage.serving import snapshots
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from webui.services.provisioning import wish

NUMBER = "4001003729"
BASE = "/operator/numbers"
PDF = b"%PDF-1.7 paper"


def sheet(*rows: tuple[Any, ...]) -> bytes:
    """Return an Excel file as people make them."""
    book = openpyxl.Workbook()
    book.active.append(("400号码", "最低消费（元/月）", "备注"))
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def state(site: Site, number: str = NUMBER) -> NumberState:
    """Return where a number stands."""
    card = site.read(lambda root: root.inventory.card(number))
    assert card is not None
    return NumberState(card.state)


def imported(browser: Browser, content: bytes) -> Any:
    """Upload a file of numbers."""
    form = form_of(browser.get(f"{BASE}/import"), f"{BASE}/import")
    form["file"] = Upload("numbers.xlsx", content)
    return form.submit(status="*")


def test_an_import_gives_each_rows_fault_back_in_the_file(site: Site) -> None:
    """Right rows are taken; the page and the file name what is wrong with the others."""
    browser = site.browser("anna")
    rows = ((int(NUMBER), 50, HOSTILE), ("12345", "", ""), (NUMBER, 1, ""), ("4001003728", -5, ""))
    page = imported(browser, sheet(*rows))
    assert HOSTILE not in page.text
    assert "is no 400 number" in page.text
    assert "stands in row 2 already" in page.text
    result = page.click(href="result").body
    told = list(openpyxl.load_workbook(io.BytesIO(result)).active.iter_rows(values_only=True))
    assert told[0][-1] == "导入结果"
    assert [row[-1].split(":")[0] for row in told[1:]] == [
        "taken into stock", "'12345' is no 400 number", "stands in row 2 already", "最低消费（元/月）",
    ]  # fmt: skip
    card = site.read(lambda root: root.inventory.card(NUMBER))
    assert (card.minimum_li, card.note) == (50_000, HOSTILE)
    again = imported(browser, result)
    assert "with faults" in again.text
    link = next(each["href"] for each in page.html.find_all("a") if "result" in each.get("href", ""))
    assert site.browser("sun").get(link, status="*").status_int == 404


@pytest.mark.parametrize("content", [b"", b"nothing", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_told(site: Site, content: bytes) -> None:
    """Nothing is taken."""
    page = imported(site.browser("anna"), content)
    assert page.status_int == 422
    assert ".xlsx" in page.text


def test_the_list_finds_by_pattern_state_and_price(site: Site) -> None:
    """And exports what it found, to be imported again."""
    browser = site.browser("anna")
    imported(browser, sheet((NUMBER, 30, ""), ("4006123888", "", ""), ("4008123456", "", "")))
    assert "400-812-3456" in browser.get(BASE, {"pattern": "*3456"}).text
    cheap = browser.get(BASE, {"most": "100"}).text
    assert "400-100-3729" in cheap
    assert "400-812-3456" not in cheap
    assert "400K**AABB by places" in browser.get(BASE, {"pattern": "!!"}).text
    stock = browser.get(f"{BASE}/export", {"state": "in-stock"})
    rows = list(openpyxl.load_workbook(io.BytesIO(stock.body)).active.iter_rows(values_only=True, min_row=2))
    assert [row[0] for row in rows] == [NUMBER, "4006123888", "4008123456"]
    assert "0</div>changed" in imported(browser, stock.body).text.replace("\n", "").replace(" ", "")


def test_moves_are_refused_or_stand_in_the_history(site: Site) -> None:
    """A reservation, a suspension that calls follow, a reclaim that takes the tenant's plan away."""
    browser = site.browser("anna")
    page = browser.get(f"{BASE}/4001003721")
    moves = {each["move"].value: each for each in page.forms.values() if each.action.endswith("/move")}
    form = moves["suspend"]
    form["halt"], form["why"] = "arrears", "三个月未缴费"
    shown = form.submit().follow()
    assert "三个月未缴费" in shown.text
    halted = site.read(snapshots.build).tenants[0].halted
    assert halted == {"4001003721": Outcome.NUMBER_IN_ARREARS}
    token = browser.token(f"{BASE}/4001003721")
    browser.post(f"{BASE}/4001003721/move", {"csrf_token": token, "move": "reserve", "holder": "甲"})
    assert state(site, "4001003721") is NumberState.SUSPENDED
    browser.post(f"{BASE}/4001003721/move", {"csrf_token": token, "move": "reclaim", "why": "到期"})
    assert state(site, "4001003721") is NumberState.RECLAIMED
    assert not site.read(lambda root: "4001003721" in root.numbers)
    assert site.read(snapshots.build).box.reclaimed == ("4001003721",)
    assert {"number-suspend", "number-reclaimed"} <= set(site.actions())


def test_an_application_from_papers_to_opening(site: Site) -> None:
    """受理, papers uploaded and checked, pack, submitted, approved, opened in one step."""
    browser = site.browser("sun")
    add = form_of(browser.get(BASE), f"{BASE}/add")
    add["number"] = "400-1003-729"
    page = add.submit().follow()
    form = form_of(page, f"{BASE}/{NUMBER}/apply")
    form["name"], form["licence"], form["contact"], form["phone"] = "示例小店", "123", "王五", "13900001111"
    wrong = form.submit(status=422)
    assert "unified social credit code" in wrong.text
    assert wrong.html.find("input", {"name": "name"})["value"] == "示例小店"
    form["licence"] = "91350100M000100Y43"
    page = form.submit().follow()
    for paper in ("licence", "identity", "form", "contract"):
        form = form_of(page, f"{BASE}/{NUMBER}/document")
        assert form["paper"].value == paper  # what is still lacking is offered
        form["stamped"], form["original"] = True, True
        form["file"] = Upload(f"{paper}.pdf", PDF)
        page = form.submit().follow()
    step = form_of(page, f"{BASE}/{NUMBER}/step")
    assert "not complete" in step.submit("step", value="submit").follow().text
    for form in [each for each in page.forms.values() if each.action == f"{BASE}/{NUMBER}/review"]:
        page = form.submit("verdict", value="accept").follow()
    assert page.click("licence.pdf").body == PDF
    with zipfile.ZipFile(io.BytesIO(page.click(href="pack").body)) as pack:
        assert len(pack.namelist()) == 5
    page = form_of(page, f"{BASE}/{NUMBER}/step").submit("step", value="submit").follow()
    assert "示例小店" in browser.get(f"{BASE}/applications").text
    page = form_of(page, f"{BASE}/{NUMBER}/step").submit("step", value="approve").follow()
    form = form_of(page.click(href="tenants/new"), "/operator/tenants/new")
    assert (form["number"].value, form["name"].value) == (NUMBER, "示例小店")
    form["id"] = "shop"
    assert 'id="first-password"' in form.submit().text
    assert state(site) is NumberState.ACTIVE
    register = browser.get(f"{BASE}/register").body
    assert openpyxl.load_workbook(io.BytesIO(register)).active.max_row == 2


def test_a_number_that_is_none_stays_typed(site: Site) -> None:
    """What is wrong stands beside it; dashes and full-width digits are read."""
    browser = site.browser("anna")
    add = form_of(browser.get(BASE), f"{BASE}/add")
    add["number"] = "400-612"
    refused = add.submit(status=422)
    add = form_of(refused, f"{BASE}/add")
    assert (add["number"].value, "10 digits that begin with 400." in refused.text) == ("400-612", True)
    add["number"] = "４００-６１２-３４７１"
    add.submit(status=303)
    assert state(site, "4006123471") is NumberState.IN_STOCK


def test_a_number_of_no_carrier_or_class_is_taken_with_a_warning(site: Site) -> None:
    """It may be mistyped, or a table lacks a line: its page, the list and the import say what to look at."""
    rules = {"box": {"vanity_rules": [{"vanity_class": "A", "patterns": ["400K***AAA"]}]}}
    wish(site.services, lambda root: rules, AuditEntry(0.0, "test", "filled"))
    browser = site.browser("anna", language="zh")
    for number, doubts in (
        ("4006123888", []), ("4002123888", ["没有运营商启用 4002"]), ("4006123456", ["没有分类规则"]),
        ("4005123456", ["没有运营商启用 4005", "没有分类规则"]),
    ):  # fmt: skip
        add = form_of(browser.get(BASE), f"{BASE}/add")
        add["number"] = number
        told = [each.text for each in add.submit().follow().html.select(".alert-warning")]
        assert len(told) == len(doubts)
        assert all(words in text for words, text in zip(doubts, told, strict=True))
    rows = browser.get(f"{BASE}?state=in-stock").html.select("tbody tr")
    marks = {row.a["href"][-10:]: len(row.select(".tag-warn")) for row in rows}
    assert marks == {"4006123888": 0, "4002123888": 1, "4006123456": 1, "4005123456": 2}
    page = imported(browser, sheet(("4003123888", "", ""), ("4006123777", "", "")))
    assert "没有运营商启用 4003" in page.text
    assert "4006123777" not in page.text
    result = openpyxl.load_workbook(io.BytesIO(page.click(href="result").body)).active
    assert [str(row[-1])[:10] for row in result.iter_rows(min_row=2, values_only=True)] == [
        "已入库；没有运营商启",
        "已入库",
    ]


def test_the_list_names_who_has_a_number(site: Site) -> None:
    """The enterprise, not its short id."""
    row = site.browser("anna").get(BASE).html.find("a", href="/operator/tenants/alpha")
    assert row.text == "企业 alpha"


def test_finance_sees_numbers_but_nobodys_papers(site: Site) -> None:
    """Identity cards are for those who check them, and each look is noted."""
    browser = site.browser("fang")
    assert browser.get(f"{BASE}/4001003721").status_int == 200
    for place in ("register", "4001003721/pack", "4001003721/file"):
        assert browser.get(f"{BASE}/{place}", status="*").status_int == 403
    assert browser.get(f"{BASE}/import", status="*").status_int == 403


def test_chinese_pages(site: Site) -> None:
    """The trade's words."""
    browser = site.browser("anna", language="zh")
    assert "号码管理" in browser.get(BASE).text
    assert "变更记录" in browser.get(f"{BASE}/4001003721").text
    assert "导入号码" in browser.get(f"{BASE}/import").text


def test_an_export_is_whole_or_none(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too much for a page is said, never cut off in silence."""
    monkeypatch.setattr("webui.views.numbers_files.MOST_EXPORTED", 1)
    told = site.browser("anna").get(f"{BASE}/export", {"pattern": "4001*"}).follow()
    assert "narrow the filter" in told.text
    assert 'value="4001*"' in told.text
