"""What is wrong with a message, together with the SIP status that says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from b2bua.sip.message import Request


class SipError(Exception):
    """A message that cannot be acted on.

    ``status`` (400..699) and ``reason`` make the answer; the reason is always our own text, never the
    peer's. ``headers`` belong into the answer (``Unsupported``, ``Accept`` ...). ``message`` is the
    request that may be answered with :func:`b2bua.sip.respond.response_to`, as far as it could be read
    (any header may be missing or malformed), or None where no answer is allowed or possible: responses,
    ACK, and what is no SIP at all.
    """

    def __init__(
        self,
        status: int,
        reason: str,
        headers: Sequence[tuple[str, str]] = (),
        message: Request | None = None,
    ) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.headers = tuple(headers)
        self.message = message

    def about(self, message: Request) -> SipError:
        """Return this error with the request it is about, unless that one must not be answered (ACK)."""
        if message.method != "ACK":
            self.message = message
        return self

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"
