"""pymap, a third party's IMAP server, as a process of its own."""

from __future__ import annotations

import imaplib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_hosts = count(1)
PORT = 1143


def a_host() -> str:
    """Return a loopback address that nobody else uses."""
    return f"127.{191 + os.getpid() % 40}.{os.getpid() // 40 % 250}.{next(_hosts)}"


class Imap:
    """A running server with one account."""

    def __init__(self, host: str) -> None:
        self.host = host

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4]:
        """Give the inbox as its owner sees it."""
        server = imaplib.IMAP4(self.host, PORT, timeout=20)
        server.login("demouser", "demopass")
        server.select("INBOX")
        try:
            yield server
        finally:
            server.logout()

    def put(self, data: bytes) -> None:
        """Let an e-mail arrive."""
        with self.opened() as server:
            server.append("INBOX", "", "", data)

    def unseen(self) -> int:
        """Return how many e-mails nobody has seen."""
        with self.opened() as server:
            return len(server.uid("SEARCH", "UNSEEN")[1][0].split())

    def empty(self) -> None:
        """See everything."""
        with self.opened() as server:
            server.uid("STORE", "1:*", "+FLAGS", "(\\Seen)")


@contextmanager
def running() -> Iterator[Imap]:
    """Run a server whose inbox has been seen."""
    host = a_host()
    program = Path(sys.executable).with_name("pymap")
    process = subprocess.Popen(
        [str(program), "--host", host, "--port", str(PORT), "--no-tls", "dict", "--demo-data"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                imaplib.IMAP4(host, PORT, timeout=5).shutdown()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
        server = Imap(host)
        server.empty()
        yield server
    finally:
        process.terminate()
        process.wait(timeout=20)
