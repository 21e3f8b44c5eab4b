"""套餐资费: tariffs, new editions, the calculator."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request
from pyramid.response import Response

from webui.presenters.charges import BEGINS, CALLS
from webui.presenters.schedule import PRESETS
from webui.presenters.texts import N_
from webui.resources_money import TariffDesk
from webui.services import tariffs
from webui.services.provisioning import Refused
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

MOST_TYPED = 400
LINES = {
    "included": N_("Included time"),
    "first": N_("First block"),
    "step": N_("Further blocks"),
    "minimum": N_("Up to the least charge"),
}


@view(context=TariffDesk, permission="tariffs", request_method="GET", renderer="finance/tariffs.html")
def listing(request: Request) -> dict[str, Any]:
    """Show tariffs and, when asked, what a call would cost."""
    return _page(request, {}, {name: str(value)[:60] for name, value in request.GET.items()})


@view(context=TariffDesk, permission="tariffs", request_method="POST", renderer="finance/tariffs.html")
def add(request: Request) -> Response | dict[str, Any]:
    """Add an edition."""
    _ = request.texts
    typed = {name: str(value).strip()[:MOST_TYPED] for name, value in request.POST.items()}
    entry = entry_of(request, "tariff-edition", f"{typed.get('name', '')} {typed.get('valid_from', '')}")
    try:
        done = tariffs.add_edition(request.services, typed, entry)
    except tariffs.WrongField as error:
        why = _.either(error.zh, error.en) if error.en else _("Not a figure that can be used here.")
        return _page(request, {str(error): why}, typed)
    except Refused as refused:
        return _page(request, {"edition": "; ".join(refused.by_field(_.language).values())}, typed)
    return said_in_force(request, done, "/operator/tariffs")


def _page(request: Request, errors: dict[str, str], typed: dict[str, str]) -> dict[str, Any]:
    _, services = request.texts, request.services
    told = None
    if typed.get("tariff"):
        try:
            told = services.read(lambda root: tariffs.calculate(root, typed, services.now()))
            if told is None:
                errors = {"at": _("No edition is in force then.")}
        except KeyError:
            errors = {"tariff": _("There is no such tariff.")}
        except tariffs.WrongField as error:
            errors = {str(error): _("Not a figure that can be used here.")}
    if errors:
        request.response.status = 422
    return {
        "found": services.read(lambda root: tariffs.listed(root, services.now())),
        "told": told,
        "errors": errors,
        "typed": typed,
        "rows": range(tariffs.ROWS),
        "calls": {str(kind): _(text) for kind, text in CALLS.items()},
        "line_words": {name: _(text) for name, text in LINES.items()},
        "begins": {str(each): _(text) for each, text in BEGINS.items()},
        "presets": PRESETS[_.language],
    }
