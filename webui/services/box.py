"""What one web process holds of its box."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from b2bua.control import ControlClient, Request
from storage.connection import MainDatabase
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.models.web import AuditEntry
from storage.recordings import Recordings
from webui.services.call_files import CallFiles
from webui.services.captcha import Captchas
from webui.services.inspection.looking import Looks
from webui.services.kept_files import KeptFiles
from webui.services.passwords import Passwords
from webui.services.resets import Resets
from webui.services.throttle import Throttle
from webui.services.visits import Visits

T = TypeVar("T")
R = TypeVar("R")


class BoxServices:
    """The box's data, and what is remembered between requests of one process."""

    def __init__(
        self,
        data: DataDirectory,
        database: MainDatabase,
        recordings: Recordings,
        secret: bytes,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.data = data
        self.database = database
        self.recordings = recordings
        self.secret = secret
        self.now = now
        self.passwords = Passwords()
        self.throttle = Throttle(now)
        self.captchas = Captchas(now)
        self.resets = Resets(now)
        self.kept = KeptFiles(now)
        self.call_files = CallFiles(database, now)
        self.visits = Visits()
        self.looks = Looks(now)

    def read(self, work: Callable[[Root], T]) -> T:
        """Run ``work(root)`` on one view; raises StoreDown."""
        return self.database.read(work)

    def change(self, work: Callable[[Root], T], note: str) -> T:
        """Run ``work(root)`` in a transaction; raises StoreDown."""
        return self.database.transact(work, note=note[:200])

    def audit(self, entry: AuditEntry) -> None:
        """Write something down that is no part of another transaction."""
        self.change(lambda root: root.web.note(entry), "audit")

    def ask(self, request: Request, answer: type[R], timeout: float = 5.0) -> R:
        """Ask the running b2bua; raises ControlDown, ControlFailed."""
        with ControlClient(self.data.control_socket, timeout=timeout) as client:
            return client.ask(request, answer)
