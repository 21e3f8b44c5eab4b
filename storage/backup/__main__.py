"""Make the scheduled backup now: ``python -m storage.backup --data DIR``; the store starts it."""

from __future__ import annotations

import argparse
import logging
import sys

from storage.backup.scheduled import run_once
from storage.data_directory import DataDirectory
from storage.serving.snapshots import read_box

log = logging.getLogger(__name__)


def main() -> int:
    """Do what the configuration in force says; 0 done, 1 not."""
    parser = argparse.ArgumentParser(prog="storage.backup", description="Make the scheduled backup now.")
    parser.add_argument("--data", required=True, help="data directory")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    data = DataDirectory(arguments.data)
    plan = read_box(data).backup
    if plan is None:
        log.info("no backup is configured")
        return 0
    state = run_once(data, plan)
    if state.error:
        log.error("backup to %s failed: %s", plan.to, state.error)
        return 1
    log.info("backup %s to %s made and verified in %.1f s", state.generation, plan.to, state.seconds)
    return 0


if __name__ == "__main__":
    sys.exit(main())
