"""The part of the resource tree where a tenant sets his numbers up; ``resources.TenantPages`` leads here."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from pyramid.request import Request

from domain.snapshot import NumberPlan
from storage.models import TenantPrompt
from storage.recordings import RecordingFacts, Recordings
from storage.voice.flows import FlowFault, FlowState, flow
from webui.node import Node
from webui.services.parts import fields_of

if TYPE_CHECKING:
    from webui.resources import TenantPages

CALL: Final = re.compile(r"0[0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
"""The id of a call."""


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
        if CALL.fullmatch(name) is None or not messages.known([name]):
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


def _plan(root: Any, tenant: str, number: str) -> NumberPlan | None:
    found = root.tenants.get(tenant)
    plan = None if found is None else found.numbers.get(number)
    return None if plan is None else plan.value


class GoLivePages(Node):
    """``/t/ID/go-live``."""
