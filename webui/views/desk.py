"""坐席工作台: an agent at work."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request

from b2bua.control import (
    Complete,
    Consult,
    ControlDown,
    ControlFailed,
    Done,
    Hold,
    InCallRequest,
    Join,
    Leave,
    Resume,
    Return,
    Transfer,
)
from b2bua.control_floor import SetAgent
from domain.refusal import NotPossible
from webui.presenters.contacts import entry_shown
from webui.resources import AgentDesk
from webui.security.permissions import AGENT
from webui.services import customers, todo
from webui.services import missed as calls
from webui.services.desk import Desk, Desks, NotHis, hide, viewer_of
from webui.services.provisioning import Stale
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.live import opens

STATES: Final = ("login", "logout", "pause", "resume")
MOST_TEXT: Final = 2000


def desk_of(request: Request) -> Desk:
    """Return whose desk it is."""
    identity = request.identity
    return Desk(identity.desk, identity.agent, identity.supervisor)


def desks(request: Request) -> Desks:
    """Return what desks ask of the box."""
    found: Desks = request.registry["desks"]
    return found


@view(context=AgentDesk, permission=AGENT, request_method="GET", renderer="desk/desk.html")
def workbench(request: Request) -> dict[str, Any]:
    """Show it; what moves comes by the stream."""
    desk = desk_of(request)
    settings, name = request.services.read(
        lambda root: (root.desk.find(desk.tenant).settings.value, root.tenants[desk.tenant].config.value.name)
    )
    parts = {**missed(request), **due(request), **figures(request)}
    return {"desk": desk, "settings": settings, "company": name, **parts}


@view(context=AgentDesk, name="ticket", permission=AGENT, request_method="GET", renderer="json")
def ticket(request: Request) -> dict[str, str]:
    """Open what this agent sees: himself, his call, his colleagues, the queues."""
    desk = desk_of(request)
    return opens(request, f"{'lead' if desk.supervisor else 'agent'}:{desk.tenant}:{desk.agent}")


@view(context=AgentDesk, name="state", permission=AGENT, request_method="POST", renderer="json")
def state(request: Request) -> dict[str, Any]:
    """Sign in to the queues or out of them, pause, be free again."""
    what, reason = request.POST.get("what", ""), request.POST.get("reason", "")[:40]
    if what not in STATES:
        raise HTTPNotFound()
    desk = desk_of(request)
    return ask(request, SetAgent(desk.tenant, desk.agent, what, reason))


@view(context=AgentDesk, name="call", permission=AGENT, request_method="POST", renderer="json")
def call(request: Request) -> dict[str, Any]:
    """Do something with the call he has: hold, transfer, consult, three-way, hang up."""
    desk, name = desk_of(request), request.POST.get("call", "")
    try:
        desks(request).live_call(desk, name)
    except NotHis:
        return {"done": False, "text": request.texts("This call is over.")}
    except (ControlDown, ControlFailed):
        return {"done": False, "text": request.texts("The SIP process does not answer.")}
    return ask(request, _wish(request, name, f"agent:{desk.tenant}/{desk.agent}"))


def _wish(request: Request, call: str, by: str) -> InCallRequest:
    target = request.POST.get("target", "").strip()[:40]
    wishes: dict[str, InCallRequest] = {
        "hold": Hold(call, by),
        "resume": Resume(call, by),
        "transfer": Transfer(call, target, by),
        "consult": Consult(call, target, by),
        "complete": Complete(call, by),
        "return": Return(call, by),
        "join": Join(call, by),
        "leave": Leave(call, by),
    }
    try:
        return wishes[request.POST.get("what", "")]
    except KeyError:
        raise HTTPNotFound() from None


def ask(request: Request, wish: InCallRequest | SetAgent) -> dict[str, Any]:
    """Ask the b2bua; return whether it was done, and else why not in the reader's language."""
    try:
        request.services.ask(wish, Done)
    except ControlFailed as error:
        return {"done": False, "text": request.texts.either(error.zh, str(error))}
    except ControlDown:
        return {"done": False, "text": request.texts("The SIP process does not answer.")}
    return {"done": True, "text": ""}


@view(context=AgentDesk, name="pop", permission=AGENT, request_method="GET", renderer="desk/pop.html")
def pop(request: Request) -> dict[str, Any]:
    """Show who calls, and what is known of him (来电弹屏)."""
    return _pop(request, request.GET.get("call", ""))


def _pop(request: Request, call: str, saved: bool = False) -> dict[str, Any]:
    try:
        shown = desks(request).shown(desk_of(request), call)
    except NotHis:
        raise HTTPNotFound() from None
    return {
        "shown": shown,
        "saved": saved,
        "customer": None,
        "viewer": viewer_of(desk_of(request)),
        "entry_of": lambda entry: entry_shown(request.texts, entry),
        "hide": lambda text: hide(text, shown.settings, desk_of(request)),
    }


@view(context=AgentDesk, name="note", permission=AGENT, request_method="POST", renderer="desk/pop.html")
def note(request: Request) -> dict[str, Any]:
    """Keep what he writes about a call."""
    given, name = request.POST, request.POST.get("call", "")
    try:
        desks(request).write(
            desk_of(request), name, given.get("code", "")[:20], given.get("text", "").strip()[:MOST_TEXT]
        )
    except NotHis:
        raise HTTPNotFound() from None
    return _pop(request, name, saved=True)


@view(context=AgentDesk, name="missed", permission=AGENT, request_method="GET", renderer="desk/missed.html")
def missed(request: Request) -> dict[str, Any]:
    """Show the missed calls that nobody has dealt with."""
    return _missed(request)


def _missed(request: Request, text: str = "", done: bool = True) -> dict[str, Any]:
    items, count = request.services.read(lambda root: todo.listed(root, desk_of(request)))
    return {"items": items, "count": count, "text": text, "done": done}


@view(
    context=AgentDesk, name="call-back", permission=AGENT, request_method="POST", renderer="desk/missed.html"
)
def call_back(request: Request) -> dict[str, Any]:
    """Ring his phone, then who has called in vain."""
    _, desk, item = request.texts, desk_of(request), request.POST.get("item", "")[:40]
    try:
        phone = desks(request).agent(desk).target
        entry = entry_of(request, "missed-called-back", f"{item} {phone}", desk.tenant)
        calls.call_back(request.services, desk.tenant, item, desk.agent, phone, entry)
    except (Stale, NotHis):
        raise HTTPNotFound() from None
    except (NotPossible, ControlFailed) as refused:
        return _missed(request, _.either(refused.zh, str(refused)), done=False)
    except ControlDown:
        return _missed(request, _("The SIP process does not answer."), done=False)
    return _missed(request, _("Your phone rings; when you answer, the caller is rung."))


@view(
    context=AgentDesk, name="close-missed", permission=AGENT, request_method="POST",
    renderer="desk/missed.html",
)  # fmt: skip
def close_missed(request: Request) -> dict[str, Any]:
    """Close one that needs no call-back."""
    _, desk, item = request.texts, desk_of(request), request.POST.get("item", "")[:40]
    note = request.POST.get("note", "").strip()[:200]
    entry = entry_of(request, "missed-closed", item, desk.tenant)
    try:
        calls.close(request.services, desk.tenant, item, desk.agent, note, entry)
    except Stale:
        raise HTTPNotFound() from None
    except NotPossible as refused:
        return _missed(request, _.either(refused.zh, str(refused)), done=False)
    return _missed(request, _("Closed."))


@view(context=AgentDesk, name="due", permission=AGENT, request_method="GET", renderer="desk/due.html")
def due(request: Request) -> dict[str, Any]:
    """Show whom he is to contact now (回访提醒)."""
    viewer, now = viewer_of(desk_of(request)), request.services.now()
    return {"due": request.services.read(lambda root: customers.due(root, viewer, now))}


@view(context=AgentDesk, name="figures", permission=AGENT, request_method="GET", renderer="desk/figures.html")
def figures(request: Request) -> dict[str, Any]:
    """Show his day."""
    return {"figures": desks(request).figures(desk_of(request))}
