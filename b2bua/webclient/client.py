"""``calls.web.WebClient`` on Twisted's Agent: checked addresses, verified TLS, no redirects, all bounded."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from typing import Any, Final, NoReturn

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred, fail
from twisted.internet.error import ConnectError, ConnectionRefusedError
from twisted.internet.interfaces import IReactorTime
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.client import Agent, BrowserLikePolicyForHTTPS, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import UNKNOWN_LENGTH, IBodyProducer
from zope.interface import implementer

from b2bua.calls.web import WebError, WebReply, WebRequest
from b2bua.look_ups import LookUps
from b2bua.webclient.connecting import CheckedEndpoints
from domain.addresses import may_be_asked, networks_of

MOST_OCTETS: Final = 64 * 1024
"""Of an answer's body."""
MOST_OF_A_TENANT: Final = 20
"""Requests of one tenant at a time."""
MOST_AT_ALL: Final = 200
LOOK_UPS: Final = 32
"""Names looked up at a time: more than one tenant can have waiting for a dead DNS."""
TOO_MANY: Final = "too many requests at once"
NO_HTTP: Final = "connection lost or no HTTP"
TOO_LARGE: Final = f"answer over {MOST_OCTETS // 1024} KiB"

_log = Logger()


class AgentWebClient:
    """Asks web servers; one for the process."""

    def __init__(
        self,
        reactor: Any,
        utc: Callable[[], float],
        networks: Callable[[], tuple[str, ...]],
        *,
        policy: Any = None,
        clock: IReactorTime | None = None,
    ) -> None:
        """``networks``: private networks (CIDR) that may be asked all the same; ``policy`` verifies TLS,
        ``clock`` times requests out."""
        self._utc = utc
        self._networks = networks
        self._clock: Any = clock or reactor
        self._waiting: Counter[str] = Counter()
        self._reactor = reactor
        self._look_ups = LookUps(reactor, LOOK_UPS)
        self._policy = policy or BrowserLikePolicyForHTTPS()

    def post(self, request: WebRequest) -> Deferred[WebReply]:
        """Send a request; errbacks WebError. Cancelling closes the connection."""
        tenant = request.tenant
        if self._waiting[tenant] >= MOST_OF_A_TENANT or self._waiting.total() >= MOST_AT_ALL:
            return fail(WebError(TOO_MANY, again=False))
        self._waiting[tenant] += 1
        endpoints = CheckedEndpoints(self._reactor, self._look_ups, self._policy, self._may_be_asked)
        answered = Deferred.fromCoroutine(self._post(request, endpoints))
        answered.addTimeout(request.seconds, self._clock, _timed_out)
        answered.addErrback(_as_web_error)
        return answered.addBoth(self._done, tenant, endpoints)

    def end(self) -> None:
        """End the threads of look-ups; nothing can be asked afterwards."""
        self._look_ups.end()

    async def _post(self, request: WebRequest, endpoints: CheckedEndpoints) -> WebReply:
        rows = {"Content-Type": "application/json", "Accept": "application/json", "User-Agent": "box400"}
        if request.secret:
            rows |= signature(request.secret, request.body, self._utc())
        rows |= request.headers
        headers = Headers({name: [value] for name, value in rows.items()})
        url = request.url.encode("ascii")
        agent = Agent.usingEndpointFactory(self._reactor, endpoints)
        response = await agent.request(request.method.encode("ascii"), url, headers, _Body(request.body))
        reply = WebReply(response.code, await _body_of(response))
        if not 100 <= reply.status <= 599:
            raise WebError(NO_HTTP, again=True)
        return reply

    def _done(self, result: Any, tenant: str, endpoints: CheckedEndpoints) -> Any:
        endpoints.abort()
        self._waiting[tenant] -= 1
        if not self._waiting[tenant]:
            del self._waiting[tenant]
        return result

    def _may_be_asked(self, host: str) -> bool:
        return may_be_asked(host, networks_of(self._networks()))


def signature(secret: str, body: bytes, at: float) -> dict[str, str]:
    """Return the headers that prove who sent a body and when (POSIX seconds): HMAC-SHA-256, ``time.body``."""
    moment = str(int(at))
    signed = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    return {"X-Box400-Timestamp": moment, "X-Box400-Signature": f"sha256={signed}"}


@implementer(IBodyProducer)
class _Body:
    """A body that is sent at once."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.length = len(body)

    def startProducing(self, consumer: Any) -> Deferred[None]:
        consumer.write(self._body)
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done

    def pauseProducing(self) -> None:
        pass

    def resumeProducing(self) -> None:
        pass

    def stopProducing(self) -> None:
        pass


def _body_of(response: Any) -> Deferred[bytes]:
    """Read a body of at most MOST_OCTETS; errbacks WebError."""
    collector = _Collector()
    if response.length is not UNKNOWN_LENGTH and response.length > MOST_OCTETS:
        return fail(WebError(TOO_LARGE, again=False))
    response.deliverBody(collector)
    return collector.read


class _Collector(Protocol):
    """Collects a body."""

    def __init__(self) -> None:
        self.read: Deferred[bytes] = Deferred()
        self._parts: list[bytes] = []
        self._octets = 0

    def dataReceived(self, data: bytes) -> None:
        self._octets += len(data)
        if self._octets <= MOST_OCTETS:
            self._parts.append(data)
        elif not self.read.called:
            self.read.errback(WebError(TOO_LARGE, again=False))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.read.called:
            return
        if reason.check(ResponseDone, PotentialDataLoss):
            self.read.callback(b"".join(self._parts))
        else:
            self.read.errback(WebError("answer cut off", again=True))


def _timed_out(result: Any, seconds: float) -> NoReturn:
    raise WebError(f"no answer within {seconds:g} s", again=True)


def _as_web_error(failure: Failure) -> Failure:
    """Say in a few words what went wrong; anything unforeseen is logged."""
    if failure.check(WebError, CancelledError):
        return failure
    causes = [failure, *getattr(failure.value, "reasons", ())]
    for cause in causes:
        if cause.check(WebError, CancelledError):
            return Failure(cause.value)
        if cause.check(SSL.Error, VerificationError):
            return Failure(WebError("certificate not verified", again=False))
    if failure.check(ConnectionRefusedError):
        return Failure(WebError("connection refused", again=True))
    if failure.check(ConnectError):
        return Failure(WebError("cannot connect", again=True))
    if len(causes) > 1:
        return Failure(WebError(NO_HTTP, again=True))
    _log.failure("web request failed unforeseen", failure)
    return Failure(WebError("internal error", again=False))
