"""The part of the resource tree about money; see ``webui/resources.py``."""

from __future__ import annotations

import re
from typing import Any, Final

from pyramid.request import Request

from domain.money.reconciliation import Reconciliation
from webui.node import Node
from webui.services.reconciliation import find

MONTH: Final = re.compile(r"20[0-9]{2}(0[1-9]|1[0-2])", re.ASCII)


class TenantBills(Node):
    """``/t/ID/billing``: an entry for each month (``202611``)."""

    @property
    def tenant(self) -> str:
        """Return whose it is."""
        tenant: str = self.__parent__.id
        return tenant

    def __getitem__(self, name: str) -> TenantBill:
        return TenantBill(self.request, self, name, self.tenant, _month(name))


class TenantBill(Node):
    """``/t/ID/billing/202611``."""

    def __init__(self, request: Request, parent: Any, name: str, tenant: str, month: str) -> None:
        super().__init__(request, parent, name)
        self.tenant = tenant
        self.month = month


class TariffDesk(Node):
    """``/operator/tariffs``."""


class FinanceDesk(Node):
    """``/operator/finance``: an entry for each account, also of tenants who left."""

    def __getitem__(self, name: str) -> AccountFile:
        if not self.request.services.read(lambda root: name in root.tenants or name in root.money.accounts):
            raise KeyError(name)
        return AccountFile(self.request, self, name)


class AccountFile(Node):
    """``/operator/finance/ID``: an entry for each month."""

    @property
    def tenant(self) -> str:
        """Return whose it is."""
        return self.__name__

    def __getitem__(self, name: str) -> AccountBill:
        return AccountBill(self.request, self, name, self.tenant, _month(name))


class AccountBill(TenantBill):
    """``/operator/finance/ID/202611``."""


class ReconciliationDesk(Node):
    """``/operator/reconciliation``: an entry for each comparison."""

    def __getitem__(self, name: str) -> ReconciliationFile:
        found = self.request.services.read(lambda root: find(root, name))
        if found is None:
            raise KeyError(name)
        return ReconciliationFile(self.request, self, name, found)


class ReconciliationFile(Node):
    """``/operator/reconciliation/ID``."""

    def __init__(self, request: Request, parent: Any, name: str, found: Reconciliation) -> None:
        super().__init__(request, parent, name)
        self.found = found


def _month(name: str) -> str:
    if MONTH.fullmatch(name) is None:
        raise KeyError(name)
    return name
