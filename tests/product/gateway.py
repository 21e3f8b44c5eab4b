"""A web server on loopback, as SMS gateway, robot or a tenant's server: it keeps what it is sent."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Request(NamedTuple):
    """What was asked."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float
    """Monotonic seconds."""


class WebGateway:
    """Answers 200 with ``says`` unless told otherwise; used as a context."""

    def __init__(self, host: str, says: bytes = b'{"errcode":0,"code":"ok"}') -> None:
        self.says = says
        self.status: Callable[[Request], int] = lambda request: 200
        self.requests: list[Request] = []
        gateway = self

        class Answering(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self.path, dict(self.headers), body, time.monotonic())
                gateway.requests.append(request)
                self.send_response(gateway.status(request))
                self.send_header("Content-Length", str(len(gateway.says)))
                self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.end_headers()
                self.wfile.write(gateway.says)

            do_GET = do_POST

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((host, 0), Answering)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://{host}:{self._server.server_port}"

    def asked(self, path: str) -> list[Request]:
        """Return what was asked of a path."""
        return [each for each in self.requests if each.path.startswith(path)]

    def __enter__(self) -> WebGateway:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
