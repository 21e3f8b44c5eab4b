"""系统 / 操作员: who runs the box, and as what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from storage.models.web import Role
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources_system import OperatorDesk, OperatorFile
from webui.services import operators
from webui.views.bound import entry_of
from webui.views.declare import view

PAGE = "/operator/operators"
ROLES = {
    Role.ADMIN: (N_("Administrator"), N_("Everything, with settings, operators and audit log.")),
    Role.FINANCE: (N_("Finance"), N_("Recharges, bills, invoices and tariffs; suspends tenants. No calls.")),
    Role.SUPPORT: (N_("Customer service"), N_("Tenants, numbers, calls and prompt review. No money.")),
}


@view(context=OperatorDesk, permission="operators", request_method="GET", renderer="operator/operators.html")
def listing(request: Request) -> dict[str, Any]:
    """List them."""
    return _page(request)


@view(context=OperatorDesk, permission="operators", request_method="POST", renderer="operator/operators.html")
def add(request: Request) -> dict[str, Any]:
    """Add one; his first password is shown once."""
    name, role = request.POST.get("name", "").strip()[:40], _role(request)
    typed = {"name": name, "role": str(role)}
    try:
        password = operators.add(request.services, name, role, entry_of(request, "operator-added", name))
    except NotPossible as why:
        request.response.status = 422
        return _page(request, errors={"name": request.texts.either(why.zh, why.en)}, typed=typed)
    return _page(request, password=password, whose=name)


@view(context=OperatorFile, name="password", permission="operators", request_method="POST",
      renderer="operator/operators.html")  # fmt: skip
def password(request: Request) -> Response | dict[str, Any]:
    """Give a new first password, shown once."""
    name = request.context.name
    if f"operator:{name}" == request.identity.account:
        words = request.texts("Change your own password under Account and security.")
        return say(request, HTTPSeeOther(PAGE), words, "bad")
    try:
        made = operators.new_password(request.services, name, entry_of(request, "operator-password", name))
    except NotPossible as why:
        return _refused(request, why)
    return _page(request, password=made, whose=name)


@view(context=OperatorFile, name="role", permission="operators", request_method="POST")
def role(request: Request) -> Response:
    """Give another role."""
    name, wanted = request.context.name, _role(request)
    entry = entry_of(request, "operator-role", name)
    return _done(
        request,
        lambda: operators.set_role(request.services, name, wanted, entry),
        request.texts("Saved; {name} has to sign in again.", name=name),
    )


@view(context=OperatorFile, name="switch", permission="operators", request_method="POST")
def switch(request: Request) -> Response:
    """Let him sign in, or no more."""
    name, on = request.context.name, request.POST.get("on") == "1"
    entry = entry_of(request, "operator-on" if on else "operator-off", name)
    words = (
        request.texts("{name} can sign in again.", name=name)
        if on
        else request.texts("{name} cannot sign in any more; all sessions ended.", name=name)
    )
    return _done(request, lambda: operators.set_enabled(request.services, name, on, entry), words)


@view(context=OperatorFile, name="sign-out", permission="operators", request_method="POST")
def sign_out(request: Request) -> Response:
    """End his sessions."""
    name = request.context.name
    entry = entry_of(request, "operator-signed-out", name)
    return _done(
        request,
        lambda: operators.sign_out(request.services, name, entry),
        request.texts("All sessions of {name} ended.", name=name),
    )


def _role(request: Request) -> Role:
    wanted = request.POST.get("role", "")
    if wanted not in set(Role):
        raise HTTPBadRequest()
    return Role(wanted)


def _done(request: Request, do: Callable[[], object], words: str) -> Response:
    try:
        do()
    except NotPossible as why:
        return _refused(request, why)
    return say(request, HTTPSeeOther(PAGE), words)


def _refused(request: Request, why: NotPossible) -> Response:
    return say(request, HTTPSeeOther(PAGE), request.texts.either(why.zh, why.en), "bad")


def _page(request: Request, **more: Any) -> dict[str, Any]:
    _, now = request.texts, request.services.now()
    return {
        "found": request.services.read(lambda root: operators.listed(root, now)),
        "roles": {str(role): (_(name), _(about)) for role, (name, about) in ROLES.items()},
        "password": "", "whose": "", "errors": {}, "typed": {}, **more,
    }  # fmt: skip
