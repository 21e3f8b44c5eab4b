"""Reason values (RFC 3326)."""

from __future__ import annotations

import re

import msgspec

from b2bua.sip.params import Params, find_param, parse_params, print_params
from b2bua.sip.text import TOKEN, malformed, quote, read_number, unquote

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""For who was rung when another one answered: phones then show no missed call."""

_REASON = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]++)([ \t]*+;.*+)?", re.DOTALL)


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why a request or response was sent."""

    protocol: str
    """``Q.850``, ``SIP`` ..."""
    cause: int | None = None
    """Cause of the protocol (Q.850: 1..127, SIP: a status), None when absent or no number."""
    text: str = ""
    """Hostile text, unquoted."""
    params: Params = ()
    """Parameters other than cause and text."""

    @classmethod
    def parse(cls, raw: str) -> Reason:
        """Parse one value; raises SipError(400)."""
        match = _REASON.fullmatch(raw)
        if match is None:
            raise malformed("Reason")
        params = parse_params(match[2]) if match[2] else ()
        cause = find_param(params, "cause")
        others = tuple([param for param in params if param[0].lower() not in ("cause", "text")])
        return cls(
            match[1],
            read_number(cause, 999) if cause else None,
            unquote(find_param(params, "text") or ""),
            others,
        )

    def __str__(self) -> str:
        if not TOKEN.fullmatch(self.protocol):
            raise ValueError(f"no protocol of a Reason: {self.protocol!r}")
        cause = f";cause={self.cause}" if self.cause is not None else ""
        text = f";text={quote(self.text)}" if self.text else ""
        return f"{self.protocol}{cause}{text}{print_params(self.params)}"
