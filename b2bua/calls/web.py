"""The port to web servers of tenants, for menus that ask them."""

from __future__ import annotations

from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred, fail


class WebRequest(msgspec.Struct, frozen=True):
    """JSON to be sent to a tenant's web server."""

    tenant: str
    url: str
    body: bytes
    secret: str
    """Signs the body; empty: unsigned."""
    seconds: float
    """Until the last byte of the answer."""


class WebReply(msgspec.Struct, frozen=True):
    """What a web server answered; redirects are answers like others."""

    status: int
    body: bytes


class WebError(Exception):
    """A web server was not asked, or did not answer within its bounds.

    ``reason`` is for the record, in a few words; ``again`` tells whether asking again may help.
    """

    def __init__(self, reason: str, *, again: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again


class WebClient(Protocol):
    """Asks web servers of tenants."""

    def post(self, request: WebRequest) -> Deferred[WebReply]:
        """Send JSON; errbacks :class:`WebError`. Cancelling closes the connection."""


class NoWeb:
    """A box that asks no web servers."""

    def post(self, request: WebRequest) -> Deferred[WebReply]:
        """Fail."""
        return fail(WebError("no web client", again=False))
