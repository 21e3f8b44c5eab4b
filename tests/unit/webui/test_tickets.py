"""工单 in the browser: asked, answered, closed by who asked, rated, found; nobody sees what is not his."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from domain.tickets.ticket import Ticket
from tests.unit.webui.site import HOSTILE, Browser, Site, form_of
from tests.unit.webui.test_missed import missed_call

SUPPORT = "/t/alpha/support"
CUSTOMERS = "/t/alpha/tickets"
OPERATOR = "/operator/tickets"
PDF = b"%PDF-1.4 screenshot"


def open_ticket(browser: Browser, address: str, query: str = "", **fields: Any) -> Any:
    """Fill in the form and send it."""
    form = form_of(browser.get(f"{address}/new{query}"), f"{address}/new")
    for name, value in {"subject": "无法拨通", "text": "昨天起打不通", **fields}.items():
        form[name] = value
    return form.submit(status="*")


def tickets(site: Site, desk: str = "alpha") -> list[Ticket]:
    """Return the tickets of a desk, newest first."""

    def read(root: Any) -> list[Ticket]:
        shelf = root.tickets.read(desk)
        return [shelf.find(name) for name in shelf.keys.values()]

    found: list[Ticket] = site.read(read)
    return found


def send(browser: Browser, page: str, action: str, **fields: str) -> Any:
    """Send one of a page's forms."""
    token = browser.token(page)
    return browser.post(f"{page}/{action}", {"csrf_token": token, **fields}, status="*")


def test_a_tenant_asks_and_the_operator_answers_until_he_is_content(site: Site) -> None:
    """One question, one answer: asked on, answered, closed by the tenant, rated, opened again."""
    tenant, operator = site.browser("4001003721", language="zh"), site.browser("sun", language="zh")
    shown = open_ticket(tenant, SUPPORT, text=f"打不通 {HOSTILE}").follow()
    assert "工单 T1 已提交" in shown
    assert HOSTILE not in shown.text
    assert "待答复工单" in operator.get("/operator")
    assert "无法拨通" in operator.get(OPERATOR)
    (ticket,) = tickets(site, "")
    page, asked = f"{OPERATOR}/{ticket.id}", f"{SUPPORT}/{ticket.id}"
    assert send(operator, page, "answer", text="客户很急", note="1").status_int == 303
    assert send(operator, page, "answer", text="已恢复").status_int == 303
    seen = tenant.get(asked)
    assert "已恢复" in seen
    assert "客户很急" not in seen
    send(tenant, asked, "ask", text="还是不行")
    send(operator, page, "answer", text="现在好了")
    send(tenant, asked, "close")
    assert "请评价本次服务" in tenant.get(asked)
    send(tenant, asked, "rate", score="4", comment="不错")
    (ticket,) = tickets(site, "")
    assert (ticket.state, ticket.closed, ticket.score, ticket.by) == ("closed", "by-asker", 4, "sun")
    assert "无法拨通" in operator.get(f"{OPERATOR}?state=all&search={quote('打不通')}")
    assert "没有工单" in operator.get(OPERATOR)
    send(tenant, asked, "ask", text="又坏了")
    assert tickets(site, "")[0].state == "working"
    assert {"ticket-opened", "ticket-answered", "ticket-noted", "ticket-closed", "ticket-rated"} <= set(
        site.actions()
    )


def test_what_is_refused_keeps_what_was_typed(site: Site) -> None:
    """Field by field, nothing lost; a desk may not close what its asker can reach."""
    browser = site.browser("4001003721")
    answer = open_ticket(browser, CUSTOMERS, mobile="abc", email="x@", name="Wang")
    assert answer.status_int == 422
    assert "no telephone number" in answer
    assert "no e-mail address" in answer
    assert "昨天起打不通" in answer
    assert open_ticket(browser, CUSTOMERS).status_int == 422
    assert open_ticket(browser, CUSTOMERS, name="Wang", mobile="13800138000").status_int == 303
    page = f"{CUSTOMERS}/{tickets(site)[0].id}"
    assert "only its asker" in send(browser, page, "confirm", text="ok")
    assert "write something" in send(browser, page, "answer", text="  ")


def test_a_missed_call_becomes_a_ticket(site: Site) -> None:
    """With who called filled in; asked again it is the same ticket."""
    item = missed_call(site)
    browser = site.browser("4001003721")
    assert open_ticket(browser, CUSTOMERS, f"?from=missed&ref={item}").status_int == 303
    open_ticket(browser, CUSTOMERS, f"?from=missed&ref={item}")
    (ticket,) = tickets(site)
    assert (ticket.asker.mobile, ticket.source.kind, ticket.source.ref) == ("02461234567", "missed", item)
    assert ticket.entries == 2


def test_a_call_becomes_a_ticket_at_a_desk_that_hides_numbers(site: Site) -> None:
    """The agent sees stars, the ticket knows the number; another tenant's call is none."""
    site.change(lambda root: _mask(root))
    agent = site.agent("alpha", "8001")
    shown = agent.get(f"/desk/tickets/new?from=call&ref={site.calls['alpha']}")
    assert "138****8000" in shown
    assert "13800138000" not in shown
    open_ticket(agent, "/desk/tickets", f"?from=call&ref={site.calls['alpha']}", subject="要发票")
    (ticket,) = tickets(site)
    assert ticket.asker.mobile == "13800138000"
    for page in ("/desk/tickets", f"/desk/tickets/{ticket.id}"):
        assert "13800138000" not in agent.get(page)
    foreign = agent.get(f"/desk/tickets/new?from=call&ref={site.calls['beta']}")
    assert site.calls["beta"] not in foreign


def _mask(root: Any) -> None:
    from domain.customers.desk import DeskSettings

    root.desk.of("alpha").settings.value = DeskSettings(masked=("agent",))


def test_a_ticket_is_given_to_somebody_of_the_desk(site: Site) -> None:
    """Taken, filed, found under Mine; to a stranger it is not given."""
    tenant, agent = site.browser("4001003721"), site.agent("alpha", "8001")
    open_ticket(tenant, CUSTOMERS, name="Wang", mobile="13800138000")
    name = tickets(site)[0].id
    page = f"/desk/tickets/{name}"
    assert send(agent, page, "assign", to="8001").status_int == 303
    assert send(agent, page, "assign", to="boss").status_int == 404
    assert send(agent, page, "file", category="账单费用", priority="urgent").status_int == 303
    ticket = tickets(site)[0]
    assert (ticket.by, ticket.category, ticket.priority, ticket.state) == (
        "8001", "账单费用", "urgent", "working",
    )  # fmt: skip
    assert "无法拨通" in agent.get("/desk/tickets?state=mine")
    assert "No tickets here" in site.agent("alpha", "8002").get("/desk/tickets?state=mine")


def test_attachments_are_kept_with_their_ticket(site: Site) -> None:
    """PDF and pictures; anything else is refused by name, and nothing of a refused form stays."""
    tenant, operator = site.browser("4001003721"), site.browser("sun")
    form = form_of(tenant.get(f"{SUPPORT}/new"), f"{SUPPORT}/new")
    fields = {**dict(form.submit_fields()), "subject": "见附件", "text": "见附件"}
    upload = [("files", "截图.pdf", PDF)]
    tenant.post(f"{SUPPORT}/new", fields, upload_files=upload)
    (ticket,) = tickets(site, "")
    entry = site.read(lambda root: root.tickets.read("").thread(ticket.id)[0])
    address = f"attachment?id={entry.files[0].id}"
    got = operator.get(f"{OPERATOR}/{ticket.id}/{address}")
    assert (got.body, got.content_type) == (PDF, "application/pdf")
    assert "attachment" in got.headers["Content-Disposition"]
    assert site.browser("4001003731").get(f"{SUPPORT}/{ticket.id}/{address}", status="*").status_int == 404
    refused = tenant.post(
        f"{SUPPORT}/new", fields, upload_files=[*upload, ("files", "x.html", HOSTILE.encode())], status="*"
    )
    assert refused.status_int == 422
    assert "x.html" in refused
    assert len(tickets(site, "")) == 1


@pytest.mark.parametrize("desk", ["operator", "alpha"])
def test_settings_are_checked_and_kept(site: Site, desk: str) -> None:
    """Hours, categories, who is told; what is wrong is said at its field."""
    address = OPERATOR if desk == "operator" else CUSTOMERS
    browser = site.browser("anna" if desk == "operator" else "4001003721")
    form = form_of(browser.get(f"{address}/settings"), f"{address}/settings")
    form["categories"], form["urgent"], form["emails"] = "网络\n设备", "0.5", "duty@example.cn"
    assert form.submit().status_int == 303
    held = site.read(lambda root: root.tickets.read("" if desk == "operator" else desk).settings.value)
    assert (held.categories, held.urgent_minutes, held.emails) == (("网络", "设备"), 30, ("duty@example.cn",))
    form["hours"], form["low"], form["mobiles"] = "someday", "0", "110"
    answer = form.submit(status="*")
    assert answer.status_int == 422
    assert len(answer.html.select(".invalid-feedback")) == 3


def test_a_box_of_one_tenants_tickets_shows_nothing_of_anothers(site: Site) -> None:
    """By id in every place; numbers of tickets are each desk's own."""
    for login, tenant in (("4001003721", "alpha"), ("4001003731", "beta")):
        browser = site.browser(login)
        open_ticket(browser, f"/t/{tenant}/tickets", name="Wang", mobile="13800138000")
        open_ticket(browser, f"/t/{tenant}/support")
    foreign, asked = tickets(site, "beta")[0].id, tickets(site, "")
    browser, agent = site.browser("4001003721"), site.agent("alpha", "8001")
    for path in (f"{CUSTOMERS}/{foreign}", f"{SUPPORT}/{asked[0].id}", f"{CUSTOMERS}/{asked[1].id}"):
        assert browser.get(path, status="*").status_int == 404, path
    assert agent.get(f"/desk/tickets/{foreign}", status="*").status_int == 404
    assert browser.get(f"{SUPPORT}/{asked[1].id}").status_int == 200
    assert [each.number for each in tickets(site, "beta")] == [1]
