"""初始化 / 恢复备份: a new box takes over what another one knew, by its backup elsewhere."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from domain.snapshot import OffsitePlan
from storage.offsite import asking
from storage.offsite.restic import OffsiteError, public_key
from storage.offsite.takeover import Phase
from webui.resources_system import SetupPages
from webui.security.permissions import PUBLIC
from webui.views.declare import view
from webui.views.setup import RESTORE, TEMPLATE, entry_of_setup, require_code, shown

PAGE = f"/setup?step={RESTORE}"


@view(
    context=SetupPages, name="restore", permission=PUBLIC, request_method="GET", renderer="setup_restore.html"
)
def state(request: Request) -> dict[str, Any]:
    """Tell how far it is; asked every two seconds."""
    require_code(request)
    now = asking.look(request.services.data)
    if now is None or now.phase is Phase.FAILED:
        request.response.headers["HX-Redirect"] = PAGE
    elif now.phase is Phase.DONE:
        request.response.headers["HX-Redirect"] = "/setup?step=clock"
    return {"restoring": now}


@view(context=SetupPages, name="restore", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def ask(request: Request) -> Response | dict[str, Any]:
    """Begin to fetch a backup."""
    require_code(request)
    typed = {
        name: request.POST.get(name, "").strip()[:1000]
        for name in ("to", "password", "access_key", "secret_key", "host_key")
    }
    try:
        asking.ask(request.services.data, OffsitePlan(**typed))
    except NotPossible as why:
        return shown(request, RESTORE, {"": request.texts.either(why.zh, why.en)}, again=True)
    request.services.audit(entry_of_setup(request, "restore-asked", typed["to"]))
    return HTTPSeeOther(PAGE)


@view(context=SetupPages, name="key", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def key(request: Request) -> dict[str, Any]:
    """Show this box's own key for SFTP; made at its first use."""
    require_code(request)
    try:
        return shown(request, RESTORE, again=True, sftp_key=public_key(request.services.data))
    except OffsiteError as error:
        return shown(request, RESTORE, {"": str(error)}, again=True)


@view(context=SetupPages, name="take", permission=PUBLIC, request_method="POST", renderer=TEMPLATE)
def take(request: Request) -> Response | dict[str, Any]:
    """Start the box anew with what was restored."""
    require_code(request)
    data = request.services.data
    try:
        asking.take(data)
    except NotPossible as why:
        return shown(request, RESTORE, {"": request.texts.either(why.zh, why.en)})
    return HTTPSeeOther(PAGE)
