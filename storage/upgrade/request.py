"""What the pages ask for: a file that the machine's own service waits for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from storage.data_directory import DataDirectory, open_as_guest, write_atomically

FILE: Final = "upgrade-request.json"
MOST_BYTES: Final = 4096


class Request(msgspec.Struct, frozen=True):
    """Somebody wants an upgrade."""

    bundle: str
    """Name of a file in the inbox."""
    by: str
    wait_minutes: int | None = None


def inbox_of(data: DataDirectory) -> Path:
    """Return where the pages put bundles."""
    return data.root / "inbox"


def ask(data: DataDirectory, request: Request) -> None:
    """Ask for it."""
    write_atomically(data.root / FILE, msgspec.json.encode(request))


def asked(data: DataDirectory) -> Request | None:
    """Return what was asked for and not begun; None where that is nothing, or nonsense."""
    try:
        with open_as_guest(data.root / FILE) as file:
            found = msgspec.json.decode(file.read(MOST_BYTES), type=Request)
    except (OSError, msgspec.DecodeError):
        return None
    return found if "/" not in found.bundle and not found.bundle.startswith(".") else None


def forget(data: DataDirectory) -> None:
    """Drop it, whatever it was."""
    (data.root / FILE).unlink(missing_ok=True)
