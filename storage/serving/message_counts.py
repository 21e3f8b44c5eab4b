"""How many messages each tenant has, told by the recorder to the b2bua, which never asks the database."""

from __future__ import annotations

import msgspec

from storage.data_directory import DataDirectory, write_atomically


def write_counts(data: DataDirectory, counts: dict[str, int]) -> None:
    """Tell them in ``DATA/messages.json``; raises OSError."""
    write_atomically(data.root / "messages.json", msgspec.json.encode(counts))


def read_counts(data: DataDirectory) -> dict[str, int]:
    """Return what was told last; empty when nothing was, or it cannot be read."""
    try:
        return msgspec.json.decode((data.root / "messages.json").read_bytes(), type=dict[str, int])
    except (OSError, msgspec.DecodeError):
        return {}
