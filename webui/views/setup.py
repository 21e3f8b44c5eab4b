"""初始化: the first questions of a new box, to whoever knows the code that its console shows."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any, Final

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from storage.data_directory import DataDirectory
from storage.machine.own_address import own_address
from storage.machine.wish import (
    SetCertificate,
    SetClock,
    SetNetwork,
    Wish,
    is_appliance,
    is_waiting,
    outcome_of,
    owns_network,
    wish_for,
)
from storage.models import Root
from storage.offsite import asking
from webui.presenters.says import say
from webui.presenters.texts import N_
from webui.resources_system import SetupPages
from webui.security.identity import sign
from webui.security.permissions import PUBLIC
from webui.services import first_setup, live
from webui.services.accounts import audited
from webui.services.first_setup_call import last_call
from webui.services.provisioning import Refused, Stale
from webui.views.declare import view

COOKIE: Final = "box400-setup"
WHO: Final = "setup"
STEPS: Final = (
    ("administrator", N_("Administrator")),
    ("clock", N_("Time")),
    ("network", N_("Network")),
    ("certificate", N_("Certificate")),
    ("trunk", N_("First trunk")),
    ("tenant", N_("First tenant")),
    ("call", N_("Test call")),
)
RESTORE: Final = "restore"
"""In the place of the others: the data of another box (``webui.views.setup_restore``)."""
FIELDS: Final = frozenset({"sources", "target", "trunk_number", "name", "number", "bound"})
TEMPLATE: Final = "setup.html"


@view(context=SetupPages, permission=PUBLIC, request_method="GET", renderer=TEMPLATE)
def page(request: Request) -> dict[str, Any]:
    """Ask for the code, or show a step."""
    return shown(request, request.GET.get("step", ""))


@view(context=SetupPages, name="code", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def code(request: Request) -> Response | dict[str, Any]:
    """Judge the code; wrong ones are throttled as wrong passwords are."""
    services, address = request.services, request.remote_addr or ""
    if services.throttle.wait(WHO, address) > 0:
        return shown(
            request, "", {"code": request.texts("Too many tries. Try again in a quarter of an hour.")}
        )
    if not first_setup.is_right(services.data, request.POST.get("code", "")[:40]):
        services.throttle.wrong(WHO, address)
        return shown(request, "", {"code": request.texts("This is not the code on the console.")})
    response = HTTPSeeOther("/setup")
    response.set_cookie(
        COOKIE,
        _proof(request),
        httponly=True,
        samesite="Lax",
        secure=request.scheme == "https",
        path="/setup",
    )
    return response


@view(context=SetupPages, name="administrator", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def administrator(request: Request) -> Response | dict[str, Any]:
    """Make the administrator."""
    post, services = request.POST, request.services
    name = post.get("name", "").strip()[:40]
    if post.get("password", "") != post.get("again", ""):
        return _step(request, "administrator", _raise(request.texts("The two entries differ."), "again"))
    entry = entry_of_setup(request, "operator-added", f"{name} (admin)")
    return _step(
        request, "administrator",
        lambda: first_setup.add_administrator(services, name, post.get("password", "")[:200], entry),
    )  # fmt: skip


@view(context=SetupPages, name="clock", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def clock(request: Request) -> Response | dict[str, Any]:
    """Set time zone, and the browser's time where it is wanted."""
    given = request.POST.get("at", "")
    at = float(given) / 1000 if "take" in request.POST and given.isascii() and given.isdigit() else 0.0
    return _wish(request, "clock", SetClock(request.POST.get("zone", "").strip()[:60], at))


@view(context=SetupPages, name="network", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def network(request: Request) -> Response | dict[str, Any]:
    """Set name and address."""
    names = ("name", "address", "gateway", "name_server")
    typed = {name: request.POST.get(name, "").strip()[:260] for name in names}
    return _wish(request, "network", SetNetwork(**typed))


@view(context=SetupPages, name="certificate", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def certificate(request: Request) -> Response | dict[str, Any]:
    """Take a certificate, or the own authority's."""
    chain, key = (request.POST.get(name, "").strip()[:100_000] for name in ("chain", "key"))
    return _wish(request, "certificate", SetCertificate(chain, key))


@view(context=SetupPages, name="trunk", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def trunk(request: Request) -> Response | dict[str, Any]:
    """Make the first trunk."""
    source, target, number = (
        request.POST.get(name, "").strip()[:260] for name in ("sources", "target", "trunk_number")
    )
    entry = entry_of_setup(request, "trunk-added", first_setup.TRUNK)
    return _step(
        request, "trunk",
        lambda: first_setup.put_trunk(request.services, source, target, number, entry),
    )  # fmt: skip


@view(context=SetupPages, name="tenant", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def tenant(request: Request) -> Response | dict[str, Any]:
    """Open the first tenant; its first password is shown once."""
    post, services = request.POST, request.services
    name, number, bound = (post.get(each, "").strip()[:80] for each in ("name", "number", "bound"))
    entry = entry_of_setup(request, "tenant-opened", number)
    made: list[str] = []

    def work() -> None:
        if not name:
            raise NotPossible("Write the name of the tenant.", "请填写企业名称。")
        made.append(first_setup.put_tenant(services, name, number, bound, entry).password)

    done = _step(request, "tenant", work)
    return shown(request, "call", password=made[0], number=number) if made else done


@view(context=SetupPages, name="call", permission=PUBLIC, request_method="GET", renderer="setup_call.html")
def call(request: Request) -> dict[str, Any]:
    """Tell what the test call does; asked every two seconds."""
    require_code(request)
    return _call(request)


@view(context=SetupPages, name="finish", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def finish(request: Request) -> Response | dict[str, Any]:
    """End the wizard: the code is good no more."""
    require_code(request)
    services = request.services
    if not services.read(_has_administrator):
        return shown(request, "administrator", {"": request.texts("Make an administrator first.")})
    services.audit(entry_of_setup(request, "set-up", ""))
    first_setup.finish(services.data)
    response = say(
        request, HTTPSeeOther("/login"), request.texts("The box is set up. Sign in as administrator.")
    )
    response.delete_cookie(COOKIE, path="/setup")
    return response


def _proof(request: Request) -> str:
    return sign(request, WHO, first_setup.code_of(request.services.data))


def _knows(request: Request) -> bool:
    return hmac.compare_digest(request.cookies.get(COOKIE, "").encode(), _proof(request).encode())


def require_code(request: Request) -> None:
    """Send who did not give the code to where it is asked for."""
    if not _knows(request):
        raise HTTPSeeOther("/setup")


def entry_of_setup(request: Request, action: str, target: str) -> Any:
    """Return what the audit keeps of a step."""
    return audited(request.services.now(), WHO, action, target, address=request.remote_addr or "")


def _raise(words: str, field: str) -> Callable[[], None]:
    def work() -> None:
        raise _Wrong(field, words)

    return work


class _Wrong(Exception):
    """What is wrong in one field."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


def _wish(request: Request, step: str, wish: Wish) -> Response | dict[str, Any]:
    """Ask the machine for something; the page shows what became of it."""
    data = request.services.data

    def work() -> None:
        if not _carried_out(data, step):
            raise NotPossible(
                "This machine is no appliance: set this by its own means.",
                "本机不是一体机，请用系统自身的方式设置。",
            )
        wish_for(data, wish)
        request.services.audit(entry_of_setup(request, f"machine-{step}", ""))

    return _step(request, step, work)


def _carried_out(data: DataDirectory, step: str) -> bool:
    """Tell whether the machine does what a step wishes of it."""
    return is_appliance(data) and (step != "network" or owns_network(data))


def _step(request: Request, step: str, work: Callable[[], object]) -> Response | dict[str, Any]:
    """Do a step; what is refused is told beside what was typed."""
    require_code(request)
    texts = request.texts
    try:
        work()
    except NotPossible as why:
        return shown(request, step, {"": texts.either(why.zh, why.en)})
    except Stale:
        return shown(request, step, {"": texts("The first tenant is there already.")})
    except Refused as refused:
        told = refused.by_field(texts.language)
        return shown(request, step, {name if name in FIELDS else "": why for name, why in told.items()})
    except _Wrong as wrong:
        return shown(request, step, {wrong.field: str(wrong)})
    names = [name for name, _ in STEPS]
    return say(request, HTTPSeeOther(f"/setup?step={names[names.index(step) + 1]}"), texts("Stored."))


def shown(request: Request, step: str, errors: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    """Return what the page shows of a step; with ``errors`` (by field, "" for none) beside what was typed."""
    if errors:
        request.response.status = 422
    knows, services = _knows(request), request.services
    names = [name for name, _ in STEPS]
    secret = ("password", "again", "key", "secret_key", "csrf_token", "code")
    typed = {name: value for name, value in request.POST.items() if name not in secret}
    facts: dict[str, Any] = {
        "knows": knows, "steps": [(name, request.texts(words)) for name, words in STEPS],
        "step": step if step in (*names, RESTORE) else names[0], "errors": errors or {}, "typed": typed,
        "password": "", "number": "",
    }  # fmt: skip
    if knows:
        facts |= {
            "appliance": _carried_out(services.data, step), "waiting": is_waiting(services.data),
            "machine": outcome_of(services.data), "address": own_address(), "done": _done(request),
            "restoring": asking.look(services.data), "again": "again" in request.GET, "sftp_key": "",
            **_call(request),
        }  # fmt: skip
    return facts | more


def _has_administrator(root: Root) -> bool:
    return any(True for _ in root.web.accounts.keys("operator:", "operator;"))


def _done(request: Request) -> set[str]:
    """Return which steps left something behind."""

    def read(root: Root) -> set[str]:
        found = {"administrator"} if _has_administrator(root) else set()
        found |= {"trunk"} if len(root.trunks) else set()
        return found | ({"tenant"} if len(root.tenants) else set())

    return request.services.read(read)  # type: ignore[no-any-return]


def _call(request: Request) -> dict[str, Any]:
    status = live.status(request.services)
    return {
        "trunks": [] if status is None else status.trunks, "serving": status is not None,
        "last": last_call(request.services),
    }  # fmt: skip
