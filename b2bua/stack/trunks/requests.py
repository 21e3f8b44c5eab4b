"""Requests of ours outside calls: OPTIONS and REGISTER on trunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.sip.seconds import parse_retry_after
from b2bua.stack.transports.reactor import Times

Rows = list[tuple[str, str]]


class RequestUser(Protocol):
    """Who learns what came of a request (:class:`b2bua.sip.transaction.NonInviteClientUser`)."""

    def on_response(self, response: Response) -> None:
        """Take a provisional or final response, each once."""

    def on_no_response(self, status: int) -> None:
        """Learn that none will come: 408 for silence, 503 for a dead flow."""


SendRequest = Callable[[str, str, Flow, Rows, RequestUser], object]
"""(method, uri, flow, rows without Via and Max-Forwards, user): ``SipCore.request``."""

SentBy = Callable[[Flow], tuple[str, int]]
"""Our host (IPv6 in brackets) and port on a flow."""


class Once:
    """Hears the first final answer, or that there is none within a bound; exactly once."""

    def __init__(
        self,
        heard: Callable[[Response | None, int], None],
        clock: Times | None = None,
        seconds: float = 0.0,
    ) -> None:
        """``heard`` gets the response and its status, or None and 408 or 503.

        With a clock, silence of ``seconds`` counts as 408; what comes later is not told.
        """
        self._heard: Callable[[Response | None, int], None] | None = heard
        self._patience = None if clock is None else clock.callLater(seconds, self._tell, None, 408)

    def on_response(self, response: Response) -> None:
        """Take a response; provisional ones tell nothing."""
        if response.status >= 200:
            self._tell(response, response.status)

    def on_no_response(self, status: int) -> None:
        """Take silence or a dead flow."""
        self._tell(None, status)

    def forget(self) -> None:
        """Tell nothing any more."""
        self._heard = None
        if self._patience is not None and self._patience.active():
            self._patience.cancel()

    def _tell(self, response: Response | None, status: int) -> None:
        heard = self._heard
        self.forget()
        if heard is not None:
            heard(response, status)


def contact_uri(user: str, flow: Flow, sent_by: SentBy) -> str:
    """Write our Contact URI on a flow."""
    host, port = sent_by(flow)
    who = f"{user}@" if user else ""
    parameter = "" if flow.transport == "udp" else f";transport={flow.transport}"
    return f"sip:{who}{host}:{port}{parameter}"


def retry_after(response: Response | None) -> float:
    """Read Retry-After in seconds; 0 when absent or malformed."""
    raw = response.get("Retry-After") if response is not None else None
    if raw is None:
        return 0.0
    try:
        return float(parse_retry_after(raw))
    except SipError:
        return 0.0
