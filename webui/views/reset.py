"""忘记密码: a tenant sets a new password with a code that is sent to whom he has named for it."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from webui.presenters.says import say
from webui.resources import Site
from webui.security.csrf import browser_of
from webui.security.permissions import PUBLIC
from webui.services import resets
from webui.services.accounts import audited
from webui.services.passwords import too_weak
from webui.services.pending import make_pending, read_pending
from webui.views.declare import view

COOKIE: Final = "box400-reset"
WINDOW: Final = 280


@view(context=Site, name="forgot", permission=PUBLIC, request_method="GET", renderer="forgot.html")
def forgot_page(request: Request) -> dict[str, Any]:
    """Ask which 400 number it is."""
    return {"login": request.GET.get("login", "")[:20], "error": ""}


@view(context=Site, name="forgot", permission=PUBLIC, request_method="POST", renderer="forgot.html")
def forgot(request: Request) -> Response | dict[str, Any]:
    """Send a code; the same answer whether there is such a number, and somebody to send it to, or not."""
    _, services = request.texts, request.services
    login = request.POST.get("login", "").strip().replace("-", "")[:20]
    address, now = request.remote_addr or "", services.now()
    if not services.captchas.right(browser_of(request), request.POST.get("captcha", "")):
        request.response.status = 422
        return {"login": login, "error": _("Enter the characters of the picture.")}
    services.throttle.wrong(f"reset {login}", address)  # so that nobody lets us send without end
    if services.throttle.wait(f"reset {login}", address) > 0:
        request.response.status = 422
        return {"login": login, "error": _("Too many tries. Try again in a quarter of an hour.")}
    key = services.read(lambda root: resets.key_of_tenant(root, login))
    code = services.resets.new(key) if key else ""
    if code:
        entry = audited(now, key, "password-code", tenant=key.partition(":")[2], address=address)
        services.change(lambda root: resets.send(root, key, code, now, entry), "password code")
    response = HTTPSeeOther("/reset")
    response.set_cookie(
        COOKIE, make_pending(services.secret, f"reset {login}", now), httponly=True, samesite="Lax",
        secure=request.scheme == "https", max_age=WINDOW,
    )  # fmt: skip
    return response


def _login(request: Request) -> str:
    """Return the number whose code was asked for in this browser, "" for none."""
    word = read_pending(request.services.secret, request.cookies.get(COOKIE, ""), request.services.now())
    return word.removeprefix("reset ") if word.startswith("reset ") else ""


@view(context=Site, name="reset", permission=PUBLIC, request_method="GET", renderer="reset.html")
def reset_page(request: Request) -> Response | dict[str, Any]:
    """Ask for the code and a new password."""
    return {"errors": {}} if _login(request) else HTTPSeeOther("/forgot")


@view(context=Site, name="reset", permission=PUBLIC, request_method="POST", renderer="reset.html")
def reset(request: Request) -> Response | dict[str, Any]:
    """Set the new password; all sessions end."""
    _, services, given = request.texts, request.services, request.POST
    login, now, address = _login(request), services.now(), request.remote_addr or ""
    if not login:
        return HTTPSeeOther("/forgot")
    key = services.read(lambda root: resets.key_of_tenant(root, login))
    new = given.get("new", "")
    errors: dict[str, str] = {}
    if too_weak(new, (login, key.partition(":")[2])):
        errors["new"] = _(
            "Too weak: 8 characters or more, not your name or number, not as plain as 12345678."
        )
    elif new != given.get("again", ""):
        errors["again"] = _("The two entries differ.")
    elif services.throttle.wait(f"code {login}", address) > 0:
        errors["code"] = _("Too many tries. Try again in a quarter of an hour.")
    elif not key or not services.resets.right(key, given.get("code", "")):
        services.throttle.wrong(f"code {login}", address)
        errors["code"] = _("This code is wrong or too old.")
    if errors:
        request.response.status = 422
        return {"errors": errors}
    entry = audited(now, key, "password-reset", tenant=key.partition(":")[2], address=address)
    services.change(lambda root: resets.change(root, key, new, now, entry), "password reset")
    services.resets.used(key)
    services.throttle.right(key)
    response = say(request, HTTPSeeOther("/login"), _("Your password was changed. Sign in with it."))
    response.delete_cookie(COOKIE)
    return response
