"""Mail in by pymap, out by aiosmtpd: both third parties' servers, and the channels between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_twisted
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from b2bua.alarms import AlarmBoard
from b2bua.channels.desk import ChannelDesk, Post
from b2bua.channels.loop import LETTERS_AT_ONCE, Channels
from b2bua.notices.sessions import Sessions
from domain.customers.conversation import Attachment, Conversation, Mailbox
from domain.notices.ways import Encryption
from storage.connection import MainDatabase, open_main_in_memory, open_recordings_in_memory
from storage.conversations.writing import Writing
from storage.numbers.documents import LETTERS, Documents
from tests.unit.channels.imap import PORT, Imap, a_host, running
from tests.unit.channels.test_channel_desk import CONFIGURATION, NOW, a_letter
from tests.unit.storage.provision import apply


class Inbox:
    """Keeps what arrives."""

    def __init__(self) -> None:
        self.arrived: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.arrived.append(envelope.content)
        return "250 OK"


def anybody(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    """Let anybody send."""
    return AuthResult(success=True)


@pytest.fixture(scope="module")
def imap() -> Iterator[Imap]:
    """Return an IMAP server."""
    with running() as server:
        yield server


@pytest.fixture
def smtp() -> Iterator[tuple[str, Inbox]]:
    """Return an SMTP server's address and what arrives there."""
    inbox = Inbox()
    controller = Controller(
        inbox, hostname=a_host(), port=2525, authenticator=anybody, auth_require_tls=False
    )
    controller.start()
    yield controller.hostname, inbox
    controller.stop()


def put_box(database: MainDatabase, imap: Imap, host: str, username: str) -> None:
    """Let the tenant's mailbox be at these servers."""

    def change(root: Any) -> None:
        part = root.tenants["acme"].parts["mailboxes"]["service"]
        box: Mailbox = part.value
        part.value = msgspec.structs.replace(
            box, imap_host=imap.host, imap_port=PORT, imap_encryption=Encryption.NONE, username=username,
            password="demopass", smtp_host=host, smtp_port=2525, smtp_encryption=Encryption.NONE,
            poll_seconds=0.5,
        )  # fmt: skip

    database.transact(change)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; raises AssertionError when it never does."""
    deadline = reactor.seconds() + 60
    while not holds():
        assert reactor.seconds() < deadline
        passed: Deferred[None] = Deferred()
        reactor.callLater(0.05, passed.callback, None)
        await passed


def latest(database: MainDatabase) -> Conversation | None:
    """Return the conversation with the latest text."""
    return database.read(
        lambda root: next((each for _, each in root.conversations.find("acme").newest_first()), None)
    )


@pytest_twisted.ensureDeferred
async def test_a_letter_becomes_a_conversation_and_the_answer_arrives(
    imap: Imap, smtp: tuple[str, Inbox], tmp_path: Path
) -> None:
    """In its thread, with a file; a mailbox that cannot be read is an alarm that ends by itself."""
    host, inbox = smtp
    database = open_main_in_memory()
    apply(database, CONFIGURATION)
    put_box(database, imap, host, "nobody")
    desk = ChannelDesk(database, Documents(open_recordings_in_memory(), LETTERS))
    board = AlarmBoard(lambda: NOW, lambda content: None)
    sessions = Sessions(reactor, lambda: NOW, lambda receipt: None)
    moved = [0.0]

    def now() -> float:
        moved[0] += 0.3  # the time goes on, however slow the machine
        return NOW + moved[0]

    channels = Channels(reactor, now, desk, sessions, tmp_path / "no.sock", board, lambda: ["127.0.0.0/8"])
    channels.start()
    try:
        await until(lambda: bool(board.up()))
        assert "service@acme.cn" in board.up()[0].zh
        put_box(database, imap, host, "demouser")
        imap.put(a_letter("first@sihai.cn"))
        await until(lambda: latest(database) is not None and not board.up())
        conversation = latest(database)
        assert conversation is not None
        assert conversation.line == "请开发票"
        database.transact(lambda root: Writing(root, "acme", NOW).answer(conversation.id, "8001", "已开具。"))
        await until(lambda: bool(inbox.arrived))
        mail = message_from_bytes(inbox.arrived[0], policy=policy.default)
        assert (mail["In-Reply-To"], mail["To"], mail["Subject"]) == (
            "<first@sihai.cn>", "wang@sihai.cn", "Re: 发票",
        )  # fmt: skip
        assert "已开具。" in mail.get_content()
        assert "阿克美客服" in mail.get_content()
        await until(lambda: not database.read(lambda root: len(root.conversations.outbox)))
        assert len(inbox.arrived) == 1
        assert imap.unseen() == 0
    finally:
        await channels.stop()


def test_slow_servers_of_one_tenant_keep_nobody_waiting(tmp_path: Path) -> None:
    """One visit of a tenant at a time, and threads left for others and for the store."""
    desk = ChannelDesk(open_main_in_memory(), Documents(open_recordings_in_memory(), LETTERS))
    board = AlarmBoard(lambda: NOW, lambda content: None)
    sessions = Sessions(reactor, lambda: NOW, lambda receipt: None)
    channels = Channels(reactor, lambda: NOW, desk, sessions, tmp_path / "no.sock", board, list)
    looked: list[str] = []
    channels._in_thread = lambda work: looked.append(work.args[0].tenant) or Deferred()  # type: ignore[method-assign, func-returns-value]
    for tenant in ("slow", "slow", "acme", "b", "c", "d"):
        channels._look(Post(tenant, Mailbox(f"box-{len(looked)}")), NOW)
    channels._look(Post("slow", Mailbox("another")), NOW)
    assert looked == ["slow", "acme", "b", "c"]


@pytest_twisted.ensureDeferred
async def test_a_letter_that_cannot_be_written_stops_no_other(
    smtp: tuple[str, Inbox], tmp_path: Path
) -> None:
    """A stranger's address that no header can hold, a file that is gone: they fail and are tried no more."""
    host, inbox = smtp
    database = open_main_in_memory()
    apply(database, CONFIGURATION)
    put_box(database, Imap(host), host, "")
    desk = ChannelDesk(database, Documents(open_recordings_in_memory(), LETTERS))
    for place in range(LETTERS_AT_ONCE):
        peer = f'"{place}xaq?.:?@]"' if place else "wang@sihai.cn"
        arrived = a_letter(f"hostile-{place}@x.cn", f"subject {place}", From=peer, Reply_To=peer)
        desk.take_letter(desk.posts()[0], arrived, len(arrived), NOW)
    desk.take_letter(desk.posts()[0], a_letter("last@sihai.cn", "last"), 100, NOW + 60)

    def answer(root: Any) -> None:
        writing = Writing(root, "acme", NOW)
        gone = (Attachment("发票.pdf", "application/pdf", 10, "gone"),)
        for _, each in list(writing.book.newest_first()):
            wang = each.peer == "wang@sihai.cn"
            writing.answer(each.id, "", "已开具。", gone if wang and each.subject != "last" else ())

    database.transact(answer)
    moved = [0.0]

    def now() -> float:
        moved[0] += 3600  # each look is at the next time that it is tried
        return NOW + moved[0]

    board = AlarmBoard(lambda: NOW, lambda content: None)
    sessions = Sessions(reactor, lambda: NOW, lambda receipt: None)
    channels = Channels(reactor, now, desk, sessions, tmp_path / "no.sock", board, lambda: ["127.0.0.0/8"])
    channels.start()
    try:
        await until(lambda: bool(inbox.arrived))
        await until(lambda: not database.read(lambda root: len(root.conversations.outbox)))
    finally:
        await channels.stop()
    assert len(inbox.arrived) == 1
