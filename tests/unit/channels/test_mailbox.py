"""Fetching e-mails from pymap, a third party's IMAP server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from ipaddress import ip_network

import msgspec
import pytest

from b2bua.channels import mailbox as mailboxes
from b2bua.channels.mailbox import MailboxDown, address_of, fetch_new
from domain.customers.conversation import Mailbox
from domain.notices.ways import Encryption
from tests.unit.channels.imap import PORT, Imap, a_host, running

LOOPBACK = (ip_network("127.0.0.0/8"),)
LETTER = b"From: wang@sihai.cn\r\nSubject: hello\r\n\r\nhello\r\n"


@pytest.fixture(scope="module")
def imap() -> Iterator[Imap]:
    """Return a server."""
    with running() as server:
        yield server


@pytest.fixture
def mailbox(imap: Imap) -> Mailbox:
    """Return its inbox, of which everything has been seen."""
    imap.empty()
    return Mailbox(
        "service", "service@acme.cn", imap_host=imap.host, imap_port=PORT, imap_encryption=Encryption.NONE,
        username="demouser", password="demopass",
    )  # fmt: skip


def test_new_letters_are_fetched_once(imap: Imap, mailbox: Mailbox) -> None:
    """What was taken is marked as seen; what was not comes again."""
    imap.put(LETTER)
    imap.put(LETTER.replace(b"hello", b"again"))
    taken: list[bytes] = []
    assert fetch_new(mailbox, lambda data, size: b"again" in data, allowed=LOOPBACK) == 1
    assert imap.unseen() == 1
    assert fetch_new(mailbox, lambda data, size: taken.append(data) is None, allowed=LOOPBACK) == 1
    assert taken[0].startswith(b"From: wang@sihai.cn")
    assert fetch_new(mailbox, lambda data, size: True, allowed=LOOPBACK) == 0


def test_who_writes_too_much_waits_at_the_server(imap: Imap, mailbox: Mailbox) -> None:
    """Others' letters are fetched past his."""
    for sender in (b"bomb@x.cn", b"wang@sihai.cn", b"bomb@x.cn"):
        imap.put(LETTER.replace(b"wang@sihai.cn", sender))
    found: list[bytes] = []

    def take(data: bytes, size: int) -> bool:
        found.append(data)
        return True

    assert fetch_new(mailbox, take, lambda sender: sender != "bomb@x.cn", LOOPBACK) == 1
    assert b"wang@sihai.cn" in found[0]
    assert imap.unseen() == 2


def test_who_fills_the_mailbox_stands_before_nobody(
    imap: Imap, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of his letters wait than are looked at in a visit: who wrote after him is read all the same."""
    monkeypatch.setattr(mailboxes, "MOST_AT_ONCE", 1)
    for sender in (*[b"bomb@x.cn"] * 6, b"wang@sihai.cn"):
        imap.put(LETTER.replace(b"wang@sihai.cn", sender))
    assert fetch_new(mailbox, lambda data, size: True, lambda sender: sender != "bomb@x.cn", LOOPBACK) == 1
    assert imap.unseen() == 6


def test_a_letter_that_is_too_large_is_told_of_and_not_fetched(
    imap: Imap, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head alone comes, with the size of the whole."""
    monkeypatch.setattr(mailboxes, "MOST_OCTETS", 1000)
    imap.put(LETTER + b"x" * 2000)
    found: list[tuple[bytes, int]] = []
    assert fetch_new(mailbox, lambda *told: found.append(told) is None, allowed=LOOPBACK) == 1
    ((data, size),) = found
    assert b"xxx" not in data
    assert b"Subject: hello" in data
    assert size > 2000


def test_what_is_wrong_is_said(imap: Imap, mailbox: Mailbox) -> None:
    """A wrong password, a folder that is not there, nobody who listens."""
    for change in ({"password": "wrong"}, {"folder": "Nothing"}, {"imap_port": 1}):
        with pytest.raises(MailboxDown) as down:
            fetch_new(msgspec.structs.replace(mailbox, **change), lambda data, size: True, allowed=LOOPBACK)
        assert str(down.value), change


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "192.168.1.1", "localhost", "::1", "169.254.1.1"])
def test_a_tenant_reaches_no_private_address(host: str) -> None:
    """Neither by number nor by name, unless the operator allows its network."""
    with pytest.raises(MailboxDown, match="no public address"):
        address_of(host, ())
    assert address_of("127.0.0.1", LOOPBACK) == "127.0.0.1"


class Hostile:
    """A server of somebody who means ill; ``greet`` is what it does with who comes."""

    def __init__(self, greet: Callable[[socket.socket], None]) -> None:
        self._listener = socket.create_server((a_host(), 0))
        self.host, self.port = self._listener.getsockname()
        self._thread = threading.Thread(target=self._serve, args=(greet,))

    def _serve(self, greet: Callable[[socket.socket], None]) -> None:
        visitor, _ = self._listener.accept()
        with visitor, suppress(OSError):
            greet(visitor)

    def __enter__(self) -> Hostile:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()

    def mailbox(self, mailbox: Mailbox) -> Mailbox:
        """Return a mailbox that is at this server."""
        return msgspec.structs.replace(mailbox, imap_host=self.host, imap_port=self.port)


def test_a_server_that_drips_is_left(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each octet is in time, the line never ends: the visit ends all the same."""
    monkeypatch.setattr(mailboxes, "VISIT_SECONDS", 0.2)
    never, came_to_its_end = threading.Event(), []

    def greet(visitor: socket.socket) -> None:
        for _ in range(2000):
            visitor.sendall(b"x")
            never.wait(0.005)
        came_to_its_end.append(True)

    with Hostile(greet) as server, pytest.raises(MailboxDown):
        fetch_new(server.mailbox(mailbox), lambda data, size: True, allowed=LOOPBACK)
    assert not came_to_its_end


def test_a_server_that_floods_is_left(mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it announces is not waited for, nor kept in memory."""
    monkeypatch.setattr(mailboxes, "VISIT_OCTETS", 100_000)

    def greet(visitor: socket.socket) -> None:
        visitor.sendall(b"* OK {1000000}\r\n")

    with Hostile(greet) as server, pytest.raises(MailboxDown, match="MB at once"):
        fetch_new(server.mailbox(mailbox), lambda data, size: True, allowed=LOOPBACK)
