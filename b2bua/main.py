"""``python -m b2bua --data DIR``: the process that speaks SIP and serves the calls."""

from __future__ import annotations

import argparse
import gc
import signal
import sys

from b2bua.clock import end_on_signals, install_reactor
from b2bua.process.log import begin_logging
from b2bua.process.tuning import tune


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM; returns the exit status: 0 as told, 1 when the start failed."""
    parser = argparse.ArgumentParser(prog="b2bua", description="Speak SIP and serve the calls of one box.")
    parser.add_argument("--data", required=True, metavar="DIR", help="the box's data directory")
    parser.add_argument("--web", metavar="HOST:PORT", help="/healthz and /metrics here too")
    parser.add_argument("--standby", action="store_true", help="load the code, then wait for a line to begin")
    options = parser.parse_args(arguments)
    gc.disable()  # until all is loaded: nothing of it is garbage (process.tuning.settle)
    tune()
    reactor = install_reactor()
    begin_logging()
    # Only now: what these import takes the reactor that is installed.
    from twisted.internet.error import CannotListenError

    from b2bua.process.process import NothingOpen, Process
    from domain.structures import learn_structures
    from storage.data_directory import DataDirectory
    from storage.journal import JournalBusy

    learn_structures()
    data = DataDirectory(options.data)
    if options.standby and not sys.stdin.readline():
        return 0
    data.create()
    try:
        process = Process(reactor, data, data.read_settings(), web=options.web)
        process.start()
    except (NothingOpen, JournalBusy, CannotListenError, OSError) as failure:
        print(f"b2bua: {failure}", file=sys.stderr, flush=True)
        return 1
    end_on_signals(reactor, process.stop)
    signal.signal(signal.SIGHUP, lambda *_: reactor.callFromThread(process.reload))
    print("ready", flush=True)
    reactor.run(installSignalHandlers=False)
    return 0
