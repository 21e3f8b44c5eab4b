"""费用, 财务, 套餐资费: bills, approval by a second person, invoices, tariffs and the calculator."""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest

from domain.calendar import local
from domain.fees import Agreement, SpendStep
from domain.money import EntryKind
from domain.schedule_text import schedule_lines
from domain.tariff import Edition, Price, Tariff
from storage.models import Root, TariffDocument, TenantConfig
from storage.models.web import Role
from tests.unit.webui.site import Browser, Site, form_of


@pytest.fixture
def paid(site: Site) -> Site:
    """Return the pages; alpha recharged 100 yuan, has a tariff and an agreement."""
    site.add_operator("wang", Role.FINANCE)

    def work(root: Root) -> None:
        root.tariffs["standard"] = TariffDocument(
            Tariff("standard", (Edition((Price(first_li=100, step_li=100),)),))
        )
        agreed = Agreement("4001003721", "2026-01-01", minimum_li=3_000_000, steps=(SpendStep(7, 2_000_000),))
        config = TenantConfig("alpha", "企业 alpha", tariff="standard", credit_li=0, agreements=(agreed,))
        root.tenants["alpha"].config.value = config
        account = root.money.account("alpha")
        account.post(
            int(site.clock() * 1000), "recharge:1", EntryKind.RECHARGE, 100_000, note="<b>receipt</b>"
        )
        account.charge_calls(f"{local(site.clock()):%Y%m%d}", 1, 700, 0)

    site.change(work)
    return site


def book(root: Root) -> int:
    """Do the ledger's work and return alpha's balance."""
    root.money.apply_requests()
    return int(root.money.account("alpha").balance_li)


def fill(browser: Browser, page: str, action: str, **fields: str) -> Any:
    """Fill in a form and send it."""
    form = form_of(browser.get(page), action)
    for name, value in fields.items():
        form[name] = value
    return form.submit(status="*")


def test_a_price_holds_in_its_time_band(paid: Site) -> None:
    """Typed in either language; the calculator goes by it; one that is not understood is told beside it."""
    browser, page = paid.browser("fang", language="zh"), "/operator/tariffs"
    typed = {
        "name": "standard", "valid_from": "2020-01-01", "hours_0": "工作日 09:00-18:00；周末 10:00-12:00",
        "step_0": "0.3", "step_1": "0.1",
    }  # fmt: skip
    refused = fill(browser, page, page, **{**typed, "hours_0": "工作日 9点到18点"})
    assert refused.status_int == 422
    assert "is-invalid" in refused.html.find("input", {"name": "hours_0"})["class"]
    assert refused.html.find("input", {"name": "hours_0"})["value"] == "工作日 9点到18点"
    assert "9点到18点" in refused.html.select_one("td .invalid-feedback").text
    assert fill(browser, page, page, **typed).status_int == 303
    price = paid.read(lambda root: root.tariffs["standard"].value.editions[-1].prices[0])
    assert schedule_lines(price.hours) == ["workdays 09:00-18:00", "weekends 10:00-12:00"]
    assert "工作日 09:00-18:00; 周末 10:00-12:00" in browser.get(page).text
    costs = {"2026-11-18T17:59": "¥0.30", "2026-11-18T18:00": "¥0.10", "2026-11-21T11:00": "¥0.30"}
    for at, cost in costs.items():
        told = browser.get(f"{page}?tariff=standard&seconds=60&at={at}")
        assert cost in told.html.find(id="calculator").text
    again = {"name": "standard", "valid_from": "2027-01-01", "step_0": "0.2"}
    assert fill(browser, page, page, **again).status_int == 303
    kept = paid.read(lambda root: root.tariffs["standard"].value.editions)
    assert kept[-2].prices[0] == price


def test_a_tenant_sees_his_bill_and_takes_it_as_excel(paid: Site) -> None:
    """Balance, this month's bill, what was agreed; the download is noted."""
    browser, month = paid.browser("4001003721"), f"{local(paid.clock()):%Y%m}"
    page = browser.get("/t/alpha/billing")
    for text in ("¥99.30", "100.00", "0.70", "from month 7: 2000.00", "&lt;b&gt;receipt"):
        assert text in page, text
    bill = browser.get(f"/t/alpha/billing/{month}")
    assert "Not closed yet" in bill
    assert f"{month}-alpha" in bill
    book_ = openpyxl.load_workbook(io.BytesIO(browser.get(f"/t/alpha/billing/{month}/excel").body))
    assert {row[0].value: row[2].value for row in book_["账单"].iter_rows()}["期末余额"] == 99.3
    assert paid.actions()[0] == "bill-exported"
    for wrong in ("202613", "2026", "x"):
        assert browser.get(f"/t/alpha/billing/{wrong}", status="*").status_int == 404


def test_an_invoice_from_the_wish_to_its_number(paid: Site) -> None:
    """No more than was paid; the number is the tax office's."""
    tenant, finance = paid.browser("4001003721"), paid.browser("fang")
    page, action = "/t/alpha/billing", "/t/alpha/billing/invoice"
    assert "At most ¥100.00" in fill(tenant, page, action, title="甲公司", amount="100.01")
    assert "15 to 20 digits" in fill(tenant, page, action, title="甲", amount="5", kind="special")
    assert fill(tenant, page, action, title="甲公司", amount="60").status_int == 303
    desk = finance.get("/operator/finance")
    form = next(form for form in desk.forms.values() if form.fields.get("number"))
    form["number"] = "12"
    assert "8 to 20 digits" in form.submit().follow()
    form["number"] = "25442000000012345678"
    form.submit()
    shown = tenant.get(page)
    assert "25442000000012345678" in shown
    assert "¥40.00 can be invoiced" in shown
    assert form.submit().follow(status="*").status_int == 200
    done = finance.get("/operator/finance")
    void = next(
        form
        for form in done.forms.values()
        if form.fields.get("remark") and form["decision"].value == "refuse"
    )
    assert void.submit().follow().text.count("25442000000012345678") == 1
    void["remark"] = "抬头有误"
    void.submit()
    assert "抬头有误" in tenant.get(page)
    assert "¥100.00 can be invoiced" in tenant.get(page)


def test_an_adjustment_needs_a_second_person(paid: Site) -> None:
    """Who asked cannot approve, not even by a form of his own making."""
    asker, second = paid.browser("fang"), paid.browser("wang")
    wrong = fill(asker, "/operator/finance", "/operator/finance/propose", amount="x", reason="r")
    assert wrong.status_int == 422
    fill(
        asker, "/operator/finance", "/operator/finance/propose",
        tenant="alpha", kind="adjustment", amount="-5", reason="line was down",
    )  # fmt: skip
    decide = "/operator/finance/decide"
    own = form_of(asker.get("/operator/finance"), decide)
    assert "a second person must" in own.submit().follow()
    assert paid.change(book) == 99_300
    form = form_of(second.get("/operator/finance"), decide)
    form.submit()
    assert "decided it already" in form.submit().follow()
    assert paid.change(book) == 94_300
    assert paid.actions()[:2] == ["money-approved", "money-asked"]
    entry = paid.read(lambda root: next(root.money.account("alpha").listed()))
    assert entry.who == "operator:fang / operator:wang"
    assert "line was down" in second.get("/operator/finance/alpha")


def test_a_tariff_gets_an_edition_and_is_calculated(paid: Site) -> None:
    """Local 0.22 for 3 minutes, then 0.11; a contradiction is refused and nothing typed is lost."""
    browser = paid.browser("fang")
    typed = {
        "name": "standard", "valid_from": "2020-01-01", "monthly": "30", "included_minutes": "0",
        "call_0": "local", "first_seconds_0": "180", "first_0": "0.22", "step_seconds_0": "60",
        "step_0": "0.11", "step_1": "0.3",
    }  # fmt: skip
    page = "/operator/tariffs"
    refused = fill(browser, page, page, **{**typed, "call_0": "", "step_1": "0.3"})
    assert (refused.status_int, "never reached" in refused.text) == (422, True)
    assert 'value="0.22"' in refused
    assert fill(browser, page, page, **{**typed, "step_0": "-1"}).status_int == 422
    assert fill(browser, page, page, **typed).status_int == 303
    assert paid.actions()[0] == "tariff-edition"
    told = browser.get(f"{page}?tariff=standard&call=local&seconds=301")
    assert "¥0.55" in told
    assert "3 × 60 s" in told
    for query, status in (
        ("tariff=none", 422),
        ("tariff=standard&seconds=x", 422),
        ("tariff=standard&at=x", 422),
    ):
        assert browser.get(f"{page}?{query}", status="*").status_int == status
    assert "¥0.10" in browser.get(f"{page}?tariff=standard&at=2019-01-01T10:00&seconds=9")


def test_support_sees_no_money(paid: Site) -> None:
    """Neither desk nor tariffs."""
    browser = paid.browser("sun")
    for page in ("/operator/finance", "/operator/finance/alpha", "/operator/tariffs"):
        assert browser.get(page, status="*").status_int == 403
    assert "/operator/finance" not in browser.get("/operator")


def test_home_and_bills_say_the_same_of_what_is_left(paid: Site) -> None:
    """Ninety-nine yuan that nothing uses last more than a year, on either page; no limit, no end."""
    browser = paid.browser("4001003721")
    for path in ("/t/alpha", "/t/alpha/billing"):
        assert "More than a year" in browser.get(path), path

    def unlimited(root: Root) -> None:
        root.tenants["alpha"].config.value = TenantConfig("alpha", "企业 alpha", tariff="standard")

    paid.change(unlimited)
    for path in ("/t/alpha", "/t/alpha/billing"):
        assert "More than a year" not in browser.get(path), path
