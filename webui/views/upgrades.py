"""系统 / 升级: bring a bundle, begin, see how it goes and how it went."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from domain.upgrade.moves import Result
from domain.upgrade.words import RESULTS, STEPS
from storage.upgrade.request import asked
from webui.presenters.says import say
from webui.resources_system import UpgradeDesk
from webui.services import upgrades
from webui.views.bound import entry_of
from webui.views.declare import view

PAGE = "/operator/upgrade"
MOST_PART = 8 << 20
COLOURS = {Result.UPGRADED: "good", Result.REFUSED: "warn", Result.ROLLED_BACK: "bad", Result.BROKEN: "bad"}


@view(context=UpgradeDesk, permission="upgrade", request_method="GET", renderer="operator/upgrade.html")
def page(request: Request) -> dict[str, Any]:
    """Show what runs, what was brought, and how upgrades went."""
    data = request.services.data
    return {
        "running": upgrades.running(), "offers": upgrades.offers(data), "waits": upgrades.WAITS,
        "possible": upgrades.is_possible(), "history": upgrades.history(data), "results": RESULTS,
        "colours": COLOURS, "step_words": STEPS, **_progress(request),
    }  # fmt: skip


@view(context=UpgradeDesk, name="progress", permission="upgrade", request_method="GET",
      renderer="operator/upgrade_progress.html")  # fmt: skip
def progress(request: Request) -> dict[str, Any]:
    """Show how far it is; asked for again and again while it goes on."""
    answer = _progress(request)
    if answer["story"] is None and not answer["asked"]:
        request.response.headers["HX-Refresh"] = "true"  # it is over: all of the page is another
    return answer


@view(context=UpgradeDesk, name="part", permission="upgrade", request_method="POST", renderer="json")
def part(request: Request) -> dict[str, Any]:
    """Take a part of a file; answer how much is there now, or what is wrong."""
    name, last = request.params.get("name", ""), request.params.get("last") == "1"
    try:
        offset = int(request.params.get("offset", ""))
    except ValueError:
        raise HTTPBadRequest() from None
    if request.content_length is None or request.content_length > MOST_PART or offset < 0:
        raise HTTPBadRequest()
    try:
        upgrades.add_part(request.services.data, name, offset, request.body, last=last)
    except NotPossible as why:
        request.response.status = 422
        return {"error": request.texts.either(why.zh, why.en)}
    if last:
        request.services.audit(entry_of(request, "upgrade-brought", name))
    return {"there": offset + len(request.body)}


@view(context=UpgradeDesk, name="begin", permission="upgrade", request_method="POST")
def begin(request: Request) -> Response:
    """Ask the machine for it."""
    name, wait = request.POST.get("name", ""), request.POST.get("wait", "")
    if wait not in ("", *map(str, upgrades.WAITS)):
        raise HTTPBadRequest()
    try:
        manifest = upgrades.begin(
            request.services.data, name, request.identity.name, int(wait) if wait else None
        )
    except NotPossible as why:
        return say(request, HTTPSeeOther(PAGE), request.texts.either(why.zh, why.en), "bad")
    request.services.audit(entry_of(request, "upgrade-asked", manifest.version))
    return HTTPSeeOther(PAGE)


@view(context=UpgradeDesk, name="remove", permission="upgrade", request_method="POST")
def remove(request: Request) -> Response:
    """Drop a bundle."""
    name = request.POST.get("name", "")
    upgrades.remove(request.services.data, name)
    request.services.audit(entry_of(request, "upgrade-removed", name))
    return HTTPSeeOther(PAGE)


def _progress(request: Request) -> dict[str, Any]:
    data = request.services.data
    story = upgrades.under_way(data)
    return {
        "story": story, "asked": asked(data) if story is None else None,
        "lines": upgrades.lines(story.entries) if story is not None else [],
    }  # fmt: skip
