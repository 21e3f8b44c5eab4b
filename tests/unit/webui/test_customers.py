"""Customers at desks and on tenants' pages: known, changed, merged, imported, masked."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from webtest import Upload

from domain.customers.customer import Customer
from domain.customers.desk import DeskSettings
from domain.customers.timeline import Entry, EntryKind, number_stream
from storage.export.workbook import workbook
from storage.records.call_id import BEIJING
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of, made_up
from tests.unit.webui.test_desk import NUMBERS, had, settings

DESK = "/desk/customers"
TENANT = "/t/alpha/customers"


def token_of(browser: Browser, page: str = DESK) -> dict[str, str]:
    """Return the field that every form has."""
    return {"csrf_token": browser.token(page)}


def add(browser: Browser, base: str = DESK, status: int = 303, **fields: str) -> Any:
    """Fill in the form of a new customer."""
    form = form_of(browser.get(f"{base}/new"), f"{base}/new")
    for name, value in fields.items():
        form[name] = value
    return form.submit(status=status)


def known(site: Site, tenant: str = "alpha") -> dict[str, Customer]:
    """Return name -> customer, those of the site aside."""
    held = site.read(lambda root: [each for _, each in root.customers.find(tenant).newest_first()])
    return {each.name: each for each in held if not each.name.startswith("客户 ")}


def test_a_caller_becomes_a_customer_and_is_known_the_next_time(site: Site) -> None:
    """With the tenant's own fields; another one cannot have his number unless that is meant."""
    browser = site.agent("alpha", "8001")
    call = had(site, "alpha", "8001")
    form = form_of(browser.get(f"{DESK}/new?call={call}"), f"{DESK}/new")
    assert form["numbers"].value == "13800138000"
    form["name"], form["field-0"], form["company"] = "王小姐", "采购", "四海"
    assert form.submit().status_int == 303
    shown = browser.get(f"/desk/pop?call={call}").text
    for each in ("王小姐", "四海", "采购"):
        assert each in shown
    refused = add(browser, status=422, name="别人", numbers="+86138-0013-8000")
    assert "is on the card of 王小姐" in refused.text
    form = form_of(refused, f"{DESK}/new")
    assert form["name"].value == "别人"
    form["shared"] = True
    form.submit(status=303)
    assert "not a telephone number" in add(browser, status=422, name="x", numbers="12x").text


def test_a_call_that_is_not_his_gives_no_number(site: Site) -> None:
    """Neither another agent's nor another tenant's; a tenant's page knows no desk."""
    browser = site.agent("alpha", "8001")
    for call in (had(site, "beta", "8001"), had(site, "alpha", "8002"), "x"):
        assert browser.get(f"{DESK}/new?call={call}", status="*").status_int == 404
    tenant = site.browser(NUMBERS["alpha"])
    assert tenant.get(f"{TENANT}/new?call={site.calls['alpha']}", status="*").status_int == 404


def test_customers_are_a_tenants_own(site: Site) -> None:
    """Another tenant's is not there, neither to read nor to change nor to merge."""
    other = site.agent("beta", "8001", supervisor=True)
    add(other, name="秘密", numbers="13900000000")
    secret = known(site, "beta")["秘密"]
    browser = site.agent("alpha", "8001", supervisor=True)
    add(browser, name="自己")
    own = known(site)["自己"].id
    assert "秘密" not in browser.get(DESK).text + browser.get(f"{DESK}?search=13900000000").text
    for path in ("", "/edit", "/timeline", "/recording?call=x"):
        assert browser.get(f"{DESK}/{secret.id}{path}", status="*").status_int == 404, path
    assert browser.get(f"{DESK}/{own}/merge?other={secret.id}", status="*").status_int == 404
    fields = {**token_of(browser), "other": secret.id, "text": "x"}
    for path in (f"{secret.id}/edit", f"{secret.id}/remove", f"{secret.id}/note", f"{own}/merge"):
        assert browser.post(f"{DESK}/{path}", fields, status="*").status_int == 404, path
    assert known(site, "beta")["秘密"] == secret


def test_the_timeline_is_read_page_by_page(site: Site) -> None:
    """Thirty entries, then the next; hostile text is text; what agents write stands on top."""
    browser = site.agent("alpha", "8001")
    add(browser, name="王小姐", numbers="13800138000")
    name = known(site)["王小姐"].id

    def fill(root: Any) -> None:
        timeline = root.timelines.of("alpha")
        for nth in range(70):
            entry = Entry(1000.0 + nth, EntryKind.SMS, f"s{nth}", "in", text=f"短信 {nth} {HOSTILE}")
            timeline.put([number_stream("13800138000")], entry)

    site.change(fill)
    page = browser.get(f"{DESK}/{name}")
    assert HOSTILE not in page.text
    assert "短信 69" in page.text
    assert "短信 40 " not in page.text
    more = page.html.select_one(".timeline-more button")["hx-get"]
    second = browser.get(more)
    assert "短信 40 " in second.text
    assert "<html" not in second.text
    form_of(page, f"{DESK}/{name}/note")["text"] = "要发票"
    page.forms[next(key for key, form in page.forms.items() if form.action.endswith("/note"))].submit(
        status=303
    )
    assert "要发票" in browser.get(f"{DESK}/{name}?kind=note").text
    assert "短信" not in browser.get(f"{DESK}/{name}?kind=note").html.find(id="timeline").text
    empty = {**token_of(browser), "text": " "}
    assert "the note is empty" in browser.post(f"{DESK}/{name}/note", empty, status=422).text


@pytest.mark.parametrize("supervisor", [False, True])
def test_numbers_and_addresses_are_masked_by_role(site: Site, supervisor: bool) -> None:
    """In list, page, timeline and export; kept when the card is changed."""
    browser = site.agent("alpha", "8001", supervisor=supervisor)
    add(browser, name="王小姐", numbers="13800138000", mails="wang@sihai.cn")
    name = known(site)["王小姐"].id
    record = made_up("alpha", NUMBERS["alpha"], site.clock() - 50)
    site.change(lambda root: root.timelines.of("alpha").put(
        [number_stream("13800138000")],
        Entry(5.0, EntryKind.CALL, record.id, "in", peer="13800138000", state="answered"),
    ))  # fmt: skip
    settings(site, DeskSettings(masked=("wall" if supervisor else "agent",)))
    pages = [
        browser.get(f"{DESK}{path}").text for path in ("", f"/{name}", f"/{name}/edit", f"/{name}/timeline")
    ]
    for page in pages:
        assert "13800138000" not in page
        assert "wang@sihai.cn" not in page
    assert "138****8000" in pages[1]
    assert "w***@sihai.cn" in pages[1]
    form = form_of(browser.get(f"{DESK}/{name}/edit"), f"{DESK}/{name}/edit")
    form["name"] = "王女士"
    form.submit(status=303)
    assert known(site)["王女士"].numbers == ("13800138000",)
    tenant = site.browser(NUMBERS["alpha"])
    assert "13800138000" in tenant.get(f"{TENANT}/{name}").text
    if supervisor:
        rows = openpyxl.load_workbook(io.BytesIO(browser.get(f"{DESK}/excel").body)).active
        assert "138****8000" in [cell.value for row in rows.iter_rows() for cell in row]


def test_a_masked_agent_keeps_a_caller_whose_number_he_cannot_see(site: Site) -> None:
    """The number comes from the call, not from the page."""
    browser = site.agent("alpha", "8001")
    settings(site, DeskSettings(masked=("agent",)))
    call = had(site, "alpha", "8001", caller="13311112222")
    page = browser.get(f"{DESK}/new?call={call}")
    assert "13311112222" not in page.text
    form = form_of(page, f"{DESK}/new")
    form["name"] = "李先生"
    form.submit(status=303)
    assert known(site)["李先生"].numbers == ("13311112222",)


def test_who_is_to_be_contacted_stands_at_the_desk(site: Site) -> None:
    """His own and nobody's; a supervisor's list has everybody's; done, it is gone."""
    browser = site.agent("alpha", "8001")
    add(browser, name="自己的", owner="8001")
    add(browser, name="别人的", owner="8002")
    names = {name: customer.id for name, customer in known(site).items()}
    soon = datetime.fromtimestamp(site.clock() + 600, BEIJING).strftime("%Y-%m-%dT%H:%M")
    for name in names.values():
        fields = {**token_of(browser), "follow_up": soon, "follow_note": "报价"}
        browser.post(f"{DESK}/{name}/follow-up", fields, status=303)
    assert "自己的" not in browser.get("/desk/due").text
    site.moved += 700
    assert "自己的" in browser.get("/desk/due").text
    assert "别人的" not in browser.get("/desk/due").text
    assert "别人的" in site.agent("alpha", "8002", supervisor=True).get("/desk/due").text
    assert "别人的" in site.browser(NUMBERS["alpha"]).get(TENANT).html.find(id="due").text
    browser.post(f"{DESK}/{names['自己的']}/follow-up", {**token_of(browser), "done": "1"}, status=303)
    assert "自己的" not in browser.get("/desk/due").text
    for wrong in ("", "soon", "1999-01-01T09:00", "2999-01-01T09:00"):
        fields = {**token_of(browser), "follow_up": wrong}
        page = browser.post(f"{DESK}/{names['自己的']}/follow-up", fields, status=422)
        assert page.html.find(id="follow-up").find(class_="invalid-feedback"), wrong


def test_duplicates_are_compared_and_merged_by_who_leads(site: Site) -> None:
    """The page shows what comes of it; an agent may not; told apart, they are suggested no more."""
    tenant = site.browser(NUMBERS["alpha"])
    add(tenant, TENANT, name="王小姐", numbers="13800138000")
    add(tenant, TENANT, name="王女士", numbers="13900001111", note="爱喝茶")
    one, other = known(site)["王小姐"].id, known(site)["王女士"].id
    assert "王女士" in tenant.get(f"{TENANT}/duplicates").text
    assert "王女士" in tenant.get(f"{TENANT}/{one}").html.find(id="alike").text
    page = tenant.get(f"{TENANT}/{one}/merge?other={other}")
    assert "13800138000 13900001111" in page.text
    agent = site.agent("alpha", "8001")
    fields = {**token_of(agent), "other": other}
    assert agent.post(f"{DESK}/{one}/merge", fields, status="*").status_int == 403
    fields = {**token_of(tenant, TENANT), "other": other, "back": "1"}
    tenant.post(f"{TENANT}/{one}/apart", fields, status=303)
    assert "王女士" not in tenant.get(f"{TENANT}/duplicates").text
    tenant.post(f"{TENANT}/{one}/merge", fields, status=303)
    (left,) = known(site).values()
    assert (left.id, left.numbers) == (one, ("13800138000", "13900001111"))
    assert "爱喝茶" in left.note
    assert tenant.get(f"{TENANT}/{other}", status="*").status_int == 404
    tenant.post(f"{TENANT}/{one}/remove", fields, status=303)
    assert known(site) == {}


def sheet(path: Path, *rows: tuple[str, ...]) -> bytes:
    """Return an Excel file."""
    with workbook(path) as book:
        page = book.add_worksheet()
        for place, row in enumerate(rows):
            page.write_row(place, 0, row)
    return path.read_bytes()


def uploaded(browser: Browser, content: bytes, base: str = DESK, status: int = 200) -> Any:
    """Show what a file would change."""
    form = form_of(browser.get(f"{base}/import"), f"{base}/import")
    form["file"] = Upload("客户.xlsx", content)
    return form.submit(status=status)


HEAD = ("姓名", "类型", "公司", "电话号码", "邮箱", "标签", "负责人", "回访日期", "备注")


def test_an_import_is_shown_before_it_is_done(site: Site, tmp_path: Path) -> None:
    """What is new, what changes from what to what, what is refused; kept when it is confirmed."""
    browser = site.agent("alpha", "8001", supervisor=True)
    first = sheet(
        tmp_path / "a.xlsx", HEAD,
        ("王小姐", "个人", "四海", "13800138000 010-88886666", "w@sihai.cn", "重点", "8001", "2026-12-31"),
        ("李", "", "", "abc", "", "", "", "", ""),
        ("赵", "", "", "13911112222", "", "", "9999", "", ""),
        ("钱", "", "", "13911113333", "", "", "", "下周", ""),
    )  # fmt: skip
    page = uploaded(browser, first)
    assert "1 added, 0 changed, 0 unchanged, 3 refused" in page.html.find(id="imported").text
    assert known(site) == {}
    preview = page.html.find(id="preview").text
    for words in ("not a telephone number: abc", "there is no agent 9999", "not a day: 下周"):
        assert words in preview
    done = form_of(page, f"{DESK}/import-take").submit()
    assert "1 added" in done.html.find(id="imported").text
    wang = known(site)["王小姐"]
    moment = datetime.fromtimestamp(wang.follow_up, BEIJING)
    assert (wang.owner, wang.tags, moment.isoformat()) == ("8001", ("重点",), "2026-12-31T09:00:00+08:00")
    again = sheet(
        tmp_path / "b.xlsx", HEAD,
        ("王女士", "", "五洲", "01088886666", "", "老客户", "", "", "=1+1"),
        ("王女士", "", "五洲", "13800138000", "", "", "", "", ""),
    )  # fmt: skip
    page = uploaded(browser, again)
    assert "0 added, 1 changed, 1 unchanged, 0 refused" in page.html.find(id="imported").text
    assert "王小姐" in page.html.find(id="preview").find("del").text
    form_of(page, f"{DESK}/import-take").submit()
    changed = known(site)["王女士"]
    assert (changed.numbers, changed.tags, changed.note) == (
        ("13800138000", "01088886666"), ("重点", "老客户"), "=1+1",
    )  # fmt: skip
    rows = openpyxl.load_workbook(io.BytesIO(browser.get(f"{DESK}/excel").body)).active
    exported = next(row for row in ([cell.value for cell in each] for each in rows) if row[0] == "王女士")
    assert "13800138000 01088886666" in exported
    assert {"customers-imported", "customers-exported"} <= set(site.actions())
    whole = uploaded(browser, browser.get(f"{DESK}/excel").body).html.find(id="imported").text
    assert "0 added, 0 changed" in whole
    assert site.browser(NUMBERS["alpha"]).get(f"{TENANT}/template").content_type.endswith("sheet")


@pytest.mark.parametrize("content", [b"MZ\x90\x00 an exe", b"", b"PK\x03\x04 no zip"])
def test_what_is_no_excel_file_is_refused_in_words(site: Site, content: bytes) -> None:
    """Whatever its name says."""
    browser = site.agent("alpha", "8001", supervisor=True)
    assert "no .xlsx file" in uploaded(browser, content, status=422).text


def test_a_file_that_was_shown_to_another_is_not_taken(site: Site, tmp_path: Path) -> None:
    """The token is his who uploaded it."""
    browser = site.agent("alpha", "8001", supervisor=True)
    page = uploaded(browser, sheet(tmp_path / "a.xlsx", ("姓名", "电话号码"), ("王", "13800138000")))
    token = form_of(page, f"{DESK}/import-take")["token"].value
    other = site.agent("alpha", "8002", supervisor=True)
    answer = other.post(f"{DESK}/import-take", {**token_of(other), "token": token}, status=422)
    assert "choose it again" in answer.text
    assert known(site) == {}


def test_an_excel_file_without_the_columns_says_which(site: Site, tmp_path: Path) -> None:
    """They are named."""
    browser = site.agent("alpha", "8001", supervisor=True)
    page = uploaded(browser, sheet(tmp_path / "a.xlsx", ("name", "phone")), status=422)
    assert "电话号码" in page.html.find(class_="alert-danger").text


def test_recordings_of_his_calls_are_heard_by_who_leads_alone(site: Site) -> None:
    """Only those of the customer, only where there is one."""
    supervisor = site.agent("alpha", "8001", supervisor=True)
    add(supervisor, name="王小姐", numbers="13800138000")
    name = known(site)["王小姐"].id
    record = made_up("alpha", NUMBERS["alpha"], site.clock() - 50, recorded=True)

    site.change(lambda root: root.records.add([record]))
    assert f"recording?call={record.id}" in supervisor.get(f"{DESK}/{name}").text
    for call in (record.id, site.calls["alpha"], site.calls["beta"], "x"):
        assert supervisor.get(f"{DESK}/{name}/recording?call={call}", status="*").status_int == 404
    agent = site.agent("alpha", "8002")
    assert "recording?call=" not in agent.get(f"{DESK}/{name}").text
    assert agent.get(f"{DESK}/{name}/recording?call={record.id}", status="*").status_int == 403


def test_only_numbers_that_a_call_was_with_are_rung_from_a_card(site: Site) -> None:
    """By the call, never by a number that somebody wrote on the card; the tenant has no phone there."""
    browser = site.agent("alpha", "8001")
    record = made_up("alpha", NUMBERS["alpha"], site.clock() - 30)
    site.change(lambda root: root.records.add([record]))
    call = record.id
    add(browser, name="王小姐", numbers="13800138000 13811112222")
    card = f"{DESK}/{known(site)['王小姐'].id}"
    shown = browser.get(card)
    assert [each["value"] for each in shown.html.select("button[name=call]")] == [call]
    for wrong in (site.calls["beta"], had(site, "beta", "8001"), "13811112222", ""):
        assert (
            browser.post(f"{card}/call", {**token_of(browser), "call": wrong}, status="*").status_int == 404
        )
    told = browser.post(f"{card}/call", {**token_of(browser), "call": call}).follow()
    assert "The SIP process does not answer." in told.text
    assert site.actions()[0] == "customer-called"
    tenant = site.browser(NUMBERS["alpha"]).get(card.replace(DESK, TENANT))
    assert tenant.html.select("button[name=call]") == []
