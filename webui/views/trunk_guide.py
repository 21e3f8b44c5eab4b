"""线路向导: a new trunk step by step: kind, addresses, numbers, limits; then its health and a test call."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.trouble_words import trunk_trouble
from webui.presenters.texts import N_
from webui.resources import TrunkDesk, TrunkFile
from webui.services import live
from webui.services.first_setup import target_of
from webui.views.declare import view
from webui.views.section_form import Groups, SectionForm
from webui.views.settings import TRUNK_FORM
from webui.views.trunk_test import what_to_ask

TEMPLATE: Final = "operator/trunk_guide.html"
PAGE: Final = "/operator/trunks/guide"
STEPS: Final = (
    ("kind", N_("Kind")),
    ("addresses", N_("Addresses")),
    ("numbers", N_("Numbers")),
    ("limits", N_("Limits")),
    ("check", N_("Check and test call")),
)
ADDRESSES: Final[dict[str, Groups]] = {
    "ip": ((N_("How the carrier is reached"), ("sources", "target", "transport", "listener")),),
    "register": (
        (N_("Account at the carrier"), ("username", "password", "target", "domain")),
        (N_("Only where the carrier says so"), (
            "outbound_proxy", "transport", "sources", "listener", "realm")),
    ),
}  # fmt: skip
LATER: Final[dict[str, Groups]] = {
    "numbers": (
        (N_("Calls in: which number is called"), ("called_header", "called_prefixes", "landing_numbers")),
        (N_("Calls in: who calls"), ("caller_header", "restore_zero", "caller_area_code", "caller_prefixes")),
        (N_("Calls out: which number is shown"), ("shown_caller", "trunk_number")),
    ),
    "limits": ((N_("Limits and health"), ("channels", "calls_per_second", "options_seconds")),),
}


@view(context=TrunkDesk, name="guide", permission="settings", request_method="GET", renderer=TEMPLATE)
def begin(request: Request) -> dict[str, Any]:
    """Ask for the kind, then for the addresses."""
    kind = request.GET.get("kind", "")
    if kind not in ADDRESSES:
        return {**_about(request, "kind", ""), "errors": {}}
    return {**_first(kind).shown(request, None, ""), **_about(request, "addresses", kind)}


@view(context=TrunkDesk, name="guide", permission="settings", request_method="POST", renderer=TEMPLATE)
def add(request: Request) -> Response | dict[str, Any]:
    """Make the trunk; what is refused is told beside its field."""
    kind, name = request.POST.get("kind", ""), request.POST.get("name", "").strip()[:40]
    if kind not in ADDRESSES:
        return HTTPSeeOther(PAGE)
    form = _first(kind)._replace(back=f"/operator/trunks/{name}/guide?step=numbers")
    answer = form.added(request, "trunk-added", partial(_whole, kind))
    return {**answer, **_about(request, "addresses", kind)} if isinstance(answer, dict) else answer


@view(context=TrunkFile, name="guide", permission="settings", request_method="GET", renderer=TEMPLATE)
def step(request: Request) -> dict[str, Any]:
    """Ask for numbers or limits, or check the trunk."""
    page: TrunkFile = request.context
    name = request.GET.get("step", "")
    if name in LATER:
        return {**_later(name, page.name).shown(request, page.trunk, page.name), **_about(request, name, "")}
    asked = {"errors": {}, "typed": {}, **what_to_ask(request), **_health(request)}
    return {**asked, **_about(request, "check", page.trunk.kind)}


@view(context=TrunkFile, name="guide", permission="settings", request_method="POST", renderer=TEMPLATE)
def change(request: Request) -> Response | dict[str, Any]:
    """Store a step's fields; the others stay."""
    page: TrunkFile = request.context
    name = request.POST.get("step", "")
    if name not in LATER:
        return HTTPSeeOther(f"/operator/trunks/{page.name}/guide")
    following = "limits" if name == "numbers" else "check"
    form = _later(name, page.name)._replace(back=f"/operator/trunks/{page.name}/guide?step={following}")
    answer = form.changed(request, "trunk-changed", page.trunk, page.name)
    return {**answer, **_about(request, name, "")} if isinstance(answer, dict) else answer


@view(context=TrunkFile, name="health", permission="settings", request_method="GET",
      renderer="operator/trunk_health.html")  # fmt: skip
def health(request: Request) -> dict[str, Any]:
    """Tell whether the carrier answers; asked every two seconds."""
    return _health(request)


def _first(kind: str) -> SectionForm:
    return TRUNK_FORM._replace(groups=ADDRESSES[kind])


def _later(step: str, name: str) -> SectionForm:
    return TRUNK_FORM._replace(groups=LATER[step], new="", naming="", remove="", title=name)


def _whole(kind: str, typed: dict[str, Any]) -> dict[str, Any]:
    if kind == "ip":
        sources = typed["sources"] or [""]
        typed["target"] = target_of(sources[0] if len(sources) == 1 else "", typed["target"] or "") or None
    return {"kind": kind, **typed}


def _about(request: Request, step: str, kind: str) -> dict[str, Any]:
    steps = [(name, request.texts(words)) for name, words in STEPS]
    context = request.context
    name = context.name if isinstance(context, TrunkFile) else ""
    return {"steps": steps, "step": step, "kind": kind, "trunk_name": name}


def _health(request: Request) -> dict[str, Any]:
    page: TrunkFile = request.context
    status = live.status(request.services)
    now = next((each for each in status.trunks if each.name == page.name), None) if status else None
    return {
        "trunk": page.trunk, "serving": status is not None, "state": now.state if now else "unknown",
        "detail": trunk_trouble(now.detail, request.texts.language) if now else "",
    }  # fmt: skip
