"""ASCII rules for SIP text.

Messages are ``str`` decoded from UTF-8 with ``surrogateescape``, so that any bytes survive. Nothing here
uses the Unicode-wide ``int``, ``strip``, ``split``, ``splitlines`` or ``isdigit`` unguarded: those accept
characters that SIP does not.
"""

from __future__ import annotations

import re

from b2bua.sip.errors import SipError

BLANK = " \t"

TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
"""``token`` of RFC 3261 25.1."""

_VALUE = re.compile(
    r"""(?:[^",<]++ | "(?:[^"\\]++|\\.?)*(?:"|$) | <[^>]*+(?:>|$))+ """,
    re.VERBOSE | re.DOTALL,
)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_TO_QUOTE = re.compile(r'["\\]')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]+")


def refuse_controls(text: str) -> str:
    """Return the text; raise ValueError where it holds CR, LF or NUL.

    Whatever we write into a start line or a header goes through here: an injected header would be our own
    bug.
    """
    if "\r" in text or "\n" in text or "\0" in text:
        raise ValueError(f"CR, LF or NUL in SIP text: {text!r}")
    return text


def read_number(raw: str, limit: int) -> int | None:
    """Read ASCII digits as a number of 0..limit; None when it is no number or above the limit."""
    if not (raw.isascii() and raw.isdigit()):  # the latter alone takes the digits of all scripts
        return None
    digits = raw.lstrip("0")
    if len(digits) > 19:  # int() of thousands of digits is slow, and refused above 4,300
        return None
    number = int(digits or "0")
    return number if number <= limit else None


def split_values(raw: str) -> list[str]:
    """Split a comma-joined header row (RFC 3261 7.3.1), respecting quotes and angle brackets; linear in time.

    Empty elements come out as empty strings, so that the caller refuses or skips them. An unterminated
    quote or bracket reaches to the end of the row.
    """
    if "," not in raw:
        return [raw.strip(BLANK)]
    values: list[str] = []
    position = 0
    length = len(raw)
    while True:
        match = _VALUE.match(raw, position)
        end = match.end() if match else position
        values.append(raw[position:end].strip(BLANK))
        if end >= length:
            return values
        position = end + 1  # the comma


def quote(text: str) -> str:
    """Write a quoted-string (RFC 3261 25.1); CR, LF and NUL, which would end the header, are left out."""
    for forbidden in "\r\n\0":
        if forbidden in text:
            text = text.replace(forbidden, "")
    if '"' in text or "\\" in text:
        text = _TO_QUOTE.sub(r"\\\g<0>", text)
    return f'"{text}"'


def unquote(raw: str) -> str:
    """Read a quoted-string, or give anything else back as it is."""
    if len(raw) < 2 or raw[0] != '"' or raw[-1] != '"':
        return raw
    raw = raw[1:-1]
    return _QUOTED_PAIR.sub(r"\1", raw) if "\\" in raw else raw


def printable(text: str) -> str:
    """Make hostile header text fit for logs, JSON and pages: bytes that were no UTF-8, controls and direction
    marks become U+FFFD. Escaping for HTML stays with the page."""
    return _SURROGATE.sub("�", _UNPRINTABLE.sub("�", text))


def malformed(what: str) -> SipError:
    """Make the 400 that names a header field; ``what`` is our own text."""
    return SipError(400, f"Malformed {what}")
