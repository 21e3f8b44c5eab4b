"""号码管理: the inventory, and one number with all that can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.calling.caller import typed_number
from domain.money.amounts import MOST_LI, parse_yuan
from domain.numbers import application as papers
from domain.numbers import lifecycle
from domain.numbers.lifecycle import Halt, NumberCard, NumberState
from domain.numbers.numbering import NumberBook
from domain.numbers.search import Wanted
from domain.numbers.vanity import PatternError
from domain.refusal import NotPossible
from storage.models import Root
from storage.models.inventory import Inventory
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk
from webui.presenters.says import say
from webui.resources import NumberFile, NumberStock
from webui.services import numbers
from webui.services.provisioning import Refused
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

PAGE = 50
BASE = "/operator/numbers"


def words_of(table: dict[Any, tuple[str, str]], language: str) -> dict[str, str]:
    """Return what a table of (English, Chinese) says in a language."""
    return {str(key): pair[language == "zh"] for key, pair in table.items()}


def read_wanted(query: Any) -> tuple[Wanted, dict[str, str]]:
    """Read a filter out of a query, and give it back as typed; what makes no sense is left out."""
    typed = {
        name: str(query.get(name, "")).strip()[:40]
        for name in ("pattern", "state", "vanity_class", "carrier", "tenant", "least", "most", "by_price")
    }
    states = tuple(NumberState(state) for state in (typed["state"],) if state in lifecycle.STATE_WORDS)
    wanted = Wanted(
        typed["pattern"], states, typed["vanity_class"], typed["carrier"], typed["tenant"],
        _li(typed["least"]), _li(typed["most"]), bool(typed["by_price"]),
    )  # fmt: skip
    return wanted, typed


def _li(text: str) -> int | None:
    try:
        return max(0, parse_yuan(text))
    except ValueError:
        return None


@view(context=NumberStock, permission="see-numbers", request_method="GET", renderer="operator/numbers.html")
def listing(request: Request) -> dict[str, Any]:
    """List numbers by a filter."""
    return {**_listed(request), "refused": None}


def _listed(request: Request) -> dict[str, Any]:
    _, now = request.texts, request.services.now()
    wanted, typed = read_wanted(request.GET)
    after = request.GET.get("after", "")[:40]

    def read(root: Root) -> dict[str, Any]:
        book, inventory = NumberBook(root.box.value.numbering), root.inventory
        try:
            page, errors = numbers.find(root, wanted, PAGE, after), {}
        except PatternError:
            text = _("*888 ends so, 4006* begins so, *520* has it anywhere, 400K**AABB by places.")
            page, errors = numbers.Page([], ""), {"pattern": text}
        return {
            "found": [_line(root, card, book) for card in page.cards], "next": page.after, "errors": errors,
            "counts": inventory.counts(), "classes": book.classes, "typed": typed,
            "carriers": sorted(set(book.carriers.values()) - {""}),
            "overdue": len(Counter(NumberDesk(root, now, "")).waiting(overdue=True)),
            "waiting": len(inventory.states.get(NumberState.APPLIED, ()))
            + len(inventory.states.get(NumberState.UNDER_REVIEW, ())),
        }  # fmt: skip

    shown: dict[str, Any] = request.services.read(read)
    tables: dict[str, dict[Any, tuple[str, str]]] = {
        "states": lifecycle.STATE_WORDS, "halts": lifecycle.HALT_WORDS,
    }  # fmt: skip
    return shown | {name: words_of(table, _.language) for name, table in tables.items()}


def _line(root: Root, card: NumberCard, book: NumberBook) -> dict[str, Any]:
    offer = book.offer(card)
    contract = card.contract
    return {
        "card": card, "carrier": book.carrier(card.number), "fee_li": offer.fee_li,
        "tenant": _name_of(root, card.tenant),
        "minimum_li": offer.minimum_li if contract is None else contract.minimum_li,
    }  # fmt: skip


@view(
    context=NumberStock, name="add", permission="numbers", request_method="POST",
    renderer="operator/numbers.html",
)  # fmt: skip
def add(request: Request) -> Response | dict[str, Any]:
    """Take one number into stock."""
    typed = request.POST.get("number", "")[:20]
    number = typed_number(typed)
    if not (number.isascii() and number.isdigit() and len(number) == 10 and number.startswith("400")):
        request.response.status = 422
        return {**_listed(request), "refused": typed}
    return change(request, number, "added", lambda desk: desk.take_in(number))


@view(context=NumberFile, permission="see-numbers", request_method="GET", renderer="operator/number.html")
def one(request: Request) -> dict[str, Any]:
    """Show a number: terms, history, what can be done, its application."""
    return number_page(request, request.context.number)


def number_page(request: Request, number: str, **more: Any) -> dict[str, Any]:
    """Return what the page of a number shows."""
    _, now = request.texts, request.services.now()

    def read(root: Root) -> dict[str, Any]:
        inventory: Inventory = root.inventory
        desk = NumberDesk(root, now, "")
        card = desk.card(number)
        application = inventory.application(card.application) if card.application else None
        return {
            "card": card, "history": inventory.history(number)[::-1], "carrier": desk.book.carrier(number),
            "offer": desk.offer(card), "classes": desk.book.classes, "application": application,
            "checks": papers.checklist(application, desk.today) if application is not None else (),
            "can": {move for move, way in lifecycle.WAYS.items() if card.state in way.after},
            "unsold": card.state in lifecycle.UNSOLD, "days": desk.book.numbering.reservation_days,
            "today": desk.today.isoformat(), "tenant_name": _name_of(root, card.tenant),
            "doubts": [_.either(each.zh, each.en) for each in desk.book.doubts(card)],
        }  # fmt: skip

    tables: dict[str, dict[Any, tuple[str, str]]] = {
        "states": lifecycle.STATE_WORDS, "moves": lifecycle.MOVE_WORDS, "halts": lifecycle.HALT_WORDS,
        "papers": papers.PAPER_WORDS, "reviews": papers.REVIEW_WORDS, "kinds": papers.APPLICANT_WORDS,
        "stages": papers.APPLICATION_WORDS, "missing": papers.MISSING_WORDS,
    }  # fmt: skip
    words = {name: words_of(table, _.language) for name, table in tables.items()}
    return {"errors": {}, "typed": {}, **words, **request.services.read(read), **more}


def _name_of(root: Root, tenant: str) -> str:
    found = root.tenants.get(tenant)
    return "" if found is None else str(found.config.value.name)


@view(context=NumberFile, name="move", permission="numbers", request_method="POST")
def move(request: Request) -> Response:
    """Carry a move out: reserve, release, suspend, resume, freeze, reclaim, restock."""
    number, asked = request.context.number, request.POST.get("move", "")
    why = request.POST.get("why", "").strip()[:200]
    if asked == "reclaim":
        return _reclaim(request, number, why)
    work = _moves(request, number, why).get(asked)
    if work is None:
        return say(request, HTTPSeeOther(f"{BASE}/{number}"), request.texts("Choose what to do."), "bad")
    return change(request, number, asked, work, why)


def _moves(request: Request, number: str, why: str) -> dict[str, Callable[[NumberDesk], NumberCard]]:
    holder = request.POST.get("holder", "").strip()[:80]
    days = request.POST.get("days", "")
    length = int(days) if days.isascii() and days.isdigit() and 0 < int(days[:4]) <= 365 else None
    halt = request.POST.get("halt", "")
    kind = Halt(halt) if halt in lifecycle.HALT_WORDS else Halt.REQUEST
    return numbers.moves(number, why, holder, length, kind)


def _reclaim(request: Request, number: str, why: str) -> Response:
    _, back = request.texts, f"{BASE}/{number}"
    try:
        done = numbers.reclaim(request.services, number, why, entry_of(request, "number-reclaimed", number))
    except NotPossible as error:
        return say(request, HTTPSeeOther(back), _.either(error.zh, error.en), "bad")
    except Refused as refused:
        text = "; ".join(each.words(_.language) for each in refused.problems)
        return say(request, HTTPSeeOther(back), text, "bad")
    return said_in_force(request, done, back)


def change(
    request: Request, number: str, action: str, work: Callable[[NumberDesk], Any], after: str = ""
) -> Response:
    """Do something with a number, say what came of it, and show its page."""
    _, back = request.texts, HTTPSeeOther(f"{BASE}/{number}")
    try:
        _made, why_not = numbers.change(
            request.services, work, entry_of(request, f"number-{action}", number), after
        )
    except NotPossible as error:
        return say(request, back, _.either(error.zh, error.en), "bad")
    if why_not:
        return say(request, back, _("Stored, not yet in force: {why}", why=why_not), "warn")
    return say(request, back, _("Done."))


@view(context=NumberFile, name="terms", permission="numbers", request_method="POST")
def terms(request: Request) -> Response:
    """Set class and amounts by hand; what is left empty follows from the class."""
    _, number = request.texts, request.context.number
    fields: dict[str, Any] = {"note": request.POST.get("note", "").strip()[:200]}
    for name in ("minimum", "fee", "deposit"):
        text = request.POST.get(name, "").strip()
        try:
            li = parse_yuan(text) if text else None
        except ValueError:
            li = -1
        if li is not None and not 0 <= li <= MOST_LI:
            back = HTTPSeeOther(f"{BASE}/{number}")
            return say(request, back, _("An amount such as 100 or 12.50, or nothing."), "bad")
        fields[f"{name}_li"] = li
    fields["class_by_hand"] = request.POST.get("vanity_class", "").strip()[:12]
    if "unsold" not in request.POST:  # of a number that is sold only the note can be changed
        fields = {"note": fields["note"]}
    return change(request, number, "set", lambda desk: desk.set_terms(number, **fields), str(fields))
