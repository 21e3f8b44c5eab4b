"""What menus rely on when they ask a web server: the same suite for the twin and for the real client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred
from twisted.internet.task import Clock

from b2bua.calls.web import WebClient, WebError, WebReply, WebRequest
from b2bua.webclient import AgentWebClient
from tests.twins.web import MemoryWeb
from tests.unit.webclient.servers import Server, answer


class Twin:
    """The twin, and what its server does."""

    def __init__(self) -> None:
        self.web = MemoryWeb()
        self.client: WebClient = self.web

    def ask(self) -> Deferred[WebReply]:
        """Ask the server."""
        return self.client.post(WebRequest("acme", "http://crm.example/", b"{}", "", 5.0))

    async def answers(self) -> None:
        """Let it answer."""
        self.web.answer(201, b'{"a": "b"}')

    async def fails(self) -> None:
        """Let it fail for now."""
        self.web.fail("no answer within 5 s")

    async def is_left(self) -> None:
        """Wait until it knows that nobody waits any more."""
        assert (self.web.given_up, self.web.waiting) == (1, [])


class Real:
    """The client on the real reactor, and a server that answers when it is told to."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.client: WebClient = AgentWebClient(
            reactor, lambda: 0.0, lambda: ("127.0.0.0/8",), clock=self.clock
        )
        self.server = Server(b"").listen(reactor)

    def ask(self) -> Deferred[WebReply]:
        """Ask the server."""
        return self.client.post(WebRequest("acme", self.server.url, b"{}", "", 5.0))

    async def answers(self) -> None:
        """Let it answer."""
        await self.server.asked
        self.server.say(answer(b'{"a": "b"}', "201 Created"))

    async def fails(self) -> None:
        """Let it fail for now."""
        await self.server.asked
        self.clock.advance(5.0)

    async def is_left(self) -> None:
        """Wait until it knows that nobody waits any more."""
        await self.server.lost


@pytest_twisted.async_yield_fixture(params=[Twin, Real])
async def side(request: Any) -> AsyncIterator[Twin | Real]:
    made = request.param()
    yield made
    if isinstance(made, Real):
        await maybeDeferred(made.server.listening.stopListening)
        assert made.clock.getDelayedCalls() == []


async def outcome(asked: Deferred[WebReply], what: Callable[[], Awaitable[None]]) -> WebReply | Exception:
    """Let something happen; return what came of the request."""
    await what()
    try:
        return await asked
    except (WebError, CancelledError) as error:
        return error


@pytest_twisted.ensureDeferred
async def test_an_answer_comes_with_status_and_body(side: Twin | Real) -> None:
    """Once, and not before it is there."""
    asked = side.ask()
    assert not asked.called
    assert await outcome(asked, side.answers) == WebReply(201, b'{"a": "b"}')


@pytest_twisted.ensureDeferred
async def test_a_failure_says_why_and_whether_to_ask_again(side: Twin | Real) -> None:
    """In words for the record."""
    error = await outcome(side.ask(), side.fails)
    assert isinstance(error, WebError)
    assert (error.reason, error.again) == ("no answer within 5 s", True)


@pytest_twisted.ensureDeferred
async def test_who_waits_no_longer_withdraws_the_request(side: Twin | Real) -> None:
    """Cancelling is CancelledError at once, and the server is left."""
    asked = side.ask()
    if isinstance(side, Real):
        await side.server.asked
    asked.cancel()
    with pytest.raises(CancelledError):
        await asked
    await side.is_left()
