"""号码分类与资费条件: the ordered rules, a trial of others, the terms of each class."""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from domain.numbers.terms import ClassTerms
from domain.numbers.vanity import DEFAULT_RULES
from storage.models import Root
from webui.presenters.texts import N_
from webui.resources import NumberStock
from webui.services import number_classes as classes
from webui.services.provisioning import Refused
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

PAGE: Final = "/operator/numbers/classes"
SEGMENT: Final = re.compile(r"400[0-9]{1,6}", re.ASCII)
TERMS: Final = (
    ("minimum_li", N_("Minimum spend a month (yuan)"), "decimal"),
    ("years", N_("Term (years)"), "numeric"),
    ("fee_li", N_("Picking fee (yuan)"), "decimal"),
    ("deposit_li", N_("Deposit (yuan)"), "decimal"),
    ("step_month", N_("From natural month n on"), "numeric"),
    ("step_minimum_li", N_("this minimum (yuan)"), "decimal"),
    ("step_patterns", N_("of numbers that fit"), "text"),
    ("fee_instead_li", N_("Fee instead of minimum and term (yuan)"), "decimal"),
)
"""The inputs of a class: name, label, keyboard."""


@view(
    context=NumberStock, name="classes", permission="see-numbers", request_method="GET",
    renderer="operator/number_classes.html",
)  # fmt: skip
def show(request: Request) -> dict[str, Any]:
    """Show rules and terms; with ``segment``, how many of its numbers are of which class."""
    return _page(request)


@view(
    context=NumberStock, name="classes", permission="settings", request_method="POST",
    renderer="operator/number_classes.html",
)  # fmt: skip
def change_rules(request: Request) -> Response | dict[str, Any]:
    """Try other rules, or let them hold."""
    _ = request.texts
    text = request.POST.get("rules", "")[: classes.MOST_TYPED]
    if request.POST.get("do") == "shipped":
        text = classes.rules_text(DEFAULT_RULES)
    try:
        rules = classes.read_rules(text)
        if request.POST.get("do") == "try":
            trial = request.services.read(lambda root: classes.try_rules(root, rules))
            return _page(request, rules=text, trial=trial)
        done = classes.set_rules(request.services, rules, entry_of(request, "vanity-rules", "box"))
    except classes.WrongLine as wrong:
        why = _("Line {line}: {rule} is no rule.", line=wrong.line, rule=wrong.text[:60])
        return _page(request, {"rules": why}, rules=text)
    except Refused as refused:
        why = "; ".join(each.words(_.language) for each in refused.problems)
        return _page(request, {"rules": why}, rules=text)
    return said_in_force(request, done, PAGE)


@view(
    context=NumberStock, name="class-terms", permission="settings", request_method="POST",
    renderer="operator/number_classes.html",
)  # fmt: skip
def change_terms(request: Request) -> Response | dict[str, Any]:
    """Let one class be offered for other terms."""
    _ = request.texts
    name = request.POST.get("class", "")[:12]
    typed = {each: request.POST.get(each, "")[:400].strip() for each, *_rest in TERMS}
    if name not in request.services.read(lambda root: classes.book_of(root).classes):
        return _page(request, {"class": _("There is no such class.")})
    try:
        terms = classes.read_terms(typed)
        entry = entry_of(request, "class-terms", name)
        done = classes.set_terms(request.services, name, terms, entry)
    except classes.WrongTerm as wrong:
        errors = {str(wrong): _("Not a figure that can be used here.")}
        return _page(request, errors, editing=name, typed=typed)
    except Refused as refused:
        return _page(request, refused.by_field(_.language), editing=name, typed=typed)
    return said_in_force(request, done, f"{PAGE}#terms")


def _page(
    request: Request,
    errors: dict[str, str] | None = None,
    *,
    rules: str | None = None,
    trial: classes.Trial | None = None,
    editing: str = "",
    typed: dict[str, str] | None = None,
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    _ = request.texts
    segment = request.GET.get("segment", "")
    segment = segment if SEGMENT.fullmatch(segment) else ""

    def read(root: Root) -> dict[str, Any]:
        book = classes.book_of(root)
        terms = {name: book.terms.get(name, ClassTerms()) for name in book.classes}
        return {
            "rules": classes.rules_text(book.rules) if rules is None else rules,
            "shipped": book.rules == DEFAULT_RULES, "classes": list(terms),
            "terms": {
                name: typed if name == editing and typed is not None else classes.terms_typed(each)
                for name, each in terms.items()
            },
            "book": book,
        }  # fmt: skip

    shown: dict[str, Any] = request.services.read(read)
    book = shown.pop("book")
    return shown | {
        "fields": [(name, _(label), keyboard) for name, label, keyboard in TERMS],
        "errors": errors or {}, "trial": trial, "editing": editing, "segment": segment,
        "counted": book.count(segment) if segment else {},
    }  # fmt: skip
