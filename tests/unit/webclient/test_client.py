"""Asking real web servers: what is sent, and what becomes of slow, dead, redirecting and huge ones."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor, ssl
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.web.client import BrowserLikePolicyForHTTPS

from b2bua.calls.web import WebError, WebReply, WebRequest
from b2bua.webclient import AgentWebClient
from b2bua.webclient.client import MOST_OCTETS, MOST_OF_A_TENANT
from tests.unit.webclient.servers import Server, a_host, answer, make_certificate

LOOPBACK = ("127.0.0.0/8", "::1/128")
NOW = 1_795_399_200.9


class Web:
    """A client with a clock of its own, and servers that are gone after the test."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.networks: tuple[str, ...] = LOOPBACK
        self.servers: list[Server] = []

    def client(self, policy: Any = None) -> AgentWebClient:
        """Make a client."""
        return AgentWebClient(reactor, lambda: NOW, lambda: self.networks, policy=policy, clock=self.clock)

    def server(self, says: bytes, certificate: Path | None = None, **how: Any) -> Server:
        """Start a server."""
        server = Server(says, **how)
        self.servers.append(server.listen(reactor, certificate))
        return server


@pytest_twisted.async_yield_fixture
async def web() -> AsyncIterator[Web]:
    web = Web()
    yield web
    for server in web.servers:
        await maybeDeferred(server.listening.stopListening)
    assert web.clock.getDelayedCalls() == []


def request(url: str, **fields: Any) -> WebRequest:
    """Make a request of acme."""
    return WebRequest(
        **{"tenant": "acme", "url": url, "body": b'{"a":1}', "secret": "", "seconds": 5.0, **fields}
    )


async def refused(asked: Deferred[WebReply]) -> WebError:
    """Return why a request failed."""
    try:
        reply = await asked
    except WebError as error:
        return error
    raise AssertionError(f"answered: {reply}")


@pytest_twisted.ensureDeferred
async def test_json_is_sent_signed(web: Web) -> None:
    """POST with time and HMAC; the answer comes back with its status."""
    server = web.server(answer(b'{"level": "vip"}'))
    reply = await web.client().post(request(server.url, secret="top-secret-key"))
    assert reply == WebReply(200, b'{"level": "vip"}')
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    rows = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert head.startswith(b"POST /ivr HTTP/1.1\r\n")
    assert (rows["Content-Type"], body) == ("application/json", b'{"a":1}')
    signed = hmac.new(b"top-secret-key", b'1795399200.{"a":1}', hashlib.sha256).hexdigest()
    assert (rows["X-Box400-Timestamp"], rows["X-Box400-Signature"]) == ("1795399200", f"sha256={signed}")


@pytest_twisted.ensureDeferred
async def test_without_a_secret_nothing_is_signed(web: Web) -> None:
    """No header that looks like a signature."""
    server = web.server(answer(b"", "204 No Content"))
    assert (await web.client().post(request(server.url))).status == 204
    assert b"signature" not in server.requests[0].lower()


@pytest_twisted.ensureDeferred
async def test_a_slow_server_is_given_up(web: Web) -> None:
    """After its seconds, with the connection closed."""
    server = web.server(b"")
    asked = web.client().post(request(server.url, seconds=5.0))
    await server.asked
    web.clock.advance(4.9)
    assert not asked.called
    web.clock.advance(0.2)
    error = await refused(asked)
    assert (error.reason, error.again) == ("no answer within 5 s", True)
    await server.lost


@pytest_twisted.ensureDeferred
async def test_a_server_that_stops_in_the_middle_is_given_up(web: Web) -> None:
    """Half a body does not stop the clock."""
    server = web.server(answer(b'{"a"', length=100), hangs_up=False)
    asked = web.client().post(request(server.url))
    await server.asked
    web.clock.advance(5.0)
    assert (await refused(asked)).reason == "no answer within 5 s"
    await server.lost


@pytest_twisted.ensureDeferred
async def test_a_caller_who_hangs_up_closes_the_connection(web: Web) -> None:
    """Cancelling is quiet."""
    server = web.server(b"")
    asked = web.client().post(request(server.url))
    asked.addErrback(lambda failure: None)
    await server.asked
    asked.cancel()
    await server.lost


@pytest_twisted.ensureDeferred
async def test_a_dead_server(web: Web) -> None:
    """Nobody listens."""
    server = web.server(b"")
    url = server.url
    await server.listening.stopListening()
    error = await refused(web.client().post(request(url)))
    assert (error.reason, error.again) == ("connection refused", True)


@pytest_twisted.ensureDeferred
async def test_redirects_are_not_followed(web: Web) -> None:
    """The answer is the redirect itself; where it points is never asked."""
    other = web.server(answer(b"{}"))
    server = web.server(answer(b"", "302 Found", f"Location: {other.url}"))
    assert (await web.client().post(request(server.url))).status == 302
    assert other.connections == 0


@pytest.mark.parametrize("told", [True, False], ids=["announced", "without a length"])
@pytest_twisted.ensureDeferred
async def test_a_huge_answer_is_cut(web: Web, told: bool) -> None:
    """Over 64 KiB, whether its length is told or not."""
    body = b"x" * (MOST_OCTETS + 1)
    says = answer(body) if told else b"HTTP/1.1 200 OK\r\n\r\n" + body
    server = web.server(says, hangs_up=False)
    error = await refused(web.client().post(request(server.url)))
    assert (error.reason, error.again) == ("answer over 64 KiB", False)
    await server.lost
    whole = web.server(answer(b"x" * MOST_OCTETS))
    assert len((await web.client().post(request(whole.url))).body) == MOST_OCTETS


@pytest_twisted.ensureDeferred
async def test_endless_headers_are_cut(web: Web) -> None:
    """Ten megabytes of header rows end the connection, not the memory."""
    server = web.server(b"HTTP/1.1 200 OK\r\n" + b"X-Row: 0123456789\r\n" * 500_000, hangs_up=False)
    error = await refused(web.client().post(request(server.url)))
    assert error.reason == "connection lost or no HTTP"
    await server.lost


@pytest.mark.parametrize(
    "says", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 2000 OK\r\n\r\n", b"\0" * 100 + b"\r\n"]
)
@pytest_twisted.ensureDeferred
async def test_what_speaks_no_http(web: Web, says: bytes) -> None:
    """Garbage is a failure in words, no traceback."""
    server = web.server(says)
    error = await refused(web.client().post(request(server.url)))
    assert error.reason in ("connection lost or no HTTP", "answer cut off")


@pytest.mark.parametrize("host", ["", "localhost", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0x7f000001"])
@pytest_twisted.ensureDeferred
async def test_private_addresses_are_never_connected_to(web: Web, host: str) -> None:
    """By literal, by a name that leads there, and in every other spelling."""
    server = web.server(answer(b"{}"))
    web.networks = ()
    port = server.listening.getHost().port
    error = await refused(web.client().post(request(f"http://{host or server.host}:{port}/")))
    assert (error.reason, error.again) in (("private address", False), ("unknown host", True))
    assert server.connections == 0


@pytest_twisted.ensureDeferred
async def test_a_name_that_nobody_knows(web: Web) -> None:
    """Told as such; it may be known a moment later."""
    error = await refused(web.client().post(request("http://box400.invalid/")))
    assert (error.reason, error.again) == ("unknown host", True)


@pytest_twisted.ensureDeferred
async def test_a_certificate_is_verified(web: Web, tmp_path: Path) -> None:
    """One that nobody vouches for ends it; one of a known authority does not."""
    host = a_host()
    file, pem = make_certificate(tmp_path, host)
    server = Server(answer(b"{}"))
    server.host = host
    web.servers.append(server.listen(reactor, file))
    error = await refused(web.client().post(request(server.url)))
    assert (error.reason, error.again) == ("certificate not verified", False)
    trusting = BrowserLikePolicyForHTTPS(ssl.trustRootFromCertificates([ssl.Certificate.loadPEM(pem)]))
    assert (await web.client(trusting).post(request(server.url))).status == 200
    stranger = Server(answer(b"{}"))
    web.servers.append(stranger.listen(reactor, file))
    error = await refused(web.client(trusting).post(request(stranger.url)))
    assert error.reason == "certificate not verified", "it is another host's"


@pytest_twisted.ensureDeferred
async def test_a_tenant_has_so_many_requests_at_a_time(web: Web) -> None:
    """Others are not held up; an end makes room."""
    server = web.server(b"")
    client = web.client()
    asked = [client.post(request(server.url)) for _ in range(MOST_OF_A_TENANT)]
    error = await refused(client.post(request(server.url)))
    assert (error.reason, error.again) == ("too many requests at once", False)
    other = web.server(answer(b"{}"))
    assert (await client.post(request(other.url, tenant="rival"))).status == 200
    web.clock.advance(5.0)
    for each in asked:
        await refused(each)
    assert (await client.post(request(other.url))).status == 200
