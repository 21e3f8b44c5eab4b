"""What every template may use."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from markupsafe import Markup
from pyramid.config import Configurator
from pyramid.csrf import get_csrf_token
from pyramid.events import BeforeRender
from pyramid.request import Request

from domain.days.calendar import local
from domain.money.amounts import yuan
from domain.money.entry_words import about
from webui.presenters import charges, formats
from webui.presenters.files import StaticFiles
from webui.presenters.says import said
from webui.presenters.texts import theme_of
from webui.presenters.words import Words
from webui.security.editions import missing
from webui.security.permissions import ACCOUNT
from webui.security.policy import may
from webui.services.brands import Brands, sum_of
from webui.services.saved_filters import Shown, is_list, query_of, shown
from webui.too_large import MEGABYTES

_NAME: Final = re.compile(r"[a-z0-9-]+", re.ASCII)


class Given(dict[str, Any]):
    """What was typed, or what is wrong with it, by field; empty where nothing is."""

    def __missing__(self, name: str) -> str:
        return ""


def includeme(config: Configurator) -> None:
    """Serve the static files and give templates their names."""
    files = StaticFiles()
    config.registry["static"] = files
    config.add_route("static", "/static/{sum}/*path")
    config.add_subscriber(_names, BeforeRender)


def _names(event: Any) -> None:
    request: Request | None = event.get("request")
    if request is None:
        return
    texts, identity = request.texts, request.identity
    files: StaticFiles = request.registry["static"]

    def icon(name: str, more: str = "") -> Markup:
        assert _NAME.fullmatch(name)
        return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}#{}"/></svg>').format(
            more, files.url("vendor/icons.svg"), name
        )

    shown = event.rendering_val
    for name in ("errors", "typed"):
        if isinstance(shown, dict) and name in shown:
            shown[name] = Given(shown[name])
    event.update(
        _=texts,
        lang=texts.language,
        theme=theme_of(request),
        identity=identity,
        may=lambda permission: may(identity, permission),
        csrf=lambda: get_csrf_token(request),
        static=files.url,
        icon=icon,
        yuan=yuan,
        moment=formats.moment,
        clock=formats.clock,
        lasted=formats.lasted,
        entry_about=lambda entry: about(entry, texts.language),
        begins_words=lambda edition: texts(charges.BEGINS[edition.charged_from]),
        kinds_words=lambda price: charges.kinds_words(texts, price),
        hours_words=lambda price: charges.hours_words(texts, price),
        price_words=lambda price: charges.price_words(texts, price),
        charge_words=lambda charge, edition: charges.charge_words(texts, charge, edition),
        nicely=formats.nicely,
        outcome_colour=formats.outcome_colour,
        outcome=lambda value: formats.outcome_words(texts, value),
        caller_class=lambda value: formats.class_words(texts, value),
        place=formats.place_words,
        area_code=formats.area_code,
        sound=lambda value: formats.sound_words(texts, value),
        said=lambda: said(request),
        included=lambda name: _included(request, name),
        brand=_brand(request, files),
        most_upload=MEGABYTES,
        path=request.path,
        query_but_by=urlencode([pair for pair in request.GET.items() if pair[0] != "by"]),
        filters_here=lambda: _filters(request),
        query=urlencode([pair for pair in request.GET.items() if pair[0] != "after"]),
        **Words(texts).all(),
    )


class Look(NamedTuple):
    """What a page shows of whom it is."""

    name: str
    logo: str
    style: str
    """Empty: the product's own colours."""


def _brand(request: Request, files: StaticFiles) -> Look:
    brands: Brands = request.registry["brands"]
    held = brands.now()
    base = f"/brand/{sum_of(held)}"
    return Look(
        held.name or "box400", f"{base}/logo" if held.logo else files.url("own/logo.svg"),
        f"{base}/style.css" if held.colour else "",
    )  # fmt: skip


def _filters(request: Request) -> Shown | None:
    """Return the saved filters of the list that is looked at; None where who looks can have none."""
    account, name = request.identity.account, request.path.rpartition("/")[2]
    if not may(request.identity, ACCOUNT) or not is_list(account, name):  # a form of the page was refused
        return None
    query, today = query_of(request.GET.items()), local(request.services.now()).date()
    found: Shown = request.services.read(lambda root: shown(root, account, name, query, today))
    return found


def _included(request: Request, name: str) -> bool:
    """Tell whether who is signed in finds something at a name below his tenant: a link is shown then."""
    config = getattr(request, "own_config", None)
    if config is None:
        tenant = request.identity.tenant
        config = request.services.read(lambda root: root.tenants[tenant].config.value)
        request.own_config = config
    return missing(config, name) is None
