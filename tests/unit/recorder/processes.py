"""A real store process on a data directory of a test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.data_directory import DataDirectory


@contextmanager
def process(module: str, data: DataDirectory) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``python -m module --data DIR`` until the block is left; entered when it said that it is ready."""
    data.create()
    address = data.run / f"ready-{module}.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
        ready.bind(str(address))
        ready.settimeout(20)
        environment = os.environ | {"NOTIFY_SOCKET": str(address), "PYTHONPATH": str(Path.cwd())}
        log = (data.log / f"{module}.log").open("wb")
        child = subprocess.Popen(
            [sys.executable, "-m", module, "--data", str(data.root)], env=environment, stdout=log, stderr=log
        )
        log.close()
        try:
            while b"READY=1" not in ready.recv(4096):
                pass
            yield child
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(20)
            address.unlink()
