"""A tenant calls things what he calls them, 销售部, 欢迎词, 主菜单; calls and programs go through them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import requests
import soundfile
from playwright.sync_api import FilePayload, Page

from tests.product.box import Box
from tests.product.browsing import PHONE as SMALL
from tests.product.browsing import Windows, operator_first, sign_in, tenant_first
from tests.product.sipp import tone_file
from tests.product.waiting import wait_until

NUMBER, PHONE = "4001007009", "13900001111"
GROUP, PROMPT, MENU, QUEUE = "销售部", "欢迎词", "主菜单", "客服队列"
SETUP = f"""
tenants:
  huali:
    name: 华丽贸易
    edition: network
    numbers:
      "{NUMBER}": {{bound: ["13922223333"]}}
"""


def test_names_in_chinese(quiet_box: Box, opened: Windows, tmp_path: Path) -> None:
    """He makes a group, a queue, a prompt and a menu in the browser; two calls, their records, the report."""
    box, page, operator = quiet_box, opened.open(language="zh-CN"), opened.open(language="zh-CN")
    file = tmp_path / "huali.yaml"
    file.write_text(SETUP, encoding="utf-8")
    box.cli("apply", str(file))
    sign_in(page, NUMBER, tenant_first(box, "huali"))
    _people(page)
    _greeting(page, tone_file(tmp_path / "hello.alaw", 500))
    sign_in(operator, "chief", operator_first(box, "chief"))
    operator.goto("/operator/prompts")
    operator.click("button[value=approve]")
    operator.wait_for_selector(f"text={PROMPT}", state="detached")
    _menu(page)

    box.call(NUMBER, "--keys", "w2,1", "--answer", "--seconds", "6")
    (sold,) = box.records(count=1)
    assert (sold["answered_by"], sold["outcome"]) == (PHONE, "answered")
    box.call(NUMBER, "--keys", "w2,2", "--answer", "--seconds", "12")
    served = box.records(count=2)[0]
    assert (served["queue"], served["outcome"]) == (QUEUE, "answered")
    for call in (sold, served):
        box.cli("trace", call["id"], "--pcap", str(tmp_path / "call.pcap"))
        sent = (tmp_path / "call.pcap").read_bytes()
        assert b"INVITE" in sent
        assert not [name for name in (GROUP, PROMPT, MENU, QUEUE) if name.encode() in sent]

    page.goto(f"/t/huali/calls/{sold['id']}")
    for words in (f"进入语音导航 {MENU} v1", f"转到振铃组 {GROUP}"):
        page.wait_for_selector(f"text={words}")
    page.click(f"a[href*='/flows/{quote(MENU)}?call='], a[href*='/flows/{MENU}?call=']")
    passed = page.locator(".flow-box rect[fill='#e6f0fa']")
    wait_until(lambda: passed.count() == 2, "the way is drawn over menu and group")
    page.goto(f"/t/huali/calls?queue={QUEUE}")
    page.wait_for_selector(f"a[href$='{served['id']}']")
    assert page.locator(f"a[href$='{sold['id']}']").count() == 0
    page.goto("/t/huali/reports?by=queue")
    page.wait_for_selector(f"tr:has-text('{QUEUE}')")
    page.goto("/t/huali/prompts")
    page.wait_for_selector(f"text=使用处：语音导航 {MENU}")
    _small(opened.twin(page, SMALL))
    _programs(box, served["id"])


def _people(page: Page) -> None:
    """Make the group and the queue with its agent; what an input method writes wide is kept plain."""
    page.goto("/t/huali/groups/new")
    page.fill("#name", f" {GROUP}　")
    page.fill("#targets", f"{PHONE} 小王")
    page.click("button:has-text('保存')")
    page.click(f".todo-who a:has-text('{GROUP}')")
    page.wait_for_selector(f".page-head:has-text('{GROUP}')")
    page.fill("#no_answer_seconds", "20")
    page.click("button:has-text('保存')")
    page.wait_for_selector("text=下一通来电起生效")
    page.goto("/t/huali/groups/new")
    page.fill("#name", "销售/部")
    page.fill("#targets", PHONE)
    page.click("button:has-text('保存')")
    page.wait_for_selector("text=不是合法名称")
    page.goto("/t/huali/queues/new")
    page.fill("#name", QUEUE)
    page.click("button:has-text('保存')")
    page.wait_for_selector(f".todo-who a:has-text('{QUEUE}')")
    page.goto("/t/huali/agents/new")
    page.fill("#name", "8001")
    page.fill("#target", PHONE)
    page.check(f"[name=queue_{QUEUE}]")
    page.check("[name=logged_in]")
    page.click("button:has-text('保存')")
    page.wait_for_selector(f"text=· {QUEUE}")


def _greeting(page: Page, sound: Path) -> None:
    """Upload the greeting under the name that the page offers, and hear it."""
    page.goto("/t/huali/prompts")
    assert page.locator(f"#names option[value='{PROMPT}']").count() == 1
    page.fill("#name", PROMPT)
    page.set_input_files("#audio", _wav(sound))
    page.click("button:has-text('上传')")
    page.wait_for_selector("text=待审核")
    heard = page.request.get(page.get_attribute(".message-sound audio", "src") or "")
    assert (heard.status, heard.headers["content-type"]) == (200, "audio/wav")


def _wav(sound: Path) -> FilePayload:
    samples, _ = soundfile.read(sound, samplerate=8000, channels=1, format="RAW", subtype="ALAW")
    held = io.BytesIO()
    soundfile.write(held, samples, 8000, format="WAV")
    return {"name": "欢迎词 定稿.wav", "mimeType": "audio/wav", "buffer": held.getvalue()}


def _menu(page: Page) -> None:
    """Draw the menu: the greeting, 1 the group, 2 the queue; let calls come to it."""
    page.goto("/t/huali/flows")
    page.fill("#name", MENU)
    page.click("button:has-text('开始')")
    page.wait_for_selector(".flow-box")
    page.select_option(".flow-choose", "menu")
    assert page.input_value("[data-field=prompts]") == f"prompt:{PROMPT}"
    page.select_option(".flow-choose", "phones")
    page.select_option("[data-field=to]", f"group:{GROUP}")
    page.click(".flow-tool.flow-go")
    page.select_option("[data-field=to]", f"queue:{QUEUE}")
    page.select_option(".flow-choose", "menu")
    page.select_option("[data-field=keys]", "2")
    page.select_option("[data-field='keys.2']", "go-1")
    page.fill("#try-keys", "2")
    page.click(".flow-try button")
    page.wait_for_selector(f".flow-end:has-text('{QUEUE}')")
    page.click("[data-do=publish]")
    page.wait_for_selector("text=已发布")
    page.goto(f"/t/huali/routing/{NUMBER}/part?name=ways")
    page.select_option("#entry", f"flow:{MENU}")
    page.click("button:has-text('保存')")
    page.wait_for_selector(f".exit-to:has-text('{MENU}')")


def _small(page: Page) -> None:
    """All of it fits a phone."""
    for path in ("groups", f"groups/{GROUP}", "queues", "prompts", "flows", f"flows/{MENU}", "reports"):
        page.goto(f"/t/huali/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= SMALL[0], path


def _programs(box: Box, call: str) -> None:
    """The same by REST, in the file of calls, and in what `export` writes and `apply` reads."""
    scopes = [f"--scope={each}" for each in ("calls:read", "prompts:read", "config:read", "config:write")]
    key = box.cli("api-key", "add", "erp", "--tenant", "huali", *scopes).strip()
    base, program = f"http://{box.place.box}:8400/api/v1/tenants/huali", requests.Session()
    program.headers["Authorization"] = f"Bearer {key}"

    def ask(method: str, path: str, **given: Any) -> Any:
        answer = program.request(method, base + path, timeout=30, **given)
        assert answer.ok, answer.text
        return answer.json()

    assert ask("GET", f"/flows/{quote(MENU)}")["flow"]["name"] == MENU
    assert [each["name"] for each in ask("GET", "/prompts")["items"]] == [PROMPT]
    assert [each["id"] for each in ask("GET", f"/calls?queue={quote(QUEUE)}")["items"]] == [call]
    held = ask("GET", "/configuration")
    assert list(held["groups"]) == [GROUP]
    wish = {"groups": {"售后部": {"targets": [PHONE], "otherwise": f"group:{GROUP}"}}}
    done = ask("PATCH", "/configuration", json=wish)
    assert done == {"changed": True, "in_force": True}

    sheet = box.data.parent / "calls.xlsx"
    box.cli("records", "--tenant", "huali", "--xlsx", str(sheet))
    rows = openpyxl.load_workbook(sheet).active.iter_rows(values_only=True)
    assert any(QUEUE in row for row in rows)

    file = box.data.parent / "exported.yaml"
    file.write_text(box.cli("export"), encoding="utf-8")
    assert GROUP in file.read_text(encoding="utf-8")
    box.cli("apply", str(file))
    assert box.cli("flow", "show", "huali", MENU)
