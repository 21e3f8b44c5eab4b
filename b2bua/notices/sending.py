"""What a way out is given, and how it says what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec
from twisted.internet.defer import Deferred

from b2bua.calls.web import WebError, WebReply, WebRequest
from b2bua.webclient.client import TOO_MANY
from domain.notices.delivery import Delivery
from domain.notices.template import Template
from domain.notices.ways import Gateway


class SendFailed(Exception):
    """A message was not taken. ``again`` tells whether another try may help."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.why = why[:200]
        self.again = again


class File(msgspec.Struct, frozen=True):
    """A file that goes with an e-mail."""

    name: str
    content: bytes


class Message(msgspec.Struct, frozen=True):
    """One delivery with what a gateway needs to know."""

    delivery: Delivery
    gateway: Gateway
    template: Template
    files: tuple[File, ...] = ()


class Web(Protocol):
    """Asks web servers (``b2bua.webclient``)."""

    def post(self, request: WebRequest) -> Deferred[WebReply]:
        """Send a request; errbacks WebError."""


Send = Callable[[Message], Awaitable[str]]
"""Sends one message; returns the provider's id or "". Raises SendFailed."""


async def ask(web: Web, request: WebRequest) -> WebReply:
    """Return what a web server answers; raises SendFailed when it does not, or not well."""
    try:
        reply = await web.post(request)
    except WebError as error:
        raise failure_of(error) from error
    if not 200 <= reply.status < 300:
        again = reply.status >= 500 or reply.status in (408, 429)
        raise SendFailed(f"HTTP {reply.status} {text_of(reply)[:80]}".strip(), again=again)
    return reply


def failure_of(error: WebError) -> SendFailed:
    """Return what a web client's failure means here: who has too much to ask asks later."""
    return SendFailed(error.reason, again=error.again or error.reason == TOO_MANY)


def text_of(reply: WebReply) -> str:
    """Return an answer as a text of one line."""
    return " ".join(reply.body.decode("utf-8", errors="replace").split())
