"""绑定号码: who answers, in which order."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.routing.target import TargetKind
from storage.models.web import AuditEntry
from webui.forms import BoundForm, errors_of
from webui.presenters.says import say
from webui.presenters.schedule import PRESETS, lines_in
from webui.resources_setup import BoundPages, BoundPlan, RoutingPages
from webui.security.permissions import TENANT
from webui.services import bound
from webui.services.accounts import audited
from webui.services.provisioning import Done, Refused, Stale
from webui.services.schedules import lines_of
from webui.views.declare import view

CONFIRM_SECONDS = 10


@view(context=BoundPages, permission=TENANT, request_method="GET", renderer="tenant/bound.html")
@view(context=RoutingPages, permission=TENANT, request_method="GET", renderer="tenant/routing.html")
def numbers(request: Request) -> Response | dict[str, Any]:
    """Lead to the first number, or show that there is none."""
    tenant = request.context.__parent__
    found = request.services.read(lambda root: list(root.tenants[tenant.id].numbers))
    if found:
        return HTTPSeeOther(f"/t/{tenant.id}/{request.context.__name__}/{found[0]}")
    return {"tenant": tenant, "plan": None, "numbers": []}


@view(context=BoundPlan, permission=TENANT, request_method="GET", renderer="tenant/bound.html")
def bound_numbers(request: Request) -> dict[str, Any]:
    """Show them."""
    return _page(request)


@view(context=BoundPlan, name="add", permission=TENANT, request_method="POST", renderer="tenant/bound.html")
def add(request: Request) -> Response | dict[str, Any]:
    """Bind one more."""
    form = BoundForm(request.POST)
    if not form.validate():
        return _page(request, errors_of(form, request.texts), form.data)
    row: dict[str, Any] = {"number": form.number.data}
    row |= {name: text for name in ("label", "job_number") if (text := (form[name].data or "").strip())}
    if form.kind.data:
        row["kind"] = form.kind.data
    if form.kind.data == TargetKind.PBX:
        row |= {"trunk": form.trunk.data, "channels": (form.channels.data or "").strip() or "1"}
    return _change(request, "bound-added", row["number"], bound.added(row), form.data)


@view(context=BoundPlan, name="edit", permission=TENANT, request_method="POST", renderer="tenant/bound.html")
def edit(request: Request) -> Response | dict[str, Any]:
    """Change one: its number, label, job number, schedule, weight, and whether who picks up must press 1.

    Another number stays where the old one was; what it is, is told anew, but for a PBX.
    """
    which = request.POST.get("which", "")
    fields = request.POST.copy()
    fields["number"] = fields.get("number", which)
    form = BoundForm(fields)
    if not form.validate():
        return _page(request, errors_of(form, request.texts), form.data, which)
    values: dict[str, Any] = {
        name: form[name].data.strip() or None
        for name in ("label", "job_number", "weight", "trunk", "channels")
        if form[name].data is not None
    }
    if form.number.data != which:
        values |= (
            {"number": form.number.data} if "trunk" in values else {"number": form.number.data, "kind": None}
        )
    if form.schedule.data is not None:
        values["schedule"] = lines_of(form.schedule.data) or None
        values["confirm_seconds"] = CONFIRM_SECONDS if form.press_1.data else None
    return _change(request, "bound-changed", which, bound.changed(which, values), form.data, which)


@view(
    context=BoundPlan, name="ringing", permission=TENANT, request_method="POST", renderer="tenant/bound.html"
)
def ringing(request: Request) -> Response | dict[str, Any]:
    """Say how they are rung, and how long each."""
    plan, tenant = request.context.plan, request.context.tenant
    strategy, seconds = request.POST.get("strategy", "")[:20], request.POST.get("seconds", "")[:10]
    entry = entry_of(request, "ringing-changed", plan.number, tenant.id)
    try:
        done = bound.set_ringing(request.services, tenant.id, plan.number, entry, strategy, seconds)
    except Refused as refused:
        return _page(request, refused.by_field(request.texts.language), {"seconds": seconds}, "ringing")
    return said_in_force(request, done, request.resource_path(request.context)[:-1])


@view(
    context=BoundPlan, name="switch", permission=TENANT, request_method="POST", renderer="tenant/bound.html"
)
def switch(request: Request) -> Response | dict[str, Any]:
    """Switch one on or off."""
    which, on = request.POST.get("which", ""), request.POST.get("on") == "1"
    values = {"enabled": None if on else False}
    return _change(request, "bound-switched", which, bound.changed(which, values))


@view(
    context=BoundPlan, name="remove", permission=TENANT, request_method="POST", renderer="tenant/bound.html"
)
def remove(request: Request) -> Response | dict[str, Any]:
    """Take one away."""
    which = request.POST.get("which", "")
    return _change(request, "bound-removed", which, bound.removed(which))


@view(context=BoundPlan, name="order", permission=TENANT, request_method="POST", renderer="tenant/bound.html")
def order(request: Request) -> Response | dict[str, Any]:
    """Put them in another order."""
    wanted = request.POST.getall("order")
    return _change(request, "bound-ordered", request.context.plan.number, bound.ordered(wanted))


def _change(
    request: Request,
    action: str,
    which: str,
    edit: bound.Edit,
    typed: dict[str, Any] | None = None,
    editing: str = "",
) -> Response | dict[str, Any]:
    _, plan, tenant = request.texts, request.context.plan, request.context.tenant
    entry = entry_of(request, action, f"{plan.number} {which}", tenant.id)
    try:
        done = bound.change(request.services, tenant.id, plan.number, entry, edit)
    except Stale:
        text = _("Somebody else changed this list meanwhile; nothing was done. This is how it is now.")
        return say(request, HTTPSeeOther(request.resource_path(request.context)[:-1]), text, "warn")
    except Refused as refused:
        return _page(request, refused.by_field(_.language), typed or {}, editing)
    return said_in_force(request, done, request.resource_path(request.context)[:-1])


def said_in_force(request: Request, done: Done, back: str) -> Response:
    """Say whether calls are served by a change already."""
    _ = request.texts
    if not done.changed:
        return say(request, HTTPSeeOther(back), _("Nothing to change."))
    if done.why_not:
        text = _("Stored, not yet in force: {why}", why=done.why_not)
        return say(request, HTTPSeeOther(back), text, "warn")
    return say(request, HTTPSeeOther(back), _("Saved and in force from the next call on."))


def entry_of(request: Request, action: str, target: str, tenant: str = "") -> AuditEntry:
    """Return an entry of the audit log for what this request does."""
    return audited(
        request.services.now(), request.identity.who, action, target, tenant=tenant,
        address=request.remote_addr or "",
    )  # fmt: skip


def _page(
    request: Request,
    errors: dict[str, str] | None = None,
    typed: dict[str, Any] | None = None,
    editing: str = "",
) -> dict[str, Any]:
    """``editing`` is the one whose form is wrong, or ``ringing``; empty: the form that adds one."""
    if errors:
        request.response.status = 422
    tenant, number = request.context.tenant, request.context.plan.number

    def read(root: Any) -> dict[str, Any]:
        held = root.tenants[tenant.id]
        return {
            "numbers": list(held.numbers),
            "plan": held.numbers[number].value,
            "limit": held.config.value.bound_limit,
            "trunks": [name for name, each in root.trunks.items() if each.value.tenant == tenant.id],
        }

    language = request.texts.language
    return {
        "tenant": tenant,
        "errors": errors or {},
        "typed": typed or {},
        "editing": editing,
        "lines": lambda schedule: lines_in(schedule, language),
        "presets": PRESETS[language],
        **request.services.read(read),
    }
