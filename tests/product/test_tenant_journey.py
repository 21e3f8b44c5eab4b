"""A tenant sets his 400 number up by himself in a real browser, with real calls underneath."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.product.box import Box
from tests.product.browsing import Windows, operator_first, sign_in, tenant_first
from tests.product.waiting import wait_until

NUMBER = "4001007002"
PHONE, OTHER = "13900001111", "13922223333"
SETUP = f"""
tenants:
  studio:
    name: 摄影工作室
    numbers:
      "{NUMBER}": {{bound: ["{PHONE}", "{OTHER}"]}}
"""


def test_a_tenant_sets_his_number_up(quiet_box: Box, opened: Windows) -> None:
    """Hours, order, a recorded greeting that the operator approves, a drawn menu, routing; then calls."""
    box, page, operator = quiet_box, opened.open(), opened.open()
    file = box.data.parent / "studio.yaml"
    file.write_text(SETUP, encoding="utf-8")
    box.cli("apply", str(file))
    sign_in(page, NUMBER, tenant_first(box, "studio"))

    _drag_and_hours(page)
    _record_greeting(page)
    sign_in(operator, "chief", operator_first(box, "chief"))
    operator.goto("/operator/prompts")
    operator.click("button[value=approve]")
    operator.wait_for_selector("text=in force from the next call on")
    _draw_menu(page)
    _route_to_the_menu(page)

    report = box.call(NUMBER, "--keys", "w3,1", "--answer", "--seconds", "8")
    assert report is not None
    record = box.record()
    assert (record["answered_by"], record["outcome"]) == (OTHER, "answered")

    page.goto(f"/t/studio/calls/{record['id']}")
    page.click("a[href*='/flows/main?call=']")
    page.wait_for_selector(".flow-box text:has-text('phones')")
    passed = page.locator(".flow-box rect[fill='#e6f0fa']")
    wait_until(lambda: passed.count() == 2, "the way is drawn over menu and phones")

    _miss_a_call_and_close_it(box, page)
    page.goto("/t/studio/reports")
    page.wait_for_selector(".chart canvas")
    assert page.inner_text(".tile-value >> nth=0") == "2"
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("bound", "routing", "missed", "messages", "prompts", "flows", "reports", "queues", "limits"):
        page.goto(f"/t/studio/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path


def _drag_and_hours(page: Page) -> None:
    """Put the other phone first by dragging it, and give the first one hours that are drawn."""
    page.goto(f"/t/studio/bound/{NUMBER}")
    page.drag_and_drop(f"li[data-number='{OTHER}']", f"li[data-number='{PHONE}'] .place")
    page.wait_for_selector(f"li[data-number='{OTHER}']:first-child")
    row = page.locator(f"li[data-number='{PHONE}']")
    row.locator("text=Change").click()
    row.locator("textarea").focus()
    row.locator("text=+ daily 09:00-21:00").click()
    row.locator("svg.calendar").wait_for()
    row.locator("button:has-text('Save')").click()
    page.wait_for_selector(".bound-hours:has-text('daily 09:00-21:00')")


def _record_greeting(page: Page) -> None:
    """Record two seconds in the browser, and send them for review."""
    page.goto("/t/studio/prompts")
    page.fill("#name", "hello")
    page.click("button:has-text('Record')")
    page.wait_for_selector("button:has-text('Stop')")
    wait_until(lambda: page.inner_text("[x-text=clock]") == "0:02", "two seconds are recorded")
    page.click("button:has-text('Stop')")
    page.wait_for_selector("form audio:visible")
    page.click("button:has-text('Upload')")
    page.wait_for_selector("text=waits for review")


def _draw_menu(page: Page) -> None:
    """Draw: greeting and key 1 to the phones, hang up otherwise; a fault shows at its node first."""
    page.goto("/t/studio/flows")
    page.fill("#name", "main")
    page.click("button:has-text('Begin')")
    page.wait_for_selector(".flow-box")
    page.click(".flow-tool.flow-hang-up")
    page.click("[data-do=check]")
    page.wait_for_selector(".flow-box circle")
    page.select_option(".flow-choose", "menu")
    page.fill("[data-field=prompts]", "prompt:hello")
    page.select_option("[data-field=default]", "hang-up-1")
    page.fill("#try-keys", "1")
    page.click(".flow-try button")
    page.wait_for_selector(".flow-end:has-text('bound numbers')")
    page.click("[data-do=publish]")
    page.wait_for_selector("text=Published: it leads callers from the next call on.")


def _route_to_the_menu(page: Page) -> None:
    """Let all calls come to the menu."""
    page.goto(f"/t/studio/routing/{NUMBER}/part?name=ways")
    page.select_option("#entry", "flow:main")
    page.click("button:has-text('Save')")
    page.wait_for_selector("text=in force from the next call on")
    page.wait_for_selector(".exit-to:has-text('voice menu main')")


def _miss_a_call_and_close_it(box: Box, page: Page) -> None:
    """Nobody keys anything: the caller hears the menu out; he is no missed call. A busy one is."""
    page.goto(f"/t/studio/routing/{NUMBER}/part?name=ways")
    page.select_option("#entry", "")
    page.click("button:has-text('Save')")
    page.wait_for_selector("text=in force from the next call on")
    box.call(NUMBER, "--answer-busy")
    box.records(count=2)

    def listed() -> bool:
        page.goto("/t/studio/missed")
        return page.locator(f".todo:has-text('{box.caller}')").count() == 1

    wait_until(listed, "the missed call is to be done")
    page.click("button:has-text('Claim')")
    page.wait_for_selector(".tag:has-text('claimed by studio')")
    page.fill("[name=note]", "ordered by mail")
    page.click("button:has-text('Close')")
    page.wait_for_selector("text=Nothing to do")
