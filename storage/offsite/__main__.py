"""Back up off the machine if it is due or asked for, or restore: ``python -m storage.offsite --data DIR``."""

from __future__ import annotations

import argparse
import fcntl
import logging
import sys
import time

from storage.backup_schedule import read_asks
from storage.data_directory import DataDirectory
from storage.offsite.restoring import prepare
from storage.offsite.state import drill_is_due, is_wanted, state_for, write_state
from storage.offsite.takeover import is_asked
from storage.offsite.work import back_up, drill
from storage.serving.snapshots import read_box

log = logging.getLogger(__name__)


def main() -> int:
    """Do what the configuration in force says; 0 done or not due, 1 it failed."""
    parser = argparse.ArgumentParser(
        prog="storage.offsite", description="Back up off the machine if it is due."
    )
    parser.add_argument("--data", required=True, help="data directory")
    data = DataDirectory(parser.parse_args().data)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if is_asked(data):
        return _restore(data)
    plan = read_box(data).offsite
    if plan is None:
        return 0
    with (data.root / "offsite.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # one is under way
        asks, state = read_asks(data), state_for(data, plan, time.time())
        if is_wanted(plan, state, asks, time.time()):
            write_state(data, state)
            state = back_up(data, plan)
            if state.error:
                log.error("backup to %s failed: %s", plan.to, state.error)
                return 1
            log.info("backup %s to %s made in %.1f s", state.snapshot[:8], plan.to, state.seconds)
        if drill_is_due(state, asks):
            done = drill(data, plan)
            if done.faults:
                log.error("the restore drill of %s failed: %s", done.snapshot[:8], "; ".join(done.faults[:3]))
                return 1
            log.info("the restore drill of %s passed in %.1f s", done.snapshot[:8], done.seconds)
    return 0


def _restore(data: DataDirectory) -> int:
    state = prepare(data)
    if state is None:
        return 0  # somebody is at it
    if state.why:
        log.warning("the restore from %s failed: %s", state.to, state.why)
        return 0  # who asked for it is told; nobody else need be
    log.info("the backup of %d tenants and %d records is ready", state.tenants, state.records)
    return 0


if __name__ == "__main__":
    sys.exit(main())
