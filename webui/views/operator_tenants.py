"""客户管理: tenants as their operator sees them."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from domain.money.amounts import parse_yuan, yuan
from domain.refusal import BadField, NotPossible
from domain.snapshot import TenantState
from storage.models import Root
from storage.models.web import WebSession
from webui.forms import FurtherForm, TenantForm, errors_of
from webui.presenters.says import say
from webui.resources import TenantDesk, TenantFile
from webui.security.identity import COOKIE
from webui.services import accounts, assistance, numbers, tenants
from webui.services.opening import add_number as give_number
from webui.services.opening import open_tenant as open_in_one_step
from webui.services.provisioning import Refused, Stale
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

MOST_RECHARGE_LI = 10_000_000_000


@view(context=TenantDesk, permission="see-tenants", request_method="GET", renderer="operator/tenants.html")
def listing(request: Request) -> dict[str, Any]:
    """List them; with ``number``, to choose who gets it."""
    search, now = request.GET.get("search", "").strip()[:60], request.services.now()
    after = request.GET.get("after", "")[:40]
    found = request.services.read(lambda root: tenants.listed(root, now, search, after))
    number = request.GET.get("number", "")[:10]
    return {"found": found.lines, "next": found.next, "search": search, "number": number}


@view(
    context=TenantDesk, name="new", permission="open-tenant", request_method="GET",
    renderer="operator/tenant_new.html",
)  # fmt: skip
def new(request: Request) -> dict[str, Any]:
    """Ask what the new tenant is; ``number`` and ``name`` may be filled in by who leads here."""
    typed = {name: request.GET.get(name, "")[:80] for name in ("number", "name")}
    shown = _form(request, {}, typed)
    offered = shown["offered"]
    typed["tariff"], typed["credit"] = next(iter(shown["tariffs"]), ""), "0"
    typed["paid"] = yuan(offered.offer.deposit_li) if offered and offered.offer.deposit_li else ""
    return shown


@view(
    context=TenantDesk, name="new", permission="open-tenant", request_method="POST",
    renderer="operator/tenant_new.html",
)  # fmt: skip
def open_tenant(request: Request) -> Response | dict[str, Any]:
    """Open a tenant in one step."""
    _ = request.texts
    form = TenantForm(request.POST)
    if not form.validate():
        return _form(request, errors_of(form, _), form.data)
    opening = form.opening()
    entry = entry_of(request, "tenant-opened", opening.number, opening.id)
    try:
        opened = open_in_one_step(request.services, opening, entry)
    except Stale:
        return _form(request, {"id": _("There is a tenant with this id already.")}, form.data)
    except BadField as error:
        return _form(request, {error.field: _.either(error.zh, error.en)}, form.data)
    except NotPossible as error:
        return _form(request, {"number": _.either(error.zh, error.en)}, form.data)
    except Refused as refused:
        return _form(request, fields_of(refused, _.language, TenantForm.names()), form.data)
    return _file(request, opening.id, password=opened.password, why_not=opened.done.why_not)


@view(
    context=TenantFile, name="number", permission="open-tenant", request_method="GET",
    renderer="operator/tenant_number.html",
)  # fmt: skip
def further(request: Request) -> dict[str, Any]:
    """Ask which number he gets besides; ``number`` may be filled in by who leads here."""
    typed = {"number": request.GET.get("number", "")[:10]}
    shown = _number_form(request, {}, typed)
    offered = shown["offered"]
    typed["paid"] = yuan(offered.offer.deposit_li) if offered and offered.offer.deposit_li else ""
    return shown


@view(
    context=TenantFile, name="number", permission="open-tenant", request_method="POST",
    renderer="operator/tenant_number.html",
)  # fmt: skip
def add_number(request: Request) -> Response | dict[str, Any]:
    """Give him one more number."""
    _, tenant = request.texts, request.context.id
    form = FurtherForm(request.POST)
    if not form.validate():
        return _number_form(request, errors_of(form, _), form.data)
    wanted = form.further(tenant)
    try:
        done = give_number(request.services, wanted, entry_of(request, "number-given", wanted.number, tenant))
    except BadField as error:
        return _number_form(request, {error.field: _.either(error.zh, error.en)}, form.data)
    except NotPossible as error:
        return _number_form(request, {"number": _.either(error.zh, error.en)}, form.data)
    except Refused as refused:
        return _number_form(request, fields_of(refused, _.language, FurtherForm.names()), form.data)
    return said_in_force(request, done, f"/operator/tenants/{tenant}")


def fields_of(refused: Refused, language: str, known: tuple[str, ...]) -> dict[str, str]:
    """Return what is wrong by field; what no field stands for is said of the number."""
    found = refused.by_field(language)
    return {name if name in known else "number": text for name, text in found.items()}


def _number_form(request: Request, errors: dict[str, str], typed: dict[str, Any]) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    offered = _offered(request, str(typed.get("number") or ""))
    return {"tenant": request.context, "errors": errors, "typed": typed, "offered": offered}


def _offered(request: Request, number: str) -> numbers.Offered | None:
    now = request.services.now()
    found: numbers.Offered | None = request.services.read(lambda root: numbers.offered(root, number, now))
    return found


def _form(request: Request, errors: dict[str, str], typed: dict[str, Any]) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    offered = _offered(request, str(typed.get("number") or ""))
    return {"errors": errors, "typed": typed, "tariffs": _tariffs(request), "offered": offered}


def _tariffs(request: Request) -> list[str]:
    names: list[str] = request.services.read(lambda root: list(root.tariffs))
    return names


@view(context=TenantFile, permission="see-tenants", request_method="GET", renderer="operator/tenant.html")
def one(request: Request) -> dict[str, Any]:
    """Show one tenant."""
    return _data(request, request.context.id)


def _file(request: Request, tenant: str, **more: Any) -> Response:
    """Show a tenant with what is told once only."""
    return render_to_response(
        "webui:templates/operator/tenant.html", _data(request, tenant, **more), request=request
    )


def _data(request: Request, name: str, **more: Any) -> dict[str, Any]:
    now = request.services.now()

    def read(root: Root) -> dict[str, Any]:
        line = tenants.line_of(root, name, now)
        waiting = [each.value for each in root.money.requests.values() if each.value.tenant == name]
        account = root.web.account(f"tenant:{name}")
        bound = {number: len(plan.value.bound) for number, plan in root.tenants[name].numbers.items()}
        return {
            "line": line, "bound": bound, "waiting": sum(each.li for each in waiting), "account": account,
            "dead": account is not None and accounts.dead(account, now),
            "assistance": accounts.assistance_of(root, name),
            "may_assist": accounts.may_assist(root, name, now),
        }  # fmt: skip

    return {"password": "", "why_not": "", "errors": {}, "typed": {}, **request.services.read(read), **more}


@view(context=TenantFile, name="state", permission="suspend-tenant", request_method="POST")
def state(request: Request) -> Response:
    """Suspend or resume."""
    wanted = TenantState.SUSPENDED if request.POST.get("state") == "suspended" else TenantState.ACTIVE
    tenant = request.context.id
    entry = entry_of(request, f"tenant-{wanted}", tenant, tenant)
    done = tenants.set_state(request.services, tenant, wanted, entry)
    return said_in_force(request, done, f"/operator/tenants/{tenant}")


@view(context=TenantFile, name="password", permission="tenant-password", request_method="POST")
def password(request: Request) -> Response:
    """Give a new first password, shown once."""
    tenant = request.context.id
    made = tenants.new_password(
        request.services, tenant, entry_of(request, "tenant-password", tenant, tenant)
    )
    return _file(request, tenant, password=made)


@view(context=TenantFile, name="recharge", permission="money", request_method="POST")
def recharge(request: Request) -> Response:
    """Wish for a recharge."""
    _, tenant = request.texts, request.context.id
    try:
        li = parse_yuan(request.POST.get("amount", ""))
    except ValueError:
        li = 0
    if not 0 < li <= MOST_RECHARGE_LI:
        told = _(
            "An amount above 0 and no more than 10,000,000,"
            " such as 100 or 12.50, with at most three decimals."
        )
        response = _file(request, tenant, errors={"amount": told}, typed=dict(request.POST))
        response.status = 422
        return response
    receipt, note = request.POST.get("receipt", "").strip()[:60], request.POST.get("note", "").strip()[:120]
    try:
        tenants.recharge(
            request.services, tenant, li, receipt, note, entry_of(request, "recharge", tenant, tenant)
        )
    except Stale:
        return say(
            request,
            HTTPSeeOther(f"/operator/tenants/{tenant}"),
            _("This receipt was posted already."),
            "warn",
        )
    return say(
        request, HTTPSeeOther(f"/operator/tenants/{tenant}"),
        _("Stored; the ledger books it within seconds."),
    )  # fmt: skip


@view(context=TenantFile, name="ask-assistance", permission="act-as-tenant", request_method="POST")
def ask_assistance(request: Request) -> Response:
    """Ask the tenant to let operators see his pages; he is asked on his pages."""
    tenant, why = request.context.id, request.POST.get("why", "").strip()[:200]
    entry = entry_of(request, "assistance-asked", tenant, tenant)
    assistance.ask(request.services, tenant, request.identity.name, why, entry)
    text = request.texts("The tenant is asked on his pages.")
    return say(request, HTTPSeeOther(f"/operator/tenants/{tenant}"), text)


@view(context=TenantFile, name="sign-in-as", permission="act-as-tenant", request_method="POST")
def sign_in_as(request: Request) -> Response:
    """Act as the tenant: noted, and announced to him on his pages."""
    _, services, identity, tenant = request.texts, request.services, request.identity, request.context.id
    now, address = services.now(), request.remote_addr or ""
    entry = entry_of(request, "acted-as-tenant", tenant, tenant)

    def work(root: Root) -> str:
        if root.web.account(f"tenant:{tenant}") is None:
            return ""
        if not accounts.may_assist(root, tenant, now):
            return "not allowed"
        root.web.note(entry)
        root.web.sessions.pop(identity.session, None)
        session = WebSession(
            f"tenant:{tenant}", now, now, address, (request.user_agent or "")[:200], acting=identity.name
        )
        return accounts.open_session(root, session)

    token = services.change(work, "sign in as tenant")
    if not token:
        text = _("This tenant has no sign-in yet: give him a password first.")
        return say(request, HTTPSeeOther(f"/operator/tenants/{tenant}"), text, "warn")
    if token == "not allowed":  # noqa: S105 - no token
        text = _("The tenant has not allowed this: ask for it, and he allows it on his page.")
        return say(request, HTTPSeeOther(f"/operator/tenants/{tenant}"), text, "warn")
    response = HTTPSeeOther(f"/t/{tenant}")
    response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=request.scheme == "https")
    return response
