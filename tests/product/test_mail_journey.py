"""From a mail, and from an SMS, to the month's report: answered, called back, a ticket; each counted once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from playwright.sync_api import Page

from domain.days.calendar import BEIJING
from tests.product.baresip import Baresip
from tests.product.box import Box, Place
from tests.product.browsing import PHONE, Windows, agent_page, sign_in, tenant_first
from tests.product.sipp import gateway
from tests.product.waiting import wait_until
from tests.unit.channels.imap import PORT, Imap, running
from tests.unit.notices.message_centre import MessageCentre, message_centre

pytestmark = pytest.mark.long
NUMBER, SECRET, CUSTOMER = "4001003771", "correct-horse-battery", "wang@sihai.cn"
MOBILE = "13911112222"
CONFIGURATION = f"""
box: {{web_networks: [127.0.0.0/8]}}
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    trunk_number: "01088886666"
    options_seconds: 0
gateways:
  mail: {{kind: smtp, host: "@STRANGER@", port: 2525, encryption: none, sender: notice@box.cn}}
  sms: {{kind: smpp, host: CENTRE, username: box, password: geheim, sender: "10690000", receives: true}}
tenants:
  acme:
    name: 示例企业
    extensions: {{"8001": {{secret: {SECRET}}}}}
    queues: {{service: {{}}}}
    agents: {{"8001": {{target: "8001", queues: service}}}}
    numbers: {{"{NUMBER}": {{entry: "queue:service"}}}}
    sms_lines: {{sms: {{number: "{NUMBER}", queue: service}}}}
    mailboxes:
      service:
        address: service@acme.cn
        imap_host: IMAP
        imap_port: {PORT}
        imap_encryption: none
        username: demouser
        password: demopass
        smtp_host: "@STRANGER@"
        smtp_port: 2525
        smtp_encryption: none
        poll_seconds: 5
"""
OPEN_PAGE = """
from domain.tickets.settings import TicketSettings
from storage.connection import open_main
from storage.data_directory import DataDirectory
def work(root):
    root.tickets.of("acme").settings.value = TicketSettings(page=True)
open_main(DataDirectory(DATA)).transact(work)
"""


class Post:
    """A server that keeps what is sent through it."""

    def __init__(self) -> None:
        self.letters: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def waited(self, text: str) -> Any:
        """Return the one letter to the customer that says something, once it is there."""
        wait_until(lambda: self._found(text), f"a letter with {text}")
        (letter,) = self._found(text)
        return letter

    def _found(self, text: str) -> list[Any]:
        return [each for each in self.letters if each["To"] == CUSTOMER and text in said(each)]


def said(letter: Any) -> str:
    """Return what a letter says."""
    return str(letter.get_body(("plain",)).get_content())


@pytest.fixture(scope="module")
def imap() -> Iterator[Imap]:
    """Return a third party's IMAP server."""
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def post(place: Place) -> Iterator[Post]:
    """Return a third party's SMTP server."""
    kept = Post()
    controller = Controller(
        kept, hostname=place.stranger, port=2525, auth_require_tls=False,
        authenticator=lambda *told: AuthResult(success=True),
    )  # fmt: skip
    controller.start()
    yield kept
    controller.stop()


@pytest.fixture(scope="module")
def centre() -> Iterator[MessageCentre]:
    """Return a third party's message centre."""
    with message_centre() as running_centre:
        yield running_centre


@pytest.fixture(scope="module")
def box(
    place: Place, imap: Imap, post: Post, centre: MessageCentre, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Box]:
    """Return a running box whose tenant has a mailbox and SMS to his 4001 number."""
    configuration = CONFIGURATION.replace("IMAP", imap.host).replace("CENTRE", centre.host)
    with Box(tmp_path_factory.mktemp("box") / "data", place, configuration).running() as served:
        served.python(OPEN_PAGE)
        yield served


def test_from_a_mail_to_the_months_report(
    quiet_box: Box, opened: Windows, imap: Imap, post: Post, gateway_sound: Path, tmp_path: Path
) -> None:
    """He had rung in vain; his mail is answered, he is called back, his ticket is closed and rated."""
    box = quiet_box
    tenant = opened.open()
    sign_in(tenant, NUMBER, tenant_first(box, "acme"))
    agent = agent_page(tenant, opened.open(), "8001", NUMBER)
    phone = Baresip(tmp_path / "8001", box.place.sip, "8001", SECRET)
    try:
        phone.registered()
        box.cli("agents", "login", "acme", "8001")
        box.cli("agents", "pause", "acme", "8001")
        box.call(NUMBER, "--seconds", "4")
        _answered(box, agent, imap, post)
        with gateway(tmp_path / "gw", "gateway_answers", *box.place.target, sound=gateway_sound) as customer:
            _called_back(box, agent)
            customer.good()
    finally:
        phone.stop()
    code = _ticket(agent, post)
    _rated(opened.open(PHONE), code)
    _timeline(agent)
    _counted(tenant)
    _counted(opened.twin(tenant))


def _answered(box: Box, agent: Page, imap: Imap, post: Post) -> None:
    """His mail comes to the agent who is free; the writer becomes a customer; the answer is in his thread."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = f"王先生 <{CUSTOMER}>", "service@acme.cn", "要发票"
    letter["Message-ID"] = "<first@sihai.cn>"
    letter.set_content("上周的订单请开发票。")
    imap.put(letter.as_bytes(policy=policy.SMTP))
    box.cli("agents", "resume", "acme", "8001")
    agent.goto("/desk/conversations")
    wait_until(lambda: agent.reload() is not None and "要发票" in agent.inner_text("main"), "it is his")
    agent.click("a.list-group-item:has-text('要发票')")
    agent.fill("form#answer textarea", "好的，请问抬头是什么？")
    agent.click("form#answer button.btn-primary")
    answer = post.waited("请问抬头是什么")
    assert (answer["In-Reply-To"], answer["Subject"]) == ("<first@sihai.cn>", "Re: 要发票")
    agent.click("a[href*='/customers/new']")
    agent.fill("#numbers", box.caller)
    agent.click("main form .btn-primary")
    agent.wait_for_selector("text=王先生")


def _called_back(box: Box, agent: Page) -> None:
    """From the card that he looks at: his phone first, then the customer's."""
    agent.click("button[name=call]")
    agent.wait_for_selector("text=Your phone rings; when you answer, the customer is rung.")
    wait_until(lambda: [each for each in box.calls() if each["state"] == "talking"], "they talk")
    card = agent.url
    agent.goto("/desk")
    agent.wait_for_selector(".desk-call [data-what=leave]:visible")
    agent.keyboard.press("x")
    agent.wait_for_selector(".desk-call", state="hidden")
    back, _ = box.records(count=2)
    assert (back["direction"], back["agent"]) == ("callback", "8001")
    agent.goto(card)


def _ticket(agent: Page, post: Post) -> str:
    """Opened from the conversation, answered; the code stands in the mail. The conversation is closed."""
    agent.goto("/desk/conversations?show=all")
    agent.click("a.list-group-item:has-text('要发票')")
    conversation = agent.url
    agent.click("a[href*='/tickets/new']")
    agent.click("main form button.btn-primary")
    agent.fill("#text", "发票已开，今天寄出。")
    agent.click("form[action$=answer] button.btn-primary")
    code = re.search(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", said(post.waited("发票已开")))
    assert code is not None
    agent.goto(conversation)
    agent.click("form[action$=close] button")
    return code[0]


def _rated(customer: Page, code: str) -> None:
    """Its asker alone closes it, on his telephone, and is satisfied."""
    customer.goto("/help/acme/ticket")
    customer.fill("#code", code)
    customer.click("main form button >> nth=0")
    customer.wait_for_selector("text=今天寄出")
    customer.click("form:has(input[value=close]) button")
    customer.click("label:has(input[name=score][value='5'])")
    customer.click("form:has(input[name=score]) button")
    customer.wait_for_selector(".stars")


def _timeline(agent: Page) -> None:
    """All of it on his card, each once."""
    agent.goto("/desk/customers")
    agent.click("a:has-text('王先生')")
    titles = agent.locator(".entry b").all_inner_texts()
    wanted = ["Call", "Called back", "Customer added", "E-mail received", "E-mail sent", "Ticket"]
    assert sorted(titles) == wanted


def _counted(tenant: Page) -> None:
    """One call, one conversation with a text each way, one ticket with its rating, in the month's report."""
    today = datetime.now(BEIJING).date()
    period = f"first={today.replace(day=1)}&last={today}"
    tenant.goto(f"/t/acme/reports?{period}")
    tenant.wait_for_selector(".chart canvas")
    assert tenant.inner_text(".tile-value >> nth=0") == "1"
    groups = tenant.locator("#service dl")
    values = [groups.nth(place).locator("dd").all_inner_texts() for place in range(groups.count())]
    assert values[0][:5] == ["1", "1", "1", "0", "1"]
    assert values[1] == ["1", "1", "1", "0", "0", "1", "5.00"]
    assert len(values) == 2
    tenant.goto(f"/t/acme/satisfaction?{period}")
    assert tenant.inner_text(".tile:has-text('Scores of tickets') .tile-value") == "5.00"
    size = tenant.viewport_size
    assert size is not None
    assert tenant.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_an_sms_is_answered_and_another_is_begun(
    quiet_box: Box, opened: Windows, centre: MessageCentre
) -> None:
    """To the 4001 number: at the free agent's desk at once; what he writes reaches the telephone."""
    box = quiet_box
    tenant = opened.open()
    sign_in(tenant, NUMBER, tenant_first(box, "acme"))
    agent = agent_page(tenant, opened.open(), "8001", NUMBER)
    box.cli("agents", "login", "acme", "8001")
    _texted(centre, agent)
    _begun(centre, agent)
    agent.goto("/desk/customers")
    agent.click("a:has-text('李小姐')")
    titles = agent.locator(".entry b").all_inner_texts()
    assert sorted(titles) == ["Customer added", *["SMS received"] * 2, *["SMS sent"] * 2]
    today = datetime.now(BEIJING).date()
    tenant.goto(f"/t/acme/reports?first={today}&last={today}")
    group = tenant.locator("#service h4:has-text('SMS') + dl")
    assert group.locator("dd").all_inner_texts()[:5] == ["1", "2", "2", "0", "0"]
    group.locator("dd a >> nth=1").click()
    assert tenant.locator("#behind > a").count() == 2


def _texted(centre: MessageCentre, agent: Page) -> None:
    """What she writes stands at his desk; his answer comes from the number that she wrote to."""
    assert centre.told() == ["bound", "box", "geheim"]
    centre.brings(MOBILE, NUMBER, "您好，我的快递到哪了？")
    agent.goto("/desk")
    agent.click("#conversations a:has-text('快递到哪了')")
    agent.fill("form#answer textarea", "今天下午送到。")
    agent.click("form#answer button.btn-primary")
    assert centre.told() == ["sms", NUMBER, MOBILE, "今天下午送到。"]
    agent.click("a[href*='/customers/new']")
    agent.fill("#name", "李小姐")
    agent.click("main form .btn-primary")


def _begun(centre: MessageCentre, agent: Page) -> None:
    """From her card, with her number filled in; her answer is in the same conversation, and his."""
    agent.click("dd:has-text('139') a:has-text('Write an SMS')")
    assert MOBILE in agent.inner_text("#to")
    agent.fill("#text", "快递已签收，请确认。")
    agent.click("#begin button.btn-primary")
    assert centre.told() == ["sms", NUMBER, MOBILE, "快递已签收，请确认。"]
    centre.brings(MOBILE, NUMBER, "收到了，谢谢！")
    agent.wait_for_selector("#texts :text('收到了，谢谢！')")
    assert agent.locator("#texts .said").count() == 4
    assert "8001" in agent.inner_text(".page-head")
