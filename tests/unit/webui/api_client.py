"""Programs that use the API of a box without processes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import repeat
from typing import Any

from pyramid.router import Router
from webtest import TestApp

from storage.models.web import ApiKey
from tests.unit.webui.site import Site
from webui.api.application import PREFIX, attach, make_operations
from webui.services.api_keys import OPERATORS_ONLY, Scope, make

EVERYTHING = tuple(Scope)
TENANTS = tuple(each for each in Scope if each not in OPERATORS_ONLY)


class Program:
    """A program with a key."""

    def __init__(self, application: Any, token: str) -> None:
        self._app = TestApp(application)
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request and return the answer, whatever it is."""
        options: dict[str, Any] = {"headers": {**self._headers, **headers}, "status": "*"}
        if body is not None:
            return getattr(self._app, f"{method.lower()}_json")(PREFIX + path, body, **options)
        return self._app.request(PREFIX + path, method=method, **options)

    def upload(self, path: str, content: bytes) -> Any:
        """Send a file and return the answer."""
        headers = {**self._headers, "Content-Type": "application/octet-stream"}
        return self._app.post(PREFIX + path, content, headers=headers, status="*")


def key_of(site: Site, tenant: str, scopes: tuple[str, ...], **more: Any) -> str:
    """Make a key."""
    key = ApiKey("test", tenant, scopes, site.clock(), "test", **more)
    token: str = site.change(lambda root: make(root, key))
    return token


@cache
def _operations() -> Router:
    """Return the API of no box: to make it takes longer than most tests."""
    return make_operations()


class Programs:
    """The API of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.application = _operations()
        attach(self.application, site.services)

    def of(self, tenant: str, scopes: tuple[str, ...] | None = None, **more: Any) -> Program:
        """Return a program of a tenant, or of the operator (``""``), with all scopes it can have."""
        every = TENANTS if tenant else EVERYTHING
        return Program(
            self.application, key_of(self.site, tenant, every if scopes is None else scopes, **more)
        )

    def patient(self, tenant: str, scopes: tuple[str, ...] | None = None) -> Iterator[Program]:
        """Yield programs that together may ask more often than one key may."""
        while True:
            yield from repeat(self.of(tenant, scopes), 20)

    def stranger(self) -> Program:
        """Return a program without a key."""
        return Program(self.application, "")
