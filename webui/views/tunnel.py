"""系统 / 支持隧道: opened and closed by the reseller, off otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from storage.machine.wish import OpenTunnel
from webui.presenters.says import say
from webui.resources_system import TunnelDesk
from webui.services import tunnel
from webui.views.bound import entry_of
from webui.views.declare import view

TEMPLATE = "operator/tunnel.html"


@view(context=TunnelDesk, permission="settings", request_method="GET", renderer=TEMPLATE)
def page(request: Request) -> dict[str, Any]:
    """Show how it stands."""
    return _page(request)


@view(context=TunnelDesk, name="key", permission="settings", request_method="POST", renderer=TEMPLATE)
def key(request: Request) -> Response | dict[str, Any]:
    """Make the key."""
    return _do(request, lambda: tunnel.make_key(request.services, entry_of(request, "tunnel-key", "")))


@view(context=TunnelDesk, name="open", permission="settings", request_method="POST", renderer=TEMPLATE)
def open_it(request: Request) -> Response | dict[str, Any]:
    """Open it."""
    post = request.POST
    wanted = OpenTunnel(
        post.get("host", "").strip().lower()[:260], post.get("user", "").strip()[:40],
        _number(post.get("port", "")), _number(post.get("remote_port", "")), _number(post.get("minutes", "")),
    )  # fmt: skip
    entry = entry_of(request, "tunnel-opened", wanted.host)
    return _do(request, lambda: tunnel.open_tunnel(request.services, wanted, entry))


@view(context=TunnelDesk, name="close", permission="settings", request_method="POST", renderer=TEMPLATE)
def close(request: Request) -> Response | dict[str, Any]:
    """Close it."""
    return _do(request, lambda: tunnel.close_tunnel(request.services, entry_of(request, "tunnel-closed", "")))


def _number(text: str) -> int:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1


def _do(request: Request, work: Callable[[], None]) -> Response | dict[str, Any]:
    try:
        work()
    except NotPossible as why:
        request.response.status = 422
        typed = {name: str(value) for name, value in request.POST.items()}
        return {**_page(request), "why": request.texts.either(why.zh, why.en), "typed": typed}
    words = request.texts("Asked; the machine does it within seconds.")
    return say(request, HTTPSeeOther("/operator/tunnel"), words)


def _page(request: Request) -> dict[str, Any]:
    services = request.services
    return {"state": tunnel.state(services.data, services.now()), "why": "", "typed": {}}
