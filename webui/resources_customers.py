"""Customers in the resource tree: below an agent's desk and below a tenant's pages, the same pages."""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.request import Request

from domain.customers.customer import Customer
from webui.node import Node
from webui.services.customers import Viewer

_ID: Final = re.compile(r"[0-9a-f]{16}", re.ASCII)


class CustomerPages(Node):
    """An entry for each customer."""

    viewer: Viewer
    base: str
    """Address of these pages."""
    company: str
    """Name of the tenant."""

    def one(self, name: str) -> Customer:
        """Return a customer; raises KeyError."""
        tenant = self.viewer.tenant
        if _ID.fullmatch(name) is None:
            raise KeyError(name)
        found: Customer | None = self.request.services.read(
            lambda root: root.customers.find(tenant).get(name)
        )
        if found is None:
            raise KeyError(name)
        return found


class CustomerPage(Node):
    """One customer."""

    __parent__: CustomerPages

    def __init__(self, request: Request, parent: Any, name: str, customer: Customer) -> None:
        super().__init__(request, parent, name)
        self.customer = customer
        self.viewer = self.__parent__.viewer
        self.base = self.__parent__.base
        self.company = self.__parent__.company


class DeskCustomers(CustomerPages):
    """``/desk/customers``."""

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        identity = request.identity
        self.viewer = Viewer(identity.desk, identity.agent, "wall" if identity.supervisor else "agent")
        self.base, self.company = "/desk/customers", ""

    def __getitem__(self, name: str) -> DeskCustomer:
        return DeskCustomer(self.request, self, name, self.one(name))


class DeskCustomer(CustomerPage):
    """``/desk/customers/ID``."""


class TenantCustomers(CustomerPages):
    """``/t/ID/customers``."""

    def __init__(self, request: Request, parent: Any, name: str) -> None:
        super().__init__(request, parent, name)
        self.viewer = Viewer(parent.id, hidden=request.hides_callers)
        self.base, self.company = f"/t/{parent.id}/customers", parent.config.name

    def __getitem__(self, name: str) -> TenantCustomer:
        return TenantCustomer(self.request, self, name, self.one(name))


class TenantCustomer(CustomerPage):
    """``/t/ID/customers/CUSTOMER``."""
