"""An agent at work in a real browser, with real phones and a real caller underneath."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.product.baresip import Baresip
from tests.product.box import Box, Place
from tests.product.browsing import Windows, agent_page, sign_in, tenant_first
from tests.product.conftest import Carrier
from tests.product.sipp import gateway
from tests.product.waiting import wait_until

SERVICE = "4001003761"
SECRET = "correct-horse-battery"
MOBILE = "13711112222"
Phones = Callable[..., Baresip]


@pytest.fixture(scope="module")
def box(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """Return a running box with a menu, a queue and three agents."""
    configuration = (Path(__file__).parent / "workbench.yaml").read_text(encoding="utf-8")
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as running:
        yield running


@pytest.fixture
def phones(quiet_box: Box, tmp_path: Path) -> Iterator[Phones]:
    """Register phones."""
    made: list[Baresip] = []

    def register(name: str, answers: str = "auto") -> Baresip:
        phone = Baresip(tmp_path / name, quiet_box.place.sip, name, SECRET, answers=answers)
        made.append(phone)
        phone.registered()
        return phone

    yield register
    for phone in made:
        phone.stop()


def steps(record: dict[str, Any], name: str) -> list[str]:
    """Return what a record's timeline says of one kind of step."""
    told = [moment["detail"] for moment in record["timeline"] if moment["what"] == "step"]
    return [each.removeprefix(f"{name} ") for each in told if each.startswith(f"{name} ")]


@pytest.fixture
def tenant(box: Box, opened: Windows) -> Page:
    """Return the tenant's own window, signed in."""
    page = opened.open()
    sign_in(page, SERVICE, tenant_first(box, "demo"))
    return page


def test_from_the_pop_to_the_record(
    quiet_box: Box, tenant: Page, opened: Windows, phones: Phones, carrier: Carrier
) -> None:
    """A caller presses 2; the agent sees who it is before he answers, holds, notes, transfers; it is kept."""
    agent = agent_page(tenant, opened.open(), "8001", SERVICE)
    boss = agent_page(tenant, opened.open(), "8009", SERVICE, supervisor=True)
    phone = phones("8001", "manual")
    colleague = phones("8002")
    phones("8009")
    agent.keyboard.press("i")
    agent.wait_for_selector("#my-state:has-text('Idle')")

    carrier.brings("carrier_keys", SERVICE, first=2, seconds=150, limit=200, samples="/usr/share/sip-tester")
    agent.wait_for_selector(f"#pop-caller:has-text('{quiet_box.caller}')")
    assert agent.inner_text("#my-state") == "Ringing"
    assert [call["talk_seconds"] for call in quiet_box.calls()] == [None]
    phone.does("accept")
    agent.wait_for_selector("#my-state:has-text('Talking')")
    agent.wait_for_selector(".desk-call [data-what=hold]:visible")
    agent.keyboard.press("h")
    agent.wait_for_selector(".desk-call [data-what=resume]:visible")
    assert quiet_box.calls()[0]["state"] == "held"
    agent.keyboard.press("h")
    agent.wait_for_selector(".desk-call [data-what=hold]:visible")

    agent.click("label.desk-code:has-text('订单')")
    agent.keyboard.press("n")
    agent.keyboard.type("要发票")
    agent.keyboard.press("Control+Enter")
    agent.wait_for_selector("#saved")
    agent.keyboard.press("Escape")

    boss.goto("/desk/wall")
    boss.click("[data-mode=listen]:visible")
    boss.wait_for_selector("text=8009 Listens")

    agent.keyboard.press("t")
    agent.fill("#target", "8002")
    agent.keyboard.press("Enter")
    agent.wait_for_selector("#my-state:has-text('Wrap-up')")
    assert re.fullmatch(r"0:[0-5][0-9]|1:00", agent.inner_text(".desk-time"))
    boss.wait_for_selector("text=8002 >> nth=0")
    wait_until(lambda: quiet_box.calls()[0]["who"] == "8002", "the colleague has the caller")
    agent.keyboard.press("i")
    agent.wait_for_selector("#my-state:has-text('Idle')")
    colleague.does("hangup")
    quiet_box.quiet()

    record = quiet_box.record()
    assert (record["outcome"], record["job_number"], record["answered_by"]) == ("answered", "8001", "8002")
    by = "by agent:demo/8001"
    assert (steps(record, "hold"), steps(record, "resume")) == ([by], [by])
    assert steps(record, "transfer") == [f"8002 {by}"]
    assert "listen 8009 begins by agent:demo/8009" in steps(record, "supervise")
    tenant.goto(f"/t/demo/calls/{record['id']}")
    assert "要发票" in tenant.inner_text("#call-note")
    assert "订单" in tenant.inner_text("#call-note")


def test_a_missed_call_is_called_back_with_one_click(
    quiet_box: Box, tenant: Page, opened: Windows, phones: Phones, gateway_sound: Path, tmp_path: Path
) -> None:
    """He gave up in the queue; the agent clicks, his phone rings, then the caller's; the item is done."""
    quiet_box.caller = MOBILE
    quiet_box.cli("agents", "login", "demo", "8001")
    quiet_box.cli("agents", "pause", "demo", "8001")
    quiet_box.call(SERVICE, "--keys", "w1,2", "--seconds", "4")
    agent = agent_page(tenant, opened.open(), "8001", SERVICE)
    agent.wait_for_selector(f"#missed:has-text('{MOBILE}')")
    phones("8001")
    with gateway(
        tmp_path / "gw", "gateway_answers", *quiet_box.place.target, sound=gateway_sound
    ) as customer:
        agent.click("#missed button.btn-primary")
        told = agent.wait_for_selector("#missed [role=status]")
        assert told is not None
        assert told.inner_text() == "Your phone rings; when you answer, the caller is rung."
        agent.wait_for_selector(".desk-call [data-what=leave]:visible")
        assert agent.inner_text("#caller") == MOBILE
        agent.keyboard.press("x")
        agent.wait_for_selector(".desk-call", state="hidden")
        customer.good()
    back, _ = quiet_box.records(count=2)
    assert (back["caller"], back["agent"]) == (MOBILE, "8001")
    agent.reload()
    agent.wait_for_selector("#missed:has-text('Nothing to call back')")
