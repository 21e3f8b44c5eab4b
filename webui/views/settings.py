"""线路管理与系统设置: trunks, listeners and the box itself, by forms made of the provisioning fields."""

from __future__ import annotations

from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from storage.models import Root
from storage.models.web import AuditEntry
from storage.provisioning.schema import BOX, TRUNK, Section
from webui.presenters.texts import N_
from webui.resources import OperatorPages, TrunkDesk, TrunkFile
from webui.services import live
from webui.services.provisioning import Refused, told, wish
from webui.services.sections import inputs, read_typed
from webui.views.bound import entry_of, said_in_force
from webui.views.declare import view

Groups = tuple[tuple[str, tuple[str, ...]], ...]
TRUNK_GROUPS: Final[Groups] = (
    (N_("How the carrier is reached"), (
        "enabled", "kind", "target", "transport", "sources", "username", "password", "domain",
        "inbound", "outbound")),
    (N_("Numbers"), (
        "caller_header", "restore_zero", "caller_area_code", "caller_prefixes", "called_header",
        "called_prefixes", "landing_numbers", "dialled_prefixes", "shown_caller", "trunk_number", "tel_uri")),
    (N_("Limits and health"), (
        "channels", "calls_per_second", "options_seconds", "failover_seconds", "register_seconds")),
    (N_("Further"), (
        "tenant", "listener", "realm", "outbound_proxy", "tls_authorities", "codecs", "srtp",
        "play_early_media", "early_media_seconds", "reliable_provisional", "session_seconds")),
)  # fmt: skip
BOX_GROUPS: Final[Groups] = (
    (N_("Calls and prompts"), (
        "max_calls", "tenant_rings_per_second", "number_rings_per_minute", "announcements", "prompt_pack")),
    (N_("Numbers"), ("number_carriers", "reservation_days", "activation_days", "renewal_days")),
    (N_("Days and places"), ("calendar", "region_groups")),
    (N_("Backup"), ("backup",)),
    (N_("Network"), ("stranger_status", "web_networks", "realm", "phone_domain")),
)  # fmt: skip


@view(
    context=TrunkDesk, name="new", permission="settings", request_method="GET",
    renderer="operator/settings.html",
)  # fmt: skip
def new_trunk(request: Request) -> dict[str, Any]:
    """Ask what the new trunk is."""
    return _form(request, TRUNK, TRUNK_GROUPS, None, "")


@view(
    context=TrunkDesk, name="new", permission="settings", request_method="POST",
    renderer="operator/settings.html",
)  # fmt: skip
def add_trunk(request: Request) -> Response | dict[str, Any]:
    """Add a trunk; one of this name that is there is not touched."""
    name = request.POST.get("name", "").strip()[:40]
    known = request.services.read(lambda root: name in root.trunks)
    if known:
        taken = {"name": request.texts("There is a trunk of this name already.")}
        return _form(request, TRUNK, TRUNK_GROUPS, None, name, taken)
    return _store_trunk(request, name, None)


@view(context=TrunkFile, permission="settings", request_method="GET", renderer="operator/settings.html")
def trunk(request: Request) -> dict[str, Any]:
    """Show what is set of a trunk, and how it is."""
    page: TrunkFile = request.context
    status = live.status(request.services)
    now = next((each for each in status.trunks if each.name == page.name), None) if status else None
    return {**_form(request, TRUNK, TRUNK_GROUPS, page.trunk, page.name), "now": now}


@view(context=TrunkFile, permission="settings", request_method="POST", renderer="operator/settings.html")
def change_trunk(request: Request) -> Response | dict[str, Any]:
    """Store it; in force from the next call on."""
    return _store_trunk(request, request.context.name, request.context.trunk)


@view(context=TrunkFile, name="remove", permission="settings", request_method="POST",
      renderer="operator/settings.html")  # fmt: skip
def remove_trunk(request: Request) -> Response | dict[str, Any]:
    """Remove a trunk that nobody uses."""
    page: TrunkFile = request.context
    entry = entry_of(request, "trunk-removed", page.name)
    try:
        done = wish(request.services, lambda root: {"trunks": {page.name: {"absent": True}}}, entry)
    except Refused as refused:
        why = {"": " ".join(told(each, request.texts.language) for each in refused.problems)}
        return _form(request, TRUNK, TRUNK_GROUPS, page.trunk, page.name, why)
    return said_in_force(request, done, "/operator/trunks")


@view(
    context=OperatorPages, name="settings", permission="settings", request_method="GET",
    renderer="operator/settings.html",
)  # fmt: skip
def box(request: Request) -> dict[str, Any]:
    """Show the box's own settings."""
    held = request.services.read(lambda root: root.box.value)
    return _form(request, BOX, BOX_GROUPS, held, "")


@view(
    context=OperatorPages, name="settings", permission="settings", request_method="POST",
    renderer="operator/settings.html",
)  # fmt: skip
def change_box(request: Request) -> Response | dict[str, Any]:
    """Store them."""
    typed = read_typed(BOX, _names(BOX_GROUPS), request.POST)
    held = request.services.read(lambda root: root.box.value)
    entry = entry_of(request, "settings-changed", "box")
    return _stored(request, {"box": typed}, entry, "/operator/settings", BOX, BOX_GROUPS, held, "")


def _store_trunk(request: Request, name: str, held: Any) -> Response | dict[str, Any]:
    typed = read_typed(TRUNK, _names(TRUNK_GROUPS), request.POST)
    entry = entry_of(request, "trunk-changed" if held is not None else "trunk-added", name)
    document = {"trunks": {name: typed}}
    return _stored(request, document, entry, "/operator/trunks", TRUNK, TRUNK_GROUPS, held, name)


def _stored(
    request: Request, document: dict[str, Any], entry: AuditEntry, back: str, section: Section,
    groups: Groups, held: Any, name: str,
) -> Response | dict[str, Any]:  # fmt: skip
    try:
        done = wish(request.services, lambda root: document, entry)
    except Refused as refused:
        return _form(request, section, groups, held, name, _by_field(refused, groups, request.texts.language))
    return said_in_force(request, done, back)


def _by_field(refused: Refused, groups: Groups, language: str) -> dict[str, str]:
    """Return the fields that are wrong, by the part of the path that names one; ``name`` for the rest."""
    known = set(_names(groups))
    found: dict[str, str] = {}
    for each in refused.problems:
        parts = [part.partition("[")[0] for part in each.path.split(".")]
        field = next((part for part in parts[1:] if part in known), "name")
        found[field] = told(each, language)
    return found


def _names(groups: Groups) -> tuple[str, ...]:
    return tuple(name for _, names in groups for name in names)


def _form(
    request: Request, section: Section, groups: Groups, held: Any, name: str,
    errors: dict[str, str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    _ = request.texts
    typed = {}
    if errors:
        request.response.status = 422
        typed = {each: request.POST.get(each, "") for each in _names(groups)}
    return {
        "groups": [(_(title), inputs(section, names, held, _.language, typed)) for title, names in groups],
        "kind": section.kind, "name": name, "new": held is None, "errors": errors or {}, "now": None,
        "choices": _choices(request),
    }  # fmt: skip


def _choices(request: Request) -> dict[str, list[str]]:
    """Return names that are there already, offered where one of them is wanted."""

    def read(root: Root) -> dict[str, list[str]]:
        return {
            "tenant": list(root.tenants), "listener": list(root.listeners),
            "prompt_pack": list(root.prompt_packs),
        }  # fmt: skip

    found: dict[str, list[str]] = request.services.read(read)
    return found
