"""Session timers (RFC 4028): who refreshes, how often, and when a silent peer is given up."""

from __future__ import annotations

import msgspec

from b2bua.sip.errors import SipError
from b2bua.sip.message import Message, Request, Response
from b2bua.sip.params import find_param, parse_params
from b2bua.sip.text import BLANK, malformed, read_number

MIN_SE = 90
"""The least interval that RFC 4028 allows, seconds."""


class SessionExpires(msgspec.Struct, frozen=True, gc=False):
    """Value of the Session-Expires header."""

    seconds: int
    refresher: str | None = None
    """``uac`` or ``uas`` of the refresh that it stands in; None: the answerer chooses."""

    @classmethod
    def parse(cls, raw: str) -> SessionExpires:
        """Parse a value; raises SipError(400)."""
        number, _, rest = raw.partition(";")
        seconds = read_number(number.strip(BLANK), 2**31 - 1)
        if seconds is None:
            raise malformed("Session-Expires")
        refresher = find_param(parse_params(";" + rest), "refresher") if rest else None
        refresher = refresher.lower() if refresher else None
        return cls(seconds, refresher if refresher in ("uac", "uas") else None)

    def __str__(self) -> str:
        return str(self.seconds) if self.refresher is None else f"{self.seconds};refresher={self.refresher}"


class Interval(msgspec.Struct, frozen=True, gc=False):
    """What was agreed."""

    seconds: int
    we_refresh: bool

    @property
    def delay(self) -> float:
        """Seconds until something must be done: a refresh at half time, or giving up shortly before
        the end."""
        if self.we_refresh:
            return self.seconds / 2
        return self.seconds - min(32.0, self.seconds / 3)


def read_session_expires(message: Message) -> SessionExpires | None:
    """Read Session-Expires; None when absent; raises SipError(400)."""
    return message.parse_header("Session-Expires", SessionExpires.parse)


def read_min_se(message: Message) -> int:
    """Read Min-SE, 0 when absent; raises SipError(400)."""
    raw = message.get("Min-SE")
    if raw is None:
        return 0
    seconds = read_number(raw.partition(";")[0].strip(BLANK), 2**31 - 1)
    if seconds is None:
        raise malformed("Min-SE")
    return seconds


def answer_request(
    request: Request, own_seconds: int, min_seconds: int
) -> tuple[Interval | None, list[tuple[str, str]]]:
    """Agree as the answerer of an INVITE or UPDATE: the interval, and the headers of the 2xx.

    ``own_seconds`` 0: we ask for no timer ourselves. Raises SipError(422) with Min-SE where the peer wants
    less than ``min_seconds``.
    """
    wanted = read_session_expires(request)
    if wanted is None and not own_seconds:
        return None, []
    peer_can = "timer" in request.tokens("Supported") or "timer" in request.tokens("Require")
    if wanted is None:
        seconds = max(own_seconds, read_min_se(request))
        refresher = None
    else:
        if wanted.seconds < min_seconds and peer_can:
            raise SipError(422, "Session Interval Too Small", [("Min-SE", str(min_seconds))])
        seconds = max(wanted.seconds, min_seconds)
        if own_seconds:
            seconds = max(min(seconds, own_seconds), min_seconds, read_min_se(request))
        refresher = wanted.refresher
    if not peer_can:
        refresher = "uas"
    elif refresher is None:
        refresher = "uac"
    headers = [("Session-Expires", f"{seconds};refresher={refresher}")]
    if refresher == "uac":
        headers.append(("Require", "timer"))
    return Interval(seconds, refresher == "uas"), headers


def request_headers(seconds: int, min_seconds: int, refresher: str | None = None) -> list[tuple[str, str]]:
    """Give the headers of an INVITE or UPDATE that ask for a timer (``Supported: timer`` stands
    elsewhere)."""
    if not seconds:
        return []
    rows = [("Session-Expires", str(SessionExpires(seconds, refresher)))]
    if min_seconds > MIN_SE:
        rows.append(("Min-SE", str(min_seconds)))
    return rows


def read_agreement(response: Response) -> Interval | None:
    """Read what the answerer of our INVITE or UPDATE agreed to; None without a timer or with a
    malformed one."""
    try:
        agreed = read_session_expires(response)
    except SipError:
        return None
    if agreed is None or agreed.seconds < 1:
        return None
    return Interval(agreed.seconds, agreed.refresher != "uas")
