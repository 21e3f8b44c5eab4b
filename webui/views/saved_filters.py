"""Saved filters of every list: kept, renamed and removed in one place."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.days.calendar import local
from domain.refusal import NotPossible
from storage.models import Root
from webui.presenters.says import say
from webui.resources import AccountPages
from webui.security.permissions import ACCOUNT
from webui.services import saved_filters
from webui.views.declare import view


class SavedFilterForm:
    """What was asked for below a list."""

    def __init__(self, request: Request) -> None:
        given = request.POST
        self.request = request
        self.account = request.identity.account
        self.list = given.get("list", "")[:20]
        self.name = given.get("name", "")[:200]
        self.new = given.get("new", "")[:200]
        self.today = local(request.services.now()).date()
        self.moving = given.get("moving") == "1"
        self.query = given.get("query", "")[: 2 * saved_filters.MOST_QUERY]
        try:
            self.address = saved_filters.address_of(self.account, self.list)
        except KeyError as error:
            raise HTTPNotFound() from error

    def work(self, root: Root) -> None:
        """Do it; raises NotPossible."""
        match self.request.POST.get("do"):
            case "rename":
                saved_filters.rename(root, self.account, self.list, self.name, self.new)
            case "remove":
                saved_filters.remove(root, self.account, self.list, self.name)
            case _:
                today = self.today if self.moving else None
                saved_filters.save(root, self.account, self.list, self.name, self.query, today)

    def shown(self) -> saved_filters.Shown:
        """Return what the list has."""
        found: saved_filters.Shown = self.request.services.read(
            lambda root: saved_filters.shown(root, self.account, self.list, self.query, self.today)
        )
        return found


@view(
    context=AccountPages, name="filters", permission=ACCOUNT, request_method="POST",
    renderer="saved_filters.html",
)  # fmt: skip
def change(request: Request) -> Response | dict[str, Any]:
    """Save, rename or remove one, and go back to what was looked at."""
    if request.identity.first:
        return HTTPSeeOther("/account/first-password")
    form = SavedFilterForm(request)
    try:
        request.services.change(form.work, "saved filter")
    except NotPossible as refused:
        request.response.status = 422
        wrong = "new" if request.POST.get("do") == "rename" else "name"
        return {
            "here": form.shown(),
            "errors": {wrong: request.texts.either(refused.zh, refused.en)},
            "typed": {"name": form.name, "new": form.new, "moving": form.moving},
        }
    where = f"{form.address}?{form.query}" if form.query else form.address
    return say(request, HTTPSeeOther(where), request.texts("Done."))
