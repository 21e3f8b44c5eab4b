"""Alarms of what runs beside the calls: media workers, the reactor, the ledger."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from b2bua.alarms import AlarmBoard
from b2bua.ledger.status import LedgerStatus, status_path, write_status
from b2bua.notices.status import NoticesStatus
from b2bua.notices.status import write_status as write_notices
from b2bua.process.neighbours import Ledger, Notices, Recorder
from b2bua.process.watch import Neighbour, Watch
from b2bua.recorder.status import RecorderStatus
from b2bua.recorder.status import write_status as write_recorder
from storage.data_directory import DataDirectory


@dataclass
class Worker:
    """A media worker as the watch sees it."""

    index: int = 0
    up: bool = True
    restarts: int = 0


class Scene:
    """A watch over one worker and one neighbour."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.lag = 0.0
        self.neighbour: Neighbour | None = None
        self.board = AlarmBoard(lambda: 1.0, lambda content: None)
        self.watch = Watch(
            self.board, lambda: [self.worker], lambda: self.lag, {"ledger": lambda: self.neighbour}
        )

    def up(self) -> list[str]:
        """Look once; return the keys of the alarms that are up."""
        self.watch.check()
        return [alarm.key for alarm in self.board.up()]


def test_a_worker_that_dies_is_alarmed_until_its_replacement_has_lasted() -> None:
    """Even when it was replaced between two looks."""
    scene = Scene()
    assert scene.up() == []
    scene.worker.up = False
    assert scene.up() == ["media-worker:0"]
    scene.worker.up, scene.worker.restarts = True, 1
    assert scene.up() == ["media-worker:0"]
    assert scene.up() == []


def test_a_stall_of_the_reactor_is_alarmed_for_a_minute() -> None:
    """As long as it is in the figures of the last minute."""
    scene = Scene()
    scene.lag = 0.3
    assert scene.up() == ["reactor"]
    scene.lag = 0.01
    assert scene.up() == []


def test_a_ledger_that_is_silent_or_cannot_commit_or_lags_is_alarmed() -> None:
    """Calls go on; their records wait in the journal."""
    scene = Scene()
    for neighbour, expected in (
        (Neighbour(age=5.0), []),
        (Neighbour(age=60.0), ["process:ledger"]),
        (Neighbour(age=1.0, trouble="store down"), ["process:ledger"]),
        (Neighbour(age=1.0, lag_bytes=100_000_000), ["process:ledger"]),
        (Neighbour(age=1.0), []),
    ):
        scene.neighbour = neighbour
        assert scene.up() == expected


def test_the_ledgers_own_word_is_read(tmp_path: Path) -> None:
    """None before one ever ran; how long it is silent is our clock's affair, whatever its wall clock says."""
    data = DataDirectory(tmp_path)
    data.create()
    times = iter([0.0, 100.0, 130.0, 131.0])
    ledger = Ledger(data, lambda: next(times))
    assert ledger() is None
    fields = dict.fromkeys(LedgerStatus.__struct_fields__, 0) | {"alarms": (), "store_down": "gone"}
    for at, age in ((990.0, 0.0), (990.0, 30.0), (990.0 - 3600, 0.0)):
        write_status(status_path(data), msgspec.convert(fields | {"at": at, "lag_bytes": 7}, LedgerStatus))
        assert ledger() == Neighbour(age=age, trouble="gone", lag_bytes=7)


def test_the_recorder_is_known_by_its_process(tmp_path: Path) -> None:
    """It writes only when something is new."""
    data = DataDirectory(tmp_path)
    data.create()
    times = iter([0.0, 100.0, 200.0, 300.0])
    recorder = Recorder(data, lambda: next(times))
    assert recorder() is None
    write_recorder(data, RecorderStatus(pid=os.getpid()))
    assert recorder() == Neighbour(age=0.0)
    write_recorder(data, RecorderStatus(pid=2**22 + 1))
    assert recorder() == Neighbour(age=100.0)


def test_the_notices_are_known_by_their_file(tmp_path: Path) -> None:
    """It is written every five seconds."""
    data = DataDirectory(tmp_path)
    data.create()
    times = iter([0.0, 100.0, 200.0, 250.0])
    notices = Notices(data, lambda: next(times))
    assert notices() is None
    write_notices(data, NoticesStatus(pid=1))
    assert notices() == Neighbour(age=0.0)
    assert notices() == Neighbour(age=100.0)
    write_notices(data, NoticesStatus(pid=1, sent=1))
    assert notices() == Neighbour(age=0.0)
