"""The port to web servers, for menus that ask them and notices that leave by them."""

from __future__ import annotations

from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred, fail


class WebRequest(msgspec.Struct, frozen=True):
    """What is to be sent to a web server, as a rule a tenant's; JSON unless ``headers`` say otherwise."""

    tenant: str
    url: str
    body: bytes
    secret: str
    """Signs the body; empty: unsigned."""
    seconds: float
    """Until the last byte of the answer."""
    method: str = "POST"
    headers: dict[str, str] = {}
    """Besides those that every request has, or instead of them."""


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
        """Send it; errbacks :class:`WebError`. Cancelling closes the connection."""


class NoWeb:
    """A box that asks no web servers."""

    def post(self, request: WebRequest) -> Deferred[WebReply]:
        """Fail."""
        return fail(WebError("no web client", again=False))
