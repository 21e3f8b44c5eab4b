"""Files that are made for who asks, and sent to be stored."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pyramid.response import Response

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def content_of(write: Callable[[Path], object]) -> bytes:
    """Return what a writer writes into a file."""
    with tempfile.TemporaryDirectory(prefix="box400-web-") as folder:
        path = Path(folder) / "made.xlsx"
        write(path)
        return path.read_bytes()


def download(content: bytes, name: str, content_type: str = XLSX) -> Response:
    """Send a file to be stored."""
    response = Response(content, content_type=content_type)
    response.content_disposition = f'attachment; filename="{name}"'
    return response
