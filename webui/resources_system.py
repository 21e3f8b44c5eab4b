"""The part of the resource tree about 系统 and what keeps it going; see ``webui/resources.py``."""

from __future__ import annotations

from typing import Any, Final

from pyramid.request import Request

from domain.inspection.round import Round
from domain.notices.kinds import NoticeKind
from domain.notices.template import Template
from domain.notices.ways import Gateway
from storage.notices.outbox import template_of
from webui.node import Node


class OperatorDesk(Node):
    """``/operator/operators``: an entry for each operator."""

    def __getitem__(self, name: str) -> OperatorFile:
        if not self.request.services.read(lambda root: f"operator:{name}" in root.web.accounts):
            raise KeyError(name)
        return OperatorFile(self.request, self, name)


class OperatorFile(Node):
    """``/operator/operators/NAME``."""

    @property
    def name(self) -> str:
        """Return by which he signs in."""
        return self.__name__


class NoticeDesk(Node):
    """``/operator/notices``: the log of deliveries."""


class GatewayDesk(Node):
    """``/operator/gateways``: an entry for each way out for SMS or e-mail."""

    def __getitem__(self, name: str) -> GatewayFile:
        found = self.request.services.read(lambda root: root.gateways.get(name) and root.gateways[name].value)
        if found is None:
            raise KeyError(name)
        return GatewayFile(self.request, self, name, found)


class GatewayFile(Node):
    """``/operator/gateways/NAME``."""

    def __init__(self, request: Request, parent: Any, name: str, gateway: Gateway) -> None:
        super().__init__(request, parent, name)
        self.name = name
        self.gateway = gateway


class TemplateDesk(Node):
    """``/operator/templates``: an entry for each kind of notice."""

    def __getitem__(self, name: str) -> TemplateFile:
        if name not in set(NoticeKind):
            raise KeyError(name)
        kind = NoticeKind(name)
        found = self.request.services.read(lambda root: template_of(root, kind))
        return TemplateFile(self.request, self, name, found)


class TemplateFile(Node):
    """``/operator/templates/KIND``."""

    def __init__(self, request: Request, parent: Any, name: str, template: Template) -> None:
        super().__init__(request, parent, name)
        self.kind = template.kind
        self.template = template


class CalendarDesk(Node):
    """``/operator/calendar``: public holidays and worked weekends of the box."""


class PlaceDesk(Node):
    """``/operator/places``: where numbers are from."""


class BackupDesk(Node):
    """``/operator/backup``: backups and restore drills."""


class UpgradeDesk(Node):
    """``/operator/upgrade``: bundles, the upgrade under way, and those before."""


class SetupPages(Node):
    """``/setup``: the first questions of a new box; gone when they are answered."""


class TunnelDesk(Node):
    """``/operator/tunnel``: the support tunnel."""


class InspectionDesk(Node):
    """``/operator/inspection``: an entry for each round."""

    def __getitem__(self, name: str) -> RoundFile:
        found = self.request.services.read(lambda root: root.inspection.get(name))
        if found is None:
            raise KeyError(name)
        return RoundFile(self.request, self, name, found)


class RoundFile(Node):
    """``/operator/inspection/ROUND``."""

    def __init__(self, request: Request, parent: Any, name: str, found: Round) -> None:
        super().__init__(request, parent, name)
        self.round = found


SYSTEM: Final[dict[str, type[Node]]] = {
    "operators": OperatorDesk,
    "notices": NoticeDesk,
    "gateways": GatewayDesk,
    "templates": TemplateDesk,
    "calendar": CalendarDesk,
    "places": PlaceDesk,
    "backup": BackupDesk,
    "upgrade": UpgradeDesk,
    "inspection": InspectionDesk,
    "tunnel": TunnelDesk,
}
"""What hangs below ``/operator`` by its name."""
