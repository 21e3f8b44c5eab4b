"""Excel of calls: at once while they are few, in the background with its progress when they are many."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest

from storage.models import Root
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import Browser, Site, made_up
from webui.services import call_files

NUMBER = "4001003721"
BASE = "/t/alpha/calls"


@pytest.fixture
def many(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A box with nine calls of one tenant, and files of more than three made in the background."""
    monkeypatch.setattr("webui.services.calls.MOST_EXCEL", 3)
    monkeypatch.setattr("webui.services.call_files.AT_A_TIME", 2)
    now = site.clock()

    def add(root: Root) -> None:
        for n in range(8):
            record = made_up("alpha", NUMBER, now - 100 * n - 200, caller=f"1390000000{n}")
            root.records.add([msgspec.structs.replace(record, keys=str(n % 2))])

    site.change(add)
    return site


def rows(content: bytes) -> list[Any]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [row[2] for row in sheet.iter_rows(min_row=2, values_only=True)]


def fetched(site: Site, browser: Browser, address: str) -> bytes:
    """Ask for a file, wait for it as its page does, and fetch it."""
    page = browser.get(address).follow()
    site.services.call_files.settle()
    done = browser.get(page.request.url)
    assert "Refresh" not in done.headers
    return bytes(done.click(href="excel-file").body)


def test_many_calls_become_a_file_in_the_background(many: Site) -> None:
    """All of them, newest first; noted in the audit log."""
    found = rows(fetched(many, many.browser(NUMBER), f"{BASE}/excel"))
    assert found == ["13800138000", *(f"1390000000{n}" for n in range(8))]
    assert "calls-exported" in many.actions()


def test_few_calls_are_sent_at_once(many: Site) -> None:
    """No page comes between."""
    found = many.browser(NUMBER).get(f"{BASE}/excel", {"caller": "13900000005"})
    assert rows(found.body) == ["13900000005"]


def test_the_page_that_waits_asks_again(many: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells how far the file is; the file is not there before it is whole."""
    monkeypatch.setattr(many.services.call_files, "_write", lambda job: None)
    browser = many.browser(NUMBER)
    page = browser.get(f"{BASE}/excel").follow()
    assert page.headers["Refresh"] == "2"
    assert "written so far" in page.text
    file = page.request.url.replace("excel-job", "excel-file")
    assert browser.get(file, status="*").status_int == 404


def test_nobody_fetches_anothers_file(many: Site) -> None:
    """Not another tenant, not an operator who has its token; not after an hour either."""
    browser = many.browser(NUMBER)
    page = browser.get(f"{BASE}/excel").follow()
    token = page.request.GET["token"]
    many.services.call_files.settle()
    other = many.browser("4001003731")
    assert other.get(f"/t/beta/calls/excel-file?token={token}", status="*").status_int == 404
    anna = many.browser("anna")
    assert anna.get(f"/operator/calls/excel-file?token={token}", status="*").status_int == 404
    many.moved += 3700
    assert browser.get(f"{BASE}/excel-file?token={token}", status="*").status_int in (302, 303, 404)


def test_operators_fetch_what_their_filter_finds(many: Site) -> None:
    """Of all tenants or of one, by area and by keys."""
    browser = many.browser("anna")
    assert len(rows(fetched(many, browser, "/operator/calls/excel"))) == 10
    assert len(rows(fetched(many, browser, "/operator/calls/excel?tenant=alpha"))) == 9
    keyed = rows(fetched(many, browser, "/operator/calls/excel?pressed=1"))
    assert keyed == [f"1390000000{n}" for n in (1, 3, 5, 7)]
    assert rows(browser.get("/operator/calls/excel?place=%E5%B9%BF%E4%B8%9C").body) == []
    assert many.browser("fang").get("/operator/calls/excel", status="*").status_int in (403, 404)


def test_a_file_that_cannot_be_made_keeps_no_other_waiting(
    many: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever went wrong with it."""
    write, made = call_files.write_xlsx, []

    def fail_once(path: Path, found: Any) -> None:
        made.append(path)
        if len(made) == 1:
            raise ValueError("a row that nobody foresaw")
        write(path, found)

    monkeypatch.setattr(call_files, "write_xlsx", fail_once)
    browser = many.browser(NUMBER)
    browser.get(f"{BASE}/excel")
    assert len(rows(fetched(many, browser, f"{BASE}/excel"))) == 9


def test_a_tenant_looks_three_months_back(site: Site) -> None:
    """In lists, Excel and by his program; the operator finds older ones; a longer plan shows them."""
    old = made_up("alpha", NUMBER, site.clock() - 100 * 86400, caller="13900000009")
    site.change(lambda root: root.records.add([old]))
    tenant, program = site.browser(NUMBER), Programs(site).of("alpha")

    def seen() -> tuple[bool, bool, bool]:
        listed = "13900000009" in tenant.get(BASE, {"caller": "139", "first": "2020-01-01"}).text
        asked = program.ask("GET", "/tenants/alpha/calls?caller=139*").json["items"]
        return listed, bool(rows(tenant.get(f"{BASE}/excel", {"caller": "139"}).body)), bool(asked)

    assert seen() == (False, False, False)
    assert re.search(r"Calls since 20\d\d-\d\d-\d\d can be looked up here", tenant.get(BASE).text)
    assert "13900000009" in site.browser("anna").get("/operator/calls", {"caller": "139"}).text

    def extend(root: Root) -> None:
        config = root.tenants["alpha"].config
        config.value = msgspec.structs.replace(config.value, record_months=6)

    site.change(extend)
    assert seen() == (True, True, True)
