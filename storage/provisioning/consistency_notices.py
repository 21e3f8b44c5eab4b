"""What must fit together in gateways, templates and recipients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from domain.addresses import is_forbidden_literal, networks_of
from domain.notices.template import faults
from domain.notices.ways import GatewayKind
from storage.provisioning.notice_fields import KINDS
from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wishes
from storage.provisioning.state import Configuration

_NEEDS: Final[dict[GatewayKind, tuple[str, ...]]] = {
    GatewayKind.HTTP: ("url",),
    GatewayKind.ALIYUN: ("username", "password", "sign"),
    GatewayKind.TENCENT: ("username", "password", "sign", "app_id"),
    GatewayKind.SMPP: ("host", "username"),
    GatewayKind.CMPP2: ("host", "username", "password", "sender"),
    GatewayKind.CMPP3: ("host", "username", "password", "sender"),
    GatewayKind.SMTP: ("host", "sender"),
}


def check_notices(wishes: Wishes, after: Configuration) -> Iterator[Problem]:
    """Return what does not fit because of what the file wishes."""
    for name, wish in wishes.gateways.items():
        gateway = after.gateways.get(name)
        if gateway is not None and not wish.absent:
            for field in _NEEDS[gateway.kind]:
                if not getattr(gateway, field):
                    yield wish.problem("gateway-needs", field, kind=gateway.kind, value=field)
    for name, wish in wishes.templates.items():
        template = after.templates.get(name)
        if template is not None and not wish.absent:
            for fault in faults(template):
                yield wish.problem("template", fault.field, en=fault.en, zh=fault.zh)
    for wish in wishes.parts["notices"]:
        recipients = after.parts["notices"].get((wish.tenant, wish.key))
        if recipients is None or wish.absent:
            continue
        if wish.key not in KINDS:
            yield wish.problem("notice-kind", known=", ".join(KINDS))
        for robot in recipients.robots:
            if (wish.tenant, robot) not in after.parts["robots"]:
                yield wish.problem("no-robot", "robots", value=robot, tenant=wish.tenant)
    allowed = networks_of(after.box.web_networks)
    for kind in ("robots", "webhooks"):
        for wish in wishes.parts[kind]:
            part = after.parts[kind].get((wish.tenant, wish.key))
            if part is None or wish.absent:
                continue
            host = urlsplit(part.url).hostname or ""
            if not part.url:
                yield wish.problem("empty", "url")
            elif is_forbidden_literal(host, allowed):
                yield wish.problem("private-address", "url", value=host)
