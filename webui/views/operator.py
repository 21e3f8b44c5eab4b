"""Operators: dashboard, live calls, trunks, alarms, audit."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from b2bua.control import ControlDown, ControlFailed, Done, TakeDown
from domain.refusal import NotPossible
from storage.models import Root
from webui.presenters.says import say
from webui.resources import OperatorPages, TrunkDesk
from webui.services import attention, calls, live
from webui.views.bound import entry_of
from webui.views.declare import view

DAYS = 14


@view(context=OperatorPages, permission="watch", request_method="GET", renderer="operator/dashboard.html")
def dashboard(request: Request) -> dict[str, Any]:
    """Show the whole box at one look."""
    services, now = request.services, request.services.now()

    def read(root: Root) -> dict[str, Any]:
        days = calls.days_totals(root, None, now, DAYS)
        return {
            "bars": [
                {"day": f"{day[4:6]}-{day[6:]}", "answered": totals.all.answered, "all": totals.all.calls}
                for day, totals in days
            ],
            "tenants": len(root.tenants),
            "numbers": len(root.numbers),
        }

    return {**services.read(read), "attention": attention.look(services), **_board(request)}


@view(
    context=OperatorPages, name="board", permission="watch", request_method="GET",
    renderer="operator/board.html",
)  # fmt: skip
def board(request: Request) -> dict[str, Any]:
    """Send what moves on the dashboard; asked every few seconds."""
    return _board(request)


def _board(request: Request) -> dict[str, Any]:
    services, now = request.services, request.services.now()
    today = services.read(lambda root: calls.today(root, None, now))
    found = live.alarms(services)
    return {
        "status": live.status(services),
        "today": today,
        "missed": calls.missed_of(today),
        "alarms": found,
        "seen_to": services.read(lambda root: attention.acknowledged(root, found)),
        "now": now,
    }


@view(
    context=OperatorPages,
    name="live",
    permission="watch",
    request_method="GET",
    renderer="operator/live.html",
)
def live_calls(request: Request) -> dict[str, Any]:
    """Show the calls that are up; they come by the stream."""
    return {}


@view(context=OperatorPages, name="take-down", permission="take-down", request_method="POST")
def take_down(request: Request) -> Response:
    """End a call; noted before it is done."""
    _, services = request.texts, request.services
    call = request.POST.get("call", "")[:40]
    services.audit(entry_of(request, "call-taken-down", call))
    back = HTTPSeeOther("/operator/live")
    try:
        services.ask(TakeDown(call, request.identity.who), Done)
    except ControlFailed as error:
        return say(request, back, _.either(error.zh, str(error)), "bad")
    except ControlDown:
        return say(request, back, _("The SIP process does not answer."), "bad")
    return say(request, back, _("The call was taken down."))


@view(context=TrunkDesk, permission="watch", request_method="GET", renderer="operator/trunks.html")
def trunks(request: Request) -> dict[str, Any]:
    """Show trunks and how they are."""
    services, now = request.services, request.services.now()
    found = services.read(
        lambda root: ([trunk.value for trunk in root.trunks.values()], calls.today(root, None, now))
    )
    status = live.status(services)
    states = {} if status is None else {each.name: each for each in status.trunks}
    return {"trunks": found[0], "today": found[1], "states": states, "status": status}


@view(
    context=OperatorPages, name="alarms", permission="watch", request_method="GET",
    renderer="operator/alarms.html",
)  # fmt: skip
def alarms(request: Request) -> dict[str, Any]:
    """Show what is wrong now."""
    return _alarms(request)


@view(
    context=OperatorPages, name="acknowledge", permission="acknowledge", request_method="POST",
    renderer="operator/alarms.html",
)  # fmt: skip
def acknowledge(request: Request) -> Response | dict[str, Any]:
    """Note that somebody sees to an alarm."""
    _, services = request.texts, request.services
    key, note = request.POST.get("key", "")[:120], request.POST.get("note", "").strip()[:400]
    entry = entry_of(request, "alarm-acknowledged", key)
    try:
        attention.acknowledge(services, key, live.alarms(services), note, entry)
    except NotPossible as why:
        request.response.status = 422
        return {**_alarms(request), "why": _.either(why.zh, why.en), "wrong": key, "noted": note}
    return say(request, HTTPSeeOther("/operator/alarms"), _("Noted: you see to it."))


def _alarms(request: Request) -> dict[str, Any]:
    services = request.services
    found = live.alarms(services)
    return {
        "alarms": found, "status": live.status(services), "own": attention.OWN_KEY, "why": "", "wrong": "",
        "noted": "", "seen_to": services.read(lambda root: attention.acknowledged(root, found)),
    }  # fmt: skip
