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
    to = request.POST.get("to", "").strip()[:40]
    entry = entry_of(request, "trunk-test-called", f"{trunk.name} {to}")
    try:
        call = trunk_test.begin(request.services, trunk, to, entry)
    except NotPossible as why:
        return _page(request, {"to": _.either(why.zh, why.en)}, to)
    except ControlDown:
        return _page(request, {"to": _("The box takes no calls at the moment; nobody was rung.")}, to)
    except ControlFailed as error:
        said = _("Nobody was rung: {why}", why=_.either(error.zh, str(error)))
        return _page(request, {"to": said}, to)
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
    request: Request, errors: dict[str, str] | None = None, to: str = "", call: str = ""
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    return {"trunk": request.context.trunk, "errors": errors or {}, "typed": {"to": to}, "call": call}
