"""Declare views that agents have at their desks and tenants on their own pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from webui.node import Node
from webui.security.permissions import AGENT, TENANT
from webui.views.declare import view

F = TypeVar("F", bound=Callable[..., Any])


def both(
    at_desk: type[Node], of_tenant: type[Node], name: str, method: str, desk: str = AGENT, **more: Any
) -> Callable[[F], F]:
    """Declare a view for agents (or ``desk`` alone) and for tenants.

    The decorator must be used at the top of its module: the scan takes a view for that module's own.
    """

    def declare(function: F) -> F:
        for context, permission in ((at_desk, desk), (of_tenant, TENANT)):
            function = view(
                context=context, name=name, permission=permission, request_method=method, _depth=1, **more
            )(function)
        return function

    return declare
