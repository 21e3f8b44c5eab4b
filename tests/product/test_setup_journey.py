"""A new box is set up in a real browser, up to its first call."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.product.box import Box, Place


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A new box that runs."""
    with Box(tmp_path_factory.mktemp("wizard") / "data", Place(), "tenants: {}\n").running() as box:
        yield box


@pytest.fixture
def page(box: Box) -> Iterator[Page]:
    """An empty browser in Chinese, as wide as a phone; it must complain of nothing."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = browser.new_context(
            base_url=f"http://{box.place.box}:8400", locale="zh-CN", viewport={"width": 360, "height": 740}
        )
        context.set_default_timeout(60_000)
        complaints: list[str] = []
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


def test_from_the_code_to_the_first_call(box: Box, page: Page) -> None:
    """Code, administrator, carrier, number; the page sees the call, and the administrator signs in."""
    place, password = box.place, "far and away 7"
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
