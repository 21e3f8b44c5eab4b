"""Excel files of calls: at once while they are small, else made in the background with its progress told."""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from storage.connection import MainDatabase, StoreDown
from storage.export.call_records import write_xlsx
from storage.records.query import Found, page
from webui.services import calls, masking

log = logging.getLogger(__name__)

AT_A_TIME: Final = 2000
"""Rows read in one transaction."""
MOST_ROWS: Final = 1_000_000
MOST: Final = 10
"""Files that wait or are kept; the oldest go first."""
SECONDS: Final = 3600.0
"""How long a file may be fetched."""


class Job:
    """One file; read by pages while its thread writes."""

    def __init__(self, who: str, path: Path, wanted: calls.CallSearch, at: float, *, hidden: bool) -> None:
        self.who = who
        self.hidden = hidden
        """Callers stand in it without their middle."""
        self.path = path
        self.wanted = wanted
        self.at = at
        self.rows = 0
        """Written so far."""
        self.state = "waiting"
        """``waiting``, ``writing``, ``done`` or ``failed``."""


class CallFiles:
    """Those of one web process, one after the other; safe from its threads."""

    def __init__(self, database: MainDatabase, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: queue.Queue[Job] = queue.Queue()
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._thread: threading.Thread | None = None

    def start(self, who: str, wanted: calls.CallSearch, *, hidden: bool = False) -> str:
        """Begin to make a file for somebody; return the token it is asked after by."""
        token = secrets.token_urlsafe(16)
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="box400-web-calls-"))
            path = self._folder / f"{token}.xlsx"
            job = self._jobs[token] = Job(who, path, wanted, self._now(), hidden=hidden)
            while len(self._jobs) > MOST:
                _, gone = self._jobs.popitem(last=False)
                gone.state = "failed"
                gone.path.unlink(missing_ok=True)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="call files", daemon=True)
                self._thread.start()
        self._waiting.put(job)
        return token

    def find(self, token: str, who: str) -> Job | None:
        """Return a job to whom it is done for, None when it has gone."""
        with self._lock:
            job = self._jobs.get(token)
        if job is None or job.who != who or self._now() - job.at > SECONDS:
            return None
        return job

    def settle(self) -> None:
        """Return when nothing waits."""
        self._waiting.join()

    def close(self) -> None:
        """Forget all files."""
        with self._lock:
            folder, self._folder = self._folder, None
            self._jobs.clear()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _work(self) -> None:
        while True:
            job = self._waiting.get()
            try:
                self._write(job)
            finally:
                self._waiting.task_done()

    def _write(self, job: Job) -> None:
        if job.state != "waiting":
            return
        job.state = "writing"
        try:
            write_xlsx(job.path, self._rows(job))
        except (StoreDown, OSError):
            job.state = "failed"
            return
        except Exception:  # a row that cannot be written must not end the thread that others wait for
            log.exception("an Excel file of calls was not made")
            job.state = "failed"
            return
        job.state = "done"

    def _rows(self, job: Job) -> Iterator[Found]:
        cursor = ""
        while True:
            found, cursor = self._database.read(
                lambda root, cursor=cursor: page(  # type: ignore[misc]
                    root, job.wanted.wanted, AT_A_TIME, cursor, calls.also(root, job.wanted)
                )
            )
            shown = masking.rows(found) if job.hidden else found
            for each in shown[: MOST_ROWS - job.rows]:
                yield each
                job.rows += 1
            if not cursor or job.rows >= MOST_ROWS:
                return
