"""API 密钥: keys of programs, a tenant's own and the operator's; and the API's document, to be tried."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from storage.models import Root
from storage.models.web import ApiKey
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources import ApiKeyPages, OperatorApiKeys, Site, TenantApiKeys
from webui.security.permissions import PUBLIC, TENANT
from webui.services.api_keys import MOST_KEYS, OPERATORS_ONLY, Scope, TooMany, listed, make, revoke
from webui.views.bound import entry_of
from webui.views.declare import view

SCOPES = {
    Scope.CALLS_READ: N_("Read call records and missed calls"),
    Scope.RECORDINGS_READ: N_("Fetch recordings"),
    Scope.LIVE_READ: N_("See live calls, queues and agents"),
    Scope.LIVE_CONTROL: N_("End calls, set agents"),
    Scope.MISSED_WRITE: N_("Work off missed calls, call back"),
    Scope.MESSAGES_READ: N_("Read and fetch messages"),
    Scope.MESSAGES_WRITE: N_("Mark and delete messages"),
    Scope.CONTACTS_READ: N_("Read contact cards"),
    Scope.CONTACTS_WRITE: N_("Write contact cards"),
    Scope.CONVERSATIONS_READ: N_("Read conversations"),
    Scope.CONVERSATIONS_WRITE: N_("Begin, answer, hand on and close conversations"),
    Scope.ARTICLES_READ: N_("Read the knowledge base"),
    Scope.ARTICLES_WRITE: N_("Propose articles for the knowledge base"),
    Scope.TICKETS_READ: N_("Read tickets"),
    Scope.TICKETS_WRITE: N_("Open and answer tickets"),
    Scope.PROMPTS_READ: N_("Listen to prompts"),
    Scope.PROMPTS_WRITE: N_("Upload and choose prompts"),
    Scope.PROMPTS_REVIEW: N_("Review prompts"),
    Scope.NOTICES_READ: N_("Read notices, recipients and webhooks"),
    Scope.CONFIG_READ: N_("Read the configuration"),
    Scope.CONFIG_WRITE: N_("Change who answers, routing, menus and queues"),
    Scope.MONEY_READ: N_("Read balance, entries, bills and tariffs"),
    Scope.INVOICES_WRITE: N_("Ask for invoices"),
    Scope.MONEY_WRITE: N_("Book payments"),
    Scope.TENANTS_WRITE: N_("Open and change tenants"),
    Scope.NUMBERS_READ: N_("Read the number inventory"),
    Scope.NUMBERS_WRITE: N_("Take in and move numbers"),
    Scope.AGENTS_WRITE: N_("Keep agents' sign-ins"),
    Scope.BOX_READ: N_("See the box and its audit log"),
    Scope.BOX_WRITE: N_("Change trunks, settings, calendar and place data, ask for backups"),
    Scope.OPERATORS_WRITE: N_("Keep the accounts of operators"),
}
TERMS = ((0, N_("without end")), (30, N_("30 days")), (365, N_("a year")))


@view(context=Site, name="api-docs", permission=PUBLIC, request_method="GET", renderer="api_docs.html")
def document(request: Request) -> dict[str, Any]:
    """Show the API's document; requests can be tried with a key."""
    return {}


@view(context=TenantApiKeys, permission=TENANT, request_method="GET", renderer="api_keys.html")
@view(context=OperatorApiKeys, permission="api-keys", request_method="GET", renderer="api_keys.html")
def keys(request: Request) -> dict[str, Any]:
    """List them."""
    return _page(request)


@view(context=TenantApiKeys, permission=TENANT, request_method="POST", renderer="api_keys.html")
@view(context=OperatorApiKeys, permission="api-keys", request_method="POST", renderer="api_keys.html")
def add(request: Request) -> dict[str, Any]:
    """Make a key and show it once."""
    _, services, pages = request.texts, request.services, request.context
    name = request.POST.get("name", "").strip()[:60]
    known = _scopes(pages)
    chosen = tuple(scope for scope in known if scope in request.POST.getall("scope"))
    days = next((days for days, _text in TERMS if str(days) == request.POST.get("days")), 0)
    errors = {}
    if not name:
        errors["name"] = _("Say what it is for, so that you know it again.")
    if not chosen:
        errors["scope"] = _("Choose one or more.")
    typed = {"name": name, "days": str(days)}
    if errors:
        return _page(request, errors=errors, typed=typed, chosen=chosen)
    now, entry = services.now(), entry_of(request, "api-key-added", name, pages.owner)
    key = ApiKey(name, pages.owner, chosen, now, request.identity.who, now + days * 86400 if days else None)

    def work(root: Root) -> str:
        token = make(root, key)
        root.web.note(entry)
        return token

    try:
        return _page(request, token=services.change(work, "api key"))
    except TooMany:
        full = _("There are {most} keys already: revoke one.", most=MOST_KEYS)
        return _page(request, errors={"name": full}, typed=typed, chosen=chosen)


@view(context=TenantApiKeys, name="revoke", permission=TENANT, request_method="POST")
@view(context=OperatorApiKeys, name="revoke", permission="api-keys", request_method="POST")
def take_back(request: Request) -> Response:
    """Take a key back."""
    pages, wanted = request.context, request.POST.get("id", "")
    entry = entry_of(request, "api-key-revoked", wanted[:12], pages.owner)

    def work(root: Root) -> None:
        if revoke(root, wanted, pages.owner) is not None:
            root.web.note(entry)

    request.services.change(work, "api key")
    return say(request, HTTPSeeOther(pages.address), request.texts("The key was revoked."))


def _scopes(pages: ApiKeyPages) -> list[Scope]:
    return [scope for scope in Scope if not pages.owner or scope not in OPERATORS_ONLY]


def _page(request: Request, **more: Any) -> dict[str, Any]:
    _, pages = request.texts, request.context
    if more.get("errors"):
        request.response.status = 422
    return {
        "found": request.services.read(lambda root: listed(root, pages.owner)),
        "scopes": {str(scope): _(SCOPES[scope]) for scope in _scopes(pages)},
        "terms": [(days, _(text)) for days, text in TERMS],
        "base": pages.address, "owner_name": pages.owner_name, "token": "", "errors": {},
        "typed": {}, "chosen": (), **more,
    }  # fmt: skip
