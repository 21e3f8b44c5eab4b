"""The recorder process: ``python -m b2bua.recorder --data DIR``."""

from __future__ import annotations

import argparse
import logging
import os
import resource
import signal
import threading
import time
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Final

from ZODB.POSException import ConflictError

from b2bua.alarms import Severity
from b2bua.recorder.recorder import Recorder
from b2bua.recorder.retention_alarms import RetentionAlarms
from storage.connection import StoreDown, open_recordings
from storage.data_directory import DataDirectory
from storage.machine.readiness import notify
from storage.recordings import Recordings
from storage.retention.nightly import (
    LOOK_SECONDS,
    RetentionJob,
    clock_path,
    files_in,
    plans_in,
    read_summary,
    records_in,
)
from storage.retention.trusted_clock import TrustedClock

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.5
RETRY_SECONDS: Final = 2.0
LAST_SECONDS: Final = 8.0
"""How long what is ready may still be made safe after SIGTERM."""
MEMORY_BYTES: Final = 4 << 30
NICENESS: Final = 10


def confine() -> None:
    """Stay behind the calls: low priority, bounded memory."""
    os.nice(NICENESS)
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, hard))


class Process:
    """Runs a recorder until told to stop, through store outages and full disks."""

    def __init__(self, recorder: Recorder, retention: RetentionAlarms) -> None:
        self._recorder = recorder
        self._retention = retention
        self._stop = threading.Event()

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """End soon; may be called by a signal."""
        self._stop.set()

    def run(self) -> None:
        """Serve until stopped."""
        notify("READY=1")
        while not self._stop.is_set():
            self._stop.wait(self._round())
            notify("WATCHDOG=1")
        notify("STOPPING=1")
        until = time.monotonic() + LAST_SECONDS
        while time.monotonic() < until and self._round() == 0.0:
            pass

    def _round(self) -> float:
        """Do one step; return the seconds to wait before the next."""
        alarms = self._recorder.alarms
        wait = RETRY_SECONDS
        try:
            done = self._recorder.step()
            alarms.clear("recordings-store")
            alarms.clear("recordings-disk")
            wait = 0.0 if done > 1 else POLL_SECONDS
        except StoreDown as error:
            alarms.raise_alarm(
                "recordings-store",
                Severity.WARNING,
                "录音存储不可用,录音暂存于 spool",
                f"The recordings' store is down, spools are kept: {error}",
            )
        except ConflictError as error:  # another process opened the new database at the same time
            log.info("tried again: %s", error)
            wait = POLL_SECONDS
        except OSError as error:
            alarms.raise_alarm(
                "recordings-disk",
                Severity.CRITICAL,
                f"磁盘拒绝写入录音,录音暂存于 spool:{error.strerror}",
                f"The disk refuses recordings, spools are kept: {error}",
            )
        self._retention.look()
        try:
            self._recorder.tell()
        except OSError as error:
            log.error("the status file cannot be written: %s", error)
        return wait


class Nightly(threading.Thread):
    """Looks every ten minutes whether recordings are to be deleted; the recorder never waits for it."""

    def __init__(self, job: RetentionJob) -> None:
        super().__init__(name="retention", daemon=True)
        self._job = job
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        """End at the next look."""
        self._stop_asked.set()

    def run(self) -> None:
        """Look until stopped."""
        while True:
            try:
                self._job.step()
            except (StoreDown, OSError) as error:
                log.warning("retention waits: %s", error)
            except ConflictError as error:
                log.info("retention is run again: %s", error)
            if self._stop_asked.wait(LOOK_SECONDS):
                return


def serve(data: DataDirectory) -> None:
    """Run the recorder of a box until SIGTERM or SIGINT."""
    confine()
    data.create()
    database = open_recordings(data)
    recorder = Recorder(data, Recordings(database), mono=time.monotonic, utc=time.time)
    alarms = RetentionAlarms(recorder.alarms, partial(read_summary, data), time.monotonic)
    process = Process(recorder, alarms)
    beside = open_recordings(data)
    clock = TrustedClock(clock_path(data))
    kept = Recordings(beside)
    job = RetentionJob(
        data, kept, clock, partial(plans_in, data),
        letters=files_in(data, kept.letter_files(), kept.attachments()), records=records_in(data, kept),
    )  # fmt: skip
    nightly = Nightly(job)
    signal.signal(signal.SIGTERM, process.stop)
    signal.signal(signal.SIGINT, process.stop)
    nightly.start()
    try:
        process.run()
    finally:
        nightly.stop()
        recorder.close()
        nightly.join(1.0)
        if not nightly.is_alive():  # else it packs; the store ends that by itself
            beside.close()
        database.close()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m b2bua.recorder", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="data directory of the box")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    serve(DataDirectory(arguments.data))


if __name__ == "__main__":
    main()
