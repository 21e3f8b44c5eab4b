"""E-mail against aiosmtpd, a third-party server: what arrives, and what servers say that do not want it."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any

import pytest
import pytest_twisted
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from twisted.internet import reactor

from b2bua.look_ups import LookUps
from b2bua.notices.mail import send_mail
from b2bua.notices.sending import SendFailed
from domain.notices.ways import Encryption, GatewayKind
from tests.unit.notices.messages import NOW, a_message

_hosts = itertools.count(1)


class Mailbox:
    """Keeps what arrives; ``says`` answers DATA."""

    def __init__(self) -> None:
        self.arrived: list[Any] = []
        self.says = "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.says.startswith("250"):
            self.arrived.append(
                (envelope.mail_from, envelope.rcpt_tos, envelope.content, session.authenticated)
            )
        return self.says


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


def a_host() -> str:
    return f"127.{150 + os.getpid() % 40}.{os.getpid() // 40 % 250}.{next(_hosts)}"


def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = (data.login, data.password) == (b"notice@example.cn", b"geheim")
    return AuthResult(success=good, handled=False)


@pytest.fixture
def server(mailbox: Mailbox) -> Iterator[Controller]:
    controller = Controller(
        mailbox, hostname=a_host(), port=2525, authenticator=check, auth_require_tls=False
    )
    controller.start()
    yield controller
    controller.stop()


def by(server: Controller, **gateway: Any) -> Any:
    """Make an e-mail by that server."""
    given = {
        "host": server.hostname, "port": 2525, "encryption": Encryption.NONE, "sender": "notice@example.cn",
        "username": "notice@example.cn", "password": "geheim",
    }  # fmt: skip
    return a_message(GatewayKind.SMTP, **{**given, **gateway})


async def send(message: Any) -> str:
    """Send an e-mail, its server's name looked up apart."""
    look_ups = LookUps(reactor, 1)
    try:
        return await send_mail(message, reactor, NOW, look_ups)
    finally:
        look_ups.end()


async def why(message: Any) -> SendFailed:
    try:
        await send(message)
    except SendFailed as failure:
        return failure
    raise AssertionError("it was sent")


@pytest_twisted.ensureDeferred
async def test_an_email_arrives_as_it_was_written(server: Controller, mailbox: Mailbox) -> None:
    """Chinese subject and text, the delivery's id as Message-ID, after signing in."""
    note = await send(by(server))
    assert note == "01M8172EV8WM5RPGMQH3500BQN"
    ((sender, to, content, authenticated),) = mailbox.arrived
    mail = message_from_bytes(content, policy=policy.default)
    assert (sender, to, authenticated) == ("notice@example.cn", ["boss@acme.cn"], True)
    assert (mail["Subject"], mail["To"]) == ("未接来电提醒", "boss@acme.cn")
    assert mail["From"] == "示例 <notice@example.cn>"
    assert mail["Message-ID"] == "<01M8172EV8WM5RPGMQH3500BQN@example.cn>"
    body = mail.get_body()
    assert body is not None
    assert body.get_content().strip() == "未接来电：13800138000"


@pytest_twisted.ensureDeferred
async def test_what_servers_say_decides_about_another_try(server: Controller, mailbox: Mailbox) -> None:
    """452 is for a while, 550 for ever; a wrong password is told."""
    mailbox.says = "452 full"
    full = await why(by(server))
    assert (full.again, "452" in full.why) == (True, True)
    mailbox.says = "550 no such user"
    gone = await why(by(server))
    assert (gone.again, "550" in gone.why) == (False, True)
    mailbox.says = "250 OK"
    assert "535" in (await why(by(server, password="wrong"))).why
    nowhere = await why(by(server, host=f"{'a' * 64}.cn"))
    assert (nowhere.again, "a.cn" in nowhere.why) == (True, True)
    assert mailbox.arrived == []


@pytest_twisted.ensureDeferred
async def test_without_tls_nothing_is_said_to_who_needs_it(server: Controller, mailbox: Mailbox) -> None:
    """A server that offers no STARTTLS gets neither password nor mail."""
    failure = await why(by(server, encryption=Encryption.STARTTLS))
    assert "TLS" in failure.why
    assert mailbox.arrived == []


@pytest_twisted.ensureDeferred
async def test_a_dead_or_silent_server_is_given_up(server: Controller) -> None:
    """Nobody listens; or somebody does and says nothing."""
    assert (await why(by(server, port=2526))).again
    silent = socket.create_server((a_host(), 0))
    host, port = silent.getsockname()
    failure = await why(by(server, host=host, port=port, seconds=1.0))
    assert failure.again
    silent.close()
