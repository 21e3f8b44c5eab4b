"""Declare views that tenants have on their own pages, and agents at their desks or operators on theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from webui.node import Node
from webui.security.permissions import AGENT, TENANT
from webui.views.declare import view

F = TypeVar("F", bound=Callable[..., Any])


def both(
    other: type[Node], of_tenant: type[Node], name: str, method: str, permission: str = AGENT, **more: Any
) -> Callable[[F], F]:
    """Declare a view for tenants, and for who has the permission at another place.

    The decorator must be used at the top of its module: the scan takes a view for that module's own.
    """

    def declare(function: F) -> F:
        for context, needed in ((other, permission), (of_tenant, TENANT)):
            function = view(
                context=context, name=name, permission=needed, request_method=method, _depth=1, **more
            )(function)
        return function

    return declare
