"""A customer's question in a real browser: opened by a program, answered, told by SMS, closed and rated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, sync_playwright

from tests.product.box import Box, Place
from tests.product.gateway import WebGateway
from tests.product.waiting import wait_until

NUMBER, MOBILE, PASSWORD = "4001003771", "13900007777", "far and away 7"
CONFIGURATION = f"""
gateways:
  sms: {{url: "SMS/send?to={{mobile}}&text={{text}}", success: '"code":"ok"', sign: 示例公司}}
templates:
  ticket-answer: {{state: approved}}
tenants:
  acme: {{name: 示例企业, numbers: {{"{NUMBER}": {{}}}}}}
"""
PREPARE = f"""
from domain.tickets.settings import TicketSettings
from storage.connection import open_main
from storage.data_directory import DataDirectory
from storage.models.web import Account, ApiKey, Credential
from webui.services.api_keys import make
from webui.services.passwords import hash_password
def work(root):
    root.web.set_account("tenant:acme", Account(Credential(hash_password("{PASSWORD}"))))
    root.tickets.of("acme").settings.value = TicketSettings(page=True)
    return make(root, ApiKey("crm", "acme", ("tickets:write",), 0.0, "test"))
print(open_main(DataDirectory(DATA)).transact(work))
"""
PLACE = Place()


@pytest.fixture(scope="module")
def gateway() -> Iterator[WebGateway]:
    """A gateway on the box's network."""
    with WebGateway(PLACE.gateway) as running:
        yield running


@pytest.fixture(scope="module")
def serving_box(gateway: WebGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    """A box with a tenant who has a public page."""
    data: Path = tmp_path_factory.mktemp("box") / "data"
    with Box(data, PLACE, CONFIGURATION.replace("SMS/", f"{gateway.url}/")).running() as running:
        yield running


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Return Debian's browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


def page_of(chromium: Browser, width: int, complaints: list[str]) -> Page:
    """Return a page in Chinese that notes what it complains of."""
    context = chromium.new_context(
        base_url=f"http://{PLACE.box}:8400", locale="zh-CN", viewport={"width": width, "height": 760}
    )
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return page


def test_a_question_is_answered_told_closed_and_rated(
    serving_box: Box, gateway: WebGateway, chromium: Browser
) -> None:
    """The customer closes it himself by the code in the SMS; his low score is somebody's task at once."""
    key = serving_box.python(PREPARE).strip()
    made = requests.post(
        f"http://{PLACE.box}:8400/api/v1/tenants/acme/tickets",
        json={"subject": "打不通", "text": "昨天起打不通", "name": "王先生", "mobile": MOBILE},
        headers={"Authorization": f"Bearer {key}"},
        timeout=20,
    )
    assert made.status_code == 201, made.text
    complaints: list[str] = []
    tenant = page_of(chromium, 1280, complaints)
    tenant.goto("/login")
    tenant.fill("#login", NUMBER)
    tenant.fill("#password", PASSWORD)
    tenant.click("button.btn-primary")
    tenant.wait_for_selector("text=1 个客户工单待答复")
    tenant.goto("/t/acme/tickets")
    tenant.click("a.ticket-row:has-text('打不通')")
    tenant.fill("#text", "已恢复，请再试")
    tenant.click("form button:has-text('答复')")
    tenant.wait_for_selector(".said-answer")
    (sms,) = wait_until(lambda: gateway.asked("/send"), "the SMS")
    asked = parse_qs(urlsplit(sms.path).query)
    assert asked["to"] == [MOBILE]
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", asked["text"][0])
    assert code is not None

    customer = page_of(chromium, 360, complaints)
    customer.goto("/help/acme/ticket")
    customer.fill("#code", code[0])
    customer.click("main form button:has-text('查看')")
    customer.wait_for_selector("text=已恢复，请再试")
    customer.click("text=已解决，关闭工单")
    customer.click("label:has-text('不满意') >> nth=0")
    customer.click("text=提交评价")
    customer.wait_for_selector(".stars")
    assert customer.evaluate("document.documentElement.scrollWidth") <= 360

    tenant.goto("/t/acme/tickets")
    tenant.wait_for_selector("a.ticket-row:has-text('低分回访')")
    tenant.goto("/t/acme/satisfaction")
    assert tenant.inner_text(".tile:has-text('工单评分') .tile-value") == "2.00"
    assert complaints == []
