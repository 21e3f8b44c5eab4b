"""客户管理: what an operator sets of one tenant: limits, edition, features, terms."""

from __future__ import annotations

from typing import Any, Final

from pyramid.request import Request
from pyramid.response import Response

from storage.provisioning.schema import TENANT
from webui.presenters.texts import N_
from webui.resources import TenantFile
from webui.security.policy import may
from webui.views.bound import entry_of
from webui.views.declare import view
from webui.views.section_form import Groups, SectionForm

MONEY: Final = N_("Money")
GROUPS: Final[Groups] = (
    (N_("Edition and features"), ("name", "edition", "features")),
    (N_("Limits"), ("bound_limit", "max_calls", "rings_per_second", "message_quota", "outbound_trunks")),
    (MONEY, ("tariff", "area_code", "credit_li", "monthly_cap_li", "monthly_cap_calls")),
    (N_("Records, recordings and prompts"), (
        "record_months", "recording_months", "recording_days", "recording_mebibytes", "prompt_pack",
        "prompt_mebibytes", "prompt_minutes")),
)  # fmt: skip


@view(
    context=TenantFile, name="settings", permission="tenant-settings", request_method="GET",
    renderer="operator/settings.html",
)  # fmt: skip
def settings(request: Request) -> dict[str, Any]:
    """Show what is set of a tenant."""
    return _form(request).shown(request, request.context.config, request.context.id)


@view(
    context=TenantFile, name="settings", permission="tenant-settings", request_method="POST",
    renderer="operator/settings.html",
)  # fmt: skip
def change(request: Request) -> Response | dict[str, Any]:
    """Store it; in force from the next call on."""
    tenant, held = request.context.id, request.context.config
    entry = entry_of(request, "tenant-changed", tenant, tenant)
    return _form(request).stored(request, lambda typed: {"tenants": {tenant: typed}}, entry, held, tenant)


def _form(request: Request) -> SectionForm:
    """Return the form of who asks: terms of money are for those who may see to money."""
    groups = tuple(each for each in GROUPS if each[0] != MONEY or may(request.identity, "money"))
    return SectionForm(TENANT, groups, f"/operator/tenants/{request.context.id}", title=N_("Tenant settings"))
