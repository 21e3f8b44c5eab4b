"""Web servers in memory: requests wait until the test answers them."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from b2bua.calls.web import WebError, WebReply, WebRequest


class MemoryWeb:
    """Twin of ``b2bua.webclient.AgentWebClient``."""

    def __init__(self) -> None:
        self.requests: list[WebRequest] = []
        self.waiting: list[Deferred[WebReply]] = []
        """Requests without an answer yet."""
        self.given_up = 0
        """Requests whose caller did not wait any longer."""

    def post(self, request: WebRequest) -> Deferred[WebReply]:
        """Keep the request."""
        self.requests.append(request)
        answered: Deferred[WebReply] = Deferred(self._cancelled)
        self.waiting.append(answered)
        return answered

    def answer(self, status: int, body: bytes = b"{}") -> None:
        """Answer the oldest request."""
        self.waiting.pop(0).callback(WebReply(status, body))

    def fail(self, reason: str = "timeout", *, again: bool = True) -> None:
        """Let the oldest request fail."""
        self.waiting.pop(0).errback(WebError(reason, again=again))

    def _cancelled(self, answered: Deferred[WebReply]) -> None:
        self.waiting.remove(answered)
        self.given_up += 1
