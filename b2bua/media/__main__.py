"""``python -m b2bua.media --socket FD-or-PATH``: run one media worker."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import resource
import signal
import socket

os.environ.setdefault(
    "OPENBLAS_NUM_THREADS", "1"
)  # before numpy is imported: its threads would only lie idle

from b2bua.media.worker import Worker

NICE = -10


def control_socket(where: str) -> socket.socket:
    """Return the control socket: an inherited descriptor by its number, or one connected to a path."""
    if where.isascii() and where.isdigit():
        return socket.socket(fileno=int(where))
    control = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    control.connect(where)
    return control


def main() -> None:
    """Serve until the control socket closes; signals of the terminal are the b2bua's business."""
    parser = argparse.ArgumentParser(prog="b2bua.media", description="Carry RTP for the b2bua process.")
    parser.add_argument("--socket", required=True, metavar="FD-or-PATH", help="control socket")
    control = control_socket(parser.parse_args().socket)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(OSError):
        os.nice(NICE)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    worker = Worker(control)
    gc.collect()
    gc.freeze()
    worker.run()


main()
