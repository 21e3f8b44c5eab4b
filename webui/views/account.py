"""The account of whoever is signed in: password, second factor, where he is signed in."""

from __future__ import annotations

import hmac
import io
from typing import Any

import pyotp
import segno
from markupsafe import Markup
from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from webui.presenters.says import say
from webui.resources import AccountPages
from webui.security.identity import sign
from webui.security.permissions import ACCOUNT
from webui.services import accounts
from webui.services.accounts import audited
from webui.services.passwords import too_weak
from webui.views.declare import view


def _page(request: Request, **more: Any) -> dict[str, Any]:
    identity = request.identity

    def read(root: Any) -> tuple[Any, list[tuple[str, Any]]]:
        sessions = [(key, held.value) for key, held in root.web.sessions.items()]
        mine = [(key, each) for key, each in sessions if each.account == identity.account]
        return root.web.account(identity.account), sorted(mine, key=lambda pair: -pair[1].seen)

    account, sessions = request.services.read(read)
    if more.get("errors"):
        request.response.status = 422
    return {
        "account": account, "sessions": sessions, "errors": {}, "secret": "", "proof": "",
        "qr": "", "codes": (), **more,
    }  # fmt: skip


@view(context=AccountPages, permission=ACCOUNT, request_method="GET", renderer="account.html")
def account(request: Request) -> Response | dict[str, Any]:
    """Show it."""
    if request.identity.first:
        return HTTPSeeOther("/account/first-password")
    return _page(request)


@view(
    context=AccountPages, name="first-password", permission=ACCOUNT, request_method="GET",
    renderer="first_password.html",
)  # fmt: skip
def first_password_page(request: Request) -> Response | dict[str, Any]:
    """Ask for an own password before anything else."""
    if not request.identity.first:
        return HTTPSeeOther("/account")
    return {"errors": {}}


@view(
    context=AccountPages, name="first-password", permission=ACCOUNT, request_method="POST",
    renderer="first_password.html",
)  # fmt: skip
def first_password(request: Request) -> Response | dict[str, Any]:
    """Take the first own password."""
    if not request.identity.first:
        return HTTPSeeOther("/account")
    errors = _change_password(request)
    if errors:
        request.response.status = 422
        return {"errors": errors}
    return say(request, HTTPSeeOther("/"), request.texts("Your password was changed. Welcome."))


@view(
    context=AccountPages, name="password", permission=ACCOUNT, request_method="POST", renderer="account.html"
)
def password(request: Request) -> Response | dict[str, Any]:
    """Change the password; all other sessions end."""
    errors = _change_password(request)
    if errors:
        return _page(request, errors=errors)
    return say(
        request, HTTPSeeOther("/account"),
        request.texts("Your password was changed; you were signed out everywhere else."),
    )  # fmt: skip


def _change_password(request: Request) -> dict[str, str]:
    _, services, identity = request.texts, request.services, request.identity
    given, new = request.POST.get("current", ""), request.POST.get("new", "")
    address, now = request.remote_addr or "", services.now()
    held, names = services.read(lambda root: _known(root, identity.account))
    if services.throttle.wait(identity.account, address) > 0:
        return {"current": _("Too many tries. Try again in a quarter of an hour.")}
    if not services.passwords.right(held.credential.hash, given):
        services.throttle.wrong(identity.account, address)
        return {"current": _("The current password is wrong.")}
    if too_weak(new, names):
        return {
            "new": _("Too weak: 8 characters or more, not your name or number, not as plain as 12345678.")
        }
    if new == given:
        return {"new": _("Choose another password than the current one.")}
    if new != request.POST.get("again", ""):
        return {"again": _("The two entries differ.")}

    def work(root: Any) -> None:
        accounts.set_password(root, identity.account, new, now, first=False)
        root.web.sign_out(identity.account, but=identity.session)
        root.web.note(audited(now, identity.who, "password-changed", tenant=identity.tenant, address=address))

    services.change(work, "password")
    return {}


def _known(root: Any, key: str) -> tuple[Any, tuple[str, ...]]:
    kind, _, name = key.partition(":")
    tenant, agent = accounts.agent_of(key)
    owner = tenant if agent else name if kind == "tenant" else ""
    numbers = tuple(root.tenants[owner].numbers) if owner in root.tenants else ()
    return root.web.account(key), (agent or name, *numbers)


@view(
    context=AccountPages, name="second-factor", permission=ACCOUNT, request_method="POST",
    renderer="account.html",
)  # fmt: skip
def second_factor(request: Request) -> Response | dict[str, Any]:
    """Begin, confirm or end the second factor; each needs the password."""
    _, services, identity = request.texts, request.services, request.identity
    if identity.first:
        return HTTPSeeOther("/account/first-password")
    held, _names = services.read(lambda root: _known(root, identity.account))
    address, now = request.remote_addr or "", services.now()
    secret = request.POST.get("secret", "")
    if secret:
        proof = sign(request, "totp", f"{identity.session}:{secret}")  # the password was right a moment ago
        valid = hmac.compare_digest(proof.encode(), request.POST.get("proof", "").encode())
        if not valid or not accounts.right_code(secret, request.POST.get("code", ""), now):
            return _page(request, errors={"factor": _("This code is wrong. Begin again.")})
    elif services.throttle.wait(identity.account, address) > 0:
        return _page(request, errors={"factor": _("Too many tries. Try again in a quarter of an hour.")})
    elif not services.passwords.right(held.credential.hash, request.POST.get("current", "")):
        services.throttle.wrong(identity.account, address)
        return _page(request, errors={"factor": _("The current password is wrong.")})
    elif not held.credential.totp:
        return _page(request, **_shown(request, pyotp.random_base32()))

    def work(root: Any) -> tuple[str, ...]:
        codes = accounts.set_second_factor(root, identity.account, secret)
        action = "second-factor-on" if secret else "second-factor-off"
        root.web.note(audited(now, identity.who, action, tenant=identity.tenant, address=address))
        return codes

    codes = services.change(work, "second factor")
    return _page(request, codes=codes)


def _shown(request: Request, secret: str) -> dict[str, Any]:
    uri = pyotp.TOTP(secret).provisioning_uri(name=request.identity.name, issuer_name="box400")
    drawing = io.BytesIO()
    segno.make(uri, error="m").save(
        drawing, kind="svg", scale=5, xmldecl=False, svgns=True, nl=False, light="white"
    )
    proof = sign(request, "totp", f"{request.identity.session}:{secret}")
    return {"secret": secret, "proof": proof, "qr": Markup(drawing.getvalue().decode())}  # noqa: S704 - ours


@view(context=AccountPages, name="sign-out", permission=ACCOUNT, request_method="POST")
def sign_out_elsewhere(request: Request) -> Response:
    """End one other session, or all of them."""
    identity, services = request.identity, request.services
    token, now = request.POST.get("session", ""), services.now()

    def work(root: Any) -> None:
        if token:
            held = root.web.sessions.get(token)
            if held is not None and held.value.account == identity.account:
                del root.web.sessions[token]
        else:
            root.web.sign_out(identity.account, but=identity.session)
        root.web.note(audited(now, identity.who, "signed-out-elsewhere", tenant=identity.tenant))

    services.change(work, "sign out elsewhere")
    return say(request, HTTPSeeOther("/account"), request.texts("Done."))
