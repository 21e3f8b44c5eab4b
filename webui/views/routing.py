"""来电路由: the plan as a picture, its forms, the simulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.calling.caller import CLASS_WORDS, CallerClass
from webui.presenters.route_forms import SHARES, rule_of, typed_of, typed_of_rule, values_of
from webui.presenters.route_picture import gates, where
from webui.presenters.says import say
from webui.presenters.schedule import PRESETS, calendar_days, told_now
from webui.resources_setup import RoutePage
from webui.security.permissions import TENANT
from webui.services import routing
from webui.services.provisioning import Done, Refused, Stale
from webui.services.schedules import outlook
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

MOST_TYPED = 20_000
"""Characters of one field."""
CLASSES = (
    CallerClass.MOBILE, CallerClass.LANDLINE, CallerClass.LOCAL, CallerClass.SHORT_CODE, CallerClass.SERVICE,
    CallerClass.INTERNATIONAL, CallerClass.WITHHELD,
)  # fmt: skip
FORM = "tenant/routing_form.html"
Typed = dict[str, Any]


@view(context=RoutePage, permission=TENANT, request_method="GET", renderer="tenant/routing.html")
def picture(request: Request) -> dict[str, Any]:
    """Show the plan as a picture, and its next 14 days."""
    page, services = request.context, request.services

    def read(root: Any) -> dict[str, Any]:
        held = root.tenants[page.tenant.id]
        route = page.plan.routing
        ahead = outlook(root, page.tenant.id, route.hours if route else None, services.now())
        return {
            "numbers": list(held.numbers),
            "gates": gates(held.snapshot(root.tariffs), page.plan, request.texts),
            "days": calendar_days(ahead.days, request.texts),
            "now": told_now(ahead.open, ahead.change, request.texts),
        }

    return {"tenant": page.tenant, "plan": page.plan, **services.read(read)}


@view(context=RoutePage, name="order", permission=TENANT, request_method="POST", renderer=FORM)
def order(request: Request) -> Response:
    """Put the rules in another order."""
    wanted = request.POST.getall("order")
    entry = _entry(request, "rules-ordered")
    page = request.context
    try:
        done = routing.order_rules(request.services, page.tenant.id, page.plan.number, entry, wanted)
    except Stale:
        return _gone(request)
    return said_in_force(request, done, _back(request))


@view(context=RoutePage, name="rule", permission=TENANT, request_method="GET", renderer=FORM)
def rule_form(request: Request) -> Response | dict[str, Any]:
    """Show the form of a rule, or an empty one."""
    which = request.GET.get("which", "")[:40]
    rule = _find_rule(request, which)
    if which and rule is None:
        return _gone(request)
    return _form(request, "rule", typed_of_rule(rule or {}, request.texts.language), which)


@view(context=RoutePage, name="rule", permission=TENANT, request_method="POST", renderer=FORM)
def rule_change(request: Request) -> Response | dict[str, Any]:
    """Store a rule; one that somebody else changed or removed meanwhile is shown beside what was typed."""
    typed, which = _typed(request), request.POST.get("seen", "")[:40]
    typed["classes"] = request.POST.getall("classes")[:20]
    wanted = rule_of(typed)

    def work() -> Done:
        page = request.context
        entry = _entry(request, "rule-changed", wanted.get("name", ""))
        return routing.change_rule(request.services, page.tenant.id, page.plan.number, entry, which, wanted)

    return _stored(request, "rule", typed, work, which)


@view(context=RoutePage, name="rule-remove", permission=TENANT, request_method="POST", renderer=FORM)
def rule_remove(request: Request) -> Response:
    """Take a rule away."""
    page, which = request.context, request.POST.get("which", "")[:40]
    entry = _entry(request, "rule-removed")
    try:
        if not which:
            raise Stale(which)
        done = routing.change_rule(request.services, page.tenant.id, page.plan.number, entry, which, None)
    except Stale:
        return _gone(request)
    return said_in_force(request, done, _back(request))


@view(context=RoutePage, name="part", permission=TENANT, request_method="GET", renderer=FORM)
def part_form(request: Request) -> dict[str, Any]:
    """Show the form of one part."""
    part = _part(request)
    fields = routing.part_of(routing.fields_of(request.context.plan), part)
    return _form(request, part, typed_of(part, fields, request.texts.language), routing.digest(fields))


@view(context=RoutePage, name="part", permission=TENANT, request_method="POST", renderer=FORM)
def part_change(request: Request) -> Response | dict[str, Any]:
    """Store one part; one that somebody else changed meanwhile is shown beside what was typed."""
    part, typed, page = _part(request), _typed(request), request.context
    if part == "pin" and not typed.get("pin", "").strip() and not typed.get("remove"):
        return say(request, HTTPSeeOther(_back(request)), request.texts("Nothing to change."))
    fields = routing.part_of(routing.fields_of(page.plan), part)
    values, seen = values_of(part, typed, fields), typed.get("seen", "")

    def work() -> Done:
        entry = _entry(request, "routing-changed", part)
        return routing.change_part(
            request.services, page.tenant.id, page.plan.number, entry, part, seen, values
        )

    return _stored(request, part, typed, work, seen)


def _stored(
    request: Request, part: str, typed: Typed, work: Callable[[], Done], seen: str
) -> Response | dict[str, Any]:
    try:
        return said_in_force(request, work(), _back(request))
    except Refused as refused:
        request.response.status = 422
        return _form(request, part, typed, seen, refused.by_field(request.texts.language))
    except Stale:
        request.response.status = 409
        return _conflict(request, part, typed)


def _conflict(request: Request, part: str, typed: Typed) -> dict[str, Any]:
    """Show what is typed still in the form, and beside it what somebody else stored."""
    language = request.texts.language
    if part == "rule":
        return _form(request, part, typed, "", conflict=True)
    page = request.context
    plan = request.services.read(lambda root: root.tenants[page.tenant.id].numbers[page.plan.number].value)
    fields = routing.part_of(routing.fields_of(plan), part)
    theirs = {} if part == "pin" else typed_of(part, fields, language)
    return _form(request, part, typed, routing.digest(fields), conflict=True, theirs=theirs)


def _form(
    request: Request, part: str, typed: Typed, seen: str, errors: dict[str, str] | None = None, **more: Any
) -> dict[str, Any]:
    page, texts = request.context, request.texts
    choices = request.services.read(
        lambda root: list(routing.destinations(root, page.tenant.id, page.plan.number))
    )
    prompts = [each for each in choices if each.kind == "announcement"]
    return {
        "tenant": page.tenant,
        "plan": page.plan,
        "part": part,
        "typed": typed,
        "seen": seen,
        "errors": errors or {},
        "choices": [(each.value, where(each.kind, texts), each.label) for each in choices],
        "prompts": [(f"prompt:{each.label}", each.label) for each in prompts],
        "shares": range(1, SHARES + 1),
        "classes": [(each, texts.either(CLASS_WORDS[each].zh, CLASS_WORDS[each].en)) for each in CLASSES],
        "presets": PRESETS[texts.language],
        "conflict": False,
        "theirs": {},
        **more,
    }


def _typed(request: Request) -> Typed:
    return {name: str(value)[:MOST_TYPED].replace("\r\n", "\n") for name, value in request.POST.items()}


def _part(request: Request) -> str:
    part: str = request.GET.get("name", "")
    if part not in routing.PARTS:
        raise HTTPNotFound()
    return part


def _find_rule(request: Request, which: str) -> dict[str, Any] | None:
    rules = routing.rules_of(routing.fields_of(request.context.plan))
    return next((each for each in rules if routing.digest(each) == which), None)


def _entry(request: Request, action: str, more: str = "") -> Any:
    page = request.context
    return entry_of(request, action, f"{page.plan.number} {more}".rstrip(), page.tenant.id)


def _back(request: Request) -> str:
    path: str = request.resource_path(request.context)
    return path[:-1]


def _gone(request: Request) -> Response:
    text = request.texts(
        "Somebody else changed this list meanwhile; nothing was done. This is how it is now."
    )
    return say(request, HTTPSeeOther(_back(request)), text, "warn")
