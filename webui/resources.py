"""The resource tree: what a URL leads to, and whose it is.

A tenant's pages hang below ``/t/ID``. Whoever is not that tenant gets 404 there, whether it exists or not, so
no view below needs to ask again. Operators' pages hang below ``/operator``.
"""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.httpexceptions import HTTPForbidden, HTTPSeeOther
from pyramid.request import Request

from domain.snapshot import NumberPlan, TrunkSnapshot
from storage.flows import FlowFault, FlowState, flow
from storage.models import TenantConfig, TenantPrompt
from storage.recordings import RecordingFacts, Recordings
from storage.records import CallRecord
from webui.node import Node
from webui.resources_money import FinanceDesk, TariffDesk, TenantBills
from webui.security.identity import Identity
from webui.services.parts import fields_of

FORM_KINDS: Final = ("queues", "agents", "groups", "voicemails")
"""Kinds of parts that have forms."""
_CALL: Final = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}", re.ASCII)


class Site(Node):
    """``/``."""

    def __getitem__(self, name: str) -> Node:
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


class Tenants(Node):
    """``/t``: has one entry, the tenant who asks."""

    def __getitem__(self, name: str) -> TenantPages:
        identity: Identity = self.request.identity
        if not identity.tenant or identity.tenant != name:
            raise KeyError(name)
        config = self.request.services.read(lambda root: _config(root, name))
        if config is None:
            raise KeyError(name)
        return TenantPages(self.request, self, name, config)


class TenantPages(Node):
    """``/t/ID``."""

    def __init__(self, request: Request, parent: Any, name: str, config: TenantConfig) -> None:
        super().__init__(request, parent, name)
        self.config = config
        self.id = config.id

    def __getitem__(self, name: str) -> Node:
        if name == "api-keys":
            return TenantApiKeys(self.request, self, name)
        if name == "missed":
            return MissedPages(self.request, self, name)
        if name in FORM_KINDS:
            return PartPages(self.request, self, name)
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
        if name == "calls":
            return TenantCalls(self.request, self, name)
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


class NumberPages(Node):
    """Has an entry for each number of the tenant."""

    __parent__: TenantPages

    def __getitem__(self, name: str) -> NumberPage:
        tenant = self.__parent__
        plan = self.request.services.read(lambda root: _plan(root, tenant.id, name))
        if plan is None:
            raise KeyError(name)
        return self.entry(name, plan)

    def entry(self, name: str, plan: NumberPlan) -> NumberPage:
        """Return the page of a number."""
        raise NotImplementedError


class NumberPage(Node):
    """One number of the tenant."""

    def __init__(self, request: Request, parent: Any, name: str, plan: NumberPlan) -> None:
        super().__init__(request, parent, name)
        self.plan = plan

    @property
    def tenant(self) -> TenantPages:
        """Return whose it is."""
        pages: TenantPages = self.__parent__.__parent__
        return pages


class BoundPages(NumberPages):
    """``/t/ID/bound``."""

    def entry(self, name: str, plan: NumberPlan) -> NumberPage:
        """Return the bound numbers of a number."""
        return BoundPlan(self.request, self, name, plan)


class BoundPlan(NumberPage):
    """``/t/ID/bound/400...``."""


class RoutingPages(NumberPages):
    """``/t/ID/routing``."""

    def entry(self, name: str, plan: NumberPlan) -> NumberPage:
        """Return the route plan of a number."""
        return RoutePage(self.request, self, name, plan)


class RoutePage(NumberPage):
    """``/t/ID/routing/400...``."""


class PartPages(Node):
    """``/t/ID/queues``, ``agents``, ``groups``, ``voicemails``: an entry for each that the tenant has."""

    __parent__: TenantPages

    @property
    def kind(self) -> str:
        """Return which kind they are of."""
        return self.__name__

    def __getitem__(self, name: str) -> PartPage:
        tenant = self.__parent__.id
        fields = self.request.services.read(lambda root: fields_of(root, tenant, self.kind, name))
        if fields is None:
            raise KeyError(name)
        return PartPage(self.request, self, name, fields)


class PartPage(Node):
    """``/t/ID/queues/NAME`` and so on."""

    def __init__(self, request: Request, parent: Any, name: str, fields: dict[str, Any]) -> None:
        super().__init__(request, parent, name)
        self.fields = fields


class NoticePages(Node):
    """``/t/ID/notices``."""


class FlowPages(Node):
    """``/t/ID/flows``: an entry for each voice menu, published or not."""

    __parent__: TenantPages

    def __getitem__(self, name: str) -> FlowPage:
        tenant = self.__parent__.id
        try:
            state = self.request.services.read(lambda root: flow(root, tenant, name))
        except FlowFault as fault:
            raise KeyError(name) from fault
        return FlowPage(self.request, self, name, state)


class FlowPage(Node):
    """``/t/ID/flows/NAME``."""

    def __init__(self, request: Request, parent: Any, name: str, state: FlowState) -> None:
        super().__init__(request, parent, name)
        self.state = state

    @property
    def tenant(self) -> TenantPages:
        """Return whose it is."""
        pages: TenantPages = self.__parent__.__parent__
        return pages


class PromptPages(Node):
    """``/t/ID/prompts``: an entry for each prompt that the tenant uploaded."""

    __parent__: TenantPages

    def __getitem__(self, name: str) -> PromptPage:
        tenant = self.__parent__.id
        held = self.request.services.read(lambda root: root.tenants[tenant].own_prompts())
        if name not in held:
            raise KeyError(name)
        return PromptPage(self.request, self, name, held[name])


class PromptPage(Node):
    """``/t/ID/prompts/NAME``."""

    def __init__(self, request: Request, parent: Any, name: str, prompt: TenantPrompt) -> None:
        super().__init__(request, parent, name)
        self.prompt = prompt

    @property
    def tenant(self) -> TenantPages:
        """Return whose it is."""
        pages: TenantPages = self.__parent__.__parent__
        return pages


class MissedPages(Node):
    """``/t/ID/missed``."""

    __parent__: TenantPages


class MessagePages(Node):
    """``/t/ID/messages``: an entry for each message that callers left."""

    __parent__: TenantPages

    def __getitem__(self, name: str) -> MessagePage:
        messages: Recordings = self.request.services.recordings.messages()
        if _CALL.fullmatch(name) is None or not messages.known([name]):
            raise KeyError(name)
        facts = messages.facts(name)
        if facts.tenant != self.__parent__.id:
            raise KeyError(name)
        return MessagePage(self.request, self, name, facts)


class MessagePage(Node):
    """``/t/ID/messages/CALL``."""

    def __init__(self, request: Request, parent: Any, name: str, facts: RecordingFacts) -> None:
        super().__init__(request, parent, name)
        self.facts = facts

    @property
    def tenant(self) -> TenantPages:
        """Return whose it is."""
        pages: TenantPages = self.__parent__.__parent__
        return pages


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


def _plan(root: Any, tenant: str, number: str) -> NumberPlan | None:
    found = root.tenants.get(tenant)
    plan = None if found is None else found.numbers.get(number)
    return None if plan is None else plan.value


def _record(request: Request, call: str, tenant: str | None) -> CallRecord:
    """Return a record; raises KeyError where there is none, or none of this tenant's."""
    if _CALL.fullmatch(call) is None:
        raise KeyError(call)
    record: CallRecord | None = request.services.read(lambda root: root.records.find(call, tenant))
    if record is None:
        raise KeyError(call)
    return record
