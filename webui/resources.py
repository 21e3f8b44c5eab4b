"""The resource tree: what a URL leads to, and whose it is.

A tenant's pages hang below ``/t/ID``. Whoever is not that tenant gets 404 there, whether it exists or not, so
no view below needs to ask again. Operators' pages hang below ``/operator``.
"""

from __future__ import annotations

from typing import Any, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request

from domain.snapshot import TrunkSnapshot
from storage.models import TenantConfig
from storage.records.record import CallRecord
from webui.node import Node
from webui.resources_conversations import DeskConversations, TenantConversations
from webui.resources_customers import DeskCustomers, TenantCustomers
from webui.resources_money import FinanceDesk, ReconciliationDesk, TariffDesk, TenantBills
from webui.resources_service import (
    AgentKnowledge,
    AgentTickets,
    OperatorKnowledge,
    OperatorTickets,
    PublicDesk,
    SupportTickets,
    TenantKnowledge,
    TenantTickets,
)
from webui.resources_setup import (
    CALL,
    BoundPages,
    FlowPages,
    GoLivePages,
    MessagePages,
    MissedPages,
    PartPages,
    PromptPages,
    RoutingPages,
)
from webui.resources_system import SYSTEM, SetupPages
from webui.security.editions import require
from webui.security.identity import Identity
from webui.services.assistance import record
from webui.services.first_setup import is_open

FORM_KINDS: Final = (
    "queues", "agents", "groups", "voicemails", "extensions", "mailboxes", "sms_lines", "robots",
)  # fmt: skip
"""Kinds of parts that have forms."""


class Site(Node):
    """``/``."""

    def __getitem__(self, name: str) -> Node:
        if name == "help":
            return PublicDesk.of_operator(self.request, self, name)
        if name == "setup" and is_open(self.request.services.data):
            return SetupPages(self.request, self, name)
        identity = self.request.identity
        if name not in ("operator", "t", "account", "desk"):
            raise KeyError(name)
        if identity is None:
            raise HTTPForbidden()
        if name == "account":
            return AccountPages(self.request, self, name)
        if identity.first:
            raise HTTPSeeOther("/account/first-password")
        if name == "operator" and identity.role is not None:
            return OperatorPages(self.request, self, name)
        if name == "t":
            return Tenants(self.request, self, name)
        if name == "desk" and identity.agent:
            return AgentDesk(self.request, self, name)
        raise KeyError(name)


class AccountPages(Node):
    """``/account``: of whoever is signed in."""


class AgentDesk(Node):
    """``/desk``: an agent's own; whose is known by his session alone, so no address names a tenant."""

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        identity: Identity = request.identity
        self.tenant = identity.desk
        self.agent = identity.agent
        config = request.services.read(lambda root: _config(root, identity.desk))
        if config is not None:
            require(config, name)

    def __getitem__(self, name: str) -> Node:
        if name == "tickets":
            return AgentTickets(self.request, self, name)
        if name == "customers":
            return DeskCustomers(self.request, self, name)
        if name == "knowledge":
            return AgentKnowledge(self.request, self, name)
        if name == "conversations":
            return DeskConversations(self.request, self, name)
        raise KeyError(name)


class Tenants(Node):
    """``/t``: has one entry, the tenant who asks."""

    def __getitem__(self, name: str) -> TenantPages:
        identity: Identity = self.request.identity
        if not identity.tenant or identity.tenant != name:
            raise KeyError(name)
        config = self.request.services.read(lambda root: _config(root, name))
        if config is None:
            raise KeyError(name)
        if identity.acting and self._is_worth_a_record(identity):
            record(self.request.services, name, identity.who, self.request.method, self.request.path_info)
        return TenantPages(self.request, self, name, config)

    def _is_worth_a_record(self, identity: Identity) -> bool:
        """Tell whether what an operator does as a tenant is recorded: all of it, but of what pages fetch
        again and again once a minute. Who asks says himself that it is such a part."""
        request = self.request
        if request.method != "GET" or "HX-Request" not in request.headers:
            return True
        return bool(request.services.visits.take("part", f"{identity.who} {request.path}"))


class TenantPages(Node):
    """``/t/ID``."""

    def __init__(self, request: Request, parent: Any, name: str, config: TenantConfig) -> None:
        super().__init__(request, parent, name)
        self.config = config
        self.id = config.id

    def __getitem__(self, name: str) -> Node:
        require(self.config, name)
        if name == "api-keys":
            return TenantApiKeys(self.request, self, name)
        if name == "missed":
            return MissedPages(self.request, self, name)
        if name in FORM_KINDS:
            return PartPages(self.request, self, name)
        if name == "assistance":
            return AssistancePages(self.request, self, name)
        if name == "notices":
            return NoticePages(self.request, self, name)
        if name == "flows":
            return FlowPages(self.request, self, name)
        if name == "prompts":
            return PromptPages(self.request, self, name)
        if name == "messages":
            return MessagePages(self.request, self, name)
        if name == "routing":
            return RoutingPages(self.request, self, name)
        if name == "bound":
            return BoundPages(self.request, self, name)
        if name == "customers":
            return TenantCustomers(self.request, self, name)
        if name == "go-live":
            return GoLivePages(self.request, self, name)
        if name == "conversations":
            return TenantConversations(self.request, self, name)
        if name == "calls":
            return TenantCalls(self.request, self, name)
        if name == "tickets":
            return TenantTickets(self.request, self, name)
        if name == "knowledge":
            return TenantKnowledge(self.request, self, name)
        if name == "support":
            return SupportTickets(self.request, self, name)
        if name == "billing":
            return TenantBills(self.request, self, name)
        raise KeyError(name)


class ApiKeyPages(Node):
    """Keys of programs."""

    owner: str
    """Tenant; empty: the operator."""
    owner_name: str
    address: str


class TenantApiKeys(ApiKeyPages):
    """``/t/ID/api-keys``."""

    def __init__(self, request: Request, parent: TenantPages, name: str) -> None:
        super().__init__(request, parent, name)
        self.tenant = parent
        self.owner, self.owner_name = parent.id, parent.config.name
        self.address = f"/t/{parent.id}/{name}"


class OperatorApiKeys(ApiKeyPages):
    """``/operator/api-keys``."""

    owner = owner_name = ""
    address = "/operator/api-keys"


class AssistancePages(Node):
    """``/t/ID/assistance``."""


class NoticePages(Node):
    """``/t/ID/notices``."""


class TenantCalls(Node):
    """``/t/ID/calls``: an entry for each of the tenant's calls."""

    __parent__: TenantPages

    def __getitem__(self, name: str) -> TenantCall:
        return TenantCall(self.request, self, name, _record(self.request, name, self.__parent__.id))


class TenantCall(Node):
    """``/t/ID/calls/CALL``."""

    def __init__(self, request: Request, parent: Any, name: str, record: CallRecord) -> None:
        super().__init__(request, parent, name)
        self.record = record

    @property
    def tenant(self) -> TenantPages:
        """Return whose it is."""
        pages: TenantPages = self.__parent__.__parent__
        return pages


class OperatorPages(Node):
    """``/operator``."""

    def __getitem__(self, name: str) -> Node:
        if name == "api-keys":
            return OperatorApiKeys(self.request, self, name)
        if name == "trunks":
            return TrunkDesk(self.request, self, name)
        if name == "tenants":
            return TenantDesk(self.request, self, name)
        if name == "numbers":
            return NumberStock(self.request, self, name)
        if name == "calls":
            return CallDesk(self.request, self, name)
        if name == "prompts":
            return PromptDesk(self.request, self, name)
        if name == "finance":
            return FinanceDesk(self.request, self, name)
        if name == "tariffs":
            return TariffDesk(self.request, self, name)
        if name == "tickets":
            return OperatorTickets(self.request, self, name)
        if name == "reconciliation":
            return ReconciliationDesk(self.request, self, name)
        if name == "knowledge":
            return OperatorKnowledge(self.request, self, name)
        if name in SYSTEM:
            return SYSTEM[name](self.request, self, name)
        raise KeyError(name)


class NumberStock(Node):
    """``/operator/numbers``: an entry for each number of the inventory."""

    def __getitem__(self, name: str) -> NumberFile:
        if not self.request.services.read(lambda root: name in root.inventory.cards):
            raise KeyError(name)
        return NumberFile(self.request, self, name)


class NumberFile(Node):
    """``/operator/numbers/400...``."""

    @property
    def number(self) -> str:
        """Return the number."""
        return self.__name__


class TenantDesk(Node):
    """``/operator/tenants``: an entry for each tenant."""

    def __getitem__(self, name: str) -> TenantFile:
        config = self.request.services.read(lambda root: _config(root, name))
        if config is None:
            raise KeyError(name)
        return TenantFile(self.request, self, name, config)


class TenantFile(Node):
    """``/operator/tenants/ID``."""

    def __init__(self, request: Request, parent: Any, name: str, config: TenantConfig) -> None:
        super().__init__(request, parent, name)
        self.config = config
        self.id = config.id


class PromptDesk(Node):
    """``/operator/prompts``: what waits for review."""


class TrunkDesk(Node):
    """``/operator/trunks``: an entry for each trunk."""

    def __getitem__(self, name: str) -> TrunkFile:
        found = self.request.services.read(lambda root: root.trunks.get(name) and root.trunks[name].value)
        if found is None:
            raise KeyError(name)
        return TrunkFile(self.request, self, name, found)


class TrunkFile(Node):
    """``/operator/trunks/NAME``."""

    def __init__(self, request: Request, parent: Any, name: str, trunk: TrunkSnapshot) -> None:
        super().__init__(request, parent, name)
        self.name = name
        self.trunk = trunk


class CallDesk(Node):
    """``/operator/calls``: an entry for each call of the box."""

    def __getitem__(self, name: str) -> CallFile:
        return CallFile(self.request, self, name, _record(self.request, name, None))


class CallFile(Node):
    """``/operator/calls/CALL``."""

    def __init__(self, request: Request, parent: Any, name: str, record: CallRecord) -> None:
        super().__init__(request, parent, name)
        self.record = record


def _config(root: Any, tenant: str) -> TenantConfig | None:
    found = root.tenants.get(tenant)
    return None if found is None else found.config.value


def _record(request: Request, call: str, tenant: str | None) -> CallRecord:
    """Return a record; raises KeyError where there is none, or none of this tenant's."""
    if CALL.fullmatch(call) is None:
        raise KeyError(call)
    record: CallRecord | None = request.services.read(lambda root: root.records.find(call, tenant))
    if record is None:
        raise KeyError(call)
    return record
