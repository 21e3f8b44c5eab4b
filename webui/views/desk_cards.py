"""联系人: the contact cards at an agent's desk."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import msgspec
from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.desk import ContactCard
from domain.masking import masked
from storage.models import Root
from storage.workbook_read import MOST_BYTES, WorkbookRefused, read_sheet
from webui.presenters.says import say
from webui.resources import AgentDesk
from webui.security.permissions import AGENT, SUPERVISOR
from webui.services import cards
from webui.services.cards import BadCard
from webui.services.desk import NotHis, hide
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.desk import desk_of, desks
from webui.views.tenant_calls import XLSX

LONGEST: Final = {"name": 60, "note": 2000}


@view(context=AgentDesk, name="cards", permission=AGENT, request_method="GET", renderer="desk/cards.html")
def listing(request: Request) -> dict[str, Any]:
    """Find cards."""
    return _listing(request)


def _listing(request: Request, **more: Any) -> dict[str, Any]:
    desk, text = desk_of(request), request.GET.get("search", "").strip()[:40]

    def read(root: Root) -> dict[str, Any]:
        held = root.desk.find(desk.tenant)
        found = held.search_cards(text, cards.SHOWN)
        settings = held.settings.value
        hidden = {card.id: [hide(each, settings, desk) for each in card.numbers] for card in found}
        return {"found": found, "numbers": hidden, "count": len(held.cards), "settings": settings}

    return {
        "desk": desk,
        "search": text,
        "imported": None,
        "error": "",
        **request.services.read(read),
        **more,
    }


@view(context=AgentDesk, name="card", permission=AGENT, request_method="GET", renderer="desk/card.html")
def card(request: Request) -> dict[str, Any]:
    """Show a card, or an empty one, for a caller who has none."""
    return _card(request, *_wanted(request, request.GET))


def _wanted(request: Request, given: Any) -> tuple[ContactCard, bool]:
    """Return the card that is meant, and whether it is new; raises 404 for what is not his tenant's."""
    desk, name, call = desk_of(request), given.get("id", ""), given.get("call", "")
    if name:
        found = request.services.read(lambda root: root.desk.find(desk.tenant).card(name))
        if found is None:
            raise HTTPNotFound()
        return found, False
    if not call:
        return ContactCard("", ""), True
    try:
        shown = desks(request).shown(desk, call)
    except NotHis:
        raise HTTPNotFound() from None
    if shown.card is not None:
        return shown.card, False
    return ContactCard("", "", (shown.caller,) if shown.caller else ()), True


def _card(request: Request, shown: ContactCard, new: bool, **more: Any) -> dict[str, Any]:
    desk = desk_of(request)
    settings = request.services.read(lambda root: root.desk.find(desk.tenant).settings.value)
    hidden = masks_numbers(request, shown)
    if more.get("errors"):
        request.response.status = 422
    return {
        "card": shown, "new": new, "settings": settings, "hidden": hidden, "desk": desk,
        "numbers": [masked(each) for each in shown.numbers] if hidden else list(shown.numbers),
        "call": request.params.get("call", "") if new else "", "errors": {}, **more,
    }  # fmt: skip


def masks_numbers(request: Request, shown: ContactCard) -> bool:
    """Tell whether the reader may not see, nor so change, the card's numbers."""
    desk = desk_of(request)
    settings = request.services.read(lambda root: root.desk.find(desk.tenant).settings.value)
    return any(hide(each, settings, desk) != each for each in shown.numbers)


@view(context=AgentDesk, name="card", permission=AGENT, request_method="POST", renderer="desk/card.html")
def save(request: Request) -> Response | dict[str, Any]:
    """Store a card."""
    _, desk, given = request.texts, desk_of(request), request.POST
    before, new = _wanted(request, given)
    settings = request.services.read(lambda root: root.desk.find(desk.tenant).settings.value)
    typed = {
        name: given.get(f"field-{place}", "").strip()[:200] for place, name in enumerate(settings.fields)
    }
    name = " ".join(given.get("name", "").split())[: LONGEST["name"]]
    note = given.get("note", "").strip()[: LONGEST["note"]]
    wanted = ContactCard(
        before.id or cards.new_id(), name, before.numbers, {**before.fields, **typed}, note, desk.agent,
        request.services.now(),
    )  # fmt: skip
    entry = entry_of(request, "card-added" if new else "card-changed", wanted.name, desk.tenant)
    try:
        if not masks_numbers(request, before):
            numbers = cards.numbers_of(given.get("numbers", ""))
            wanted = msgspec.structs.replace(wanted, numbers=numbers)
        cards.save(request.services, desk.tenant, wanted, entry)
    except BadCard as wrong:
        return _card(request, wanted, new, errors={wrong.field: _.either(wrong.zh, str(wrong))})
    return say(request, HTTPSeeOther("/desk/cards"), _("Saved."))


@view(context=AgentDesk, name="card-remove", permission=SUPERVISOR, request_method="POST")
def remove(request: Request) -> Response:
    """Forget a card."""
    desk, name = desk_of(request), request.POST.get("id", "")
    if not cards.remove(
        request.services, desk.tenant, name, entry_of(request, "card-removed", name, desk.tenant)
    ):
        raise HTTPNotFound()
    return say(request, HTTPSeeOther("/desk/cards"), request.texts("Removed."))


@view(
    context=AgentDesk, name="cards", permission=SUPERVISOR, request_method="POST", renderer="desk/cards.html"
)
def import_cards(request: Request) -> dict[str, Any]:
    """Take cards from an Excel file; each wrong row is refused by itself, and told."""
    _, desk, given = request.texts, desk_of(request), request.POST.get("file")
    if given is None or not hasattr(given, "file"):
        return _listing(request, error=_("Choose an Excel file (.xlsx)."))
    entry = entry_of(request, "cards-imported", str(given.filename)[:60], desk.tenant)
    try:
        sheet = read_sheet(given.file.read(MOST_BYTES + 1), cards.MOST_ROWS)
        done = cards.take(request.services, desk.tenant, sheet, desk.agent, entry)
    except (WorkbookRefused, BadCard) as wrong:
        return _listing(request, error=_.either(wrong.zh, str(wrong)))
    return _listing(request, imported=done)


@view(context=AgentDesk, name="cards-excel", permission=SUPERVISOR, request_method="GET")
def export(request: Request) -> Response:
    """Send the cards as Excel, at most 5,000, as they can be imported again; noted in the audit log."""
    desk = desk_of(request)

    def read(root: Root) -> tuple[list[ContactCard], Any]:
        held = root.desk.find(desk.tenant)
        return held.search_cards("", cards.MOST_ROWS), held.settings.value

    found, settings = request.services.read(read)
    numbers = {card.id: tuple(hide(each, settings, desk) for each in card.numbers) for card in found}
    shown = [msgspec.structs.replace(each, numbers=numbers[each.id]) for each in found]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cards.xlsx"
        cards.write_xlsx(path, shown, settings)
        content = path.read_bytes()
    request.services.audit(entry_of(request, "cards-exported", str(len(found)), desk.tenant))
    response = Response(content, content_type=XLSX)
    response.content_disposition = 'attachment; filename="contacts.xlsx"'
    return response
