"""Run the store: ``python -m storage --data DIR``."""

from __future__ import annotations

import argparse
import logging

from storage.data_directory import DataDirectory
from storage.server import Store


def _is_fault(record: logging.LogRecord) -> bool:
    """Tell what is worth an error from the end of a client: a process that is killed says no goodbye."""
    return not record.msg.startswith("Disconnected ")


def _in_one_line(record: logging.LogRecord) -> bool:
    """Tell of a disk that takes nothing without a traceback: whoever wanted to write is told, and alarmed."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, OSError):
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", (), None
    return True


def main() -> None:
    """Serve the storages of one data directory until told to end."""
    parser = argparse.ArgumentParser(prog="box400 store", description="Serve the box's databases.")
    parser.add_argument("--data", required=True, help="data directory")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("ZEO").setLevel(logging.WARNING)
    logging.getLogger("ZEO.asyncio.server").addFilter(_is_fault)
    for name in ("ZEO.asyncio.server", "ZEO.StorageServer"):
        logging.getLogger(name).addFilter(_in_one_line)
    Store(DataDirectory(arguments.data)).run()


if __name__ == "__main__":
    main()
