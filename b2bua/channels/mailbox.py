"""Fetch new e-mails by IMAP (RFC 3501): bounded, one after another, marked as seen when they are stored."""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from email import policy
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Any, Final

from b2bua.channels.letter import MOST_OCTETS, header
from b2bua.look_ups import addresses_of
from domain.addresses import Network, may_be_asked
from domain.customers.conversation import Mailbox
from domain.notices.ways import Encryption

SECONDS: Final = 20.0
"""How long an answer of the server is waited for."""
MOST_AT_ONCE: Final = 50
"""E-mails of one visit; the others wait for the next one."""
VISIT_SECONDS: Final = 120.0
"""When a visit is cut off, whatever the server does: it may be anybody's, and others wait for the thread."""
LAST_SECONDS: Final = 60.0
LAST_OCTETS: Final = 4 * MOST_OCTETS
"""After so much no other e-mail is begun; the rest waits for the next visit."""
VISIT_OCTETS: Final = 6 * MOST_OCTETS
"""When a visit is cut off."""
_SIZE: Final = re.compile(rb"RFC822\.SIZE ([0-9]{1,12})")


class MailboxDown(Exception):
    """The server cannot be used; says why."""


Take = Callable[[bytes, int], bool]
"""Takes an e-mail (whole, or its head with the whole size where that is too much); False: not now."""


def address_of(host: str, allowed: Iterable[Network]) -> str:
    """Return the address of a tenant's server; raises MailboxDown for none, and for private ones.

    What was checked is connected to, so that a name cannot mean something else a moment later.
    """
    try:
        addresses = addresses_of(host)
    except OSError as error:
        raise MailboxDown(f"{host}: {error}"[:200]) from error
    if not addresses or not all(may_be_asked(each, allowed) for each in addresses):
        raise MailboxDown(f"{host} 不是公网地址 is no public address")
    return addresses[0]


def fetch_new(
    mailbox: Mailbox,
    take: Take,
    may: Callable[[str], bool] = lambda sender: True,
    allowed: Iterable[Network] = (),
) -> int:
    """Hand over what nobody has seen, and mark what was taken; return how many. Raises MailboxDown.

    ``may``: whether something of a sender is fetched now; what is not stays unseen at the server.
    ``allowed``: networks that servers may be in beside the public ones.
    """
    address = address_of(mailbox.imap_host, allowed)
    taken = 0
    try:
        with _opened(mailbox, address) as server:
            _, found = server.uid("SEARCH", "UNSEEN")
            for uid in _looked_at((found[0] or b"").split()):
                if taken >= MOST_AT_ONCE or server.has_done_enough():
                    break
                size, head = _head(server, uid)
                sender = parseaddr(
                    header(BytesHeaderParser(policy=policy.compat32).parsebytes(head), "From")
                )[1]
                if not may(sender.lower()):
                    continue
                data = head if size > MOST_OCTETS else _whole(server, uid)
                if take(data, size):
                    server.uid("STORE", uid.decode(), "+FLAGS", "(\\Seen)")
                    taken += 1
    except (imaplib.IMAP4.error, OSError, ssl.SSLError) as error:
        raise MailboxDown(_why(error)) from error
    return taken


def _looked_at(uids: list[bytes]) -> list[bytes]:
    """Return the e-mails of which heads are read: the oldest and the newest, where there are very many.

    So that whoever fills the mailbox beyond what he may send does not stand before everybody who comes later.
    """
    half = MOST_AT_ONCE * 2
    return uids if len(uids) <= 2 * half else [*uids[:half], *uids[-half:]]


def _why(error: Exception) -> str:
    if isinstance(error, imaplib.IMAP4.error):
        told = error.args[0] if error.args else b""
        return (told.decode(errors="replace") if isinstance(told, bytes) else str(told))[:200]
    return f"{type(error).__name__}: {error}"[:200]


class _Plain(imaplib.IMAP4):
    """Connects to the address that was checked, whatever the name means now."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        self._address = address
        self._context = context
        self._octets = 0
        self._since = time.monotonic()
        self._cut: threading.Timer | None = None
        self._handle: socket.socket | None = None
        try:
            super().__init__(host, port, timeout=SECONDS)
        except BaseException:
            self.no_longer_cut()
            raise

    def _create_socket(self, timeout: float | None) -> socket.socket:
        made = socket.create_connection((self._address, self.port), timeout)
        self._handle = made.dup()
        self._cut = threading.Timer(VISIT_SECONDS, _cut_off, (self._handle,))
        self._cut.daemon = True
        self._cut.start()
        return made

    def no_longer_cut(self) -> None:
        """Let the time of the visit go: it is over."""
        if self._cut is not None and self._handle is not None:
            self._cut.cancel()
            self._handle.close()

    def has_done_enough(self) -> bool:
        """Tell whether the rest should wait for another visit."""
        return self._octets > LAST_OCTETS or time.monotonic() - self._since > LAST_SECONDS

    def read(self, size: int) -> bytes:
        """Read octets that the server announced; raises abort for too many."""
        self._count(size)
        return super().read(size)

    def readline(self) -> bytes:
        """Read a line; raises abort for too many."""
        line = super().readline()
        self._count(len(line))
        return line

    def _count(self, octets: int) -> None:
        self._octets += octets
        if self._octets > VISIT_OCTETS:
            raise self.abort(f"more than {VISIT_OCTETS >> 20} MB at once")


def _cut_off(connection: socket.socket) -> None:
    """End a connection under whoever reads from it."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


class _Tls(_Plain):
    """The same in TLS; the certificate is for the name."""

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = super()._create_socket(timeout)
        return self._context.wrap_socket(plain, server_hostname=self.host)


@contextmanager
def _opened(mailbox: Mailbox, address: str) -> Iterator[Any]:
    context = ssl.create_default_context()
    tls = mailbox.imap_encryption is Encryption.TLS
    kind = _Tls if tls else _Plain
    server = kind(mailbox.imap_host, mailbox.imap_port or (993 if tls else 143), address, context)
    try:
        if mailbox.imap_encryption is Encryption.STARTTLS:
            server.starttls(context)
        server.login(mailbox.username or mailbox.address, mailbox.password)
        answer, _ = server.select(_quoted(mailbox.folder))
        if answer != "OK":
            raise MailboxDown(f"no folder {mailbox.folder}")
        yield server
    finally:
        try:
            server.logout()
        except (imaplib.IMAP4.error, OSError):
            server.shutdown()
        finally:
            server.no_longer_cut()


def _quoted(folder: str) -> str:
    return '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _head(server: Any, uid: bytes) -> tuple[int, bytes]:
    _, found = server.uid("FETCH", uid.decode(), "(RFC822.SIZE BODY.PEEK[HEADER])")
    size, head = 0, b""
    for each in found or []:
        line = each[0] if isinstance(each, tuple) else each
        told = _SIZE.search(line or b"")
        size = int(told[1]) if told else size
        head = each[1] if isinstance(each, tuple) else head
    return size, head


def _whole(server: Any, uid: bytes) -> bytes:
    _, found = server.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
    return next((each[1] for each in found or [] if isinstance(each, tuple)), b"")
