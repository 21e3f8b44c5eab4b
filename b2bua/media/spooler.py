"""The thread that writes spools: a slow or full disk must not hold up a packet."""

from __future__ import annotations

import os
import threading
from collections import deque
from queue import SimpleQueue
from typing import NamedTuple

from b2bua.media.spool import SpoolWriter


class Share(NamedTuple):
    """What one leg gathered."""

    endpoint: int
    writer: SpoolWriter
    data: bytes
    last: bool
    """Close the file after it."""


class Outcome(NamedTuple):
    """A spool was closed or has failed."""

    endpoint: int
    closed: bool
    reason: str
    """Why the spool is incomplete, or empty."""


class Spooler:
    """Writes shares in order; ``wakeup`` is readable when there are outcomes."""

    def __init__(self) -> None:
        self.wakeup = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._work: SimpleQueue[list[Share] | None] = SimpleQueue()
        self._outcomes: deque[Outcome] = deque()
        self._thread = threading.Thread(target=self._run, name="spooler", daemon=True)
        self._thread.start()

    def write(self, shares: list[Share]) -> None:
        """Hand over what shall be written."""
        self._work.put(shares)

    def outcomes(self) -> list[Outcome]:
        """Return what happened since the last call."""
        os.eventfd_read(self.wakeup)
        return [self._outcomes.popleft() for _ in range(len(self._outcomes))]

    def stop(self) -> None:
        """Write all that was handed over, then end the thread."""
        self._work.put(None)
        self._thread.join()
        os.close(self.wakeup)

    def _run(self) -> None:
        broken: dict[SpoolWriter, str] = {}
        while (shares := self._work.get()) is not None:
            outcomes = [outcome for share in shares if (outcome := _write(share, broken)) is not None]
            if outcomes:
                self._outcomes += outcomes
                os.eventfd_write(self.wakeup, 1)


def _write(share: Share, broken: dict[SpoolWriter, str]) -> Outcome | None:
    writer = share.writer
    outcome = None
    if writer not in broken and share.data:
        try:
            writer.write(share.data)
        except OSError as error:
            broken[writer] = error.strerror or str(error)
            outcome = Outcome(share.endpoint, False, broken[writer])
    if share.last:
        outcome = Outcome(share.endpoint, True, broken.pop(writer, ""))
    if outcome is not None:
        writer.close()
    return outcome
