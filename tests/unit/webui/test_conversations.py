"""Conversations in the browser: read, taken by one, answered, handed over, closed."""

from __future__ import annotations

from typing import Any

from webtest import Upload

from domain.customers.conversation import (
    Attachment,
    Conversation,
    ConversationState,
    Mailbox,
    SmsLine,
    Text,
    TextState,
    Way,
)
from domain.customers.desk import DeskSettings
from storage.conversations.writing import Incoming, Writing
from storage.notices.outbox import new_id
from tests.unit.storage.provision import apply
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from tests.unit.webui.test_customers import known, token_of
from tests.unit.webui.test_desk import NUMBERS, settings

DESK = "/desk/conversations"
TENANT = "/t/alpha/conversations"
BOX = Mailbox("service", "service@alpha.cn", queue="service")
LINE = SmsLine("sms", "10690000")


def mail(site: Site, tenant: str = "alpha", **fields: Any) -> str:
    """Let Wang write an e-mail; return the id of the conversation."""
    now = site.clock()
    text = Text(
        new_id(now), now, "in", fields.pop("text", "请开发票"), message_id=f"{new_id(now)}@s", **fields
    )
    incoming = Incoming(Way.MAIL, BOX, "wang@sihai.cn", text, "王小姐", "发票")
    found: Conversation = site.change(lambda root: Writing(root, tenant, now).take_in(incoming))
    site.moved += 0.002  # what comes next is later: lists are by milliseconds
    return found.id


def sms(site: Site) -> str:
    """Let a customer write an SMS; return the id of the conversation."""
    now = site.clock()
    incoming = Incoming(Way.SMS, LINE, "13800138000", Text(new_id(now), now, "in", "您好"))
    found: Conversation = site.change(lambda root: Writing(root, "alpha", now).take_in(incoming))
    site.moved += 0.002
    return found.id


def held(site: Site, name: str) -> Conversation:
    """Return a conversation as it is."""
    found: Conversation = site.read(lambda root: root.conversations.find("alpha").get(name))
    return found


def post(browser: Browser, path: str, status: int = 303, **fields: str) -> Any:
    """Send a form."""
    return browser.post(
        path, {**token_of(browser, DESK if path.startswith("/desk") else TENANT), **fields}, status=status
    )


def test_an_agent_takes_answers_and_closes(site: Site) -> None:
    """The e-mail waits to be sent; the next one finds it taken; closed, it is in nobody's list."""
    browser, other = site.agent("alpha", "8001"), site.agent("alpha", "8002")
    name = mail(site)
    assert "发票" in browser.get(f"{DESK}?show=waiting").text
    post(browser, f"{DESK}/{name}/take")
    refused = post(other, f"{DESK}/{name}/take", 409)
    assert "8001 sees to it already" in refused.html.find(id="error").text
    typed = post(other, f"{DESK}/{name}/answer", 409, text="我来回")
    assert "我来回" in typed.html.find("textarea").text
    post(browser, f"{DESK}/{name}/answer", text="已开具")
    page = browser.get(f"{DESK}/{name}")
    assert "being sent" in page.text
    assert "发票" in browser.get(f"{DESK}/mine").text
    assert site.read(lambda root: len(root.conversations.outbox)) == 1
    post(browser, f"{DESK}/{name}/note", text="要专票")
    assert "note, not sent" in browser.get(f"{DESK}/{name}/texts").text
    post(browser, f"{DESK}/{name}/give", agent="8002")
    assert held(site, name).agent == "8002"
    post(other, f"{DESK}/{name}/give", agent="")
    assert held(site, name).state is ConversationState.WAITING
    post(other, f"{DESK}/{name}/close")
    assert held(site, name).state is ConversationState.CLOSED
    assert "发票" not in browser.get(f"{DESK}/mine").text
    assert {"conversation-answer", "conversation-take", "conversation-close"} <= set(site.actions())
    assert post(other, f"{DESK}/{name}/give", 404, agent="9999")
    assert "the text is empty" in post(other, f"{DESK}/{name}/answer", 409, text=" ").text


def test_what_customers_write_is_shown_safely(site: Site) -> None:
    """Text is text; a file is only ever stored, under its own name, and belongs to its conversation."""
    browser = site.agent("alpha", "8001")
    filed = site.recordings.letter_files().add(b"<script>", site.clock(), "text/html")
    files = (
        Attachment("合同.html", "text/html", 8, filed.id),
        Attachment("大.zip", "x/y", 9, why="超过 10 MB"),
    )
    name = mail(site, text=HOSTILE, attachments=files)
    page = browser.get(f"{DESK}/{name}")
    assert HOSTILE not in page.text
    assert "超过 10 MB" in page.text
    link = next(each["href"] for each in page.html.select(".said-file a"))
    answer = browser.get(link)
    assert (answer.body, answer.content_type) == (b"<script>", "application/octet-stream")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="__.html"; filename*=UTF-8')
    again = mail(site)
    for wrong in (link.replace(filed.id, "x"), link.replace(name, again) + "x"):
        assert browser.get(wrong, status="*").status_int == 404
    assert site.agent("beta", "8001").get(link, status="*").status_int == 404


def test_an_answer_goes_with_files_and_an_sms_by_the_notices(site: Site) -> None:
    """Files of the answer are kept; the SMS is what the book of notices says."""
    tenant = site.browser(NUMBERS["alpha"])
    name = mail(site)
    form = form_of(tenant.get(f"{TENANT}/{name}"), f"{TENANT}/{name}/answer")
    form["text"], form["file"] = "见附件", [Upload("报价.pdf", b"%PDF")]
    form.submit(status=303)
    texts = site.read(lambda root: list(root.conversations.find("alpha").texts_of(name)))
    assert [(each.name, bool(each.file)) for each in texts[0].attachments] == [("报价.pdf", True)]
    assert held(site, name).agent == ""
    short = sms(site)
    post(tenant, f"{TENANT}/{short}/answer", text="您好")
    delivery = site.read(lambda root: next(root.notices.newest_first("alpha")))
    assert (delivery.to, delivery.sender) == ("13800138000", "10690000")
    assert "being sent" in tenant.get(f"{TENANT}/{short}").text


def test_who_writes_becomes_a_customer(site: Site) -> None:
    """With his address; from then on his name stands there, and the texts on his timeline."""
    browser = site.agent("alpha", "8001")
    settings(site, DeskSettings(masked=("agent",)))
    name = mail(site)
    page = browser.get(f"{DESK}/{name}")
    assert "wang@sihai.cn" not in page.text
    form = form_of(browser.get(f"/desk/customers/new?conversation={name}"), "/desk/customers/new")
    assert form["name"].value == "王小姐"
    form["name"] = "王女士"
    form.submit(status=303)
    customer = known(site)["王女士"]
    assert customer.mails == ("wang@sihai.cn",)
    assert "王女士" in browser.get(f"{DESK}/{name}").text
    assert "发票：请开发票" in browser.get(f"/desk/customers/{customer.id}?kind=mail").text
    assert browser.get(f"/desk/customers/new?conversation={'0' * 26}", status="*").status_int == 404


def test_a_tenant_sets_his_mailbox(site: Site) -> None:
    """The password is never shown, and stays when it is left empty."""
    tenant = site.browser(NUMBERS["alpha"])
    form = form_of(tenant.get("/t/alpha/mailboxes/new"), "/t/alpha/mailboxes/new")
    form["name"], form["address"], form["imap_host"] = "service", "service@alpha.cn", "imap.alpha.cn"
    form["password"], form["queue"] = "geheim-geheim-12", "service"
    form.submit(status=303)
    page = tenant.get("/t/alpha/mailboxes/service")
    assert "geheim" not in page.text
    form = form_of(page, "/t/alpha/mailboxes/service")
    form["label"] = "客服"
    form.submit(status=303)
    box = site.read(lambda root: root.tenants["alpha"].parts["mailboxes"]["service"].value)
    assert (box.password, box.label) == ("geheim-geheim-12", "客服")
    form = form_of(tenant.get("/t/alpha/sms_lines/new"), "/t/alpha/sms_lines/new")
    form["name"], form["number"] = "sms", "4006123456"
    assert "4001" in form.submit(status=422).text


def test_a_number_of_a_gateway_is_the_operators_to_give(site: Site) -> None:
    """A tenant who took it would read what everybody's customers answer; one that he was given he keeps."""
    tenant, path = site.browser(NUMBERS["alpha"]), "/t/alpha/sms_lines"
    form = form_of(tenant.get(f"{path}/new"), f"{path}/new")
    form["name"], form["number"] = "sms", "10690001234"
    assert "given by the operator" in form.submit(status=422).text
    apply(site.database, 'tenants: {alpha: {sms_lines: {sms: {number: "10690001234"}}}}')
    form = form_of(tenant.get(f"{path}/sms"), f"{path}/sms")
    form["closed_text"] = "您好"
    form.submit(status=303)
    form = form_of(tenant.get(f"{path}/sms"), f"{path}/sms")
    form["number"] = "10690001235"
    assert "given by the operator" in form.submit(status=422).text


def test_a_text_that_failed_says_why(site: Site) -> None:
    """Where it stands."""
    name = mail(site)

    def fail(root: Any) -> None:
        text = Text(
            new_id(site.clock()),
            site.clock(),
            "out",
            "您好",
            message_id="o@a",
            state=TextState.FAILED,
            why="SMTP 550",
        )
        root.conversations.of("alpha").put_text(name, text)

    site.change(fail)
    page = site.agent("alpha", "8001").get(f"{DESK}/{name}").text
    assert "not sent" in page
    assert "SMTP 550" in page


def test_a_ticket_is_opened_from_a_conversation(site: Site) -> None:
    """With customer, address and his words; who sees addresses masked does not read it, but it is kept."""
    settings(site, DeskSettings(masked=("agent",)))
    name = mail(site, text="发票丢了，请补开")
    mail(site, "beta")
    agent, tenant = site.agent("alpha", "8001"), site.browser(NUMBERS["alpha"])
    for browser, tickets, base in ((agent, "/desk/tickets", DESK), (tenant, "/t/alpha/tickets", TENANT)):
        page = browser.get(f"{base}/{name}")
        address = f"{tickets}/new?from=email&ref={name}"
        assert page.html.find("a", href=address) is not None
        form = form_of(browser.get(address), f"{tickets}/new")
        assert (form["subject"].value, form["text"].value, form["name"].value) == (
            "发票", "发票丢了，请补开", "王小姐",
        )  # fmt: skip
        assert form["email"].value == ("" if browser is agent else "wang@sihai.cn")
        shown = form.submit(status=303).follow()
        assert shown.html.find("a", href=f"{base}/{name}") is not None
    shelf = site.read(lambda root: [root.tickets.read("alpha").find(each) for each in opened(root)])
    assert {(each.source.kind, each.source.ref, each.asker.email) for each in shelf} == {
        ("email", name, "wang@sihai.cn")
    }
    other = site.browser(NUMBERS["beta"]).get(f"/t/beta/tickets/new?from=email&ref={name}")
    assert form_of(other, "/t/beta/tickets/new")["text"].value == ""
    form = form_of(tenant.get(f"/t/alpha/tickets/new?from=sms&ref={sms(site)}"), "/t/alpha/tickets/new")
    assert (form["subject"].value, form["mobile"].value) == ("短信 13800138000", "13800138000")


def opened(root: Any) -> list[str]:
    """Return the ids of alpha's tickets that were opened from something written."""
    shelf = root.tickets.read("alpha")
    return [name for name in shelf.keys.values() if shelf.find(name).source.kind == "email"]
