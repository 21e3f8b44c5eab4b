"""A new box is set up in a real browser, up to its first call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from domain.snapshot import OffsitePlan
from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.models import Root, Tenant, TenantConfig
from storage.models.web import Account, Credential, Role
from storage.offsite.work import back_up
from tests.product.box import Box, Place
from tests.unit.recorder.processes import process
from webui.services.passwords import hash_password

PASSWORD = "far and away 7"
SECRET = "a secret of some length"


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A new box that runs."""
    with Box(tmp_path_factory.mktemp("wizard") / "data", Place(), "tenants: {}\n").running() as box:
        yield box


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complains of; must be empty at the end."""
    return []


@pytest.fixture
def page(box: Box, complaints: list[str]) -> Iterator[Page]:
    """An empty browser in Chinese, as wide as a phone; it must complain of nothing."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(
            base_url=f"http://{box.place.box}:8400", locale="zh-CN", viewport={"width": 360, "height": 740}
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        yield page
        context.close()
        browser.close()
        assert complaints == []


def go_on(page: Page, step: str, **fields: str) -> None:
    """Fill in a step and send it."""
    page.wait_for_selector(f"form[action='/setup/{step}']")
    for name, value in fields.items():
        page.fill(f"#{name}", value)
    page.click(f"form[action='/setup/{step}'] button")


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The encrypted backup of a box that is no more: one tenant, its administrator."""
    place = tmp_path_factory.mktemp("old")
    old = DataDirectory(place / "data")
    with process("storage", old):
        database = open_main(old)

        def work(root: Root) -> None:
            root.tenants["laodian"] = Tenant(TenantConfig("laodian", "老店"))
            root.web.set_account(
                "operator:zhao", Account(Credential(hash_password(PASSWORD)), role=Role.ADMIN)
            )

        database.transact(work)
        database.close()
        assert back_up(old, OffsitePlan(str(place / "repository"), SECRET)).error == ""
    return place / "repository"


def test_a_new_box_takes_over_what_another_knew(
    box: Box, page: Page, repository: Path, complaints: list[str]
) -> None:
    """Code, wrong password, right password; the pages come back by themselves, with the old box's tenant."""
    code = box.cli("setup", "--code").strip()
    page.goto("/setup")
    go_on(page, "code", code=code)
    page.click("a[href='/setup?step=restore']")
    go_on(page, "restore", to=str(repository), password="not the password")
    page.wait_for_selector("text=备份加密密码不正确")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.fill("#password", SECRET)
    page.click("form[action='/setup/restore'] button.btn-primary")
    page.wait_for_selector("text=备份已取回")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("form[action='/setup/take'] button")
    page.wait_for_url("**/setup?step=clock")
    complaints.clear()  # while the box started anew, nobody answered
    page.wait_for_selector("text=请用原系统的账号登录")
    assert "password" in box.cli("tenant", "password", "laodian")
    assert page.query_selector(".setup-steps li:first-child .icon") is not None


def test_from_the_code_to_the_first_call(box: Box, page: Page) -> None:
    """Code, administrator, carrier, number; the page sees the call, and the administrator signs in."""
    place, password = box.place, PASSWORD
    code = box.cli("setup", "--code").strip()
    page.goto("/")
    page.wait_for_url("**/setup")
    go_on(page, "code", code=code)
    go_on(page, "administrator", name="wang", password=password, again=password)
    for step in ("network", "certificate", "trunk"):
        page.click(f"a.setup-skip[href='/setup?step={step}']")
    go_on(page, "trunk", sources=place.carrier, target=f"{place.gateway}:5080", trunk_number="01088886666")
    go_on(page, "tenant", name="某某公司", number="4001234567", bound="13900001111")
    assert page.inner_text("#first-password").isdigit()
    page.wait_for_selector("text=尚未收到来电")
    assert box.answered_by("4001234567", "--seconds", "2")["as_asked"]
    page.wait_for_selector("text=试拨成功")
    assert "13900001111" in page.inner_text("#setup-call")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("form[action='/setup/finish'] button")
    page.wait_for_url("**/login")
    page.fill("#login", "wang")
    page.fill("#password", password)
    page.click("button.btn-primary")
    page.wait_for_url("**/operator")
    assert box.try_cli("setup", "--code").returncode == 1
