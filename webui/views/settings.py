"""线路管理与系统设置: trunks, listeners and the box itself, by forms made of the provisioning fields."""

from __future__ import annotations

from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from b2bua.trunk_history import read_history
from domain.trouble_words import trunk_trouble
from storage.provisioning.schema import BOX, TRUNK
from webui.presenters.health import strip_of
from webui.presenters.texts import N_
from webui.resources import OperatorPages, TrunkFile
from webui.services import live
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.section_form import Groups, SectionForm

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
    (N_("Places"), ("region_groups",)),
    (N_("Alarms"), ("alarm_mobiles", "alarm_emails", "alarm_warnings")),
    (N_("Network"), ("stranger_status", "web_networks", "realm", "phone_domain")),
    (N_("Privacy"), ("masked_roles",)),
)  # fmt: skip
TRUNK_FORM: Final = SectionForm(
    TRUNK, TRUNK_GROUPS, "/operator/trunks", new=N_("New trunk"), naming=N_("Name of the trunk"),
    example="unicom-1", remove=N_("Remove the trunk {name}?"), plural="trunks",
    taken=N_("There is a trunk of this name already."),
)  # fmt: skip
BACKUP_GROUPS: Final[Groups] = (
    (N_("Each night"), ("backup",)),
    (N_("Encrypted, off the machine"), (
        "offsite_to", "offsite_password", "offsite_minutes", "offsite_keep_days", "offsite_access_key",
        "offsite_secret_key", "offsite_host_key")),
)  # fmt: skip
BOX_FORM: Final = SectionForm(BOX, BOX_GROUPS, "/operator/settings", title=N_("Settings"))
BACKUP_FORM: Final = SectionForm(
    BOX, BACKUP_GROUPS, "/operator/backup", title=N_("When and where backups go")
)  # fmt: skip


@view(context=TrunkFile, permission="settings", request_method="GET", renderer="operator/settings.html")
def trunk(request: Request) -> dict[str, Any]:
    """Show what is set of a trunk, and how it is."""
    page: TrunkFile = request.context
    status = live.status(request.services)
    now = next((each for each in status.trunks if each.name == page.name), None) if status else None
    services = request.services
    turns = read_history(services.data.trunk_history).get(page.name, [])
    health = strip_of(turns, services.now())
    return TRUNK_FORM.shown(
        request, page.trunk, page.name, now=now, health=health, trunk_trouble=trunk_trouble
    )


@view(
    context=OperatorPages, name="settings", permission="settings", request_method="GET",
    renderer="operator/settings.html",
)  # fmt: skip
def box(request: Request) -> dict[str, Any]:
    """Show the box's own settings."""
    return BOX_FORM.shown(request, request.services.read(lambda root: root.box.value), "")


@view(
    context=OperatorPages, name="settings", permission="settings", request_method="POST",
    renderer="operator/settings.html",
)  # fmt: skip
def change_box(request: Request) -> Response | dict[str, Any]:
    """Store them."""
    held = request.services.read(lambda root: root.box.value)
    entry = entry_of(request, "settings-changed", "box")
    return BOX_FORM.stored(request, lambda typed: {"box": typed}, entry, held, "")
