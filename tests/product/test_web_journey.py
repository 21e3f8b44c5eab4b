"""The main journey in a real browser, with real calls underneath."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.product.box import Box
from tests.product.waiting import wait_until

NUMBER = "4001007001"
OLD, NEW = "13900001111", "13922223333"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return Debian's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, box: Box) -> Iterator[Page]:
    """Return an empty browser in English, as wide as a phone; it must complain of nothing."""
    context = chromium.new_context(
        base_url=f"http://{box.place.box}:8400", locale="en-US", viewport={"width": 360, "height": 740}
    )
    complaints: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    context.close()
    assert complaints == []


def sign_in(page: Page, login: str, first: str, password: str) -> None:
    """Sign in with a first password and change it."""
    page.goto("/login")
    page.fill("#login", login)
    page.fill("#password", first)
    page.click("button.btn-primary")
    page.wait_for_url("**/account/first-password")
    page.fill("#current", first)
    page.fill("#new", password)
    page.fill("#again", password)
    page.click("button.btn-primary")
    page.wait_for_selector(".frame")


def test_from_opening_a_tenant_to_hearing_his_call(quiet_box: Box, page: Page) -> None:
    """The operator opens a tenant; he changes who answers, and the next call rings there; he hears it."""
    password = quiet_box.cli("operator", "add", "boss", "--role", "admin").rsplit(maxsplit=1)[-1]
    sign_in(page, "boss", password, "operators know 7")
    page.goto("/operator/tenants/new")
    for field, value in {"name": "旅行社", "id": "travel", "number": NUMBER, "bound": OLD}.items():
        page.fill(f"#{field}", value)
    page.click("main button.btn-primary")
    first = page.inner_text("#first-password")
    page.click("header button[aria-label='Sign out']")

    sign_in(page, NUMBER, first, "far and away 7")
    page.goto(f"/t/travel/bound/{NUMBER}")
    page.fill("#number", NEW)
    page.click("text=Add >> nth=-1")
    page.wait_for_selector("text=in force from the next call on")
    page.locator(f"li[data-number='{NEW}'] button[aria-label='Move up']").click()
    page.wait_for_selector(f"li[data-number='{NEW}']:first-child")
    row = page.locator(f"li[data-number='{OLD}']")
    row.locator("button[role=switch]").click()
    page.wait_for_selector(f"li[data-number='{OLD}'].bound-off")

    report = quiet_box.answered_by(NUMBER, "--seconds", "3")
    assert report is not None
    record = quiet_box.record()
    assert (record["answered_by"], record["outcome"], record["tenant"]) == (NEW, "answered", "travel")
    quiet_box.recording(record["id"])

    page.goto("/t/travel/calls")
    page.click(f"a.number:has-text('{quiet_box.caller}')")
    sound = "document.querySelector('audio')"
    wait_until(lambda: page.evaluate(f"{sound}.readyState") >= 1, "the recording plays")
    assert page.evaluate(f"{sound}.duration") > 1
    assert NEW in page.inner_text("dl.facts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
