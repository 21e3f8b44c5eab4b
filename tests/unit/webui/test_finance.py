"""费用, 财务, 套餐资费: bills, approval by a second person, invoices, tariffs and the calculator."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import openpyxl
import pytest

from domain.days.calendar import local
from domain.days.schedule_text import schedule_lines
from domain.money.amounts import EntryKind
from domain.money.fees import Agreement, SpendStep
from domain.money.tariff import Edition, Price, Tariff
from storage.models import Root, TariffDocument, TenantConfig
from storage.models.web import Role
from storage.records.record import ChargeRecord
from tests.unit.webui.site import Browser, Site, form_of, made_up


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
    refused = fill(browser, page, page, **{**typed, "hours_0": "工作日 早上到晚上"})
    assert refused.status_int == 422
    assert "is-invalid" in refused.html.find("input", {"name": "hours_0"})["class"]
    assert refused.html.find("input", {"name": "hours_0"})["value"] == "工作日 早上到晚上"
    assert "早上到晚上" in refused.html.select_one("td .invalid-feedback").text
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


def test_a_bill_counts_calls_as_people_do(paid: Site) -> None:
    """A day's three calls are one entry, but three calls on the bill, in the browser and in Excel."""

    def call(root: Root) -> None:
        begins = paid.clock() - 30
        root.records.add([made_up("alpha", "4001003721", begins + n) for n in range(2)])

    paid.change(call)
    browser, month = paid.browser("4001003721", language="zh"), f"{local(paid.clock() - 30):%Y%m}"
    bill = browser.get(f"/t/alpha/billing/{month}")
    assert "通话费 × 3" in " ".join(bill.html.text.split())
    assert "呼叫次数" in bill
    assert "通话清单" not in bill.html.find("main").text
    sheet = openpyxl.load_workbook(io.BytesIO(browser.get(f"/t/alpha/billing/{month}/excel").body))["账单"]
    assert {row[0].value: row[1].value for row in sheet.iter_rows()}["通话费"] == 3


def test_a_tenant_sees_what_today_cost_and_by_which_prices(paid: Site) -> None:
    """Today's fees and the month's beside the balance, the prices in words, receipts in the entries."""
    paid.change(
        lambda root: root.money.account("alpha").post(
            int(paid.clock() * 1000), "recharge:SJ-7", EntryKind.RECHARGE, 5_000, note="转账"
        )
    )
    page = paid.browser("4001003721", language="zh").get("/t/alpha/billing")
    shown = " ".join(page.html.find("main").get_text(" ").split())
    assert "今日话费" in shown
    assert "本月消费 ¥0.70" in shown
    assert "每 60 秒 0.10 元" in shown
    assert "收据号 SJ-7，转账" in shown


def test_a_call_says_why_it_cost_what_it_did(paid: Site) -> None:
    """What was charged, from when on, by which price; seconds that began count, as in the fee."""

    def call(root: Root) -> str:
        record = msgspec.structs.replace(
            made_up("alpha", "4001003721", paid.clock() - 100),
            access_ms=75_300, talk_ms=60_400, end_ms=75_300,
            charge=ChargeRecord(200, 76, "local", "standard", "", 0),
        )  # fmt: skip
        root.records.add([record])
        return record.id

    made = paid.change(call)
    for who, path in (("4001003721", "/t/alpha/calls"), ("anna", "/operator/calls")):
        browser = paid.browser(who, language="zh")
        shown = " ".join(browser.get(f"{path}/{made}").html.find(class_="facts").get_text(" ").split())
        why = "standard · 市话 计费 76 秒（计费起点：平台应答时） 每 60 秒 0.10 元"
        assert f"通话时长 1:01 接入时长 1:16 费用（元） ¥0.20 {why}" in shown
        rows = [
            " ".join(row.get_text(" ").split()) for row in browser.get(path).html.select(".calls tbody tr")
        ]
        assert [row for row in rows if row.endswith("1:01 接入 1:16 0.20")]


def test_the_desk_names_companies(paid: Site) -> None:
    """Not the short names of programs: on the account, and where something waits for approval."""
    fang = paid.browser("fang", language="zh")
    fill(fang, "/operator/finance", "/operator/finance/propose", tenant="alpha", amount="-1", reason="多收")
    cells = [row.find("td").text for row in fang.get("/operator/finance").html.select("tbody tr")]
    assert "企业 alpha" in cells
    assert "alpha" not in cells
    assert fang.get("/operator/finance/alpha").html.find("h1").text == "企业 alpha"
    assert fang.get("/operator/tenants/alpha").html.find("a", href="/operator/finance/alpha")


def test_all_bills_of_a_month_go_out_as_one_file(paid: Site) -> None:
    """A line for each tenant, what began, came, went and is left, and their sums; noted in the audit log."""
    fang, month = paid.browser("fang", language="zh"), f"{local(paid.clock()):%Y-%m}"
    page = fang.get("/operator/finance")
    assert page.html.find("input", {"name": "month"})["value"] == month
    sent = form_of(page, "/operator/finance/month-excel").submit()
    sheet = openpyxl.load_workbook(io.BytesIO(sent.body)).active
    assert sheet is not None
    head, *rows = (list(row) for row in sheet.iter_rows(values_only=True))
    told = {row[0]: dict(zip(head, row, strict=True)) for row in rows}
    assert list(told) == ["alpha", "beta", "合计"]
    assert (told["alpha"]["客户"], told["alpha"]["状态"]) == ("企业 alpha", "未出账")
    for name in ("alpha", "合计"):
        assert [told[name][each] for each in ("期初余额", "充值", "通话费", "期末余额")] == [
            0,
            100,
            -0.7,
            99.3,
        ]
    assert paid.actions()[0] == "bill-exported"
    wrong = fang.get("/operator/finance/month-excel?month=2026-13").follow()
    assert "请选择月份" in wrong


def test_a_refused_recharge_keeps_what_was_typed(paid: Site) -> None:
    """An amount with four decimals is told beside it; receipt and note need not be typed again."""
    fang, page = paid.browser("fang", language="zh"), "/operator/tenants/alpha"
    typed = {"amount": "1.2345", "receipt": "SJ-9", "note": "对公转账"}
    refused = fill(fang, page, f"{page}/recharge", **typed)
    assert refused.status_int == 422
    assert "最多三位小数" in refused
    for name, text in typed.items():
        assert refused.html.find("input", {"name": name})["value"] == text
    assert fill(fang, page, f"{page}/recharge", **{**typed, "amount": "１,000.50"}).status_int == 303
    assert paid.change(book) == 99_300 + 1_000_500


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
    """Ninety-nine yuan that nothing uses last more than a year, on either page; no limit, no end.

    With a minimum of 2,000 yuan a month they do not.
    """
    browser = paid.browser("4001003721")

    def agreed(config: TenantConfig) -> None:
        paid.change(lambda root: setattr(root.tenants["alpha"].config, "value", config))

    def told(words: str) -> list[bool]:
        return [words in browser.get(path) for path in ("/t/alpha", "/t/alpha/billing")]

    assert told("Lasts more than a year") == [False, False]
    assert told(" days left") == [True, True]
    agreed(TenantConfig("alpha", "企业 alpha", tariff="standard", credit_li=0))
    assert told("Lasts more than a year") == [True, True]
    agreed(TenantConfig("alpha", "企业 alpha", tariff="standard"))
    assert told("Lasts more than a year") == told(" days left") == [False, False]
