"""系统 / 备份: what is set, what became of it, one at once, the restore drill."""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPBadRequest, HTTPSeeOther
from pyramid.request import Request
from pyramid.response import Response

from domain.refusal import NotPossible
from webui.presenters.says import say
from webui.resources_system import BackupDesk
from webui.services import backups
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.settings import BACKUP_FORM

PAGE: Final = "/operator/backup"


@view(context=BackupDesk, permission="settings", request_method="GET", renderer="operator/backup.html")
def page(request: Request) -> dict[str, Any]:
    """Show how it stands."""
    return {"now": backups.look(request.services)}


@view(
    context=BackupDesk, name="state", permission="settings", request_method="GET",
    renderer="operator/backup_state.html",
)  # fmt: skip
def state(request: Request) -> dict[str, Any]:
    """Show how it stands, alone; asked for again while something goes on."""
    return {"now": backups.look(request.services)}


@view(context=BackupDesk, name="now", permission="settings", request_method="POST")
def ask(request: Request) -> Response:
    """Ask for one at once."""
    _, kind = request.texts, request.POST.get("kind", "")[:20]
    try:
        backups.ask(request.services, kind, entry_of(request, "backup-asked", kind))
    except KeyError:
        raise HTTPBadRequest() from None
    except NotPossible as why:
        return say(request, HTTPSeeOther(PAGE), _.either(why.zh, why.en), "bad")
    return say(request, HTTPSeeOther(PAGE), _("It begins within a minute; its result appears here."))


@view(
    context=BackupDesk, name="settings", permission="settings", request_method="GET",
    renderer="operator/settings.html",
)  # fmt: skip
def settings(request: Request) -> dict[str, Any]:
    """Ask when and where backups go."""
    return BACKUP_FORM.shown(request, request.services.read(lambda root: root.box.value), "")


@view(
    context=BackupDesk, name="settings", permission="settings", request_method="POST",
    renderer="operator/settings.html",
)  # fmt: skip
def change_settings(request: Request) -> Response | dict[str, Any]:
    """Store it."""
    held = request.services.read(lambda root: root.box.value)
    entry = entry_of(request, "settings-changed", "backup")
    return BACKUP_FORM.stored(request, lambda typed: {"box": typed}, entry, held, "")
