"""语音导航: the list, and the editor with its checks, trial walks, publishing and versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from b2bua.control import ControlDown, ControlFailed
from b2bua.recorder import voice
from domain.flow.document import FlowDocument
from domain.flow.problems import FlowError, FlowProblem
from domain.flow.reading import read_document
from domain.flow.words import step_words
from domain.names import as_named
from domain.outcomes import Outcome
from storage.records.call_id import BEIJING
from storage.serving.places import read_places
from storage.voice import flows as kept
from storage.voice.flows import FlowFault, FlowRefused
from webui.presenters.flow_words import editor_words
from webui.presenters.formats import outcome_words
from webui.presenters.route_picture import where
from webui.presenters.says import say
from webui.presenters.texts import Texts
from webui.resources_setup import FlowPage, FlowPages
from webui.security.permissions import TENANT
from webui.services import flows, missed, routing
from webui.services.provisioning import Stale
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

MOST_SPOKEN: Final = 24
"""Characters of a system prompt's words that a list shows."""


@view(context=FlowPages, permission=TENANT, request_method="GET", renderer="tenant/flows.html")
def listing(request: Request) -> dict[str, Any]:
    """Show the menus."""
    return _list(request)


@view(context=FlowPages, name="add", permission=TENANT, request_method="POST", renderer="tenant/flows.html")
def add(request: Request) -> Response | dict[str, Any]:
    """Begin a new menu as a draft."""
    tenant, name = request.context.__parent__, as_named(request.POST.get("name", "")[:60])
    entry = entry_of(request, "flow-drafted", name, tenant.id)

    try:
        document = request.services.read(lambda root: flows.starter(root, tenant.id))
        flows.begin(request.services, tenant.id, name, document, entry)
    except Stale:
        return _list(request, request.texts("There is one of this name already."), name)
    except FlowFault as fault:
        return _list(request, request.texts.either(fault.zh, fault.en), name)
    return HTTPSeeOther(f"/t/{tenant.id}/flows/{quote(name)}")


@view(context=FlowPage, permission=TENANT, request_method="GET", renderer="tenant/flow.html")
def editor(request: Request) -> dict[str, Any]:
    """Show the menu as a picture, with the way of a past call when one is named."""
    page, texts = request.context, request.texts
    document = flows.shown(page.state)
    way, call = None, request.GET.get("call", "")
    if call:
        record = request.services.read(lambda root: root.records.find(call[:26], page.tenant.id))
        way = None if record is None else flows.way_of(record, page.state.name)
    if way is not None:
        then = next((each for each in page.state.versions if each.version == way.version), None)
        document = document if then is None else then.document

    def read(root: Any) -> dict[str, Any]:
        choices = list(routing.destinations(root, page.tenant.id, ""))
        own = [[f"prompt:{name}", name] for name in root.tenants[page.tenant.id].own_prompts()]
        shipped = [[name, _spoken(name, texts)] for name in sorted(voice.WORDS)]
        return {
            "document": flows.plain(document),
            "seen": flows.seen(document),
            "problems": _told(flows.problems(root, page.tenant.id, page.state.name, document), texts),
            "prompts": [*own, *shipped],
            "choices": [[each.value, f"{where(each.kind, texts)} {each.label}".rstrip()] for each in choices],
            "way": [] if way is None else way.nodes,
            "words": editor_words(texts),
        }

    return {
        "tenant": page.tenant,
        "state": page.state,
        "way": way,
        "call": call[:26],
        "phones": request.services.read(lambda root: missed.phones(root, page.tenant.id)),
        "versions": list(reversed(page.state.versions))[: flows.MOST_SHOWN],
        "data": msgspec.json.encode(request.services.read(read)).decode(),
    }


def _spoken(name: str, texts: Texts) -> str:
    """Say what a system prompt says; its name alone tells a tenant little."""
    words = voice.WORDS[name]
    said = texts.either(words.zh, words.en)
    return f"{said[:MOST_SPOKEN]}{'…' if len(said) > MOST_SPOKEN else ''} ({name})"


@view(context=FlowPage, name="save", permission=TENANT, request_method="POST")
def save(request: Request) -> Response:
    """Keep a draft, and say what is still to be done."""
    page = request.context

    def work(document: FlowDocument) -> dict[str, Any]:
        entry = entry_of(request, "flow-drafted", page.state.name, page.tenant.id)
        was = request.POST.get("seen", "")
        found = flows.save(request.services, page.tenant.id, page.state.name, document, was, entry)
        return {"seen": flows.seen(document), "problems": _told(found, request.texts)}

    return _answer(request, work)


@view(context=FlowPage, name="check", permission=TENANT, request_method="POST")
def check(request: Request) -> Response:
    """Say what keeps a menu from being published; nothing is stored."""
    page = request.context

    def work(document: FlowDocument) -> dict[str, Any]:
        found = request.services.read(
            lambda root: flows.problems(root, page.tenant.id, page.state.name, document)
        )
        return {"problems": _told(found, request.texts)}

    return _answer(request, work)


@view(context=FlowPage, name="try", permission=TENANT, request_method="POST")
def try_(request: Request) -> Response:
    """Lead a caller through the menu without a call."""
    page, services, texts = request.context, request.services, request.texts
    keys = "".join(key for key in request.POST.get("keys", "")[:60] if key in "0123456789*#")
    number = "".join(digit for digit in request.POST.get("caller", "")[:24] if digit in "0123456789+")
    try:
        at = datetime.fromisoformat(request.POST.get("at", "")[:19]).replace(tzinfo=BEIJING).timestamp()
    except ValueError:
        at = services.now()
    caller = flows.Caller(number, keys, at)

    def work(document: FlowDocument) -> dict[str, Any]:
        if document.start not in document.nodes:
            raise FlowError((FlowProblem("", "no-start", {"value": document.start}),))
        places = read_places(services.data)
        course = services.read(
            lambda root: flows.walk(root, places, page.tenant.id, page.state.name, document, caller)
        )
        end = course.end
        language = texts.language
        return {
            "way": [note.detail for note in course.notes if note.name == "menu"],
            "steps": [step_words(n.name, n.detail, language) or f"{n.name} {n.detail}" for n in course.notes],
            "end": outcome_words(texts, end) if isinstance(end, Outcome) else where(end, texts),
        }

    return _answer(request, work)


@view(context=FlowPage, name="call", permission=TENANT, request_method="POST")
def call(request: Request) -> Response:
    """Ring a phone and lead it through the menu as it stands in the editor; nothing is stored."""
    page, _ = request.context, request.texts
    phone = request.POST.get("phone", "")[:40]

    def work(document: FlowDocument) -> dict[str, Any]:
        entry = entry_of(request, "flow-test-called", f"{page.state.name} {phone}", page.tenant.id)
        try:
            begun = flows.call(request.services, page.tenant.id, page.state.name, document, phone, entry)
        except ControlDown:
            return {"said": _("The box takes no calls at the moment; nobody was rung."), "rung": False}
        except ControlFailed as error:
            why = _.either(error.zh, str(error))
            return {"said": _("Nobody was rung: {why}", why=why), "rung": False}
        text = _("{phone} rings now: pick up and press keys as a caller would.", phone=phone)
        return {"said": text, "rung": True, "call": begun, "problems": []}

    return _answer(request, work)


@view(context=FlowPage, name="publish", permission=TENANT, request_method="POST")
def publish(request: Request) -> Response:
    """Publish a menu: it leads callers from the next call on."""
    page, _ = request.context, request.texts

    def work(document: FlowDocument) -> dict[str, Any]:
        note = request.POST.get("note", "").strip()[:200]
        entry = entry_of(request, "flow-published", f"{page.state.name} {note}".rstrip(), page.tenant.id)
        was = request.POST.get("seen", "")
        done = flows.publish(request.services, page.tenant.id, page.state.name, document, was, note, entry)
        text = _("Published: it leads callers from the next call on.")
        if done.why_not:
            text = _("Stored, not yet in force: {why}", why=done.why_not)
        return {"seen": flows.seen(document), "problems": [], "said": text}

    return _answer(request, work)


@view(context=FlowPage, name="rollback", permission=TENANT, request_method="POST")
def roll_back(request: Request) -> Response:
    """Put an earlier version in force again."""
    page, _ = request.context, request.texts
    text = request.POST.get("version", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0
    back = f"/t/{page.tenant.id}/flows/{quote(page.state.name)}"
    entry = entry_of(request, "flow-rolled-back", f"{page.state.name} {number}", page.tenant.id)
    try:
        done = flows.roll_back(request.services, page.tenant.id, page.state.name, number, entry)
    except FlowFault as fault:
        return say(request, HTTPSeeOther(back), _.either(fault.zh, fault.en), "warn")
    except FlowRefused as refused:
        why = "; ".join(each.line(_.language) for each in refused.problems)
        return say(request, HTTPSeeOther(back), why, "warn")
    return said_in_force(request, done, back)


@view(context=FlowPage, name="remove", permission=TENANT, request_method="POST")
def remove(request: Request) -> Response:
    """Take a menu out of force, with its draft."""
    page, _ = request.context, request.texts
    back = f"/t/{page.tenant.id}/flows"
    entry = entry_of(request, "flow-removed", page.state.name, page.tenant.id)
    try:
        done = flows.remove(request.services, page.tenant.id, page.state.name, entry)
    except FlowFault as fault:
        return say(request, HTTPSeeOther(back), _.either(fault.zh, fault.en), "warn")
    return said_in_force(request, done, back)


def _answer(request: Request, work: Any) -> Response:
    """Read the document that was sent and answer as JSON: what was done, or what is wrong."""
    texts = request.texts
    try:
        document = read_document(request.POST.get("document", "").encode())
        return _json(200, work(document))
    except (FlowError, FlowRefused) as wrong:
        return _json(422, {"problems": _told(wrong.problems, texts)})
    except FlowFault as fault:
        return _json(422, {"problems": [{"node": "", "text": texts.either(fault.zh, fault.en)}]})
    except Stale:
        page = request.context
        now = flows.seen(request.services.read(
            lambda root: flows.shown(kept.flow(root, page.tenant.id, page.state.name))
        ))  # fmt: skip
        text = texts(
            "Somebody else changed this menu meanwhile. Yours is still here: save again to put it in the "
            "place of the other one, or open the page anew to see his."
        )
        return _json(409, {"problems": [], "said": text, "seen": now})


def _json(status: int, content: dict[str, Any]) -> Response:
    body = msgspec.json.encode(content)
    return Response(body, status=status, content_type="application/json", charset="utf-8")


def _told(problems: tuple[FlowProblem, ...], texts: Texts) -> list[dict[str, str]]:
    return [{"node": each.node, "text": each.text(texts.language)} for each in problems]


def _list(request: Request, error: str = "", name: str = "") -> dict[str, Any]:
    tenant = request.context.__parent__
    if error:
        request.response.status = 422
    found = request.services.read(lambda root: kept.flows(root, tenant.id))
    return {
        "tenant": tenant,
        "found": found,
        "errors": {"name": error} if error else {},
        "typed": {"name": name},
    }
