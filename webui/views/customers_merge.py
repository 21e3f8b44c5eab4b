"""Duplicates of customers: suggested, compared, merged or told apart; and a customer removed."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.customers.customer import Customer, merged
from domain.refusal import NotPossible
from storage.customers.sheets import cells_of
from storage.models import Root
from webui.presenters.says import say
from webui.security.permissions import SUPERVISOR
from webui.services import customers
from webui.services.customers import MOST_ALIKE
from webui.views.bound import entry_of
from webui.views.customers import around, pages


@pages("duplicates", desk=SUPERVISOR, renderer="customers/duplicates.html")
def duplicates(request: Request) -> dict[str, Any]:
    """Suggest who may be one customer."""
    viewer = request.context.viewer

    def read(root: Root) -> dict[str, Any]:
        settings = root.desk.find(viewer.tenant).settings.value
        return {
            "pairs": root.customers.find(viewer.tenant).duplicates(MOST_ALIKE),
            "hide": lambda text: viewer.hide(text, settings),
        }

    return {**around(request), **request.services.read(read)}


@pages("merge", desk=SUPERVISOR, one=True, renderer="customers/merge.html")
def compare(request: Request) -> dict[str, Any]:
    """Show both cards, and what would become of them."""
    viewer, kept = request.context.viewer, request.context.customer
    gone = _other(request, request.GET.get("other", ""))
    why = ""
    result: Customer | None = None
    try:
        result = merged(kept, gone)
    except NotPossible as refused:
        why = request.texts.either(refused.zh, refused.en)

    def read(root: Root) -> list[tuple[str, list[str]]]:
        held, settings = root.customers.find(viewer.tenant), root.desk.find(viewer.tenant).settings.value
        columns = []
        for each in (kept, gone, result or kept):
            company = held.get(each.company) if each.company else None
            name = "" if company is None else company.name
            columns.append(cells_of(each, name, settings, lambda text: viewer.hide(text, settings)))
        return [
            (title, [column[title] for column in columns])
            for title in columns[0]
            if any(column[title] for column in columns)
        ]

    rows = request.services.read(read)
    return {**around(request), "kept": kept, "gone": gone, "rows": rows, "why": why}


@pages("merge", "POST", desk=SUPERVISOR, one=True)
def merge(request: Request) -> Response:
    """Make them one."""
    context, gone = request.context, _other(request, request.POST.get("other", ""))
    where = HTTPSeeOther(f"{context.base}/{context.customer.id}")
    try:
        customers.change(
            request.services, context.viewer, entry_of(request, "", "", context.viewer.tenant),
            lambda desk: desk.merge(context.customer.id, gone.id), "merge customers",
        )  # fmt: skip
    except NotPossible as refused:
        return say(request, where, request.texts.either(refused.zh, refused.en), "bad")
    return say(request, where, request.texts("Merged; the timeline of both is one."))


@pages("apart", "POST", desk=SUPERVISOR, one=True)
def apart(request: Request) -> Response:
    """Suggest the two no more."""
    context, other = request.context, _other(request, request.POST.get("other", ""))
    customers.change(
        request.services, context.viewer, entry_of(request, "", "", context.viewer.tenant),
        lambda desk: desk.tell_apart(context.customer.id, other.id), "customers told apart",
    )  # fmt: skip
    where = (
        f"{context.base}/duplicates" if request.POST.get("back") else f"{context.base}/{context.customer.id}"
    )
    return say(request, HTTPSeeOther(where), request.texts("Saved."))


@pages("remove", "POST", desk=SUPERVISOR, one=True)
def remove(request: Request) -> Response:
    """Forget a customer."""
    context = request.context
    customers.change(
        request.services, context.viewer, entry_of(request, "", "", context.viewer.tenant),
        lambda desk: desk.remove(context.customer.id), "remove customer",
    )  # fmt: skip
    return say(request, HTTPSeeOther(context.base), request.texts("Removed."))


def _other(request: Request, name: str) -> Customer:
    """Return another customer of the same tenant; 404 where there is none."""
    try:
        other = request.context.__parent__.one(name)
    except KeyError:
        raise HTTPNotFound() from None
    if other.id == request.context.customer.id:
        raise HTTPNotFound()
    found: Customer = other
    return found
