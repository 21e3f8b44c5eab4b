"""Keeps the places of queues in ``DATA/call-backs.json``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from twisted.logger import Logger

from b2bua.calls.wishes import WishList, decode
from b2bua.process.timers import LaterSaver
from storage.data_directory import write_atomically

_log = Logger()


def kept_wishes(path: Path, in_thread: Callable[..., object], utc: Callable[[], float]) -> WishList:
    """Read the list that the process before left, and keep it from now on; a damaged file is no error."""

    def save(content: bytes) -> None:
        try:
            write_atomically(path, content)
        except OSError as error:
            _log.error("call-back wishes were not saved: {error}", error=str(error))

    saver = LaterSaver(in_thread, save)
    try:
        return WishList(decode(path.read_bytes(), utc()), saver)
    except FileNotFoundError:
        pass
    except (OSError, msgspec.DecodeError) as error:
        _log.error("call-back wishes cannot be read: {error}", error=str(error))
    return WishList((), saver)
