"""系统 / 巡检: the round under way, its points, what was found; rounds of before."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.inspection.catalogue import Layer
from domain.inspection.round import Plan, Round, State
from domain.refusal import NotPossible
from storage.models import Root
from storage.numbers.documents import MOST_BYTES, SUFFIXES
from webui.presenters.inspection_report import html_of
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources_system import InspectionDesk, RoundFile
from webui.services.inspection import rounds
from webui.services.inspection.box_facts import gather
from webui.services.inspection.machine import Step, Tell
from webui.services.inspection.report import STATES, layer_name, report_of
from webui.services.inspection.report_xlsx import write_xlsx
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import content_of, download

PAGE = "/operator/inspection"
TEMPLATE = "operator/inspection.html"
COLOURS = {
    State.OPEN: "plain", State.GOOD: "good", State.FINDING: "bad", State.CLOSED: "warn",
    State.NOT_HERE: "plain",
}  # fmt: skip


LOOKING = {
    Step.CLOCK: N_("clock, memory and accounts"), Step.UPDATES: N_("updates of the system"),
    Step.FIREWALL: N_("firewall"), Step.UNITS: N_("services of the system"), Step.LOGS: N_("logs"),
    Step.DISKS: N_("disks and certificates"), Step.BOX: N_("calls, backups and books of the box"),
}  # fmt: skip


@view(context=InspectionDesk, permission="inspection", request_method="GET", renderer=TEMPLATE)
def current(request: Request) -> dict[str, Any]:
    """Show the round that is under way, or the last one."""
    return _page(request, request.services.read(lambda root: root.inspection.latest()))


@view(context=RoundFile, permission="inspection", request_method="GET", renderer=TEMPLATE)
def one(request: Request) -> dict[str, Any]:
    """Show a round."""
    return _page(request, request.context.round)


@view(context=InspectionDesk, name="begin", permission="inspection", request_method="POST", renderer=TEMPLATE)
def begin(request: Request) -> Response | dict[str, Any]:
    """Begin a round; the checks take some seconds, in which the page tells how far they are."""
    services, entry = request.services, entry_of(request, "inspection-begun", "")
    return _look(request, lambda tell: rounds.begin(services, gather(services, tell), entry), under_way=False)


@view(context=InspectionDesk, name="check", permission="inspection", request_method="POST", renderer=TEMPLATE)
def check(request: Request) -> Response | dict[str, Any]:
    """Let the checks look again."""
    services, entry = request.services, entry_of(request, "inspection-checked", "")
    return _look(request, lambda tell: rounds.check(services, gather(services, tell), entry), under_way=True)


@view(
    context=InspectionDesk, name="look", permission="inspection", request_method="GET",
    renderer="operator/inspection_look.html",
)  # fmt: skip
def look(request: Request) -> dict[str, Any]:
    """Show how far the look at the box is; who began it sees the round anew when it is over."""
    found = request.services.looks.last()
    if found is None or (not found.under_way and found.by == request.identity.who):
        request.response.headers["HX-Refresh"] = "true"
    return {**_looked(request), "over": found is None or not found.under_way}


@view(
    context=InspectionDesk, name="answer", permission="inspection", request_method="POST", renderer=TEMPLATE
)
def answer(request: Request) -> Response | dict[str, Any]:
    """Note how a point is."""
    post, point = request.POST, _point(request)
    wanted = post.get("state", "")
    state = State(wanted) if wanted in set(State) else State.OPEN
    entry = entry_of(request, "inspection-answered", point)
    return _do(
        request, point,
        lambda: rounds.answer(
            request.services, point, state, post.get("note", ""), entry, critical="critical" in post
        ),
    )  # fmt: skip


@view(context=InspectionDesk, name="close", permission="inspection", request_method="POST", renderer=TEMPLATE)
def close(request: Request) -> Response | dict[str, Any]:
    """Close a finding."""
    point, remedy = _point(request), request.POST.get("remedy", "")
    entry = entry_of(request, "inspection-closed", point)
    return _do(request, point, lambda: rounds.close(request.services, point, remedy, entry))


@view(
    context=InspectionDesk, name="assign", permission="inspection", request_method="POST", renderer=TEMPLATE
)
def assign(request: Request) -> Response | dict[str, Any]:
    """Say who looks, and by when."""
    point = _point(request)
    who, due = request.POST.get("technician", ""), request.POST.get("due", "")
    entry = entry_of(request, "inspection-assigned", point)
    return _do(request, point, lambda: rounds.assign(request.services, point, who, due, entry))


@view(context=InspectionDesk, name="photo", permission="inspection", request_method="POST", renderer=TEMPLATE)
def add_photo(request: Request) -> Response | dict[str, Any]:
    """Keep a picture as evidence."""
    point, file = _point(request), request.POST.get("file")
    if not getattr(file, "file", None):
        return _refused(request, point, request.texts("Choose a file."))
    entry = entry_of(request, "inspection-photo", point)
    content, name = file.file.read(MOST_BYTES + 1), str(file.filename)
    return _do(request, point, lambda: rounds.attach(request.services, point, name, content, entry))


@view(context=InspectionDesk, name="end", permission="inspection", request_method="POST", renderer=TEMPLATE)
def end(request: Request) -> Response | dict[str, Any]:
    """End the round."""
    return _do(request, "", lambda: rounds.end(request.services, entry_of(request, "inspection-ended", "")))


@view(context=InspectionDesk, name="plan", permission="inspection", request_method="POST", renderer=TEMPLATE)
def plan(request: Request) -> Response | dict[str, Any]:
    """Say how often, and who looks."""
    post = request.POST
    technicians = {str(layer): post.get(f"technician-{layer}", "") for layer in Layer}
    wanted = Plan(_days(post.get("every", "")), _days(post.get("within", "")), technicians)
    entry = entry_of(request, "inspection-plan", "")
    return _do(request, "", lambda: rounds.set_plan(request.services, wanted, entry))


@view(context=RoundFile, name="report", permission="inspection", request_method="GET")
def report(request: Request) -> Response:
    """Send the report: a page to be printed, PDF or Excel."""
    found: Round = request.context.round
    made = report_of(found, request.texts.language, platform.node())
    read = request.services.recordings.documents().read
    form, name = request.GET.get("form", "html"), f"inspection-{found.id}"
    if form == "xlsx":
        return download(content_of(lambda path: write_xlsx(made, path)), f"{name}.xlsx")
    if form == "pdf":
        # Only now: what writes PDF takes a second of the processor to load.
        from webui.services.inspection.report_pdf import pdf_of

        try:
            return download(pdf_of(made, read), f"{name}.pdf", "application/pdf")
        except NotPossible as why:
            back = HTTPSeeOther(f"{PAGE}/{found.id}")
            return say(request, back, request.texts.either(why.zh, why.en), "bad")
    style = request.registry["static"].url("own/report.css")
    return Response(html_of(made, read, style))


@view(context=RoundFile, name="photo", permission="inspection", request_method="GET")
def photo(request: Request) -> Response:
    """Send a photo of this round."""
    name = request.GET.get("id", "")
    kept = {each.id: each for item in request.context.round.items for each in item.photos}
    if name not in kept:
        raise HTTPNotFound()
    try:
        content = request.services.recordings.documents().read(name)
    except NotPossible as error:
        raise HTTPNotFound() from error
    return download(content, f"{name}{SUFFIXES[kept[name].type]}", kept[name].type)


def _point(request: Request) -> str:
    return str(request.POST.get("point", ""))[:60]


def _days(text: str) -> int:
    """Return a number of days; one that the rules refuse for what is none."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1


def _do(request: Request, point: str, work: Callable[[], object]) -> Response | dict[str, Any]:
    try:
        work()
    except NotPossible as why:
        return _refused(request, point, request.texts.either(why.zh, why.en))
    where = f"{PAGE}?open={point}#point-{point}" if point else PAGE
    return say(request, HTTPSeeOther(where), request.texts("Stored."))


def _look(request: Request, work: Callable[[Tell], object], *, under_way: bool) -> Response | dict[str, Any]:
    """Look at the box in the background, unless that is done already."""
    try:
        rounds.require(request.services, under_way=under_way)
    except NotPossible as why:
        return _refused(request, "", request.texts.either(why.zh, why.en))
    request.services.looks.start(request.identity.who, work)
    return HTTPSeeOther(PAGE)


def _looked(request: Request) -> dict[str, Any]:
    found, _ = request.services.looks.last(), request.texts
    step = "" if found is None else _(LOOKING[found.step])
    return {"look": found, "step": step, "steps": len(LOOKING), "over": False}


def _refused(request: Request, point: str, why: str) -> dict[str, Any]:
    """Show the page again with what was typed and what is wrong with it."""
    request.response.status = 422
    found = request.services.read(lambda root: root.inspection.latest())
    typed = {name: str(value) for name, value in request.POST.items() if isinstance(value, str)}
    return _page(request, found, opened=point, why=why, typed=typed)


def _page(request: Request, found: Round | None, **more: Any) -> dict[str, Any]:
    zh = request.texts.language == "zh"

    def read(root: Root) -> dict[str, Any]:
        latest = root.inspection.latest()
        return {
            "plan": root.inspection.plan.value,
            "history": root.inspection.listed()[:50],
            "current": latest is not None and found is not None and latest.id == found.id,
        }

    shown = None if found is None else report_of(found, request.texts.language, platform.node())
    return {
        "round": found, "report": shown,
        "items": {} if found is None else {each.point: each for each in found.items},
        "layers": {str(layer): layer_name(layer, zh) for layer in Layer},
        "states": {str(state): words[not zh] for state, words in STATES.items()}, "colours": COLOURS,
        "opened": request.GET.get("open", ""), "why": "", "typed": {}, **_looked(request),
        **request.services.read(read), **more,
    }  # fmt: skip
