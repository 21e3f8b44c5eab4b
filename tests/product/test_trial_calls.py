"""Test calls from the pages, with real phones: a draft is heard, a trunk is tried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.product.baresip import Baresip
from tests.product.box import Box, Place
from tests.product.browsing import PHONE, Windows, operator_first, sign_in, tenant_first
from tests.product.conftest import GATEWAY_HERTZ
from tests.product.sipp import gateway
from tests.product.waiting import wait_until

SERVICE = "4001003761"
SECRET = "correct-horse-battery"


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with a menu and phones."""
    configuration = (Path(__file__).parent / "workbench.yaml").read_text(encoding="utf-8")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        yield running


def test_a_draft_is_heard_before_it_is_published(quiet_box: Box, opened: Windows, tmp_path: Path) -> None:
    """The tenant changes where key 2 leads, is called, presses 2; callers know nothing of it."""
    page = opened.open()
    sign_in(page, SERVICE, tenant_first(quiet_box, "demo"))
    page.goto("/t/demo/flows/main")
    page.wait_for_selector(".flow-box")
    page.select_option(".flow-choose", "service")
    page.select_option("[data-field=to]", "extension:8002")
    phone = Baresip(tmp_path / "8001", quiet_box.place.sip, "8001", SECRET, hertz=GATEWAY_HERTZ)
    other = Baresip(tmp_path / "8002", quiet_box.place.sip, "8002", SECRET)
    try:
        phone.registered()
        other.registered()
        page.select_option("#call-phone", "8001")
        page.click(".flow-call button")
        page.wait_for_selector("text=8001 rings now")
        wait_until(
            lambda: [call for call in quiet_box.calls() if call["state"] == "menu"], "the menu is heard"
        )
        phone.does("sndcode", "2")
        wait_until(lambda: [call for call in quiet_box.calls() if call["talk_seconds"]], "the two talk")
        phone.does("hangup")
        quiet_box.quiet()
    finally:
        phone.stop()
        other.stop()
    quiet_box.caller = "8001"
    record = quiet_box.record()
    assert (record["direction"], record["answered_by"], record["keys"]) == ("test", "8002", "2")
    page.goto(f"/t/demo/flows/main?call={record['id']}")
    page.wait_for_selector("text=The way of the test call")
    assert page.locator(".flow-box rect[fill='#e6f0fa']").count() == 2
    page.goto("/t/demo/reports")
    page.wait_for_selector(".tile-value")
    assert page.inner_text(".tile-value >> nth=0") == "0", "a test is nobody's call"


def test_a_trunk_is_tried_from_its_page(
    quiet_box: Box, opened: Windows, tmp_path: Path, gateway_sound: Path
) -> None:
    """The operator types a number; the page follows the call and tells how long it rang, and of the audio."""
    page = opened.open(PHONE)
    sign_in(page, "tester", operator_first(quiet_box, "tester"))
    page.goto("/operator/trunks/demo-carrier")
    page.click("text=Test call")
    page.fill("#to", "00447700900123")
    page.click("main form .btn-primary")
    page.wait_for_selector(".invalid-feedback:has-text('within China')")
    quiet_box.caller = "01088886666"
    with gateway(
        tmp_path / "gw", "gateway_answers", *quiet_box.place.target, sound=gateway_sound
    ) as customer:
        page.fill("#to", "139 0000 1111")
        page.click("main form .btn-primary")
        page.wait_for_selector(".tag:has-text('Answered')")
        played = customer.good()
    assert f"INVITE sip:13900001111@{quiet_box.place.gateway}" in played.messages
    told = page.inner_text("[role=status] dl")
    assert "Picked up after" in told
    record = quiet_box.record()
    assert (record["direction"], record["called"], record["trunk_out"]) == (
        "test",
        "13900001111",
        "demo-carrier",
    )
    assert any(leg["packets_in"] > 20 for leg in record["media"])
    page.click("text=Timeline and SIP messages")
    page.wait_for_selector(".ladder text:has-text('INVITE')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto("/operator/audit")
    assert "demo-carrier 139 0000 1111" in page.inner_text("main")
