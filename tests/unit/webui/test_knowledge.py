"""知识库 and 线上客服: written, reviewed, found while typing, voted on; the public asks and is answered."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from domain.knowledge import Audience
from domain.tickets.settings import TicketSettings
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from tests.unit.webui.test_tickets import open_ticket, send, tickets
from webui.views.public import MOST_FILES

OWN = "/t/alpha/knowledge"
OPERATOR = "/operator/knowledge"
PAGE = "/help/alpha"
ASKED = {"subject": "快递没收到", "text": "三天了", "name": "李女士", "email": "li@example.cn"}


def write(browser: Browser, base: str, *, submit: bool = True, **fields: str) -> Any:
    """Write an article."""
    form = form_of(browser.get(f"{base}/new"), f"{base}/new")
    for name, value in {"title": "如何开发票", "body": "在订单页申请。", **fields}.items():
        form[name] = value
    return form.submit("submit" if submit else None, status="*")


def articles(site: Site, owner: str) -> list[Any]:
    """Return an owner's articles, newest first."""
    found: list[Any] = site.read(lambda root: list(root.knowledge.read(owner).newest_first()))
    return found


def test_an_article_is_written_reviewed_and_found_while_it_is_typed(site: Site) -> None:
    """Nobody finds it before; the next version stays unseen until it is published, earlier ones stay."""
    agent, tenant = site.agent("alpha", "8001"), site.browser("4001003721")
    assert write(agent, "/desk/knowledge", keywords="税票").status_int == 303
    (article,) = articles(site, "alpha")
    page = f"{OWN}/{article.id}"
    typed = f"/desk/knowledge/found?search={quote('税票')}"
    assert "如何开发票" not in agent.get(typed)
    assert send(agent, f"/desk/knowledge/{article.id}", "step", step="publish").status_int == 404
    assert send(tenant, page, "step", step="back", why="太短").status_int == 303
    assert "太短" in agent.get(f"/desk/knowledge/{article.id}")
    send(agent, f"/desk/knowledge/{article.id}", "step", step="submit")
    send(tenant, page, "step", step="publish")
    assert "如何开发票" in agent.get(typed)
    form = form_of(tenant.get(f"{page}/edit"), f"{page}/edit")
    form["body"] = "打电话申请。"
    form.submit()
    assert "在订单页申请" in agent.get(f"/desk/knowledge/{article.id}")
    send(tenant, page, "step", step="submit")
    send(tenant, page, "step", step="publish")
    assert "打电话申请" in agent.get(f"/desk/knowledge/{article.id}")
    assert "在订单页申请" in agent.get(f"/desk/knowledge/{article.id}?version=1")
    send(tenant, page, "step", step="retire")
    assert "如何开发票" not in agent.get(typed)


def test_who_reads_what(site: Site) -> None:
    """Public, tenants, operator's staff: each finds what is for him and nothing else."""
    for audience in Audience:
        site.publish("", f"平台说明 {audience}", "内容", audience)
    site.publish("beta", "平台说明 beta", "内容", Audience.PUBLIC)
    open_page(site, "")
    found = f"found?search={quote('平台说明')}"
    for browser, base, seen in (
        (site.browser("sun"), OPERATOR, {"public", "tenant", "operator"}),
        (site.browser("4001003721"), OWN, {"public", "tenant"}),
        (site.agent("alpha", "8001"), "/desk/knowledge", {"public", "tenant"}),
        (site.browser(), "/help", {"public"}),
    ):
        page = browser.get(f"{base}/{found}").text
        assert {each for each in (*Audience, "beta") if f"平台说明 {each}" in page} == seen, base
    (secret,) = [each for each in articles(site, "") if each.shown.audience is Audience.OPERATOR]
    assert site.browser("4001003721").get(f"{OWN}/{secret.id}", status="*").status_int == 404
    assert site.browser().get(f"/help/article?id={secret.id}", status="*").status_int == 404


def test_articles_are_suggested_by_what_one_looks_at(site: Site) -> None:
    """By the page, by what is typed into a ticket, by what a caller chose; none where nothing fits."""
    site.publish("", "余额不足怎么充值", "在账单页面查看余额，联系运营商充值。")
    own = site.publish("alpha", "排队时怎么办", "service 队列很忙时请留言。")
    browser, agent = site.browser("4001003721"), site.agent("alpha", "8001")
    link = browser.get("/t/alpha/billing").html.select_one("a.top-help")["href"]
    assert link == f"{OWN}?about=billing"
    assert "怎么充值" in browser.get(link)
    assert "排队时" not in browser.get(link)
    token = browser.token(OWN)
    body = {"csrf_token": token, "subject": "充值后余额没变", "text": ""}
    assert "怎么充值" in browser.post(f"{OWN}/suggest", body)
    assert "怎么充值" not in browser.post(f"{OWN}/suggest", {**body, "subject": "彩铃没有声音"})
    record = site.read(lambda root: root.records.find(site.calls["alpha"], "alpha"))
    assert record is not None
    from domain.customers.desk import CallNote

    note = CallNote(record.id, record.caller, "8001", 1.0, "咨询", "问排队时间")
    site.change(lambda root: root.desk.of("alpha").put_note(note))
    assert own in agent.get(f"/desk/pop?call={record.id}", status="*").text


def test_a_closed_ticket_becomes_an_article(site: Site) -> None:
    """With question and answer, without what was noted inside."""
    tenant = site.browser("4001003721")
    open_ticket(tenant, "/t/alpha/tickets", name="路人")
    name = tickets(site)[0].id
    page = f"/t/alpha/tickets/{name}"
    send(tenant, page, "answer", text="客户脾气大", note="1")
    send(tenant, page, "answer", text="重启路由器")
    send(tenant, page, "confirm", text="电话里说好了")
    assert f"new?ticket={name}" in tenant.get(page)
    form = tenant.get(f"{OWN}/new?ticket={name}")
    assert "重启路由器" in form
    assert "昨天起打不通" in form
    assert "脾气" not in form


def test_votes_count_once_for_each(site: Site) -> None:
    """The last word counts."""
    own = site.publish("alpha", "如何退货", "打电话。")
    for browser, helped in ((site.browser("4001003721"), "no"), (site.agent("alpha", "8001"), "yes")):
        base = OWN if helped == "no" else "/desk/knowledge"
        for _ in range(2):
            send(browser, f"{base}/{own}", "vote", helped=helped)
    assert site.read(lambda root: root.knowledge.read("alpha").votes_of(own)) == (1, 1)


def open_page(site: Site, desk: str) -> None:
    """Let a desk have a public page."""
    site.change(lambda root: setattr(root.tickets.of(desk).settings, "value", TicketSettings(page=True)))


@pytest.fixture
def open_site(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a box whose tenant alpha has a public page; pictures are read by who types ``right``."""
    open_page(site, "alpha")
    monkeypatch.setattr(site.services.captchas, "right", lambda browser, text: text == "right")
    return site


def ask(browser: Browser, **fields: str) -> Any:
    """Ask on the public page."""
    form = form_of(browser.get(f"{PAGE}/ask"), f"{PAGE}/ask")
    for name, value in {**ASKED, "captcha": "right", **fields}.items():
        form[name] = value
    return form.submit(status="*")


def test_the_public_asks_and_sees_the_answer_by_the_code(open_site: Site) -> None:
    """Asked, answered by an agent, closed and rated by who has the code; hostile text stays text."""
    stranger, agent = open_site.browser(language="zh"), open_site.agent("alpha", "8001")
    shown = ask(stranger, text=f"三天了 {HOSTILE}").follow()
    (ticket,) = tickets(open_site)
    assert ticket.code in shown
    assert HOSTILE not in shown.text
    assert HOSTILE not in agent.get(f"/desk/tickets/{ticket.id}").text
    send(agent, f"/desk/tickets/{ticket.id}", "answer", text="今天送到")
    send(agent, f"/desk/tickets/{ticket.id}", "answer", text="内部说明", note="1")
    result = open_site.browser(language="zh").get(f"{PAGE}/ticket?code={ticket.code.lower()}")
    assert "今天送到" in result
    assert "内部说明" not in result
    for what, more in (("close", {}), ("rate", {"score": "2", "comment": "慢"})):
        fields = {"csrf_token": stranger.token(PAGE), "code": ticket.code, "what": what, **more}
        stranger.post(f"{PAGE}/ticket", fields)
    held = next(each for each in tickets(open_site) if each.id == ticket.id)
    assert (held.state, held.score) == ("closed", 2)
    assert any(each.source.kind == "rating" for each in tickets(open_site))


def test_the_public_page_keeps_programs_out(open_site: Site) -> None:
    """A wrong picture opens nothing, five questions are enough, guessed codes end soon."""
    stranger = open_site.browser()
    assert ask(stranger, captcha="wrong").status_int == 422
    assert tickets(open_site) == []
    statuses = [ask(stranger).status_int for _ in range(7)]
    assert statuses == [303] * 5 + [422] * 2
    guesses = [
        stranger.get(f"{PAGE}/ticket?code=AAAA-BBBB-{each}", status="*").status_int
        for each in range(2222, 2235)
    ]
    assert guesses.count(422) == 10
    assert guesses[-1] == 429


def test_strangers_attach_little(open_site: Site) -> None:
    """Less than who is signed in; what was typed stays, and nothing is kept."""
    stranger = open_site.browser()
    form = form_of(stranger.get(f"{PAGE}/ask"), f"{PAGE}/ask")
    fields = {**dict(form.submit_fields()), **ASKED, "captcha": "right"}
    many = [("files", "a.pdf", b"%PDF-small")] * (MOST_FILES + 1)
    refused = stranger.post(f"{PAGE}/ask", fields, upload_files=many, status="*")
    assert (refused.status_int, tickets(open_site)) == (422, [])
    assert "at most 3 files of 3 MB each" in refused
    assert ASKED["text"] in refused
    stranger.post(f"{PAGE}/ask", fields, upload_files=[("files", "a.pdf", b"%PDF-small")])
    (ticket,) = tickets(open_site)
    entry = open_site.read(lambda root: root.tickets.read("alpha").thread(ticket.id)[0])
    address = f"{PAGE}/attachment?code={ticket.code}&id={entry.files[0].id}"
    assert stranger.get(address).body == b"%PDF-small"


def test_a_page_that_is_not_open_is_not_there(open_site: Site) -> None:
    """Nor that of somebody who is no tenant; one tenant's code shows nothing on another's page."""
    stranger = open_site.browser()
    for path in ("/help", "/help/beta", "/help/nobody", "/help/beta/ask", "/help/ask"):
        assert stranger.get(path, status="*").status_int == 404, path
    ask(stranger)
    code = tickets(open_site)[0].code
    open_site.change(
        lambda root: setattr(root.tickets.of("beta").settings, "value", TicketSettings(page=True))
    )
    assert stranger.get(f"/help/beta/ticket?code={code}", status="*").status_int == 422
