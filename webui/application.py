"""Put the pages together: one WSGI application."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.router import Router

from storage.models import Root
from webui.compiled import compiled_before
from webui.presenters.texts import Texts, language_of
from webui.resources import Site
from webui.security.csrf import CsrfOfBrowser
from webui.security.headers import style_nonce
from webui.security.policy import Policy
from webui.services.box import BoxServices
from webui.services.brands import Brands
from webui.services.desk import Desks
from webui.services.masking import hides


def make_application(services: BoxServices) -> Router:
    """Return the pages of one box."""
    pages = make_pages()
    attach(pages, services)
    return pages


def attach(pages: Router, services: BoxServices) -> None:
    """Let the pages be those of this box."""
    pages.registry["services"] = services
    pages.registry["desks"] = Desks(services)
    pages.registry["brands"] = Brands(services)


def make_pages() -> Router:
    """Return the pages, of no box yet: :func:`attach` them to one."""
    config = Configurator(
        settings={
            "jinja2.undefined": "strict",
            "jinja2.trim_blocks": "true",
            "jinja2.bytecode_caching": compiled_before(),
        }
    )
    config.include("pyramid_jinja2")
    config.add_jinja2_renderer(".html")
    config.add_jinja2_search_path("webui:templates", name=".html")
    config.commit()
    config.registry["templates"] = config.get_jinja2_environment(name=".html")
    config.set_root_factory(Site)
    config.set_security_policy(Policy())
    config.set_csrf_storage_policy(CsrfOfBrowser())
    config.set_default_csrf_options(require_csrf=True)
    config.add_request_method(_services, "services", reify=True)
    config.add_request_method(_texts, "texts", reify=True)
    config.add_request_method(_hides_callers, "hides_callers", reify=True)
    config.add_request_method(style_nonce, "style_nonce", reify=True)
    config.add_tween("webui.security.headers.headers_tween")
    config.add_subscriber("webui.sent.close_when_answered", "pyramid.events.NewRequest")
    config.include("webui.presenters.page")
    config.include("webui.views.branding")
    config.scan("webui.views")
    return config.make_wsgi_app()


def _services(request: Request) -> BoxServices:
    services: BoxServices = request.registry["services"]
    return services


def _hides_callers(request: Request) -> bool:
    """Tell whether who asks sees callers' numbers masked; an operator who acts as a tenant as by himself."""
    identity = request.identity

    def read(root: Root) -> bool:
        acting = root.web.account(f"operator:{identity.acting}") if identity.acting else None
        return hides(root, identity.role if acting is None else acting.role)

    return identity is not None and bool(request.services.read(read))


def _texts(request: Request) -> Texts:
    return Texts(language_of(request))
