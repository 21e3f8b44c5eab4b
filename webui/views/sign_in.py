"""Signing in and out."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from storage.models.web import Account, WebSession
from webui.presenters.texts import LANGUAGE_COOKIE, LANGUAGES, THEME_COOKIE, THEMES
from webui.resources import Site
from webui.security.csrf import browser_of
from webui.security.identity import COOKIE, Identity
from webui.security.permissions import PUBLIC
from webui.services import accounts
from webui.services.accounts import audited
from webui.services.first_setup import is_open
from webui.services.pending import PENDING_COOKIE, make_pending, read_pending
from webui.views.declare import view

MOST_LOGIN: Final = 60


def home_of(identity: Identity) -> str:
    """Return somebody's first page."""
    if identity.agent:
        return "/desk"
    return f"/t/{identity.tenant}" if identity.tenant else "/operator"


@view(context=Site, permission=PUBLIC, request_method="GET")
def front(request: Request) -> Response:
    """Lead to where somebody belongs."""
    identity = request.identity
    if identity is None:
        return HTTPSeeOther("/setup" if is_open(request.services.data) else "/login")
    return HTTPSeeOther(home_of(identity))


@view(context=Site, name="login", permission=PUBLIC, request_method="GET", renderer="login.html")
def login_page(request: Request) -> Response | dict[str, Any]:
    """Ask who it is."""
    if request.identity is not None:
        return HTTPSeeOther(home_of(request.identity))
    return _form(request)


@view(context=Site, name="captcha", permission=PUBLIC, request_method="GET")
def captcha(request: Request) -> Response:
    """Draw a picture for this browser."""
    return Response(request.services.captchas.draw(browser_of(request)), content_type="image/png")


@view(context=Site, name="login", permission=PUBLIC, request_method="POST", renderer="login.html")
def login(request: Request) -> Response | dict[str, Any]:
    """Judge login and password; the same words and the same time whatever is wrong."""
    _, services = request.texts, request.services
    name = request.POST.get("login", "").strip().replace("-", "")[:MOST_LOGIN]
    agent = request.POST.get("agent", "").strip()[:MOST_LOGIN]
    password = request.POST.get("password", "")
    address = request.remote_addr or ""
    key, account = services.read(lambda root: _find(root, name, agent))
    wait = services.throttle.wait(key, address)
    if wait > 0:
        return _form(
            request, name, _("Too many tries. Try again in {minutes} min.", minutes=int(wait // 60) + 1)
        )
    if services.throttle.needs_captcha(key, address) and not services.captchas.right(
        browser_of(request), request.POST.get("captcha", "")
    ):
        return _form(request, name, _("Enter the characters of the picture."), captcha=True)
    now = services.now()
    usable = account is not None and account.enabled and not accounts.dead(account, now)
    right = services.passwords.right(account.credential.hash if account else None, password)
    if account is None or not right or not usable:
        services.throttle.wrong(key, address)
        services.change(lambda root: _note_wrong(root, key, address, now), "wrong password")
        if right and account is not None and account.enabled:
            return _form(request, name, _("This first password is used up. Ask for a new one."))
        return _form(request, name, _("Login or password is wrong."))
    if account.credential.totp:
        response = HTTPSeeOther("/login-code")
        response.set_cookie(
            PENDING_COOKIE, make_pending(services.secret, key, now), httponly=True, samesite="Lax",
            secure=request.scheme == "https", max_age=300,
        )  # fmt: skip
        return response
    return _enter(request, key)


@view(context=Site, name="login-code", permission=PUBLIC, request_method="GET", renderer="code.html")
def code_page(request: Request) -> Response | dict[str, Any]:
    """Ask for the second factor."""
    if not _pending(request):
        return HTTPSeeOther("/login")
    return {"error": ""}


@view(context=Site, name="login-code", permission=PUBLIC, request_method="POST", renderer="code.html")
def code(request: Request) -> Response | dict[str, Any]:
    """Judge the second factor; wrong codes are throttled as wrong passwords are."""
    _, services = request.texts, request.services
    key = _pending(request)
    if not key:
        return HTTPSeeOther("/login")
    address, now = request.remote_addr or "", services.now()
    given = request.POST.get("code", "")[:40]
    if services.throttle.wait(key, address) > 0:
        return {"error": _("Too many tries. Sign in again later.")}
    if not services.change(lambda root: accounts.check_code(root, key, given, now), "second factor"):
        services.throttle.wrong(key, address)
        services.audit(audited(now, key, "code-wrong", address=address))
        return {"error": _("This code is wrong or was used already.")}
    return _enter(request, key)


@view(context=Site, name="logout", permission=PUBLIC, request_method="POST")
def logout(request: Request) -> Response:
    """End this session; an operator who acted as a tenant is asked to sign in again."""
    identity, services = request.identity, request.services
    if identity is not None:
        now = services.now()

        def work(root: Any) -> None:
            root.web.sessions.pop(identity.session, None)
            root.web.note(audited(now, identity.who, "sign-out", tenant=identity.tenant))

        services.change(work, "sign out")
    response = HTTPSeeOther("/login")
    response.delete_cookie(COOKIE)
    return response


@view(context=Site, name="language", permission=PUBLIC, request_method="POST")
def language(request: Request) -> Response:
    """Keep the reader's language."""
    return _kept(request, LANGUAGE_COOKIE, request.POST.get("language", ""), LANGUAGES)


@view(context=Site, name="theme", permission=PUBLIC, request_method="POST")
def theme(request: Request) -> Response:
    """Keep whether the reader wants pages dark."""
    return _kept(request, THEME_COOKIE, request.POST.get("theme", ""), THEMES)


def _kept(request: Request, cookie: str, wanted: str, known: tuple[str, ...]) -> Response:
    """Go back with a cookie that keeps a choice for a year."""
    back = request.POST.get("back", "/")
    response = HTTPSeeOther(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
    if wanted in known:
        response.set_cookie(cookie, wanted, max_age=365 * 86400, httponly=True, samesite="Lax")
    return response


def _find(root: Any, name: str, agent: str) -> tuple[str, Account | None]:
    """Return key and account; an agent whom his tenant no longer has has none."""
    key = accounts.key_of_login(root, name, agent)
    account = root.web.account(key)
    return key, account if accounts.usable(root, key, account) else None


def _note_wrong(root: Any, key: str, address: str, now: float) -> None:
    accounts.count_wrong(root, key)
    root.web.note(audited(now, key, "sign-in-wrong", address=address))


def _pending(request: Request) -> str:
    return read_pending(
        request.services.secret, request.cookies.get(PENDING_COOKIE, ""), request.services.now()
    )


def _form(request: Request, name: str = "", error: str = "", *, captcha: bool = False) -> dict[str, Any]:
    if error:
        request.response.status = 422
    address = request.remote_addr or ""
    agent = request.POST.get("agent", "").strip()[:MOST_LOGIN]
    key = request.services.read(lambda root: accounts.key_of_login(root, name, agent)) if name else ""
    shown = captcha or request.services.throttle.needs_captcha(key, address)
    as_agent = bool(agent) or request.GET.get("as") == "agent"
    return {"login": name, "agent": agent, "as_agent": as_agent, "error": error, "captcha": shown}


def _enter(request: Request, key: str) -> Response:
    services, now = request.services, request.services.now()
    address = request.remote_addr or ""
    browser = (request.user_agent or "")[:200]
    services.throttle.right(key)

    def work(root: Any) -> str:
        root.web.note(audited(now, key, "sign-in", address=address))
        return accounts.open_session(root, WebSession(key, now, now, address, browser))

    token = services.change(work, "sign in")
    response = HTTPSeeOther("/")
    response.set_cookie(COOKIE, token, httponly=True, samesite="Lax", secure=request.scheme == "https")
    response.delete_cookie(PENDING_COOKIE)
    return response
