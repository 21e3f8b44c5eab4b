"""Looks a contact up in the database, by a child process: the reactor never waits for the store."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from domain.customers.contact import Contact
from storage.data_directory import DataDirectory

_SECONDS: Final = 10.0
_MOST_AT_ONCE: Final = 4
"""Look-ups at a time; a person clicks, a machine gone wrong waits in vain."""


class ContactUnknown(Exception):
    """There is no such contact, or it cannot be found out now."""


class StoredContacts:
    """Finds contacts by tenant and id."""

    def __init__(
        self, data: DataDirectory, in_thread: Callable[..., Deferred[Contact | None]] = deferToThread
    ) -> None:
        self._data = data
        self._in_thread = in_thread
        self._at_once = 0

    def find(self, tenant: str, name: str) -> Deferred[Contact | None]:
        """Fire with the contact, None when the tenant has none of that id; errbacks ContactUnknown."""
        if self._at_once >= _MOST_AT_ONCE:
            refused: Deferred[Contact | None] = Deferred()
            refused.errback(ContactUnknown("too many call-backs are being looked up"))
            return refused
        self._at_once += 1
        return self._in_thread(self._ask, tenant, name).addBoth(self._answered)

    def _answered(self, answer: Any) -> Any:
        self._at_once -= 1
        return answer

    def _ask(self, tenant: str, name: str) -> Contact | None:
        command = [
            sys.executable,
            "-m",
            "storage.customers.contacts",
            "--data",
            str(self._data.root),
            "--",
            tenant,
            name,
        ]
        try:
            asked = subprocess.run(  # noqa: S603
                command, check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL, capture_output=True
            )
            return msgspec.json.decode(asked.stdout, type=Contact | None)
        except (subprocess.SubprocessError, OSError, msgspec.DecodeError) as error:
            raise ContactUnknown(f"contacts cannot be looked up: {error}") from error
