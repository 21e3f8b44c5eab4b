"""An agent writes first: from the list, from a card; what is wrong stands beside its field."""

from __future__ import annotations

from typing import Any

import pytest
from webtest import Upload

from domain.customers.conversation import Conversation, ConversationState
from domain.customers.customer import Customer
from domain.customers.desk import DeskSettings
from storage.conversations.writing import Writing
from storage.models.web import AuditEntry
from tests.unit.storage.provision import apply
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from tests.unit.webui.test_api_conversations import reachable
from tests.unit.webui.test_conversations import DESK, TENANT, held, sms
from tests.unit.webui.test_desk import NUMBERS, settings
from webui.services.provisioning import wish

CARD = "a1" * 8
OF_CARD = f"/desk/customers/{CARD}"


def form(browser: Browser, way: str, base: str = DESK, **fields: Any) -> Any:
    """Fill in the form of an e-mail or an SMS."""
    found = form_of(browser.get(f"{base}/new?way={way}"), f"{base}/new")
    for name, value in fields.items():
        found[name] = value
    return found


def newest(site: Site) -> Conversation:
    """Return the conversation with the latest text."""
    found: Conversation = site.read(lambda root: next(root.conversations.find("alpha").newest_first())[1])
    return found


def test_an_agent_writes_an_email_with_a_file(site: Site) -> None:
    """It is his, waits to be sent, and stands on the customer's timeline."""
    reachable(site)
    browser = site.agent("alpha", "8001")
    assert f"{DESK}/new?way=mail" in browser.get(DESK).text
    filled = form(browser, "mail", to="Wang@sihai.cn", subject="续费", text="请查收。")
    filled["file"] = [Upload("合同.pdf", b"%PDF")]
    shown = filled.submit(status=303).follow()
    assert "合同.pdf" in shown.text
    begun = newest(site)
    assert (begun.peer, begun.subject, begun.own) == ("wang@sihai.cn", "续费", "service@alpha.cn")
    assert (begun.state, begun.agent) == (ConversationState.ASSIGNED, "8001")
    assert site.read(lambda root: len(root.conversations.outbox)) == 1
    assert "续费：请查收。" in browser.get(f"{OF_CARD}?kind=mail").text
    assert "conversation-begin" in site.actions()
    other = site.agent("alpha", "8002")
    assert "8001" in other.get(f"{DESK}/{begun.id}").text


def test_from_a_card_the_number_is_filled_in_and_may_be_masked(site: Site) -> None:
    """An agent who reads numbers without their middle sends to them all the same."""
    reachable(site)
    settings(site, DeskSettings(masked=("agent",), answers=("您好，已为您处理。",)))
    browser = site.agent("alpha", "8001")
    links = [each["href"] for each in browser.get(OF_CARD).html.select("dd a.btn")]
    assert [each.partition("?")[2][:8] for each in links] == ["way=sms&", "way=mail"]
    page = browser.get(links[0])
    assert "13800138000" not in page.text
    assert "138****8000" in page.text
    assert "您好，已为您处理。" in page.text
    filled = form_of(page, f"{DESK}/new")
    filled["text"] = "已寄出"
    filled.submit(status=303)
    delivery = site.read(lambda root: next(root.notices.newest_first("alpha")))
    assert (delivery.to, delivery.sender, delivery.text) == ("13800138000", "10690000", "已寄出")
    page = browser.get(links[1])
    assert "wang@" not in page.text
    filled = form_of(page, f"{DESK}/new")
    filled["subject"], filled["text"] = "发货", "已寄出"
    filled.submit(status=303)
    assert newest(site).peer == "wang@sihai.cn"


def test_the_tenant_writes_as_nobody(site: Site) -> None:
    """Who answers is given to the agents, for nobody sees to it."""
    reachable(site)
    tenant = site.browser(NUMBERS["alpha"])
    form(tenant, "sms", TENANT, to="+86 138 0013 8000", text="已寄出").submit(status=303)
    assert (newest(site).agent, newest(site).state) == ("", ConversationState.CLOSED)


@pytest.mark.parametrize(
    ("way", "fields", "beside"),
    [
        ("mail", {"to": "wang@"}, "no e-mail address"),
        ("mail", {"to": "li@sihai.cn"}, "no customer has this address"),
        ("mail", {"subject": " "}, "needs a subject"),
        ("mail", {"text": " "}, "the text is empty"),
        ("mail", {"text": "字" * 20_001}, "at most 20000"),
        ("sms", {"to": "01061234567"}, "mobile numbers"),
        ("sms", {"to": "13911112222"}, "no customer has this address"),
        ("sms", {"text": "字" * 501}, "at most 500"),
    ],
)  # fmt: skip
def test_what_is_wrong_stands_beside_its_field(
    site: Site, way: str, fields: dict[str, str], beside: str
) -> None:
    """Nothing is begun or sent; what was typed stays."""
    reachable(site)
    browser = site.agent("alpha", "8001")
    right = {"to": "wang@sihai.cn", "subject": "续费"} if way == "mail" else {"to": "13800138000"}
    typed = {**right, "text": f"您好 {HOSTILE}", **fields}
    refused = form(browser, way, **typed).submit(status=422)
    (name,) = fields
    field = refused.html.find(id=name)
    assert "is-invalid" in field["class"]
    assert beside in field.find_next_sibling(class_="invalid-feedback").text
    kept = form_of(refused, f"{DESK}/new")
    assert kept["to"].value == typed["to"]
    if name != "text":
        assert kept["text"].value == typed["text"]
    assert site.read(lambda root: len(root.conversations.outbox)) == 0
    assert "conversation-begin" not in site.actions()


def test_files_within_limits_alone(site: Site) -> None:
    """Where another field is wrong, they are asked for again and none is kept."""
    reachable(site)
    browser = site.agent("alpha", "8001")
    for files, beside in (
        ([Upload("a.txt", b"")], "empty"),
        ([Upload(f"{place}.txt", b"x") for place in range(6)], "at most 5 files"),
    ):
        filled = form(browser, "mail", to="wang@sihai.cn", subject="续费", text="您好")
        filled["file"] = files
        assert beside in filled.submit(status=422).html.find(class_="invalid-feedback").text
    filled = form(browser, "mail", to="wang@sihai.cn", subject="续费", text=" ")
    filled["file"] = [Upload("a.txt", b"hello")]
    refused = filled.submit(status=422)
    assert "Choose the files again" in refused.text
    assert not site.recordings.letter_files().any()


def test_who_cannot_send_is_told_what_is_missing(site: Site) -> None:
    """No mailbox, no number, one that is switched off or cannot send; an agent asks, a tenant sets."""
    browser, tenant = site.agent("alpha", "8001"), site.browser(NUMBERS["alpha"])
    for way in ("mail", "sms"):
        page = browser.get(f"{DESK}/new?way={way}")
        assert page.html.find(id="begin") is None
        assert "Ask who looks after your 400 number" in page.text
    assert "/t/alpha/sms_lines" in tenant.get(f"{TENANT}/new?way=sms").text
    assert browser.get(OF_CARD).html.select("dd a.btn") == []
    reachable(site)
    filled = form(browser, "mail", to="wang@sihai.cn", subject="续费", text="您好")
    apply(site.database, "tenants: {alpha: {mailboxes: {service: {smtp_host: ''}}}}")
    assert "A mailbox needs an address and an SMTP server" in filled.submit(status=422).text
    assert browser.get(f"{DESK}/new?way=mail").html.find(id="begin") is None


def test_one_conversation_is_one_agents(site: Site) -> None:
    """What a colleague writes with the customer is not gone on with behind his back."""
    reachable(site)
    name = sms_of_line(site)
    other = form(site.agent("alpha", "8002"), "sms", to="13800138000", text="您好")
    refused = other.submit(status=422)
    assert "8001 sees to it already" in refused.html.find(id="error").text
    assert held(site, name).agent == "8001"


def sms_of_line(site: Site) -> str:
    """Let the customer write an SMS that 8001 takes."""
    name = sms(site)
    site.change(lambda root: Writing(root, "alpha", site.clock()).take(name, "8001"))
    return name


def test_another_tenants_customers_and_mailboxes_are_out_of_reach(site: Site) -> None:
    """Neither by address, nor by card, nor by name of the mailbox."""
    reachable(site)
    stranger = Customer("cc" * 8, "李先生", ("13900139000",), mails=("li@sihai.cn",), at=1.0)
    site.change(lambda root: root.customers.of("beta").put(stranger))
    server = {"imap_host": "imap.beta.cn", "smtp_host": "smtp.beta.cn", "password": "x"}
    theirs = {"tenants": {"beta": {"mailboxes": {"theirs": {"address": "their@beta.cn", **server}}}}}
    wish(site.services, lambda root: theirs, AuditEntry(0.0, "test", "filled"))
    browser = site.agent("alpha", "8001")
    page = browser.get(f"{DESK}/new?way=mail&customer={'cc' * 8}")
    assert "li@" not in page.text
    assert "李先生" not in page.text
    filled = form(browser, "mail", to="li@sihai.cn", subject="续费", text="您好")
    assert "no customer has this address" in filled.submit(status=422).text
    filled = form(browser, "mail", to="wang@sihai.cn", subject="续费", text="您好")
    filled["channel"].force_value("theirs")
    assert "there is no mailbox" in filled.submit(status=422).text
