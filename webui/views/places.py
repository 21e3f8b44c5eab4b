"""系统 / 号段与区号: which tables are in use, newer ones by upload, and where a number is from."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.places.tables import MOST_PROBLEMS, TableRefused
from domain.refusal import NotPossible
from storage.serving.places import TableKind
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources_system import PlaceDesk
from webui.services import places
from webui.views.bound import entry_of
from webui.views.declare import view

PAGE: Final = "/operator/places"
TEMPLATE: Final = "operator/places.html"
KINDS: Final = {TableKind.AREA_CODES: N_("Area codes"), TableKind.MOBILE_SEGMENTS: N_("Mobile segments")}
MOST_SHOWN: Final = 50
"""Faults of a file on the page."""


@view(context=PlaceDesk, permission="watch", request_method="GET", renderer=TEMPLATE)
def page(request: Request) -> dict[str, Any]:
    """Show the tables and, when asked, where a number is from."""
    return _page(request)


@view(context=PlaceDesk, permission="settings", request_method="POST", renderer=TEMPLATE)
def look(request: Request) -> dict[str, Any]:
    """Read a file and show what it would change; nothing is stored."""
    _, file = request.texts, request.POST.get("file")
    if not getattr(file, "file", None):
        return _page(request, {"file": _("Choose a file.")})
    try:
        seen = places.preview(request.services, request.identity.who, file.file.read(places.MOST_BYTES + 1))
    except NotPossible as why:
        return _page(request, {"file": _.either(why.zh, why.en)})
    except TableRefused as refused:
        wrong = refused.problems
        many = f"{len(wrong)}+" if len(wrong) >= MOST_PROBLEMS else str(len(wrong))
        told = [(each.line, each.field, _.either(each.zh, each.en)) for each in wrong[:MOST_SHOWN]]
        text = _("Nothing was imported: {count} faults, listed below.", count=many)
        return _page(request, {"file": text}, wrong=told)
    return _page(request, seen=seen)


@view(context=PlaceDesk, name="use", permission="settings", request_method="POST", renderer=TEMPLATE)
def use(request: Request) -> Response | dict[str, Any]:
    """Import the file that was shown."""
    _ = request.texts
    try:
        info, why_not = places.use(
            request.services, request.identity.who, request.POST.get("token", "")[:60],
            entry_of(request, "places-imported", "box"),
        )  # fmt: skip
    except NotPossible as why:
        return _page(request, {"file": _.either(why.zh, why.en)})
    text = _("{count} rows of {day} imported.", count=f"{info.count:,}", day=info.date)
    return _said(request, text, why_not)


@view(context=PlaceDesk, name="forget", permission="settings", request_method="POST", renderer=TEMPLATE)
def forget(request: Request) -> Response | dict[str, Any]:
    """Go back to the shipped data of a kind."""
    _, kind = request.texts, request.POST.get("kind", "")
    if kind not in set(TableKind):
        return _page(request, {"file": _("There is no such table.")})
    entry = entry_of(request, "places-forgotten", kind)
    done, why_not = places.forget(request.services, TableKind(kind), entry)
    if not done:
        return say(request, HTTPSeeOther(PAGE), _("Nothing to change."))
    return _said(request, _("The shipped data are used again."), why_not)


def _said(request: Request, text: str, why_not: str) -> Response:
    _ = request.texts
    if why_not:
        text = f"{text} {_('Stored, not yet in force: {why}', why=why_not)}"
        return say(request, HTTPSeeOther(PAGE), text, "warn")
    return say(request, HTTPSeeOther(PAGE), f"{text} {_('In force from the next call on.')}")


def _page(
    request: Request,
    errors: dict[str, str] | None = None,
    *,
    seen: places.Preview | None = None,
    wrong: list[tuple[int, str, str]] | None = None,
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    _, services = request.texts, request.services
    number = request.GET.get("number", "").strip()[:40]
    restore_zero = request.GET.get("restore_zero") == "on"
    tables, found, damaged = [], None, ""
    try:
        tables = places.in_use(services.data)
        found = places.look_up(services, number, restore_zero=restore_zero) if number else None
    except (OSError, ValueError) as error:
        damaged = str(error)
    return {
        "tables": tables, "found": found, "damaged": damaged, "number": number, "restore_zero": restore_zero,
        "seen": seen, "wrong": wrong or [], "errors": errors or {}, "most": places.MOST_BYTES >> 20,
        "kinds": {kind: _(words) for kind, words in KINDS.items()},
    }  # fmt: skip
