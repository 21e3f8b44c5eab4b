"""What somebody hears who sends more than the box takes, before it is read."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from waitress.parser import HTTPRequestParser
from waitress.utilities import RequestEntityTooLarge

from b2bua.recorder.prompts import MOST_BYTES

MEGABYTES: Final = MOST_BYTES // 1_000_000
MOST_BODY: Final = MOST_BYTES + (1 << 20)
"""Octets of a request's body; the largest file is a prompt, and a form has some fields besides."""
ZH: Final = f"文件过大：一次最多上传 {MEGABYTES} MB，本次内容未被接收。请压缩或分开后重新上传。"
EN: Final = f"Too large: {MEGABYTES} MB at most at once; nothing was taken in. Send something smaller."


class TooLarge(RequestEntityTooLarge):  # type: ignore[misc]
    """413 in both languages, since nobody was asked yet who it is; to programs as RFC 9457 has it."""

    def __init__(self, path: str) -> None:
        super().__init__(EN)
        self._of_api = path.startswith("/api/")

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and body."""
        kind, body = "text/plain; charset=utf-8", f"{ZH}\n\n{EN}\n".encode()
        if self._of_api:
            problem = {"type": "about:blank", "title": EN, "status": self.code, "detail": ZH}
            kind, body = "application/problem+json", msgspec.json.encode(problem)
        headers = [("Content-Type", kind), ("X-Content-Type-Options", "nosniff")]
        return f"{self.code} {self.reason}", headers, body


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads requests for waitress, which alone says of a body that is too large "exceeds max_body"."""

    error: Any

    def received(self, data: bytes) -> Any:
        """Take octets; return how many of them."""
        used = super().received(data)
        if type(self.error) is RequestEntityTooLarge:
            self.error = TooLarge(self.path)
        return used
