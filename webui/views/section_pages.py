"""What is made, changed and removed by the form of a section alike: trunks, gateways."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from pyramid.request import Request
from pyramid.response import Response

from webui.resources import TrunkDesk, TrunkFile
from webui.resources_system import GatewayDesk, GatewayFile
from webui.views.declare import view
from webui.views.operator_notices import GATEWAY_FORM
from webui.views.section_form import SectionForm
from webui.views.settings import TRUNK_FORM

TEMPLATE: Final = "operator/settings.html"


class Kind(NamedTuple):
    """One kind of thing."""

    name: str
    """As actions of the audit log begin, and as its page holds one."""
    form: SectionForm


TRUNK: Final = Kind("trunk", TRUNK_FORM)
GATEWAY: Final = Kind("gateway", GATEWAY_FORM)
KINDS: Final[dict[type, Kind]] = {
    TrunkDesk: TRUNK,
    TrunkFile: TRUNK,
    GatewayDesk: GATEWAY,
    GatewayFile: GATEWAY,
}


def _kind(request: Request) -> Kind:
    return KINDS[type(request.context)]


@view(context=TrunkDesk, name="new", permission="settings", request_method="GET", renderer=TEMPLATE)
@view(context=GatewayDesk, name="new", permission="settings", request_method="GET", renderer=TEMPLATE)
def new(request: Request) -> dict[str, Any]:
    """Ask what the new one is."""
    return _kind(request).form.shown(request, None, "")


@view(context=TrunkDesk, name="new", permission="settings", request_method="POST", renderer=TEMPLATE)
@view(context=GatewayDesk, name="new", permission="settings", request_method="POST", renderer=TEMPLATE)
def add(request: Request) -> Response | dict[str, Any]:
    """Add one."""
    kind = _kind(request)
    return kind.form.added(request, f"{kind.name}-added")


@view(context=TrunkFile, permission="settings", request_method="POST", renderer=TEMPLATE)
@view(context=GatewayFile, permission="settings", request_method="POST", renderer=TEMPLATE)
def change(request: Request) -> Response | dict[str, Any]:
    """Store it; in force from the next call, the next message on."""
    kind, page = _kind(request), request.context
    return kind.form.changed(request, f"{kind.name}-changed", getattr(page, kind.name), page.name)


@view(context=TrunkFile, name="remove", permission="settings", request_method="POST", renderer=TEMPLATE)
@view(context=GatewayFile, name="remove", permission="settings", request_method="POST", renderer=TEMPLATE)
def remove(request: Request) -> Response | dict[str, Any]:
    """Remove one that nobody uses."""
    kind, page = _kind(request), request.context
    return kind.form.removed(request, f"{kind.name}-removed", getattr(page, kind.name), page.name)
