"""Run the outbox: ``python -m b2bua.notices --data DIR``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time

from b2bua.clock import end_on_signals, install_reactor
from b2bua.process.log import begin_logging


def main() -> None:
    """Send notices until told to end."""
    parser = argparse.ArgumentParser(prog="box400 notices-process", description="Send notices and webhooks.")
    parser.add_argument("--data", required=True, help="data directory")
    arguments = parser.parse_args()
    reactor = install_reactor()
    begin_logging()
    logging.getLogger("ZEO").setLevel(logging.ERROR)
    # Only now: what these import takes the reactor that is installed.
    from b2bua.notices.process import Process
    from domain.structures import learn_structures
    from storage.data_directory import DataDirectory
    from storage.machine.process_lock import ProcessBusy, hold_lock

    data = DataDirectory(arguments.data)
    data.create()
    try:
        lock = hold_lock(data.run / "notices.lock")
    except ProcessBusy as error:
        sys.exit(str(error))
    learn_structures()
    process = Process(reactor, data, utc=time.time)
    process.start()
    end_on_signals(reactor, process.stop)
    reactor.run(installSignalHandlers=False)
    os.close(lock)


if __name__ == "__main__":
    main()
