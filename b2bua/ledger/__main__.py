"""Run the ledger: ``python -m b2bua.ledger --data DIR``."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
import threading
import time
from functools import partial

from b2bua.alarms import AlarmBoard, Severity
from b2bua.control import ControlClient, ControlDown, ControlFailed, Done, TakeStandings
from b2bua.ledger.ledger import Ledger
from b2bua.ledger.status import LedgerStatus, lag, status_path, write_status
from domain.money.funds import Standings
from storage.connection import open_main, open_recordings
from storage.data_directory import DataDirectory
from storage.machine.process_lock import ProcessBusy, hold_lock
from storage.machine.readiness import notify
from storage.recordings import Recordings
from storage.serving.standings import write_standings

log = logging.getLogger(__name__)

STATUS_SECONDS = 10.0


class Reporter:
    """Writes the status file when something changed, and now and then to show that the ledger lives."""

    def __init__(self, data: DataDirectory, ledger: Ledger) -> None:
        self._data = data
        self._ledger = ledger
        self._board = AlarmBoard(time.time, lambda content: None)
        self._written = 0.0
        self._rows: list[tuple[float, int]] = [(time.monotonic(), 0)]
        self._last: tuple[int, str, int] | None = None

    def report(self, *, now: bool = False) -> None:
        """Write if due."""
        ledger, mono = self._ledger, time.monotonic()
        seen = (ledger.committed_rows, ledger.store_down, ledger.damaged)
        since = mono - self._written
        if not now and not (since >= STATUS_SECONDS or (since >= 1.0 and seen != self._last)):
            return
        self._written, self._last = mono, seen
        self._rows = [(at, rows) for at, rows in self._rows if mono - at <= STATUS_SECONDS + 1.0]
        self._rows.append((mono, ledger.committed_rows))
        first, rows = self._rows[0]
        self._raise_alarms()
        status = LedgerStatus(
            pid=os.getpid(),
            at=time.time(),
            lag_bytes=lag(self._data.journal, ledger.place),
            waiting=ledger.waiting,
            open_calls=ledger.open_calls,
            committed_rows=ledger.committed_rows,
            rows_per_second=round((ledger.committed_rows - rows) / max(1.0, mono - first), 1),
            committed_at=ledger.committed_at,
            store_down=ledger.store_down,
            damaged_lines=ledger.damaged,
            alarms=tuple(self._board.up()),
        )
        try:
            write_status(status_path(self._data), status)
        except OSError as error:
            log.error("status cannot be written: %s", error)
        notify("WATCHDOG=1")

    def _raise_alarms(self) -> None:
        ledger, board = self._ledger, self._board
        if ledger.store_down:
            board.raise_alarm(
                "ledger:store",
                Severity.CRITICAL,
                f"话单暂时无法入库（通话不受影响，话单保存在日志中）：{ledger.store_down}",
                f"records cannot be committed, they wait in the journal: {ledger.store_down}",
            )
        else:
            board.clear("ledger:store")
        if ledger.wrong_books:
            count, first = len(ledger.wrong_books), ledger.wrong_books[0]
            board.raise_alarm(
                "ledger:books",
                Severity.CRITICAL,
                f"夜间对账发现 {count} 处账目不平，首处：{first}；请运行 box400 money check",
                f"the nightly check found {count} differences, the first: {first}; run box400 money check",
            )
        else:
            board.clear("ledger:books")
        if ledger.damage:
            position, why = ledger.damage[-1]
            place = f"{position.sequence}:{position.offset}"
            board.raise_alarm(
                "ledger:journal",
                Severity.CRITICAL,
                f"通话日志有 {ledger.damaged} 行损坏，最近一处在 {place}：{why}",
                f"{ledger.damaged} damaged journal lines, the last at {place}: {why}",
            )
        overdue, papers = ledger.numbers
        if overdue:
            board.raise_alarm(
                "numbers:overdue",
                Severity.WARNING,
                f"{len(overdue)} 个号码的办理已超过承诺开通期限：{_some(overdue)}",
                f"{len(overdue)} applications are past the promised day: {_some(overdue)}",
            )
        else:
            board.clear("numbers:overdue")
        if papers:
            board.raise_alarm(
                "numbers:papers",
                Severity.WARNING,
                f"{len(papers)} 个号码的办理资料即将到期，请客户更新：{_some(papers)}",
                f"papers of {len(papers)} numbers end soon, ask for new ones: {_some(papers)}",
            )
        else:
            board.clear("numbers:papers")


def _some(numbers: tuple[str, ...]) -> str:
    return ", ".join(numbers[:5]) + (" ..." if len(numbers) > 5 else "")


def tell_standings(data: DataDirectory, standings: Standings) -> None:
    """Write how the accounts stand and tell b2bua, if it runs; it reads the file at its start anyway."""
    try:
        write_standings(data, standings)
        ControlClient(data.control_socket).ask(TakeStandings(), Done)
    except OSError as error:
        log.error("%s cannot be written: %s", data.standings, error)
    except (ControlDown, ControlFailed) as error:
        log.info("b2bua was not told of the accounts: %s", error)


def stored_octets(recordings: Recordings) -> dict[str, int]:
    """Return what each tenant's recordings and messages take, in bytes; raises StoreDown."""
    octets: dict[str, int] = {}
    for shelf in (recordings, recordings.messages()):
        for tenant, usage in shelf.usages().items():
            octets[tenant] = octets.get(tenant, 0) + usage.bytes
    return octets


def main() -> None:
    """Follow one box's journal until told to end."""
    parser = argparse.ArgumentParser(prog="box400 ledger", description="Commit call records.")
    parser.add_argument("--data", required=True, help="data directory")
    parser.add_argument("--keep-journal", type=float, default=3600.0, metavar="SECONDS")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("ZEO").setLevel(logging.ERROR)
    data = DataDirectory(arguments.data)
    data.create()
    try:
        lock = hold_lock(data.run / "ledger.lock")
    except ProcessBusy as error:
        sys.exit(str(error))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    gc.freeze()
    gc.set_threshold(20000, 50, 50)  # lines become thousands of tuples that live for a moment
    database, recordings = open_main(data), Recordings(open_recordings(data))
    ledger = Ledger(
        data.journal,
        database,
        recorder_place=data.spool / "recorder.json",
        keep_seconds=arguments.keep_journal,
        tell=partial(tell_standings, data),
        stored=partial(stored_octets, recordings),
    )
    reporter = Reporter(data, ledger)
    wait = ledger.step()
    reporter.report(now=True)
    notify("READY=1")
    while not stop.wait(wait):
        wait = ledger.step()
        reporter.report()
    notify("STOPPING=1")
    ledger.finish()
    reporter.report(now=True)
    ledger.close()
    recordings.close()
    database.close()
    os.close(lock)


if __name__ == "__main__":
    main()
