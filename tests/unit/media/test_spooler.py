"""What becomes of spools is always told, whenever it happens."""

from __future__ import annotations

import select
from pathlib import Path
from threading import Event

from b2bua.media.spool import Begin, SpoolWriter
from b2bua.media.spooler import Share, Spooler


class SlowWriter(SpoolWriter):
    """A spool on a disk that takes its time."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, Begin("call", "a", 0.0, 0.0))
        self.begun = Event()
        self.go_on = Event()

    def close(self) -> None:
        """Wait until told to go on."""
        self.begun.set()
        self.go_on.wait(10)
        super().close()


def told(spooler: Spooler) -> list[int]:
    """Return which endpoints' spools were told of, as soon as any are."""
    ready, _, _ = select.select([spooler.wakeup], [], [], 10)
    assert ready, "nothing is told"
    return [outcome.endpoint for outcome in spooler.outcomes()]


def test_a_spool_closed_while_others_are_read_is_told_too(tmp_path: Path) -> None:
    """Calls that end at the same moment all get their recording: no outcome waits for the next one."""
    spooler = Spooler()
    quick = SpoolWriter(tmp_path / "1.spool", Begin("call", "a", 0.0, 0.0))
    slow = SlowWriter(tmp_path / "2.spool")
    try:
        spooler.write([Share(1, quick, b"", last=True)])
        spooler.write([Share(2, slow, b"", last=True)])
        assert slow.begun.wait(10)
        assert told(spooler) == [1]
        slow.go_on.set()
        assert told(spooler) == [2]
    finally:
        slow.go_on.set()
        spooler.stop()
