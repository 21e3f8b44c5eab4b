"""Nobody reaches what is not his: every view is found by introspection and tried."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from domain.inspection.round import Round
from domain.money.reconciliation import Reconciled, Reconciliation, Side
from storage.models.finance import ReconciliationDocument
from tests.unit.webui.site import Browser, Site
from webui import (
    node,
    resources,
    resources_conversations,
    resources_customers,
    resources_money,
    resources_service,
    resources_setup,
    resources_system,
)
from webui.security.permissions import ACCOUNT, AGENT, OPERATORS, PUBLIC, SUPERVISOR, TENANT

PLACES: dict[type, str] = {
    resources.Site: "/",
    resources_system.SetupPages: "/setup/",
    resources.AccountPages: "/account/",
    resources.AgentDesk: "/desk/",
    resources.TenantPages: "/t/{tenant}/",
    resources_conversations.DeskConversations: "/desk/conversations/",
    resources_conversations.DeskConversation: "/desk/conversations/{conversation}/",
    resources_conversations.TenantConversations: "/t/{tenant}/conversations/",
    resources_conversations.TenantConversation: "/t/{tenant}/conversations/{conversation}/",
    resources_customers.DeskCustomers: "/desk/customers/",
    resources_customers.DeskCustomer: "/desk/customers/{customer}/",
    resources_customers.TenantCustomers: "/t/{tenant}/customers/",
    resources_customers.TenantCustomer: "/t/{tenant}/customers/{customer}/",
    resources_setup.GoLivePages: "/t/{tenant}/go-live/",
    resources_setup.BoundPages: "/t/{tenant}/bound/",
    resources_setup.BoundPlan: "/t/{tenant}/bound/{number}/",
    resources_setup.PartPages: "/t/{tenant}/queues/",
    resources_setup.PartPage: "/t/{tenant}/queues/sales/",
    resources_setup.FlowPages: "/t/{tenant}/flows/",
    resources_setup.FlowPage: "/t/{tenant}/flows/main/",
    resources_setup.PromptPages: "/t/{tenant}/prompts/",
    resources_setup.PromptPage: "/t/{tenant}/prompts/greeting/",
    resources.PromptDesk: "/operator/prompts/",
    resources_setup.MissedPages: "/t/{tenant}/missed/",
    resources.AssistancePages: "/t/{tenant}/assistance/",
    resources.NoticePages: "/t/{tenant}/notices/",
    resources_setup.MessagePages: "/t/{tenant}/messages/",
    resources_setup.MessagePage: "/t/{tenant}/messages/{call}/",
    resources_setup.RoutingPages: "/t/{tenant}/routing/",
    resources_setup.RoutePage: "/t/{tenant}/routing/{number}/",
    resources.TenantCalls: "/t/{tenant}/calls/",
    resources.TenantCall: "/t/{tenant}/calls/{call}/",
    resources.TenantApiKeys: "/t/{tenant}/api-keys/",
    resources.OperatorApiKeys: "/operator/api-keys/",
    resources_money.TenantBills: "/t/{tenant}/billing/",
    resources_money.TenantBill: "/t/{tenant}/billing/202611/",
    resources.TrunkDesk: "/operator/trunks/",
    resources.TrunkFile: "/operator/trunks/{trunk}/",
    resources.OperatorPages: "/operator/",
    resources_money.FinanceDesk: "/operator/finance/",
    resources_money.AccountFile: "/operator/finance/{tenant}/",
    resources_money.AccountBill: "/operator/finance/{tenant}/202611/",
    resources_money.TariffDesk: "/operator/tariffs/",
    resources_money.ReconciliationDesk: "/operator/reconciliation/",
    resources_money.ReconciliationFile: "/operator/reconciliation/compared/",
    resources.TenantDesk: "/operator/tenants/",
    resources.NumberStock: "/operator/numbers/",
    resources.NumberFile: "/operator/numbers/{number}/",
    resources.TenantFile: "/operator/tenants/{tenant}/",
    resources.CallDesk: "/operator/calls/",
    resources.CallFile: "/operator/calls/{call}/",
    resources_service.OperatorTickets: "/operator/tickets/",
    resources_service.OperatorTicket: "/operator/tickets/{ticket}/",
    resources_service.TenantTickets: "/t/{tenant}/tickets/",
    resources_service.TenantTicket: "/t/{tenant}/tickets/{served}/",
    resources_service.AgentTickets: "/desk/tickets/",
    resources_service.AgentTicket: "/desk/tickets/{served}/",
    resources_service.SupportTickets: "/t/{tenant}/support/",
    resources_service.SupportTicket: "/t/{tenant}/support/{ticket}/",
    resources_service.OperatorKnowledge: "/operator/knowledge/",
    resources_service.OperatorArticle: "/operator/knowledge/{article}/",
    resources_service.TenantKnowledge: "/t/{tenant}/knowledge/",
    resources_service.TenantArticle: "/t/{tenant}/knowledge/{own}/",
    resources_service.AgentKnowledge: "/desk/knowledge/",
    resources_service.AgentArticle: "/desk/knowledge/{own}/",
    resources_service.PublicDesk: "/help/",
    resources_system.OperatorDesk: "/operator/operators/",
    resources_system.OperatorFile: "/operator/operators/anna/",
    resources_system.NoticeDesk: "/operator/notices/",
    resources_system.GatewayDesk: "/operator/gateways/",
    resources_system.GatewayFile: "/operator/gateways/post/",
    resources_system.TemplateDesk: "/operator/templates/",
    resources_system.TemplateFile: "/operator/templates/missed-call/",
    resources_system.CalendarDesk: "/operator/calendar/",
    resources_system.PlaceDesk: "/operator/places/",
    resources_system.BackupDesk: "/operator/backup/",
    resources_system.UpgradeDesk: "/operator/upgrade/",
    resources_system.TunnelDesk: "/operator/tunnel/",
    resources_system.InspectionDesk: "/operator/inspection/",
    resources_system.RoundFile: "/operator/inspection/01J00000000000000000000000/",
}
"""Where each kind of place is; a new kind without a line here fails the tests."""
PAST_ROUND = Round("01J00000000000000000000000", 1.0, "test", (), ended=2.0)
COMPARED = Reconciliation(
    "compared", 0.0, "operator:anna", "demo", Side.INBOUND, "a.csv", 0.0, 0.0, 60.0, 2.0,
    Reconciled(0, 0, 0, 0.0, 0.0, ()), {},
)  # fmt: skip
NUMBERS = {"alpha": "4001003721", "beta": "4001003731", "gamma": "4001003741"}
CONVERSATION = {"alpha": f"0{'A' * 25}", "beta": f"0{'B' * 25}", "gamma": f"0{'G' * 25}"}
CUSTOMER = {"alpha": "a1" * 8, "beta": "be" * 8, "gamma": "9a" * 8}
FOREIGN = (("alpha", "beta"), ("beta", "gamma"), ("gamma", "alpha"))
"""Who asks, and for whose: each is both once. ``gamma`` is suspended, and has the basic edition."""


class View(NamedTuple):
    """A view as Pyramid knows it."""

    path: str
    method: str
    permission: str


def three(site: Site) -> Site:
    """Open the third tenant."""
    site.open("gamma", NUMBERS["gamma"], CUSTOMER["gamma"], edition="basic", state="suspended")
    return site


def views(site: Site, tenant: str, things_of: str = "") -> list[View]:
    """Return every view, its place filled in for a tenant, or for another's things below his pages."""
    whose = things_of or tenant
    site.change(
        lambda root: root.money.reconciliations.update({"compared": ReconciliationDocument(COMPARED)})
    )
    found = []
    site.change(lambda root: root.inspection.put(PAST_ROUND))
    if not site.tickets:
        site.ask()
    facts = {
        "tenant": tenant, "number": NUMBERS[whose], "call": site.calls[whose], "trunk": "demo",
        "ticket": site.tickets[whose], "served": site.tickets[f"{whose} served"],
        "customer": CUSTOMER[whose],
        "article": site.articles[""], "own": site.articles[whose],
        "conversation": CONVERSATION[whose],
    }  # fmt: skip
    for each in site.application.registry.introspector.get_category("views"):
        view = each["introspectable"]
        context = view["context"]
        if not (isinstance(context, type) and issubclass(context, node.Node)):
            continue
        permission = next(
            related["value"] for related in each["related"] if related.category_name == "permissions"
        )
        path = PLACES[context].format(**facts) + (view["name"] or "")
        found.append(View(path, view["request_methods"], permission))
    assert len(found) > 30
    return found


def test_every_view_says_whom_it_is_for_and_what_it_answers(site: Site) -> None:
    """One method each, and a permission of the table."""
    for view in views(site, "alpha"):
        assert view.method in ("GET", "POST"), view
        assert view.permission in {PUBLIC, TENANT, ACCOUNT, AGENT, SUPERVISOR, *OPERATORS}, view


def ask(browser: Browser, view: View, method: str) -> Any:
    """Ask for a view with a right token, whatever it answers."""
    if method in ("GET", "HEAD"):
        return browser.request(view.path, method=method, status="*")
    if not browser.right_token:
        browser.right_token = browser.token("/")
    headers = {"X-CSRF-Token": browser.right_token}
    return browser.request(view.path, method=method, headers=headers, status="*")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_another_tenants_pages_are_not_there(site: Site, method: str) -> None:
    """Every route, whatever the method: 404, as for a tenant that does not exist; also where the one who
    asks is suspended, and where the other has not what the page is about."""
    three(site)
    before = site.read(lambda root: root.version)
    for asks, other in FOREIGN:
        browser = site.browser(NUMBERS[asks])
        for view in views(site, other):
            if view.permission in (PUBLIC, ACCOUNT):
                continue
            assert ask(browser, view, method).status_int == 404, (asks, view)
    assert site.read(lambda root: root.version) == before


def test_foreign_things_below_ones_own_pages_are_not_there(site: Site) -> None:
    """Another's call, number, customer, conversation, ticket or article under the own address: 404, whatever
    is asked about it; one's own are there."""
    three(site)
    before = site.actions()
    for asks, other in FOREIGN:
        browser = site.browser(NUMBERS[asks])
        own = views(site, asks)
        foreign = [view for view in views(site, asks, other) if view not in own and view.permission == TENANT]
        assert len(foreign) > 40
        for view in foreign:
            assert ask(browser, view, view.method).status_int == 404, (asks, view)
        assert browser.get(f"/t/{asks}/calls/{site.calls[asks]}").status_int == 200
    assert [each for each in site.actions() if each != "sign-in"] == before


def test_an_agent_finds_nothing_of_another_tenant_at_his_desk(site: Site) -> None:
    """His own tenant's customers, conversations, tickets and articles are there, no others."""
    three(site)
    for asks, other in FOREIGN[:2]:  # the third tenant has no call centre
        browser = site.agent(asks, "8001", supervisor=True)
        own = views(site, asks)
        foreign = [
            view for view in views(site, asks, other) if view not in own and view.path.startswith("/desk/")
        ]
        assert len(foreign) > 20
        for view in foreign:
            assert ask(browser, view, view.method).status_int == 404, (asks, view)
        assert browser.get(f"/desk/customers/{CUSTOMER[asks]}").status_int == 200


def test_operators_reach_tenants_pages_only_by_acting_as_them(site: Site) -> None:
    """An admin who is not announced sees nothing there."""
    browser = site.browser("anna")
    for view in views(site, "alpha"):
        if view.permission == TENANT:
            assert ask(browser, view, view.method).status_int == 404, view


@pytest.mark.parametrize("login", ["anna", "4001003721"])
def test_a_desk_is_an_agents_alone(site: Site, login: str) -> None:
    """Neither operators nor tenants sit there."""
    browser = site.browser(login)
    for view in views(site, "alpha"):
        if view.permission in (AGENT, SUPERVISOR):
            assert ask(browser, view, view.method).status_int == 404, view


def test_an_agent_reaches_his_desk_and_nothing_else(site: Site) -> None:
    """Neither his own tenant's pages, nor another's, nor operators'; what is for supervisors is refused."""
    browser = site.agent("alpha", "8001")
    for view in views(site, "alpha"):
        if view.permission in (PUBLIC, ACCOUNT):
            continue
        status = ask(browser, view, view.method).status_int
        if view.permission in (TENANT, *OPERATORS):
            assert status == 404, view
        if view.permission == SUPERVISOR:
            assert status == 403, view


def test_who_is_not_signed_in_is_led_to_signing_in(site: Site) -> None:
    """No page of anybody's; the same whether the tenant exists or not."""
    browser = site.browser()
    for view in [*views(site, "alpha"), View("/t/nobody", "GET", TENANT)]:
        if view.permission != PUBLIC:
            answer = ask(browser, view, view.method)
            assert (answer.status_int, answer.headers.get("Location", "")[-6:]) == (303, "/login"), view


@pytest.mark.parametrize("login", ["", "anna", "4001003721"])
def test_nothing_is_changed_without_the_forms_token(site: Site, login: str) -> None:
    """No token, a wrong one, another browser's: refused before anything else."""
    browser, other = site.browser(login), site.browser("4001003731")
    before = site.actions()
    foreign = other.token("/t/beta/bound/4001003731")
    before = site.actions()
    for view in views(site, "alpha"):
        if view.method != "POST":
            continue
        for headers in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": foreign}):
            answer = browser.post(view.path, headers=headers, status="*")
            assert answer.status_int in (400, 404, 303), view
            if answer.status_int == 303:
                assert not login
                assert answer.headers["Location"].endswith("/login")
    assert site.actions() == before


@pytest.mark.parametrize(("login", "denied"), [("fang", "sun"), ("sun", "fang")])
def test_roles_reach_what_the_table_says(site: Site, login: str, denied: str) -> None:
    """Finance sees no calls, support no money."""
    browser = site.browser(login)
    role = {"fang": "finance", "sun": "support"}[login]
    for view in views(site, "alpha"):
        if view.permission not in OPERATORS or view.method != "GET":
            continue
        allowed = role in {str(each) for each in OPERATORS[view.permission]}
        answer = browser.get(view.path, status="*")
        assert (answer.status_int != 403) == allowed, view


def test_every_page_has_the_security_headers(site: Site) -> None:
    """Nothing inline, nothing from elsewhere, in no frame, in no cache."""
    browser = site.browser("anna")
    for path in ("/operator", "/nothing", "/account"):
        answer = browser.get(path, status="*")
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
