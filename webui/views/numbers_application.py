"""办理: an application for a number, its papers, the carrier's word."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.renderers import render_to_response
from pyramid.request import Request
from pyramid.response import Response

from domain.numbers.application import Applicant, ApplicantKind, Paper, Review
from domain.refusal import NotPossible
from storage.numbers.applications import Counter, Faulty
from storage.numbers.desk import NumberDesk
from storage.numbers.documents import MOST_BYTES, SUFFIXES
from webui.presenters.says import say
from webui.resources import NumberFile
from webui.services.applications import add_document, at_counter, pack_of
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.downloads import download
from webui.views.numbers import BASE, change, number_page

_TEXTS = ("name", "licence", "contact", "phone", "email", "address", "purpose")


@view(context=NumberFile, name="apply", permission="number-papers", request_method="POST")
def apply(request: Request) -> Response:
    """Receive an application."""
    _, number = request.texts, request.context.number
    typed = {name: request.POST.get(name, "").strip() for name in (*_TEXTS, "kind", "fee_instead")}
    kind = ApplicantKind.SOLE_TRADER if typed["kind"] == "sole-trader" else ApplicantKind.ENTERPRISE
    applicant = Applicant(kind, **{name: typed[name] for name in _TEXTS})
    entry = entry_of(request, "application-opened", number)
    fee_instead = bool(typed["fee_instead"])
    try:
        at_counter(
            request.services,
            lambda counter: counter.open(number, applicant, fee_instead=fee_instead),
            entry,
            applicant.name,
        )
    except Faulty as faulty:
        errors = {name: _.either(zh, en) for name, (en, zh) in faulty.faults.items()}
        shown = number_page(request, number, errors=errors, typed=typed)
        response = render_to_response("webui:templates/operator/number.html", shown, request=request)
        response.status = 422
        return response
    except NotPossible as error:
        return say(request, HTTPSeeOther(f"{BASE}/{number}"), _.either(error.zh, error.en), "bad")
    return say(request, HTTPSeeOther(f"{BASE}/{number}"), _("Received. Now upload the papers."))


@view(context=NumberFile, name="document", permission="number-papers", request_method="POST")
def document(request: Request) -> Response:
    """Put a file to the papers."""
    _, number, post = request.texts, request.context.number, request.POST
    back, file = HTTPSeeOther(f"{BASE}/{number}"), post.get("file")
    if not getattr(file, "file", None) or post.get("paper") not in list(Paper):
        return say(request, back, _("Choose a file."), "bad")
    facts = {
        "stamped": "stamped" in post, "original": "original" in post,
        "expires": post.get("expires", "").strip()[:10],
    }  # fmt: skip
    entry = entry_of(request, "application-document", number)
    content = file.file.read(MOST_BYTES + 1)
    try:
        add_document(
            request.services, number, Paper(post["paper"]), str(file.filename), content, facts, entry
        )
    except NotPossible as error:
        return say(request, back, _.either(error.zh, error.en), "bad")
    return say(request, back, _("Stored."))


@view(context=NumberFile, name="review", permission="number-papers", request_method="POST")
def review(request: Request) -> Response:
    """Note what the check of a document found, or take it away."""
    number, post = request.context.number, request.POST
    name, verdict = post.get("document", ""), post.get("verdict", "")
    if verdict == "drop":
        return change(request, number, "document", lambda desk: Counter(desk).drop(number, name), name)
    facts: dict[str, Any] = {
        "stamped": "stamped" in post, "original": "original" in post,
        "expires": post.get("expires", "").strip()[:10], "note": post.get("note", "").strip(),
        "review": Review.REJECTED if verdict == "reject" else Review.ACCEPTED,
    }  # fmt: skip
    return change(
        request, number, "reviewed", lambda desk: Counter(desk).describe(number, name, **facts), verdict
    )


@view(context=NumberFile, name="file", permission="number-papers", request_method="GET")
def file(request: Request) -> Response:
    """Send a document; noted in the audit log, since it may be somebody's identity card."""
    number, services = request.context.number, request.services
    try:
        now = services.now()
        found = services.read(lambda root: Counter(NumberDesk(root, now, "")).of(number))
        facts = found.document(request.GET.get("document", ""))
        content = services.recordings.documents().read(facts.id)
    except NotPossible as error:
        raise HTTPNotFound() from error
    services.audit(entry_of(request, "document-read", f"{number} {facts.name}"))
    return download(content, f"{facts.paper}-{number}{SUFFIXES[facts.type]}", facts.type)


@view(context=NumberFile, name="step", permission="number-papers", request_method="POST")
def step(request: Request) -> Response:
    """Submit, return, approve or withdraw."""
    number, asked = request.context.number, request.POST.get("step", "")
    why = request.POST.get("why", "").strip()[:200]
    steps = {
        "submit": lambda desk: Counter(desk).submit(number, why),
        "return": lambda desk: Counter(desk).returned(number, why),
        "approve": lambda desk: Counter(desk).approve(number, why),
        "withdraw": lambda desk: Counter(desk).withdraw(number, why),
    }
    if asked not in steps:
        return say(request, HTTPSeeOther(f"{BASE}/{number}"), request.texts("Choose what to do."), "bad")
    return change(request, number, f"application-{asked}", steps[asked], why)


@view(context=NumberFile, name="pack", permission="number-papers", request_method="GET")
def pack(request: Request) -> Response:
    """Send what goes to the carrier."""
    number = request.context.number
    try:
        content = pack_of(request.services, number, entry_of(request, "application-packed", number))
    except NotPossible as error:
        raise HTTPNotFound() from error
    return download(content, f"{number}.zip", "application/zip")
