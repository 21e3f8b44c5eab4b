"""Back up off the machine if it is due: ``python -m storage.offsite --data DIR``, by a timer or the store."""

from __future__ import annotations

import argparse
import fcntl
import logging
import sys
import time

from storage.data_directory import DataDirectory
from storage.offsite.state import is_due, state_for, write_state
from storage.offsite.work import back_up
from storage.snapshots import read_box

log = logging.getLogger(__name__)


def main() -> int:
    """Do what the configuration in force says; 0 done or not due, 1 it failed."""
    parser = argparse.ArgumentParser(
        prog="storage.offsite", description="Back up off the machine if it is due."
    )
    parser.add_argument("--data", required=True, help="data directory")
    data = DataDirectory(parser.parse_args().data)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    plan = read_box(data).offsite
    if plan is None:
        return 0
    with (data.root / "offsite.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # one is under way
        state = state_for(data, plan, time.time())
        if not is_due(plan, state, time.time()):
            return 0
        write_state(data, state)
        state = back_up(data, plan)
    if state.error:
        log.error("backup to %s failed: %s", plan.to, state.error)
        return 1
    log.info("backup %s to %s made in %.1f s", state.snapshot[:8], plan.to, state.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
