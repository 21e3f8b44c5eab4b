"""While an upgrade can still go back, the pages show and change nothing.

Going back puts the data of before in place. Calls are read again from the journal then, but a payment, a
ticket or a setting that somebody entered meanwhile would be gone; so he is asked to wait the few minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from storage.upgrade.history import stands_still
from webui.services.figures import Wsgi

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ZH: Final = "系统正在升级，几分钟内暂不能修改。您填写的内容没有保存，请稍后返回重试。"
EN: Final = "The box is being upgraded and takes no changes for minutes. Nothing was saved: please try again."
RETRY_SECONDS: Final = 60


def with_standstill(application: Wsgi, upgrades: Path) -> Wsgi:
    """Return an application that answers 503 to what would change something while that could be lost.

    ``upgrades``: where the journals lie (``storage.upgrade.history.place_of``).
    """

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in SAFE or not stands_still(upgrades):
            return application(environ, start_response)
        if environ["PATH_INFO"].startswith("/api/"):
            kind, body = "application/problem+json", _problem()
        else:
            kind, body = "text/plain; charset=utf-8", f"{ZH}\n{EN}\n".encode()
        start_response(
            "503 Service Unavailable",
            [
                ("Content-Type", kind), ("Content-Length", str(len(body))),
                ("Retry-After", str(RETRY_SECONDS)), ("Cache-Control", "no-store"),
            ],
        )  # fmt: skip
        return [body]

    return serve


def _problem() -> bytes:
    return msgspec.json.encode({"type": "about:blank", "title": ZH, "status": 503, "detail": EN})
