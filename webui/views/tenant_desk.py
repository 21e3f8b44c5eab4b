"""坐席工作台设置: who of a tenant's agents may sign in, and what their desks offer them."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.desk import MOST_FIELDS, DeskSettings, words_of
from storage.models import Root
from webui.presenters.says import say
from webui.resources import TenantPages
from webui.security.permissions import TENANT
from webui.services import accounts, agents
from webui.views.bound import entry_of
from webui.views.declare import view


def _page(request: Request, **more: Any) -> dict[str, Any]:
    tenant, now = request.context, request.services.now()

    def read(root: Root) -> dict[str, Any]:
        lines = agents.listed(root, tenant.id)
        return {
            "lines": lines,
            "used_up": [
                line.agent.name for line in lines if line.account and accounts.dead(line.account, now)
            ],
            "settings": root.desk.find(tenant.id).settings.value,
            "number": next(iter(root.tenants[tenant.id].numbers), ""),
        }

    return {"tenant": tenant, "password": "", "of": "", **request.services.read(read), **more}


@view(context=TenantPages, name="desk", permission=TENANT, request_method="GET", renderer="tenant/desk.html")
def desk(request: Request) -> dict[str, Any]:
    """Show agents and settings."""
    return _page(request)


@view(
    context=TenantPages, name="agent-password", permission=TENANT, request_method="POST",
    renderer="tenant/desk.html",
)  # fmt: skip
def password(request: Request) -> dict[str, Any]:
    """Make a first password for an agent; it is shown once."""
    name = _agent(request)
    entry = entry_of(request, "agent-password", name, request.context.id)
    made = agents.give_password(request.services, request.context.id, name, entry)
    return _page(request, password=made, of=name)


@view(context=TenantPages, name="agent-role", permission=TENANT, request_method="POST")
def role(request: Request) -> Response:
    """Make an agent a supervisor, or none."""
    name, on = _agent(request), request.POST.get("on") == "1"
    entry = entry_of(request, "supervisor-on" if on else "supervisor-off", name, request.context.id)
    try:
        agents.set_supervisor(request.services, request.context.id, name, on, entry)
    except KeyError:
        return _back(request, request.texts("Make him a password first."), "bad")
    return _back(request, request.texts("Done. He signs in anew."))


@view(context=TenantPages, name="agent-sign-out", permission=TENANT, request_method="POST")
def sign_out(request: Request) -> Response:
    """End an agent's sessions."""
    name = _agent(request)
    entry = entry_of(request, "agent-signed-out", name, request.context.id)
    agents.sign_out(request.services, request.context.id, name, entry)
    return _back(request, request.texts("Done."))


@view(context=TenantPages, name="desk-settings", permission=TENANT, request_method="POST")
def settings(request: Request) -> Response:
    """Store what desks offer."""
    given = request.POST
    wanted = DeskSettings(
        pause_reasons=words_of(given.get("pause_reasons", "")),
        wrap_up_codes=words_of(given.get("wrap_up_codes", "")),
        fields=words_of(given.get("fields", ""), MOST_FIELDS),
        tags=words_of(given.get("tags", "")),
        answers=words_of(given.get("answers", ""), longest=500),
        text_weight=min(100, max(5, int(_weight(given) or DeskSettings().text_weight))),
        masked=tuple(each for each in ("agent", "wall") if given.get(f"mask-{each}")),
    )
    entry = entry_of(request, "desk-settings", "", request.context.id)
    agents.change_settings(request.services, request.context.id, wanted, entry)
    return _back(request, request.texts("Saved."))


def _weight(given: Any) -> str:
    """Return the digits that somebody typed, "" for anything else."""
    text: str = given.get("text_weight", "").strip()[:3]
    return text if text.isascii() and text.isdigit() else ""


def _agent(request: Request) -> str:
    """Return the agent whom a form names; nobody else's is found."""
    name: str = request.POST.get("agent", "")
    if request.services.read(lambda root: agents.agent_named(root, request.context.id, name)) is None:
        raise HTTPNotFound()
    return name


def _back(request: Request, text: str, kind: str = "good") -> Response:
    return say(request, HTTPSeeOther(f"/t/{request.context.id}/desk"), text, kind)
