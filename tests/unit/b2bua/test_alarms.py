"""Alarms: one for each condition, kept in a file, gone when the condition is."""

from __future__ import annotations

from pathlib import Path

from twisted.internet.task import Clock

from b2bua.alarms import Alarm, AlarmBoard, Severity, read_alarms, save_to
from b2bua.process.disk import DiskWatch
from b2bua.process.troubles import REMEMBERED_SECONDS, Troubles
from b2bua.process.upgrades import UpgradeWatch
from domain.upgrade.moves import Began, Ended, Result, Step, StepFailed
from storage.data_directory import DataDirectory
from storage.upgrade.history import begin, place_of


class Board:
    """An alarm board with a settable time and a file."""

    def __init__(self, tmp_path: Path) -> None:
        self.now = 100.0
        self.file = tmp_path / "alarms.json"
        self.board = AlarmBoard(lambda: self.now, save_to(self.file))


def test_an_alarm_is_kept_in_the_file_until_it_is_cleared(tmp_path: Path) -> None:
    """Whoever reads the file sees what is up now."""
    each = Board(tmp_path)
    assert read_alarms(each.file) == []
    each.board.raise_alarm("trunk:demo", Severity.WARNING, "中继不可用", "down")
    assert read_alarms(each.file) == [Alarm("trunk:demo", Severity.WARNING, "中继不可用", "down", 100.0)]
    each.board.clear("trunk:demo")
    assert read_alarms(each.file) == []


def test_raised_again_it_keeps_its_beginning(tmp_path: Path) -> None:
    """New words, same condition."""
    each = Board(tmp_path)
    each.board.raise_alarm("disk", Severity.WARNING, "90", "90")
    each.now = 200.0
    each.board.raise_alarm("disk", Severity.CRITICAL, "95", "95")
    (alarm,) = each.board.up()
    assert (alarm.since, alarm.severity, alarm.en) == (100.0, Severity.CRITICAL, "95")
    assert each.board.raised == 1


def test_a_disk_that_takes_nothing_does_not_stop_the_board(tmp_path: Path) -> None:
    """The file is a copy; what is up is still known."""
    board = AlarmBoard(lambda: 1.0, save_to(tmp_path / "missing" / "alarms.json"))
    board.raise_alarm("disk", Severity.CRITICAL, "满", "full")
    assert [alarm.key for alarm in board.up()] == ["disk"]


def test_recording_stops_on_a_nearly_full_disk_and_starts_again_below(tmp_path: Path) -> None:
    """Alarm at 90 %, no recording from 95 %, again below 94 %."""
    each = Board(tmp_path)
    course = (0.5, 0.91, 0.95, 0.945, 0.93, 0.5)
    coming = iter(course)
    stopped: list[float] = []
    watch = DiskWatch(tmp_path, each.board, lambda _: next(coming), lambda: stopped.append(watch.used))
    seen: list[tuple[bool, list[str]]] = []
    for _ in course:
        watch.check()
        seen.append((watch.may_record, [alarm.severity for alarm in each.board.up()]))
    assert seen == [
        (True, []),
        (True, ["warning"]),
        (False, ["critical"]),
        (False, ["critical"]),
        (True, ["warning"]),
        (True, []),
    ]
    assert stopped == [0.95]


def test_what_is_over_by_itself_is_remembered_for_a_while(tmp_path: Path) -> None:
    """A crash, a recording that failed, somebody who guessed passwords."""
    each, clock = Board(tmp_path), Clock()
    troubles = Troubles(each.board, clock.callLater)
    troubles.recovered(3)
    troubles.recording("01CALL", "a", "disk full")
    troubles.guessing("192.0.2.9", "8001", 60.0)
    assert {alarm.key for alarm in each.board.up()} == {"crash", "recording", "guessing:192.0.2.9"}
    clock.advance(60.0)
    assert {alarm.key for alarm in each.board.up()} == {"crash", "recording"}
    clock.advance(REMEMBERED_SECONDS)
    assert each.board.up() == []


def test_a_trunk_that_is_configured_no_more_is_no_trouble_any_more(tmp_path: Path) -> None:
    """Nor a listener; other alarms stay."""
    each = Board(tmp_path)
    troubles = Troubles(each.board, Clock().callLater)
    troubles.trunk("old", False, "no answer")
    troubles.trunk("new", False, "no answer")
    troubles.listener("office", "address in use")
    troubles.journal_fails(OSError(28, "full"))
    troubles.web(OSError(98, "taken"))
    troubles.forget(["new"], ["carrier"])
    assert {alarm.key for alarm in each.board.up()} == {"trunk:new", "journal", "web"}
    troubles.trunk("new", True, "")
    troubles.listener("carrier", "")
    troubles.journal_writes()
    assert {alarm.key for alarm in each.board.up()} == {"web"}


def test_an_upgrade_that_was_rolled_back_is_an_alarm(tmp_path: Path) -> None:
    """With its reason, until one goes through; one that was refused because of calls is none."""
    each, data = Board(tmp_path), DataDirectory(tmp_path)
    watch = UpgradeWatch(data, each.board)
    watch.check()
    assert each.board.up() == []
    for at, result in enumerate((Result.REFUSED, Result.ROLLED_BACK, Result.BROKEN, Result.UPGRADED)):
        journal = begin(place_of(data), Began(float(at), "2.0.0", "1.0.0"))
        journal.append(StepFailed(1.0, Step.HEALTH, "no SIP", "没有 SIP"))
        journal.append(Ended(2.0, result))
        watch.check()
        up = each.board.up()
        assert [alarm.key for alarm in up] == (["upgrade"] if 0 < at < 3 else [])
        assert all("2.0.0" in alarm.zh and "没有 SIP" in alarm.zh for alarm in up)
        assert all(alarm.severity == (Severity.CRITICAL if at == 2 else Severity.WARNING) for alarm in up)
