"""队列与坐席, 振铃组, 留言信箱, 分机, and the tenant's own limits: lists and forms out of one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.names import as_named
from storage.provisioning.fields import Field
from storage.provisioning.schema import TENANT as TENANT_SECTION
from webui.presenters.part_forms import FORMS, KEY_ROWS, LIMITS, OPTIONS, typed_of, values_of
from webui.presenters.route_picture import where
from webui.presenters.says import say
from webui.presenters.schedule import PRESETS
from webui.presenters.texts import Texts
from webui.resources import TenantPages
from webui.resources_setup import PartPage, PartPages
from webui.security.permissions import TENANT
from webui.services import parts, routing
from webui.services.provisioning import Done, Refused, Stale
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

FORM = "tenant/part_form.html"
MOST_TYPED = 20_000
Typed = dict[str, Any]


@view(context=PartPages, permission=TENANT, request_method="GET", renderer="tenant/part_list.html")
def listing(request: Request) -> dict[str, Any]:
    """Show those of one kind."""
    pages, tenant = request.context, request.context.__parent__
    found = request.services.read(lambda root: parts.listed(root, tenant.id, pages.kind))
    return {
        "tenant": tenant,
        "kind": pages.kind,
        "form": FORMS[pages.kind].told(request.texts),
        "found": found,
    }


@view(context=PartPages, name="new", permission=TENANT, request_method="GET", renderer=FORM)
def empty(request: Request) -> dict[str, Any]:
    """Show an empty form."""
    return _part_form(request, request.context.__parent__, request.context.kind, "", {}, "")


@view(context=PartPages, name="new", permission=TENANT, request_method="POST", renderer=FORM)
def add(request: Request) -> Response | dict[str, Any]:
    """Add one."""
    name = as_named(request.POST.get("name", "")[:60])
    return _store(request, request.context.__parent__, request.context.kind, name, "")


@view(context=PartPage, permission=TENANT, request_method="GET", renderer=FORM)
def form(request: Request) -> dict[str, Any]:
    """Show the form of one."""
    page = request.context
    tenant = page.__parent__.__parent__
    seen, kind = routing.digest(page.fields), page.__parent__.kind
    shown = _part_form(request, tenant, kind, page.__name__, page.fields, seen)
    if kind == parts.EXTENSIONS:
        shown["account"] = request.services.read(
            lambda root: parts.account_of(root, tenant.id, page.__name__, request.domain)
        )
    return shown


@view(context=PartPage, permission=TENANT, request_method="POST", renderer=FORM)
def change(request: Request) -> Response | dict[str, Any]:
    """Change one."""
    page, seen = request.context, request.POST.get("seen", "")[:40]
    tenant = page.__parent__.__parent__
    return _store(request, tenant, page.__parent__.kind, page.__name__, seen or "-")


@view(context=PartPage, name="remove", permission=TENANT, request_method="POST", renderer=FORM)
def remove(request: Request) -> Response:
    """Take one away; what uses it is named."""
    page = request.context
    tenant, kind, name = page.__parent__.__parent__, page.__parent__.kind, page.__name__
    back = f"/t/{tenant.id}/{kind}"
    entry = entry_of(request, "part-removed", f"{kind} {name}", tenant.id)
    try:
        done = parts.remove(request.services, tenant.id, kind, name, entry)
    except Refused as refused:
        why = "; ".join(refused.by_field(request.texts.language).values())
        return say(request, HTTPSeeOther(back), why, "warn")
    return said_in_force(request, done, back)


@view(context=TenantPages, name="limits", permission=TENANT, request_method="GET", renderer=FORM)
def limits(request: Request) -> dict[str, Any]:
    """Show lists and caps that hold for all the tenant's numbers."""
    held = request.services.read(lambda root: parts.limits_of(root, request.context.id))
    typed = typed_of(LIMITS, held, request.texts.language)
    return _form(request, request.context, typed, routing.digest(held), **_limits())


@view(context=TenantPages, name="limits", permission=TENANT, request_method="POST", renderer=FORM)
def change_limits(request: Request) -> Response | dict[str, Any]:
    """Change them."""
    tenant, typed = request.context, _typed(request)
    values, seen = values_of(LIMITS, typed, {}), typed.get("seen", "")

    def work() -> Done:
        entry = entry_of(request, "limits-changed", tenant.id, tenant.id)
        return parts.store_limits(request.services, tenant.id, seen, values, entry)

    def now() -> Any:
        return request.services.read(lambda root: parts.limits_of(root, tenant.id))

    return _stored(request, tenant, typed, work, now, f"/t/{tenant.id}/limits", **_limits())


def _limits() -> dict[str, Any]:
    return {"kind": "limits", "name": "", "form": None, "fields": LIMITS, "section": TENANT_SECTION}


def _store(request: Request, tenant: Any, kind: str, name: str, seen: str) -> Response | dict[str, Any]:
    typed = _typed(request)
    fields = FORMS[kind].fields
    held = request.services.read(lambda root: parts.fields_of(root, tenant.id, kind, name)) or {}
    values = values_of(fields, typed, held)

    def work() -> Done:
        entry = entry_of(request, "part-changed", f"{kind} {name}", tenant.id)
        return parts.store(request.services, tenant.id, kind, name, seen, values, entry)

    def now() -> Any:
        return request.services.read(lambda root: parts.fields_of(root, tenant.id, kind, name))

    new = not seen
    return _stored(
        request, tenant, typed, work, now, f"/t/{tenant.id}/{kind}", kind=kind, name="" if new else name,
        form=FORMS[kind].told(request.texts), fields=fields, section=parts.section_of(kind),
    )  # fmt: skip


def _stored(
    request: Request,
    tenant: Any,
    typed: Typed,
    work: Callable[[], Done],
    now: Callable[[], Any],
    back: str,
    **more: Any,
) -> Response | dict[str, Any]:
    language = request.texts.language
    try:
        return said_in_force(request, work(), back)
    except Refused as refused:
        request.response.status = 422
        return _form(request, tenant, typed, typed.get("seen", ""), errors=refused.by_field(language), **more)
    except Stale:
        request.response.status = 409
        held = now()
        theirs = typed_of(more["fields"], held or {}, language)
        changed = {name: value for name, value in theirs.items() if value and value != typed.get(name, "")}
        seen = "" if held is None else routing.digest(held)
        return _form(request, tenant, typed, seen, conflict=True, theirs=changed, **more)


def _part_form(
    request: Request, tenant: Any, kind: str, name: str, held: dict[str, Any], seen: str
) -> dict[str, Any]:
    section, form = parts.section_of(kind), FORMS[kind].told(request.texts)
    whole = {each: held.get(each, _default(section, each)) for each, _ in form.fields}
    typed = typed_of(form.fields, whole, request.texts.language)
    return _form(
        request, tenant, typed, seen, kind=kind, name=name, form=form, fields=form.fields, section=section
    )


def _default(section: Any, name: str) -> Any:
    value = section.default(name)
    return None if value is msgspec.NODEFAULT else value


def _form(request: Request, tenant: Any, typed: Typed, seen: str, **more: Any) -> dict[str, Any]:
    texts, section = request.texts, more.pop("section")

    def read(root: Any) -> dict[str, Any]:
        choices = list(routing.destinations(root, tenant.id, ""))
        return {
            "choices": [(each.value, where(each.kind, texts), each.label) for each in choices],
            "prompts": [(f"prompt:{name}", name) for name in root.tenants[tenant.id].own_prompts()],
            "queues": parts.names(root, tenant.id, "queues"),
        }

    labels = {}
    for name, _ in more["fields"]:
        field = section.field(name)
        if field is None:
            raise HTTPNotFound()
        labels[name] = _label(field, texts)
    return {
        "tenant": tenant,
        "typed": typed,
        "seen": seen,
        "labels": labels,
        "options": OPTIONS,
        "key_rows": range(1, KEY_ROWS + 1),
        "presets": PRESETS[texts.language],
        "errors": {},
        "conflict": False,
        "theirs": {},
        **request.services.read(read),
        **more,
    }


def _label(field: Field, texts: Texts) -> str:
    """Return what provisioning calls a field, for people who leave it empty instead of writing null."""
    chinese = field.zh.replace("null ", "留空").replace("null", "留空")
    said = texts.either(chinese, field.en.replace("null", "empty"))
    return said.partition("：")[0] if field.name == "strategy" else said


def _typed(request: Request) -> Typed:
    return {name: str(value)[:MOST_TYPED].replace("\r\n", "\n") for name, value in request.POST.items()}
