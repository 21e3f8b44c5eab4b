"""Every number of conversations, tickets and scores leads to its list, and the list counts as many."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from domain.analysis.service import BEHIND, COUNTS
from domain.tickets import rules
from domain.tickets.ratings import Rating
from domain.tickets.rules import Wanted
from domain.tickets.ticket import OPERATOR, Asker, AskerKind, Source, SourceKind
from storage.conversations.writing import Writing
from storage.models import Root
from storage.tickets import move, open_ticket
from storage.tickets.upkeep import look_after
from tests.unit.webui.api_client import Programs
from tests.unit.webui.site import HOSTILE, Browser, Site, made_up
from tests.unit.webui.test_conversations import mail, sms
from tests.unit.webui.test_desk import NUMBERS
from webui.views.reports_behind import SHOWN


def counted(browser: Browser, link: str) -> int:
    """Return how many a list has, on all its pages."""
    page = browser.get(link)
    found = len(page.html.select("#behind > .list-group-item"))
    following = page.html.find(id="next")
    return found + (counted(browser, following["href"]) if following else 0)


def figures(browser: Browser, path: str, places: str) -> dict[str, int]:
    """Return the numbers of a page that lead to lists: link -> number."""
    found = {}
    for each in browser.get(path).html.select(places):
        number = re.search(r"\d+", each.text)
        assert number is not None
        found[each["href"]] = int(number[0])
    return found


def happens(site: Site) -> None:
    """Let e-mails, SMS and tickets of alpha come, be answered, closed, begun anew; each figure has some."""
    name, other = mail(site), sms(site)
    mail(site, "beta")

    def work(root: Root) -> None:
        at = site.clock()
        for each in (name, other):
            for _ in range(SHOWN + 5):
                Writing(root, "alpha", at).answer(each, "8001", "您好")
            Writing(root, "alpha", at).close(each)
        asker = Asker(AskerKind.CUSTOMER, HOSTILE, "13800138000")
        for days in range(0, 60, 20):
            wanted = Wanted("alpha", "alpha", asker, HOSTILE, "请回复", Source(SourceKind.PAGE))
            made = open_ticket(root, wanted, at - days * 8640)
            if not days:
                for step in (
                    lambda each, terms: rules.answered(each, "已开", (), "8001", at, terms),
                    lambda each, _: rules.closed(each, at),
                    lambda each, _: rules.rated(each, 4, "", at),
                ):
                    move(root, "alpha", made.id, step)
        look_after(root, at)

    site.change(work)
    site.moved += 1
    mail(site, text="还有一件事")
    sms(site)


def test_figures_of_conversations_and_tickets_lead_to_what_they_count(site: Site) -> None:
    """Each number of the page is the length of its list, page by page; rows lead to what it was."""
    happens(site)
    tenant = site.browser(NUMBERS["alpha"])
    found = figures(tenant, "/t/alpha/reports", "#service dd a")
    kinds = {parse_qs(urlsplit(link).query)["figure"][0] for link in found}
    assert kinds == BEHIND - {"mail-automatic", "sms-automatic", "ticket-reopened"}
    assert {link: counted(tenant, link) for link in found} == found
    assert max(found.values()) > SHOWN
    link = next(each for each in found if "mail-received" in each)
    page = tenant.get(link)
    assert "还有一件事" in page.text
    assert tenant.get(page.html.select("#behind a")[0]["href"]).status_int == 200
    late = tenant.get(next(each for each in found if "ticket-late" in each))
    assert HOSTILE not in late.text
    assert tenant.get(late.html.select("#behind a")[0]["href"]).status_int == 200


def test_a_program_gets_what_a_figure_counts(site: Site) -> None:
    """By REST, page by page, as many as the report says; each is a ticket, or a conversation of his."""
    happens(site)
    program = Programs(site).of("alpha")
    service = program.ask("GET", "/tenants/alpha/report").json["service"]
    for kind, sums in (("mail", service["mail"]), ("sms", service["sms"]), ("ticket", service["tickets"])):
        for name in COUNTS[kind]:
            found, cursor = [], ""
            asked = f"/tenants/alpha/report/behind?figure={kind}-{name}&limit=7"
            while cursor is not None:
                page = program.ask("GET", asked + cursor).json
                found += page["items"]
                cursor = f"&cursor={page['next']}" if page["next"] else None
            assert len(found) == sums[name], (kind, name)
            path = "tickets" if kind == "ticket" else "conversations"
            for each in found[:1]:
                shown = program.ask("GET", f"/tenants/alpha/{path}/{each[path[:-1]]}")
                assert shown.status_int == 200
    assert program.ask("GET", "/tenants/alpha/report/behind?figure=odd").status_int == 422


def test_operators_count_everybodys_and_read_their_own(site: Site) -> None:
    """Of tenants' only when it was and whose; a tenant finds nothing of another, nor under an odd name."""
    happens(site)
    asker = Asker(AskerKind.TENANT, "王先生", "13800138000")
    wanted = Wanted(OPERATOR, "alpha", asker, "端口故障", "请看", Source(SourceKind.PAGE))
    site.change(lambda root: open_ticket(root, wanted, site.clock()))
    operator = site.browser("anna")
    found = figures(operator, "/operator/reports", "#service dd a")
    assert {link: counted(operator, link) for link in found} == found
    page = operator.get(next(each for each in found if "mail-received" in each))
    assert "企业 beta" in page.text
    assert "发票" not in page.text
    assert page.html.select("#behind a") == []
    page = operator.get(next(each for each in found if "ticket-opened" in each))
    assert [each.select("b")[0].text for each in page.html.select("#behind a")] == ["王先生"]
    alone = figures(operator, "/operator/reports?tenant=beta", "#service dd a")
    assert set(alone.values()) == {1}
    assert {link: counted(operator, link) for link in alone} == alone
    beta = site.browser(NUMBERS["beta"])
    mine = figures(beta, "/t/beta/reports", "#service dd a")
    assert {link: counted(beta, link) for link in mine} == mine
    for wrong in ("figure=odd", "", "figure=mail-average_s"):
        assert beta.get(f"/t/beta/reports-behind?{wrong}", status="*").status_int == 404


def test_scores_lead_to_those_that_they_count(site: Site) -> None:
    """By agent, queue, category, day and score, of calls, tickets and e-mails."""
    now = site.clock()
    rated: dict[str, Any] = {"queue": "service", "job_number": "8001"}
    calls = [
        made_up("alpha", "4001003721", now - each * 86400, rating=1 + each, **rated) for each in range(4)
    ]

    def work(root: Root) -> None:
        root.records.add(calls)
        shelf = root.tickets.of("alpha")
        for place in range(3):
            shelf.add_rating(Rating(now - place, 3, ticket=f"t{place}", agent="8002", category="投诉 & 建议"))
        shelf.add_rating(Rating(now, 5, conversation="c1", agent="8001", queue="service"))

    site.change(work)
    tenant = site.browser(NUMBERS["alpha"])
    found = figures(tenant, "/t/alpha/satisfaction", "a[href*='satisfaction-scores']")
    asked = [parse_qs(urlsplit(link).query) for link in found]
    for name in ("kind", "agent", "queue", "category", "period", "score"):
        assert any(name in each for each in asked), name
    assert {link: counted(tenant, link) for link in found} == found
    assert found[next(each for each in found if "kind=calls" in each)] == 4
    by_week = figures(tenant, "/t/alpha/satisfaction?by=week", "a[href*='satisfaction-scores']")
    assert {link: counted(tenant, link) for link in by_week} == by_week
    beta = site.browser(NUMBERS["beta"])
    assert counted(beta, "/t/beta/satisfaction-scores?kind=calls") == 0
