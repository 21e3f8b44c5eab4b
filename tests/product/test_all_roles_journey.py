"""The whole product in one go: operator, tenant, agent and caller, in real browsers and by real calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.product.audio import read_stereo
from tests.product.baresip import Baresip
from tests.product.box import ROOT, Box, Place
from tests.product.browsing import PHONE, Windows, agent_page, operator_first, sign_in
from tests.product.conftest import Carrier
from tests.product.waiting import wait_until

NUMBER = "4001003771"
FRONT_DESK = "13900001111"
TARIFF = """
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
tariffs:
  standard:
    editions:
      - prices: [{first_seconds: 60, first_li: 300, step_seconds: 60, step_li: 300}]
"""
DONE = "text=in force from the next call on"


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with a trunk and a tariff, and nobody on it."""
    with Box(tmp_path_factory.mktemp("box") / "data", place, TARIFF).running() as running:
        yield running


def test_from_an_empty_box_to_a_rated_call(
    quiet_box: Box, opened: Windows, carrier: Carrier, tmp_path: Path
) -> None:
    """Opened, set up, called, answered, transferred, rated; record, recording, charge and report show it."""
    box, operator, tenant = quiet_box, opened.open(), opened.open()
    sign_in(operator, "boss", operator_first(box, "boss"))
    first = _open_tenant(operator)
    sign_in(tenant, NUMBER, first)
    secrets = {name: _extension(tenant, name) for name in ("8001", "8002")}
    _call_centre(tenant)
    _greeting(tenant, operator)
    _menu(tenant)
    _route(tenant)
    agent = agent_page(tenant, opened.open(), "8001", NUMBER)
    phone = Baresip(tmp_path / "8001", box.place.sip, "8001", secrets["8001"], answers="manual")
    colleague = Baresip(tmp_path / "8002", box.place.sip, "8002", secrets["8002"])
    try:
        phone.registered()
        colleague.registered()
        agent.keyboard.press("i")
        agent.wait_for_selector("#my-state:has-text('Idle')")
        box.cli("agents", "login", "travel", "8002")
        box.cli("agents", "pause", "travel", "8002")
        _talk(box, carrier, agent, phone, colleague)
    finally:
        phone.stop()
        colleague.stop()
    _seen(box, tenant, opened.twin(tenant))


def _open_tenant(page: Page) -> str:
    """Let the operator open a tenant in one step; return his first password."""
    page.goto("/operator/tenants/new")
    for field, value in {
        "name": "旅行社", "id": "travel", "number": NUMBER, "bound": FRONT_DESK, "paid": "100", "credit": "0",
        "area_code": "010",
    }.items():  # fmt: skip
        page.fill(f"#{field}", value)
    page.select_option("#tariff", "standard")
    page.click("main button.btn-primary")
    return page.inner_text("#first-password")


def _extension(page: Page, name: str) -> str:
    """Let the tenant make a SIP phone's account; return its password."""
    page.goto("/t/travel/extensions/new")
    page.fill("#name", name)
    page.click("button:has-text('Save')")
    page.wait_for_selector(DONE)
    page.goto(f"/t/travel/extensions/{name}")
    page.click("summary:has-text('Show')")
    return page.inner_text("main details code")


def _call_centre(page: Page) -> None:
    """A queue that asks for a rating, and two agents."""
    page.goto("/t/travel/queues/new")
    page.fill("#name", "service")
    page.check("input[name=rating]")
    page.fill("#wrap_up_seconds", "300")
    page.click("button:has-text('Save')")
    page.wait_for_selector(DONE)
    for name in ("8001", "8002"):
        page.goto("/t/travel/agents/new")
        page.fill("#name", name)
        page.fill("#target", name)
        page.check("input[name=queue_service]")
        page.click("button:has-text('Save')")
        page.wait_for_selector(DONE)


def _greeting(page: Page, operator: Page) -> None:
    """The tenant uploads one, the operator listens to it and approves."""
    page.goto("/t/travel/prompts")
    page.fill("#name", "hello")
    page.set_input_files("#audio", ROOT / "box400/demo/greeting.flac")
    page.click("button:has-text('Upload')")
    page.wait_for_selector("text=waits for review")
    operator.goto("/operator/prompts")
    operator.click("button[value=approve]")
    operator.wait_for_selector(DONE)


def _menu(page: Page) -> None:
    """The greeting, key 1 to the front desk, key 2 to the queue."""
    page.goto("/t/travel/flows")
    page.fill("#name", "main")
    page.click("button:has-text('Begin')")
    page.wait_for_selector(".flow-box")
    page.click(".flow-tool.flow-hang-up")
    page.select_option(".flow-choose", "menu")
    page.fill("[data-field=prompts]", "prompt:hello")
    page.select_option("[data-field=default]", "hang-up-1")
    page.click(".flow-tool.flow-go")
    page.select_option("[data-field=to]", "queue:service")
    page.select_option(".flow-choose", "menu")
    if page.locator("[data-field='keys.2']").count() == 0:
        page.select_option("[data-field=keys]", "2")
    page.select_option("[data-field='keys.2']", "go-1")
    page.click("[data-do=publish]")
    page.wait_for_selector("text=Published: it leads callers from the next call on.")


def _route(page: Page) -> None:
    page.goto(f"/t/travel/routing/{NUMBER}/part?name=ways")
    page.select_option("#entry", "flow:main")
    page.click("button:has-text('Save')")
    page.wait_for_selector(DONE)


def _talk(box: Box, carrier: Carrier, agent: Page, phone: Baresip, colleague: Baresip) -> None:
    """A caller presses 2, the pop tells who it is, he is answered, transferred, and rates with 5."""
    caller = carrier.brings(
        "carrier_rates", NUMBER, first=2, second=5, menu_ms=1500, limit=200, samples="/usr/share/sip-tester"
    )
    agent.wait_for_selector(f"#pop-caller:has-text('{box.caller}')")
    assert agent.inner_text("#my-state") == "Ringing"
    phone.does("accept")
    agent.wait_for_selector("#my-state:has-text('Talking')")
    agent.wait_for_selector(".desk-call [data-what=hold]:visible")
    agent.keyboard.press("t")
    agent.fill("#target", "8002")
    agent.keyboard.press("Enter")
    wait_until(lambda: box.calls()[0]["who"] == "8002", "the colleague has the caller")
    agent.wait_for_selector("#my-state:has-text('Wrap-up')")
    wait_until(lambda: box.calls()[0]["state"] == "talking", "they talk")
    colleague.does("hangup")
    caller.good(90)
    box.quiet()


def _seen(box: Box, page: Page, small: Page) -> None:
    """Record, recording, charge and report show it; at 360 pixels too."""
    record = box.record()
    assert (record["outcome"], record["answered_by"], record["queue"]) == ("answered", "8002", "service")
    assert (record["tenant"], record["keys"][0], record["rating"]) == ("travel", "2", 5)
    fee = record["charge"]["li"]
    assert fee == -(-record["charge"]["seconds"] // 60) * 300
    assert read_stereo(box.recording(record["id"])).left.size > 8000
    page.goto("/t/travel/calls")
    page.click(f"a.number:has-text('{box.caller}')")
    facts = page.inner_text("dl.facts")
    assert f"{fee / 1000:.2f}" in facts
    assert "8002" in facts
    page.click("[data-speed='1']")
    sound = "document.querySelector('audio')"
    wait_until(lambda: page.evaluate(f"{sound}.readyState") >= 1, "the recording plays")
    page.click("a[href*='/flows/main?call=']")
    page.wait_for_selector("text=The way of call")
    page.goto("/t/travel/billing")
    assert f"{100 - fee / 1000:.2f}" in page.inner_text(".tile-value >> nth=0")
    page.goto("/t/travel/reports")
    page.wait_for_selector(".chart canvas")
    assert page.inner_text(".tile-value >> nth=0") == "1"
    for path in ("", "/calls", f"/calls/{record['id']}", "/billing", "/reports", "/extensions/8001"):
        small.goto(f"/t/travel{path}")
        assert small.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path
    small.goto("/t/travel/calls")
    assert small.inner_text(".cell-fee >> nth=0") == f"{fee / 1000:.2f}"
    assert small.is_visible(".cell-fee >> nth=0")
