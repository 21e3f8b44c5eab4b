"""Webhooks: what a tenant's server is told of calls, once, signed, and never at a private address."""

from __future__ import annotations

import hashlib
import hmac
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import maybeDeferred

from b2bua.notices.hooks import Hooks
from b2bua.notices.sending import SendFailed
from b2bua.notices.webhook import post_event
from b2bua.webclient import AgentWebClient
from domain.notices.delivery import Channel, Delivery
from domain.notices.ways import Webhook
from domain.outcomes import Outcome
from storage.connection import MainDatabase, open_main_in_memory, open_recordings_in_memory
from storage.journal import JournalWriter
from storage.recordings import Fresh, RecordingFacts, Recordings
from tests.unit.ledger.made_up import NOON, a_call
from tests.unit.notices.messages import NOW
from tests.unit.storage.provision import apply
from tests.unit.webclient.servers import Server, answer

CONFIGURATION = """
tenants:
  acme:
    webhooks:
      crm: {url: "https://crm.example.cn/calls", secret: top-secret-key}
      ends: {url: "https://log.example.cn/", events: [call.ended]}
  other: {}
"""


class Scene:
    """A journal, a store, and the part of the process between them."""

    def __init__(self, folder: Path) -> None:
        self.database: MainDatabase = open_main_in_memory()
        apply(self.database, CONFIGURATION)
        self.recordings = Recordings(open_recordings_in_memory())
        self.journal = folder / "journal"
        self.writer = JournalWriter(self.journal)
        self.hooks = Hooks(self.database, self.journal, self.recordings)
        self.random = random.Random(4)
        self.now = NOON + 400.0

    def again(self) -> None:
        """Start the process anew."""
        self.hooks.close()
        self.hooks = Hooks(self.database, self.journal, self.recordings)

    def write(self, *events: Any) -> None:
        for event in events:
            self.writer.append(event)

    def told(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Step; return webhook, event and content of what is in the outbox, oldest first."""
        self.hooks.step(self.now)
        self.now += 1.0
        found = self.database.read(lambda root: list(root.notices.newest_first()))
        return [(each.to, each.kind, msgspec.json.decode(each.text)) for each in reversed(found)]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.hooks.close()
    scene.writer.close()


def test_a_call_is_told_as_it_goes(scene: Scene) -> None:
    """Started, answered with who answered, ended with the whole account of it; each webhook what it wants."""
    events = a_call(scene.random, call="01M8172EV8WM5RPGMQH3500BQN", ring=3.0, talk=20.0)
    bridged = next(index for index, each in enumerate(events) if type(each).__name__ == "Bridged")
    scene.write(*events[:1])
    ((hook, event, content),) = scene.told()
    assert (hook, event, content["number"]) == ("crm", "call.started", "4001003721")
    scene.write(*events[1 : bridged + 1])
    assert [each[1] for each in scene.told()] == ["call.started", "call.answered"]
    scene.write(*events[bridged + 1 :])
    told = scene.told()
    assert sorted(each[:2] for each in told[2:]) == [("crm", "call.ended"), ("ends", "call.ended")]
    answered, ended = told[1][2], told[-1][2]
    assert answered["answered_by"] == ended["answered_by"] != ""
    assert (ended["outcome"], round(ended["talk_seconds"])) == ("answered", 20)
    assert ended["call"] == "01M8172EV8WM5RPGMQH3500BQN"
    assert ended["tenant"] == "acme"
    assert len({each[2]["id"] for each in told}) == 4


def test_a_restart_in_mid_call_tells_nothing_twice(scene: Scene) -> None:
    """The call's first lines are read again; its end is told all the same."""
    events = a_call(scene.random, ring=3.0, talk=20.0)
    scene.write(*events[:-1])
    before = len(scene.told())
    scene.again()
    assert len(scene.told()) == before
    scene.write(events[-1])
    assert [each[1] for each in scene.told()[before:]] == ["call.ended"] * 2
    scene.again()
    assert len(scene.told()) == before + 2


@pytest.mark.parametrize(
    "others", ["  other: {}\n", "  other: {webhooks: {crm: {url: 'https://crm.example.org/'}}}\n"]
)
def test_a_new_webhook_is_told_of_calls_from_now_on(scene: Scene, others: str) -> None:
    """Not of those of the half hour before, whether the box followed calls for somebody else or nobody."""
    asleep = CONFIGURATION.replace("url:", "enabled: false, url:").replace("  other: {}\n", others)
    apply(scene.database, asleep)
    assert scene.told() == []
    scene.now = NOON + 400.0
    scene.write(*a_call(scene.random, at=NOON))
    assert scene.told() == []
    apply(scene.database, CONFIGURATION.replace("url:", "enabled: true, url:"))
    assert scene.told() == []
    scene.write(*a_call(scene.random, at=scene.now + 1.0, outcome=Outcome.BUSY))
    assert "call.started" in {each[1] for each in scene.told()}


def test_other_tenants_and_old_calls_are_told_to_nobody(scene: Scene) -> None:
    """No webhook, no delivery; what is half an hour old is no news."""
    scene.write(*a_call(scene.random, tenant="other"))
    scene.write(*a_call(scene.random, at=NOON - 7200.0, outcome=Outcome.BUSY))
    assert scene.told() == []


def test_a_recording_is_told_when_it_is_there(scene: Scene) -> None:
    """Not before; and not for ever."""
    call = "01M8172EV8WM5RPGMQH3500BQN"
    scene.write(*a_call(scene.random, call=call, ring=3.0, talk=20.0))
    before = scene.told()
    assert "recording.ready" not in {each[1] for each in before}
    file = scene.recordings.temporary_directory() / "x"
    file.write_bytes(b"fLaC")
    facts = RecordingFacts(call, "acme", "4001003721", "138", ("139",), NOON, 20.0, 4, "")
    scene.recordings.add([Fresh(facts, file)])
    (told,) = scene.told()[len(before) :]
    assert (told[0], told[1], told[2]["recording"]) == ("crm", "recording.ready", call)
    scene.write(*a_call(scene.random, call="01M8172EV8WM5RPGMQH3500BQP", ring=3.0, talk=20.0))
    scene.told()
    scene.now += 7200.0
    scene.told()
    assert scene.database.read(lambda root: len(root.notices.awaited)) == 0


# What goes over the wire.


def a_delivery() -> Delivery:
    return Delivery(
        "01M8172EV8WM5RPGMQH3500BQN", "call.ended:1", "acme", "call.ended", Channel.WEBHOOK, "crm",
        '{"event":"call.ended"}', NOW, NOW, NOW + 60,
    )  # fmt: skip


class Servers:
    def __init__(self) -> None:
        self.networks: tuple[str, ...] = ("127.0.0.0/8",)
        self.web = AgentWebClient(reactor, lambda: NOW, lambda: self.networks)
        self.up: list[Server] = []

    def server(self, says: bytes) -> Server:
        self.up.append(Server(says).listen(reactor))
        return self.up[-1]

    async def why(self, url: str) -> SendFailed:
        try:
            note = await post_event(Webhook("crm", url, "top-secret-key"), a_delivery(), self.web)
        except SendFailed as failure:
            return failure
        raise AssertionError(f"taken: {note}")


@pytest_twisted.async_yield_fixture
async def servers() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    for server in servers.up:
        await maybeDeferred(server.listening.stopListening)


@pytest_twisted.ensureDeferred
async def test_an_event_is_signed_with_its_time(servers: Servers) -> None:
    """HMAC-SHA-256 of time, dot and body, with the event and the delivery's id beside it."""
    server = servers.server(answer(b"ok"))
    hook = Webhook("crm", server.url, "top-secret-key")
    assert await post_event(hook, a_delivery(), servers.web) == "HTTP 200"
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    rows = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    moment = str(int(NOW))
    signed = hmac.new(b"top-secret-key", moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert (rows["X-Box400-Timestamp"], rows["X-Box400-Signature"]) == (moment, f"sha256={signed}")
    assert (rows["X-Box400-Event"], rows["X-Box400-Delivery"]) == ("call.ended", "01M8172EV8WM5RPGMQH3500BQN")
    assert body == b'{"event":"call.ended"}'


@pytest_twisted.ensureDeferred
async def test_private_addresses_are_never_asked(servers: Servers) -> None:
    """Nor the address where clouds keep their secrets; unless the operator allows the network."""
    server = servers.server(answer(b"ok"))
    servers.networks = ()
    for url in (server.url, "http://169.254.169.254/latest", "http://10.0.0.1/", "http://[::1]/"):
        failure = await servers.why(url)
        assert (failure.again, failure.why) == (False, "private address"), url
    assert server.requests == []


@pytest_twisted.ensureDeferred
async def test_redirects_are_not_followed(servers: Servers) -> None:
    """A redirect is a failure like others; 410 says that nobody wants it any more."""
    elsewhere = servers.server(answer(b"ok"))
    server = servers.server(answer(b"", "302 Found", f"Location: {elsewhere.url}"))
    failure = await servers.why(server.url)
    assert (failure.again, failure.why) == (True, "HTTP 302")
    assert elsewhere.connections == 0
    assert not (await servers.why(servers.server(answer(b"", "410 Gone")).url)).again
