"""线路管理: a test call through a trunk, with its result."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from b2bua.control import ControlDown, ControlFailed
from domain.refusal import NotPossible
from webui.resources import TrunkFile
from webui.resources_setup import CALL
from webui.services import trunk_test
from webui.views.bound import entry_of
from webui.views.declare import view

MOST_OFFERED = 100


@view(
    context=TrunkFile, name="test", permission="settings", request_method="GET",
    renderer="operator/trunk_test.html",
)  # fmt: skip
def page(request: Request) -> dict[str, Any]:
    """Ask whom to ring, or follow the call that was begun."""
    call = request.GET.get("call", "")
    return _page(request, call=call if CALL.fullmatch(call) else "")


@view(
    context=TrunkFile, name="test", permission="settings", request_method="POST",
    renderer="operator/trunk_test.html",
)  # fmt: skip
def begin(request: Request) -> Response | dict[str, Any]:
    """Ring somebody."""
    _, trunk = request.texts, request.context.trunk
    typed = {name: request.POST.get(name, "").strip()[:40] for name in ("to", "shows")}
    to = typed["to"]
    entry = entry_of(request, "trunk-test-called", f"{trunk.name} {to}")
    try:
        call = trunk_test.begin(request.services, trunk, to, typed["shows"], entry)
    except trunk_test.NotShown as why:
        return _page(request, {"shows": _.either(why.zh, why.en)}, typed)
    except NotPossible as why:
        return _page(request, {"to": _.either(why.zh, why.en)}, typed)
    except ControlDown:
        return _page(request, {"to": _("The box takes no calls at the moment; nobody was rung.")}, typed)
    except ControlFailed as error:
        said = _("Nobody was rung: {why}", why=_.either(error.zh, str(error)))
        return _page(request, {"to": said}, typed)
    return HTTPSeeOther(f"/operator/trunks/{trunk.name}/test?call={call}")


@view(
    context=TrunkFile, name="test-state", permission="settings", request_method="GET",
    renderer="operator/trunk_test_state.html",
)  # fmt: skip
def state(request: Request) -> dict[str, Any]:
    """Tell how the call goes; the page asks until its record is there."""
    call = request.GET.get("call", "")
    if CALL.fullmatch(call) is None:
        raise HTTPNotFound
    try:
        found = trunk_test.progress(request.services, request.context.name, call)
    except (ControlDown, ControlFailed):
        found = trunk_test.Progress(call, "", None)
    if found is None:
        raise HTTPNotFound
    return {"found": found, "trunk": request.context.trunk}


def _page(
    request: Request,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    call: str = "",
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    return {**what_to_ask(request), "errors": errors or {}, "typed": typed or {}, "call": call}


def what_to_ask(request: Request) -> dict[str, Any]:
    """Return what the form of a test call needs."""
    trunk = request.context.trunk
    offered = request.services.read(lambda root: trunk_test.own_numbers(root, trunk)[:MOST_OFFERED])
    return {"trunk": trunk, "own_numbers": offered, "suggested": trunk_test.suggested(trunk)}
