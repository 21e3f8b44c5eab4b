"""``/healthz`` and ``/metrics``: the b2bua's, passed through from its UNIX socket."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from storage.data_directory import DataDirectory

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PATHS = ("/healthz", "/metrics")
PASSED = ("Content-Type", "Date")
SECONDS = 5.0


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(SECONDS)
        self.sock.connect(str(self._path))


def with_figures(application: Wsgi, data: DataDirectory) -> Wsgi:
    """Return an application that passes these two paths on, and everything else to ``application``."""

    def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in PATHS or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return application(environ, start_response)
        status, headers, body = _ask(data.figures_socket, environ["PATH_INFO"])
        start_response(status, [*headers, ("Content-Length", str(len(body))), ("Cache-Control", "no-store")])
        return [body]

    return serve


def _ask(path: Path, page: str) -> tuple[str, list[tuple[str, str]], bytes]:
    connection = _UnixConnection(path)
    try:
        connection.request("GET", page)
        answer = connection.getresponse()
        body = answer.read()
        headers = [(name, value) for name in PASSED if (value := answer.getheader(name))]
        return f"{answer.status} {answer.reason}", headers, body
    except (OSError, http.client.HTTPException):
        return "503 Service Unavailable", [("Content-Type", "text/plain")], b"the b2bua is not running\n"
    finally:
        connection.close()
