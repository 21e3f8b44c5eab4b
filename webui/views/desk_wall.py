"""监控墙板: a tenant's queues, agents and calls before his supervisor, who may listen, whisper, barge in."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from b2bua.control import ControlDown, ControlFailed, Supervise, TakeDown
from b2bua.control_floor import SetAgent
from webui.resources import AgentDesk
from webui.security.permissions import SUPERVISOR
from webui.services.agents import agent_named
from webui.services.desk import NotHis
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.desk import STATES, ask, desk_of, desks
from webui.views.live import opens

MODES: Final = ("listen", "whisper", "barge")


@view(context=AgentDesk, name="wall", permission=SUPERVISOR, request_method="GET", renderer="desk/wall.html")
def wall(request: Request) -> dict[str, Any]:
    """Show it; everything comes by the stream."""
    desk = desk_of(request)
    return {
        "company": request.services.read(lambda root: root.tenants[desk.tenant].config.value.name),
        "target": desks(request).agent(desk).target,
    }


@view(context=AgentDesk, name="wall-ticket", permission=SUPERVISOR, request_method="GET", renderer="json")
def ticket(request: Request) -> dict[str, str]:
    """Open what the wall shows."""
    return opens(request, f"wall:{request.context.tenant}")


@view(context=AgentDesk, name="supervise", permission=SUPERVISOR, request_method="POST", renderer="json")
def supervise(request: Request) -> dict[str, Any]:
    """Ring the supervisor's phone and let it take part in a call; noted before it is done."""
    mode = request.POST.get("mode", "")
    if mode not in MODES:
        raise HTTPNotFound()
    call = _call(request)
    if isinstance(call, dict):
        return call
    desk = desk_of(request)
    request.services.audit(entry_of(request, "supervised", f"{mode} {call}", desk.tenant))
    phone = desks(request).agent(desk).target
    return ask(request, Supervise(call, phone, mode, f"agent:{desk.tenant}/{desk.agent}"))


@view(context=AgentDesk, name="take-down", permission=SUPERVISOR, request_method="POST", renderer="json")
def take_down(request: Request) -> dict[str, Any]:
    """End a call; noted before it is done."""
    call = _call(request)
    if isinstance(call, dict):
        return call
    desk = desk_of(request)
    request.services.audit(entry_of(request, "call-taken-down", call, desk.tenant))
    return ask(request, TakeDown(call, f"agent:{desk.tenant}/{desk.agent}"))


def _call(request: Request) -> str | dict[str, Any]:
    """Return the call of his tenant's that is meant, or what to answer instead."""
    try:
        return desks(request).tenants_call(desk_of(request), request.POST.get("call", "")).call
    except NotHis:
        return {"done": False, "text": request.texts("This call is over.")}
    except (ControlDown, ControlFailed):
        return {"done": False, "text": request.texts("The SIP process does not answer.")}


@view(context=AgentDesk, name="set-agent", permission=SUPERVISOR, request_method="POST", renderer="json")
def set_agent(request: Request) -> dict[str, Any]:
    """Log an agent in or out, pause him, end his pause."""
    desk, name, what = desk_of(request), request.POST.get("agent", ""), request.POST.get("what", "")
    found = request.services.read(lambda root: agent_named(root, desk.tenant, name))
    if found is None or what not in STATES:
        raise HTTPNotFound()
    request.services.audit(entry_of(request, "agent-set", f"{name} {what}", desk.tenant))
    return ask(request, SetAgent(desk.tenant, name, what, request.texts("by the supervisor")))
