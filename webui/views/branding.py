"""系统: the reseller's name, colour and logo; and the files that pages fetch for them."""

from __future__ import annotations

import base64
from typing import Any, Final

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response

from domain.brand import MOST_LOGO_BYTES
from webui.resources import OperatorPages
from webui.security.permissions import PUBLIC
from webui.services.brands import Brands, style_of, sum_of
from webui.services.provisioning import Refused, wish
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

BACK: Final = "/operator/branding"
YEAR: Final = 31_536_000


def includeme(config: Configurator) -> None:
    """Give the files of the look their addresses."""
    config.add_route("brand-style", "/brand/{sum}/style.css")
    config.add_route("brand-logo", "/brand/{sum}/logo")


@view(
    context=OperatorPages, name="branding", permission="settings", request_method="GET",
    renderer="operator/branding.html",
)  # fmt: skip
def form(request: Request) -> dict[str, Any]:
    """Show the look."""
    return _form(request)


@view(
    context=OperatorPages, name="branding", permission="settings", request_method="POST",
    renderer="operator/branding.html",
)  # fmt: skip
def change(request: Request) -> Response | dict[str, Any]:
    """Store it."""
    typed: dict[str, str] = {
        "brand_name": request.POST.get("brand_name", "").strip()[:200],
        "brand_colour": request.POST.get("brand_colour", "").strip()[:20].lower(),
    }
    wanted: dict[str, Any] = {name: text or None for name, text in typed.items()}
    file = request.POST.get("logo")
    if hasattr(file, "filename"):
        wanted["brand_logo"] = base64.b64encode(file.file.read(MOST_LOGO_BYTES + 1)).decode()
    elif "without" in request.POST:
        wanted["brand_logo"] = None
    try:
        done = wish(
            request.services, lambda root: {"box": wanted}, entry_of(request, "settings-changed", "brand")
        )
    except Refused as refused:
        language = request.texts.language
        errors = {each.path.rpartition(".")[2]: each.words(language) for each in refused.problems}
        return _form(request, errors, typed)
    brands: Brands = request.registry["brands"]
    brands.forget()
    return said_in_force(request, done, BACK)


def _form(
    request: Request, errors: dict[str, str] | None = None, typed: dict[str, str] | None = None
) -> dict[str, Any]:
    if errors:
        request.response.status = 422
    held = request.services.read(lambda root: root.box.value)
    shown = typed or {"brand_name": held.brand_name, "brand_colour": held.brand_colour}
    return {"errors": errors or {}, "typed": shown, "has_logo": bool(held.brand_logo)}


@view(route_name="brand-style", permission=PUBLIC, request_method="GET")
def style(request: Request) -> Response:
    """Send the colour as a style sheet."""
    brands: Brands = request.registry["brands"]
    return _kept(request, style_of(brands.now()).encode(), "text/css")


@view(route_name="brand-logo", permission=PUBLIC, request_method="GET")
def logo(request: Request) -> Response:
    """Send the logo."""
    brands: Brands = request.registry["brands"]
    picture = brands.now().picture
    if picture is None:
        raise HTTPNotFound()
    return _kept(request, *picture)


def _kept(request: Request, content: bytes, kind: str) -> Response:
    """Send something whose address changes with it."""
    brands: Brands = request.registry["brands"]
    if request.matchdict["sum"] != sum_of(brands.now()):
        raise HTTPNotFound()
    response = Response(content, content_type=kind)
    response.cache_control = f"public, max-age={YEAR}, immutable"
    return response
