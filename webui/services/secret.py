"""The key that signs what browsers hold for us."""

from __future__ import annotations

import os
import secrets

from storage.data_directory import DataDirectory


def web_secret(data: DataDirectory) -> bytes:
    """Return the box's key; it is made at the first start, readable by the box alone."""
    path = data.web_secret
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_bytes()
    secret = secrets.token_bytes(32)
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
    return secret
