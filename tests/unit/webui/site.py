"""The pages without processes: what tests fill in, and who they sign in as."""

from __future__ import annotations

import secrets
import time
from typing import Any

from pyramid.router import Router
from webtest import TestApp

from domain.customers.conversation import Conversation, Way
from domain.customers.customer import Customer
from domain.knowledge import Article, Audience, Words, approved, drafted, submitted
from domain.outcomes import Outcome
from domain.tickets.rules import Wanted
from domain.tickets.ticket import OPERATOR, Asker, AskerKind, Source, SourceKind
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.models.web import Account, Assistance, AssistanceDocument, AuditEntry, Credential, Role
from storage.notices.outbox import new_id
from storage.recordings import Recordings
from storage.records.call_id import ulid_text
from storage.records.record import CallRecord, LegRecord, Moment
from storage.tickets import open_ticket
from webui.services.box import BoxServices
from webui.services.passwords import hash_password
from webui.services.provisioning import wish

OPERATORS = {"anna": Role.ADMIN, "fang": Role.FINANCE, "sun": Role.SUPPORT}
AGENTS = {"8001": "13900001111", "8002": "13900002222"}
PASSWORD = "correct horse 7"
HOSTILE = "<script>alert(1)</script>"
CREDENTIAL = Credential(hash_password(PASSWORD))
"""Made once: it takes as long as a dozen tests."""


class Site:
    """A box of two tenants, ``alpha`` (4001003721) and ``beta`` (4001003731), each with one call."""

    def __init__(self, database: MainDatabase, recordings: Recordings, data: DataDirectory) -> None:
        self.database = database
        self.recordings = recordings
        self.data = data
        self.calls: dict[str, str] = {}
        """Tenant -> id of its call."""
        self.tickets: dict[str, str] = {}
        """Tenant -> id of what he asked the operator; ``TENANT served`` -> of what a customer asked him."""
        self.articles: dict[str, str] = {}
        """Tenant, or the operator (empty) -> id of an article of his."""
        self.moved = 0.0
        """Seconds that the clock was put forward."""

    def clock(self) -> float:
        """Return the time."""
        return time.time() + self.moved

    def serve(self, application: Router, services: BoxServices) -> None:
        """Take the pages."""
        self.application = application
        self.services = services

    def fill(self) -> None:
        """Open both tenants, and let each have a call."""
        trunk = {"trunks": {"demo": {"target": "192.0.2.9", "sources": ["192.0.2.9/32"]}}}
        wish(self.services, lambda root: trunk, AuditEntry(0.0, "test", "filled"))
        post = {"gateways": {"post": {"kind": "smtp", "host": "192.0.2.8", "sender": "box@example.com"}}}
        wish(self.services, lambda root: post, AuditEntry(0.0, "test", "filled"))
        for tenant, number in (("alpha", "4001003721"), ("beta", "4001003731")):
            self.open(tenant, number, "a1" * 8 if tenant == "alpha" else "be" * 8)

    def open(self, tenant: str, number: str, customer: str, **fields: Any) -> None:
        """Open a tenant who has had a call, a customer and a conversation; he can sign in."""
        document = {
            "tenants": {
                tenant: {
                    "name": f"企业 {tenant}",
                    "numbers": {number: {"bound": ["13900001111"]}},
                    "queues": {"service": {}},
                    "agents": {
                        name: {"label": f"{name} {tenant}", "target": target, "queues": "service"}
                        for name, target in AGENTS.items()
                    },
                    **fields,
                }
            }
        }
        wish(self.services, lambda root: document, AuditEntry(0.0, "test", "filled"))
        self.change(lambda root: self._can_sign_in(root, tenant))
        record = made_up(tenant, number, self.clock() - 60)
        self.calls[tenant] = record.id
        self.change(lambda root: root.records.add([record]))
        known = Customer(customer, f"客户 {tenant}", at=self.clock())
        self.change(lambda root: root.customers.of(tenant).put(known))
        now = self.clock()
        written = Conversation(
            f"0{tenant[0].upper() * 25}", Way.SMS, "13911110000", "sms", "10690000", now, now
        )
        self.change(lambda root: root.conversations.of(tenant).put(written))

    def ask(self) -> None:
        """Let each tenant ask the operator, and a customer each tenant."""
        for tenant in self.calls:
            for name, desk, kind in (
                (tenant, OPERATOR, AskerKind.TENANT), (f"{tenant} served", tenant, AskerKind.CUSTOMER)
            ):  # fmt: skip
                asker = Asker(kind, HOSTILE, "13800138000")
                wanted = Wanted(desk, tenant, asker, HOSTILE, HOSTILE, Source(SourceKind.PAGE))
                ticket = self.change(lambda root, wanted=wanted: open_ticket(root, wanted, self.clock()))
                self.tickets[name] = ticket.id
        for owner in ("", *self.calls):
            self.articles[owner] = self.publish(owner, HOSTILE, HOSTILE)

    def publish(self, owner: str, title: str, body: str, audience: Audience = Audience.TENANT) -> str:
        """Publish an article; return its id."""
        now = self.clock()
        made = drafted(Article(new_id(now), owner, now), Words(title, body, "其他", audience), "anna", now)
        shown = approved(submitted(made), "anna", now)
        self.change(lambda root: root.knowledge.of(owner).put(shown))
        return shown.id

    def _can_sign_in(self, root: Root, tenant: str) -> None:
        root.web.set_account(f"tenant:{tenant}", Account(CREDENTIAL))

    def add_operator(self, name: str, role: Role) -> None:
        """Add an operator with the common password."""
        account = Account(CREDENTIAL, role)
        self.change(lambda root: root.web.set_account(f"operator:{name}", account))

    def allow(self, tenant: str, *, may_change: bool = True) -> None:
        """Let operators see a tenant's pages for an hour."""
        given = Assistance(until=self.clock() + 3600, given_by=f"tenant:{tenant}", may_change=may_change)
        self.change(lambda root: root.web.assistance.update({tenant: AssistanceDocument(given)}))

    def agent(self, tenant: str, agent: str, *, supervisor: bool = False) -> Browser:
        """Return the browser of an agent who has signed in."""
        account = Account(CREDENTIAL, supervisor=supervisor)
        self.change(lambda root: root.web.set_account(f"agent:{tenant}/{agent}", account))
        browser = self.browser()
        number = self.read(lambda root: next(iter(root.tenants[tenant].numbers)))
        browser.landed = browser.sign_in(number, PASSWORD, agent=agent)
        return browser

    def change(self, work: Any) -> Any:
        """Change the database."""
        return self.database.transact(work)

    def read(self, work: Any) -> Any:
        """Read the database."""
        return self.database.read(work)

    def browser(self, login: str = "", password: str = PASSWORD, language: str = "en") -> Browser:
        """Return a browser, signed in with a login."""
        browser = Browser(self.application)
        browser.set_cookie("box400-language", language)
        if login:
            browser.landed = browser.sign_in(login, password)
        return browser

    def actions(self) -> list[str]:
        """Return what the audit log holds, newest first."""
        found: list[str] = self.read(lambda root: [entry.action for _, entry in root.web.listed()])
        return found


class Browser(TestApp):  # type: ignore[misc]
    """A browser."""

    landed: Any = None
    """What the sign-in answered."""
    right_token = ""
    """Of its forms; kept by who asks for many pages."""

    def sign_in(self, login: str, password: str, **more: str) -> Any:
        """Fill in the form and send it."""
        address = "/login?as=agent" if "agent" in more else "/login"
        form = form_of(self.get(address), address)
        form["login"], form["password"] = login, password
        for name, value in more.items():
            form[name] = value
        return form.submit(status="*")

    def token(self, page: str = "/login") -> str:
        """Return the token of the browser's forms."""
        shown = self.get(page, status="*")
        while shown.status_int in (302, 303):
            shown = shown.follow(status="*")
        return str(shown.html.find("input", {"name": "csrf_token"})["value"])


def form_of(page: Any, action: str) -> Any:
    """Return the form of a page that goes to an address."""
    return next(form for form in page.forms.values() if form.action == action)


def made_up(tenant: str, number: str, start: float, **fields: Any) -> CallRecord:
    """Return a record of an answered call whose caller shows hostile text."""
    values: dict[str, Any] = {
        "caller": "13800138000",
        "caller_display": HOSTILE,
        "answered_by": "13900001111",
        "outcome": Outcome.ANSWERED,
        "talk_ms": 65_000,
    }
    return CallRecord(
        id=ulid_text(round(start * 1000).to_bytes(6, "big") + secrets.token_bytes(10)),
        tenant=tenant,
        number=number,
        called=number,
        called_raw=f"sip:{number}@{HOSTILE}",
        caller_raw=HOSTILE,
        trunk_in="demo",
        source="127.0.0.2",
        sip_call_id=HOSTILE,
        start=start,
        end_ms=70_000,
        access_ms=66_000,
        hung_up_by="caller",
        sip_status=200,
        legs=(LegRecord("b1", "13900001111", False, ("demo",), 10, 200, 4000, 70_000, 200, HOSTILE, True),),
        timeline=(
            Moment(0, "start", "a", HOSTILE),
            Moment(10, "dial", "b1", HOSTILE),
            Moment(70_000, "end", "", "answered"),
        ),
        **{**values, **fields},
    )
