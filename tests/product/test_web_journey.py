"""The main journey in a real browser, with real calls underneath."""

from __future__ import annotations

import http.client
import socket
from contextlib import suppress

from tests.product.box import Box
from tests.product.browsing import PHONE, Windows, operator_first, sign_in
from tests.product.conftest import Carrier
from tests.product.waiting import wait_until

NUMBER = "4001007001"
MESSAGES = "4001003741"
OLD, NEW = "13900001111", "13922223333"


def test_from_opening_a_tenant_to_hearing_his_call(quiet_box: Box, opened: Windows) -> None:
    """The operator opens a tenant; he changes who answers, and the next call rings there; he hears it."""
    page = opened.open(PHONE)
    sign_in(page, "boss", operator_first(quiet_box, "boss"))
    page.goto("/operator/tenants/new")
    for field, value in {"name": "旅行社", "id": "travel", "number": NUMBER, "bound": OLD}.items():
        page.fill(f"#{field}", value)
    page.click("main button.btn-primary")
    first = page.inner_text("#first-password")
    page.click("header button[aria-label='Sign out']")

    sign_in(page, NUMBER, first)
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
    page.click("[data-speed='1']")
    sound = "document.querySelector('audio')"
    wait_until(lambda: page.evaluate(f"{sound}.readyState") >= 1, "the recording plays")
    assert page.evaluate(f"{sound}.duration") > 1
    page.wait_for_selector(".waveform canvas")
    assert NEW in page.inner_text("dl.facts")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_operator_takes_a_call_down(quiet_box: Box, opened: Windows, carrier: Carrier) -> None:
    """He sees it come without loading the page again, and ends it; the caller hears so at once."""
    page = opened.open()
    sign_in(page, "duty", operator_first(quiet_box, "duty", "support"))
    page.goto("/operator/live")
    caller = carrier.brings("carrier_waits", MESSAGES)
    page.click(f"tr:has-text('{quiet_box.caller}') button:has-text('Take down')")
    page.wait_for_selector("text=The call was taken down.")
    caller.good()
    assert quiet_box.record()["hung_up_by"] == "box"


def test_an_upload_of_a_gigabyte_is_refused_before_it_is_read(box: Box) -> None:
    """Whoever says how much it is hears 413 at once; who does not say is cut off at the limit."""
    asked = http.client.HTTPConnection(box.place.box, 8400, timeout=60)
    asked.putrequest("POST", "/t/travel/prompts/upload")
    asked.putheader("Content-Type", "multipart/form-data; boundary=x")
    asked.putheader("Content-Length", str(1 << 30))
    asked.endheaders(b"--x\r\n")
    assert asked.getresponse().status == 413
    asked.close()
    sent = 0
    with socket.create_connection((box.place.box, 8400), 60) as line:
        line.sendall(b"POST /login HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while sent < 1 << 28:
                line.sendall(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
                sent += 1 << 20
    assert sent < 1 << 28
