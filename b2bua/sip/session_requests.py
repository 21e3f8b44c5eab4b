"""Requests of ours in a dialog, other than INVITE and ACK."""

from __future__ import annotations

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

CREDENTIAL_TRIES = 2
"""How often one request may be challenged: the second time by a stale nonce."""


class DialogRequest:
    """BYE, INFO, PRACK, NOTIFY ... until its final answer."""

    __slots__ = ("_body", "_finished", "_method", "_request", "_rows", "_session", "_tries")

    def __init__(
        self, session: Session, method: str, rows: Rows, body: bytes, finished: Finished | None
    ) -> None:
        self._session = session
        self._method = method
        self._rows = rows
        self._body = body
        self._finished = finished
        self._tries = 0
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
        credentials = self._session.credentials
        if status in (401, 407) and credentials is not None and self._tries < CREDENTIAL_TRIES:
            row = credentials(response, self._request)
            if row is not None:
                self._tries += 1
                self._send([*self._rows, row])
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
