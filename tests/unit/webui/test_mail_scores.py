"""Customers rate e-mails by the link that comes when their conversation is closed."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest

from domain.customers.conversation import Conversation
from domain.tickets.settings import TicketSettings
from storage.conversations.letters import letters_due
from storage.conversations.writing import Writing
from storage.models.web import AuditEntry
from tests.unit.webui.site import Browser, Site
from tests.unit.webui.test_conversations import held, mail
from webui.services.provisioning import wish

MAILBOX = {"address": "service@alpha.cn", "smtp_host": "smtp.alpha.cn", "password": "x", "rating": True}


@pytest.fixture
def open_site(site: Site) -> Site:
    """Return a box whose tenant alpha asks for scores on his public page."""
    document = {"tenants": {"alpha": {"mailboxes": {"service": MAILBOX}}}}
    wish(site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))

    def change(root: Any) -> None:
        root.tickets.of("alpha").settings.value = TicketSettings(page=True)
        root.tickets.of("").settings.value = TicketSettings(address="https://400.example.cn/")

    site.change(change)
    return site


def closed(site: Site, *, answered: bool = True) -> tuple[str, list[str]]:
    """Let somebody answer a mail and close it; return the conversation, and links that go to the customer."""
    name, now = mail(site), site.clock()

    def work(root: Any) -> Conversation:
        writing = Writing(root, "alpha", now)
        if answered:
            writing.answer(name, "8001", "已开具。")
        return writing.close(name)

    site.change(work)
    letters = site.read(lambda root: letters_due(root, now + 1, 50))
    texts = [each.text.text for each in letters if each.conversation.id == name]
    return name, [found for text in texts for found in re.findall(r"https://400.example.cn(\S+)", text)]


def rate(browser: Browser, link: str, score: str, status: int = 303) -> Any:
    """Choose a score."""
    body = {"csrf_token": browser.token(link), "score": score, "comment": "很快"}
    return browser.post(link, body, status=status)


def test_a_customer_rates_his_mail_once_and_agents_see_no_link(open_site: Site) -> None:
    """It counts for who answered; a low score is somebody's task; the next closing may be rated again."""
    name, (link,) = closed(open_site)
    stranger, tenant = open_site.browser(), open_site.browser("4001003721")
    shown = tenant.get(f"/t/alpha/conversations/{name}").text
    assert "评价链接" in shown
    assert held(open_site, name).code not in shown
    assert "发票" in stranger.get(link)
    assert rate(stranger, link, "", 422)
    rate(stranger, link, "2")
    assert held(open_site, name).score == 2
    assert stranger.get(link).html.select("input[name=score]") == []
    assert rate(stranger, link, "5", 422)
    page = tenant.get("/t/alpha/satisfaction")
    assert "2.00" in page.html.find(class_="tile", string=None).parent.text
    assert f"/t/alpha/conversations/{name}" in page
    made = open_site.read(
        lambda root: [
            each.subject
            for each in map(root.tickets.read("alpha").find, root.tickets.read("alpha").keys.values())
        ]
    )
    assert made.count("低分回访：发票") == 1
    assert mail(open_site) == name
    open_site.change(lambda root: Writing(root, "alpha", open_site.clock()).close(name))
    rate(stranger, link, "5")
    assert held(open_site, name).score == 5


def test_nobody_is_asked_who_was_not_answered_or_has_no_page(open_site: Site) -> None:
    """Nor where the mailbox does not ask, nor where the box's address is not known."""
    assert closed(open_site, answered=False)[1] == []
    for desk in ("", "alpha"):
        before = open_site.read(lambda root, desk=desk: root.tickets.read(desk).settings.value)
        set_to(open_site, desk, TicketSettings())
        assert closed(open_site)[1] == [], desk
        set_to(open_site, desk, before)
    document = {"tenants": {"alpha": {"mailboxes": {"service": {**MAILBOX, "rating": False}}}}}
    wish(open_site.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
    assert closed(open_site)[1] == []


def set_to(site: Site, desk: str, settings: TicketSettings) -> None:
    """Give a desk settings."""
    site.change(lambda root: setattr(root.tickets.of(desk).settings, "value", settings))


def test_a_guessed_link_rates_nothing(open_site: Site) -> None:
    """A wrong code, another tenant's page, a conversation of before that has no code; too many tries end."""
    name, (link,) = closed(open_site)
    stranger = open_site.browser()
    set_to(open_site, "beta", TicketSettings(page=True))
    for wrong in (
        link[:-1],
        link.replace("alpha", "beta"),
        f"/help/alpha/rate?about={name}",
        "/help/alpha/rate",
    ):
        assert stranger.get(wrong, status="*").status_int == 404, wrong
    old = msgspec.structs.replace(held(open_site, name), code="")
    open_site.change(lambda root: root.conversations.of("alpha").put(old))
    assert stranger.get(f"/help/alpha/rate?about={name}&code=", status="*").status_int == 404
    statuses = [stranger.get(link, status="*").status_int for _ in range(7)]
    assert statuses[-1] == 429
