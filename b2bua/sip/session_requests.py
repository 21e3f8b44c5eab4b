"""Requests of ours in a dialog, other than INVITE and ACK."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from b2bua.sip.core_endpoint import Rows
from b2bua.sip.message import Request, Response

if TYPE_CHECKING:
    from b2bua.sip.session import Session

Credentials = Callable[[Response, Request], tuple[str, str] | None]
"""Answers a 401 or 407 with a header, or None where this peer may not ask us."""

Finished = Callable[[Response | None, int], None]
"""Takes the final response, or None with 408 or 503 when none came; and its status."""

CHALLENGES = 4
"""How many challenges of one request are answered at most: a proxy's and the peer's, and stale nonces."""


class Challenged:
    """Answers the challenges of one request: each kind once, and again where only the nonce was stale."""

    __slots__ = ("_answered", "_count", "rows")

    def __init__(self) -> None:
        self._answered: set[int] = set()
        self._count = 0
        self.rows: list[tuple[str, str]] = []
        """The headers that answer, for the next try."""

    def answer(self, credentials: Credentials | None, response: Response, request: Request) -> bool:
        """Take a response; True when the request shall be sent again with ``rows``."""
        status = response.status
        if credentials is None or status not in (401, 407) or self._count >= CHALLENGES:
            return False
        if status in self._answered and not _is_stale(response, status):
            return False  # our credentials are wrong
        row = credentials(response, request)
        if row is None:
            return False
        self._answered.add(status)
        self._count += 1
        self.rows = [kept for kept in self.rows if kept[0] != row[0]] + [row]
        return True


def _is_stale(response: Response, status: int) -> bool:
    name = "WWW-Authenticate" if status == 401 else "Proxy-Authenticate"
    return any(_STALE.search(row) is not None for row in response.get_all(name))


_STALE = re.compile(r'stale[ \t]*=[ \t]*"?true', re.IGNORECASE)


class DialogRequest:
    """BYE, INFO, PRACK, NOTIFY ... until its final answer."""

    __slots__ = ("_body", "_challenged", "_finished", "_method", "_request", "_rows", "_session")

    def __init__(
        self, session: Session, method: str, rows: Rows, body: bytes, finished: Finished | None
    ) -> None:
        self._session = session
        self._method = method
        self._rows = rows
        self._body = body
        self._finished = finished
        self._challenged: Challenged | None = None
        self._send(rows)

    def _send(self, rows: Rows) -> None:
        session = self._session
        dialog = session.dialog
        endpoint = session.endpoint
        dialog.local_cseq += 1
        branch = endpoint.branch()
        self._request = dialog.request(
            self._method, dialog.local_cseq, endpoint.via(dialog.flow, branch), rows, self._body
        )
        endpoint.send_request(self._request, branch, dialog.flow, self)

    def on_response(self, response: Response) -> None:
        """Take the answer; a challenge is answered where we have credentials for this peer."""
        status = response.status
        if status < 200:
            return
        if status in (401, 407):
            challenged = self._challenged = self._challenged or Challenged()
            if challenged.answer(self._session.credentials, response, self._request):
                self._send([*self._rows, *challenged.rows])
                return
        self._finish(response, status)

    def on_no_response(self, status: int) -> None:
        """Take silence or a dead flow."""
        self._finish(None, status)

    def _finish(self, response: Response | None, status: int) -> None:
        if self._finished is not None:
            self._finished(response, status)
        if status in (408, 481) and self._method != "BYE":
            self._session.lost(status)
