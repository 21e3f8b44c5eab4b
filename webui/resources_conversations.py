"""Conversations in the resource tree: below an agent's desk and below a tenant's pages, the same pages."""

from __future__ import annotations

from typing import Any

from pyramid.request import Request

from domain.customers.conversation import Conversation
from webui.node import Node
from webui.resources_setup import CALL
from webui.services.customers import Viewer


class ConversationPages(Node):
    """An entry for each conversation."""

    viewer: Viewer
    base: str
    customers: str
    """Address of the customers' pages."""
    company: str

    def one(self, name: str) -> Conversation:
        """Return a conversation; raises KeyError."""
        tenant = self.viewer.tenant
        if CALL.fullmatch(name) is None:
            raise KeyError(name)
        found: Conversation | None = self.request.services.read(
            lambda root: root.conversations.find(tenant).get(name)
        )
        if found is None:
            raise KeyError(name)
        return found


class ConversationPage(Node):
    """One conversation."""

    __parent__: ConversationPages

    def __init__(self, request: Request, parent: Any, name: str, conversation: Conversation) -> None:
        super().__init__(request, parent, name)
        self.conversation = conversation
        self.viewer = self.__parent__.viewer
        self.base = self.__parent__.base
        self.customers = self.__parent__.customers
        self.company = self.__parent__.company


class DeskConversations(ConversationPages):
    """``/desk/conversations``."""

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        identity = request.identity
        self.viewer = Viewer(identity.desk, identity.agent, "wall" if identity.supervisor else "agent")
        self.base, self.customers, self.company = "/desk/conversations", "/desk/customers", ""

    def __getitem__(self, name: str) -> DeskConversation:
        return DeskConversation(self.request, self, name, self.one(name))


class DeskConversation(ConversationPage):
    """``/desk/conversations/ID``."""


class TenantConversations(ConversationPages):
    """``/t/ID/conversations``."""

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.viewer, self.company = Viewer(parent.id, hidden=request.hides_callers), parent.config.name
        self.base, self.customers = f"/t/{parent.id}/conversations", f"/t/{parent.id}/customers"

    def __getitem__(self, name: str) -> TenantConversation:
        return TenantConversation(self.request, self, name, self.one(name))


class TenantConversation(ConversationPage):
    """``/t/ID/conversations/CONVERSATION``."""
