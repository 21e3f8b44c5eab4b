"""客户: the customers of a tenant, at his agents' desks and on his own pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.conversation import Way
from domain.customers.customer import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_NOTE,
    Customer,
    CustomerKind,
    read_addresses,
    read_mails,
    read_numbers,
    read_tags,
)
from domain.customers.desk import DeskSettings
from domain.refusal import BadField, NotPossible
from storage.conversations.channels import reachable, sending
from storage.customers.desk import CustomerDesk, blank
from storage.models import Root
from storage.records.call_id import BEIJING
from webui.presenters.contacts import entry_shown
from webui.presenters.says import say
from webui.resources_customers import DeskCustomer, DeskCustomers, TenantCustomer, TenantCustomers
from webui.security.permissions import AGENT
from webui.services import customers
from webui.services.conversations import key_of_peer
from webui.services.customers import Search, Viewer
from webui.services.desk import NotHis
from webui.views.both import both
from webui.views.bound import entry_of
from webui.views.desk import desk_of, desks

MOST_AHEAD: Final = 5 * 366 * 86400.0
"""A follow-up lies no farther in the future."""
F = TypeVar("F", bound=Callable[..., Any])


def pages(
    name: str = "", method: str = "GET", *, desk: str = AGENT, one: bool = False, **more: Any
) -> Callable[[F], F]:
    """Declare a view at desks (for agents, or ``desk`` alone) and on tenants' pages; of ``one`` customer."""
    at_desk, of_tenant = (DeskCustomer, TenantCustomer) if one else (DeskCustomers, TenantCustomers)
    return both(at_desk, of_tenant, name, method, desk, **more)


@pages(renderer="customers/list.html")
def listing(request: Request) -> dict[str, Any]:
    """Find customers, changed last first."""
    viewer: Viewer = request.context.viewer
    given = {name: request.GET.get(name, "").strip()[:40] for name in ("search", "tag", "owner", "kind")}
    wanted = Search(given["search"], given["tag"], given["owner"], given["kind"])
    now = request.services.now()

    def read(root: Root) -> dict[str, Any]:
        found, following, count = customers.find(root, viewer, wanted, request.GET.get("after", "")[:40])
        held = root.customers.find(viewer.tenant)
        companies = {each.company for each in found if each.company}
        return {
            "found": found,
            "next": following,
            "count": count,
            "companies": {name: held.get(name) for name in companies},
            "settings": root.desk.find(viewer.tenant).settings.value,
            "agents": customers.agents_of(root, viewer.tenant),
            "due": customers.due(root, viewer, now) if not request.GET else [],
        }

    shown = request.services.read(read)
    settings = shown["settings"]
    return {**around(request), "typed": given, "hide": lambda text: viewer.hide(text, settings), **shown}


def around(request: Request) -> dict[str, Any]:
    """Return what every page of customers says."""
    context = request.context
    return {"base": context.base, "company_name": context.company, "viewer": context.viewer}


@pages(one=True, renderer="customers/customer.html")
def customer(request: Request) -> dict[str, Any]:
    """Show a customer with his timeline."""
    return _customer(request)


def _customer(request: Request, **more: Any) -> dict[str, Any]:
    viewer, found = request.context.viewer, request.context.customer
    if more.get("errors"):
        request.response.status = 422

    def read(root: Root) -> dict[str, Any]:
        return {
            "shown": customers.shown(root, viewer, found),
            "page": customers.timeline(root, viewer.tenant, found, kind=request.GET.get("kind", "")[:10]),
            "agents": customers.agents_of(root, viewer.tenant),
            "writes": _writes(request, root),
        }

    told = request.services.read(read)
    settings = told["shown"].settings
    return {
        **around(request), **told, "kind": request.GET.get("kind", "")[:10], "errors": {}, "typed": {},
        "entry_of": lambda entry: entry_shown(request.texts, entry),
        "hide": lambda text: viewer.hide(text, settings), "now": request.services.now(), **more,
    }  # fmt: skip


def _writes(request: Request, root: Root) -> dict[str, str]:
    """Return where a letter is written to each address, and an SMS to each number, of those that can be."""
    context = request.context
    found, base = context.customer, context.base.replace("/customers", "/conversations")
    return {
        peer: f"{base}/new?way={way}&customer={found.id}&to={key_of_peer(request.services, peer)}"
        for way in Way
        if sending(root, context.viewer.tenant, way)
        for peer in reachable(found, way)
    }


@pages("timeline", one=True, renderer="customers/timeline.html")
def timeline(request: Request) -> dict[str, Any]:
    """Show the next entries of his timeline."""
    viewer, found = request.context.viewer, request.context.customer
    kind, after = request.GET.get("kind", "")[:10], request.GET.get("after", "")[:40]

    def read(root: Root) -> tuple[Any, DeskSettings]:
        settings = root.desk.find(viewer.tenant).settings.value
        return customers.timeline(root, viewer.tenant, found, after, kind), settings

    page, settings = request.services.read(read)
    return {
        "base": request.context.base, "customer": found, "page": page, "kind": kind, "viewer": viewer,
        "entry_of": lambda entry: entry_shown(request.texts, entry),
        "hide": lambda text: viewer.hide(text, settings),
    }  # fmt: skip


@pages("new", renderer="customers/form.html")
def new(request: Request) -> Response | dict[str, Any]:
    """Ask who it is; the number of the call that he was met by stands there."""
    wanted = _met(request, request.GET)
    if wanted.id:
        return HTTPSeeOther(f"{request.context.base}/{wanted.id}/edit")
    return _form(request, wanted)


def _met(request: Request, given: Any) -> Customer:
    """Return who is meant by a call or a conversation, a blank one with its number or address if unknown."""
    call, name = given.get("call", ""), given.get("conversation", "")
    if call:
        return _of_call(request, call)
    return _of_conversation(request, name) if name else blank()


def _of_conversation(request: Request, name: str) -> Customer:
    """Return the customer of a conversation of the tenant's; 404 where there is none."""
    tenant = request.context.viewer.tenant

    def read(root: Root) -> Customer:
        found = root.conversations.find(tenant).get(name)
        if found is None:
            raise HTTPNotFound()
        held, mail = root.customers.find(tenant), found.way is Way.MAIL
        known = held.of_mail(found.peer) if mail else held.of_number(found.peer)
        wanted = msgspec.structs.replace(blank(), name=found.peer_name)
        peer = (found.peer,)
        return known or msgspec.structs.replace(wanted, **({"mails": peer} if mail else {"numbers": peer}))

    customer: Customer = request.services.read(read)
    return customer


def _of_call(request: Request, call: str) -> Customer:
    """Return the customer of an agent's call, or a blank one with its number; 404 for a call not his."""
    try:
        shown = desks(request).shown(desk_of(request), call)
    except NotHis:
        raise HTTPNotFound() from None
    if shown.customer is not None:
        return shown.customer
    return msgspec.structs.replace(blank(), numbers=(shown.caller,) if shown.caller else ())


@pages("edit", one=True, renderer="customers/form.html")
def edit(request: Request) -> dict[str, Any]:
    """Ask what has changed."""
    return _form(request, request.context.customer)


def _form(
    request: Request,
    wanted: Customer,
    typed: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> dict[str, Any]:
    viewer: Viewer = request.context.viewer
    if errors:
        request.response.status = 422

    def read(root: Root) -> dict[str, Any]:
        held = root.customers.find(viewer.tenant)
        company = held.get(wanted.company) if wanted.company else None
        return {
            "settings": root.desk.find(viewer.tenant).settings.value,
            "agents": customers.agents_of(root, viewer.tenant),
            "company": "" if company is None else company.name,
        }

    told = request.services.read(read)
    settings: DeskSettings = told["settings"]
    sees = _sees(viewer, settings, wanted)
    stands = {
        "kind": wanted.kind, "name": wanted.name, "company": told["company"],
        "numbers": " ".join(viewer.hide(each, settings) if not sees else each for each in wanted.numbers),
        "mails": " ".join(viewer.hide(each, settings) if not sees else each for each in wanted.mails),
        "addresses": "\n".join(wanted.addresses), "tags": " ".join(wanted.tags), "owner": wanted.owner,
        "note": wanted.note,
        **{f"field-{place}": wanted.fields.get(name, "") for place, name in enumerate(settings.fields)},
    }  # fmt: skip
    return {
        **around(request), **told, "customer": wanted, "sees": sees, "errors": errors or {},
        "call": request.params.get("call", ""),
        "conversation": request.params.get("conversation", ""),
        "typed": {**stands, **(typed or {})},
    }  # fmt: skip


def _sees(viewer: Viewer, settings: DeskSettings, customer: Customer) -> bool:
    """Tell whether the reader may see, and so change, his numbers and addresses."""
    return viewer.sees(settings) or not (customer.numbers or customer.mails)


@pages("new", "POST", renderer="customers/form.html")
def add(request: Request) -> Response | dict[str, Any]:
    """Store a new customer."""
    return _save(request, _met(request, request.POST))


@pages("edit", "POST", one=True, renderer="customers/form.html")
def save(request: Request) -> Response | dict[str, Any]:
    """Store what was changed."""
    return _save(request, request.context.customer)


def _save(request: Request, before: Customer) -> Response | dict[str, Any]:
    viewer, given = request.context.viewer, request.POST
    settings = request.services.read(lambda root: root.desk.find(viewer.tenant).settings.value)
    typed = {name: str(value)[:LONGEST_NOTE] for name, value in given.items() if name != "csrf_token"}
    try:
        wanted = _read(before, typed, settings, sees=_sees(viewer, settings, before))
        saved = customers.change(
            request.services, viewer, entry_of(request, "", "", viewer.tenant),
            lambda desk: desk.save(wanted, company=typed.get("company", ""), shared="shared" in given),
            "customer",
        )  # fmt: skip
    except BadField as wrong:
        return _form(request, before, typed, {wrong.field: request.texts.either(wrong.zh, wrong.en)})
    return say(request, HTTPSeeOther(f"{request.context.base}/{saved.id}"), request.texts("Saved."))


def _read(before: Customer, typed: dict[str, str], settings: DeskSettings, *, sees: bool) -> Customer:
    fields = {
        name: typed.get(f"field-{place}", "").strip()[:LONGEST_LINE]
        for place, name in enumerate(settings.fields)
    }
    company = typed.get("kind") == CustomerKind.COMPANY
    return msgspec.structs.replace(
        before,
        kind=CustomerKind.COMPANY if company else CustomerKind.PERSON,
        name=" ".join(typed.get("name", "").split())[:LONGEST_NAME],
        numbers=read_numbers(typed.get("numbers", "")) if sees else before.numbers,
        mails=read_mails(typed.get("mails", "")) if sees else before.mails,
        addresses=read_addresses(typed.get("addresses", "")),
        tags=read_tags(typed.get("tags", "")),
        owner=typed.get("owner", "")[:40],
        fields={**before.fields, **fields},
        note=typed.get("note", "").strip(),
    )


@pages("note", "POST", one=True, renderer="customers/customer.html")
def note(request: Request) -> Response | dict[str, Any]:
    """Write a note on his timeline."""
    text = request.POST.get("text", "").strip()[:LONGEST_NOTE]
    return _done(request, lambda desk: desk.write_note(request.context.customer.id, text), {"text": text})


@pages("follow-up", "POST", one=True, renderer="customers/customer.html")
def follow_up(request: Request) -> Response | dict[str, Any]:
    """Set when he is to be contacted again, or that it is done."""
    given = request.POST
    typed = {"follow_up": given.get("follow_up", "")[:20], "follow_note": given.get("follow_note", "")[:200]}

    def work(desk: CustomerDesk) -> object:
        moment = 0.0 if given.get("done") else _moment(typed["follow_up"], request.services.now())
        return desk.follow_up(request.context.customer.id, moment, typed["follow_note"].strip())

    return _done(request, work, typed)


def _moment(text: str, now: float) -> float:
    """Read a moment of Beijing as browsers write it; raises BadField."""
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        raise BadField("follow_up", "give a day and a time", "请填写日期和时间") from None
    if not now - 86400 < moment < now + MOST_AHEAD:
        raise BadField("follow_up", "give a day from now on", "请填写今后的日期")
    return moment


def _done(
    request: Request, work: Callable[[CustomerDesk], object], typed: dict[str, str]
) -> Response | dict[str, Any]:
    """Do something about a customer and show him again."""
    context = request.context
    try:
        entry = entry_of(request, "", "", context.viewer.tenant)
        customers.change(request.services, context.viewer, entry, work, "customer")
    except BadField as wrong:
        return _customer(request, errors={wrong.field: request.texts.either(wrong.zh, wrong.en)}, typed=typed)
    except NotPossible:
        raise HTTPNotFound() from None
    where = HTTPSeeOther(f"{context.base}/{context.customer.id}")
    return say(request, where, request.texts("Saved."))
