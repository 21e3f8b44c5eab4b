"""Semicolon parameters of header fields and URIs."""

from __future__ import annotations

import re

from b2bua.sip.text import BLANK, malformed

Params = tuple[tuple[str, str | None], ...]
"""(name as received, raw value or None); quoted values keep their quotes."""

_PARAM = re.compile(
    r"""[ \t]*+;[ \t]*+
    ([^\x00-\x20\x7f;=,"<>]++)
    (?:[ \t]*+=[ \t]*+( "(?:[^"\\]++|\\.)*" | [^\x00-\x20\x7f;,"<>]++ ))?""",
    re.VERBOSE | re.DOTALL,
)
_SIMPLE = re.compile(r"(?:;[^\x00-\x20\x7f;=,\"<>]++(?:=[^\x00-\x20\x7f;,\"<>]++)?)*")


def parse_params(raw: str) -> Params:
    """Parse ``;name=value;flag`` (leading semicolon included); raises SipError(400) for anything else.

    Empty parameters (``;;``) and empty values (``;a=``) are malformed, blanks around ``;`` and ``=`` are not.
    """
    if not raw:
        return ()
    if _SIMPLE.fullmatch(raw):
        out: list[tuple[str, str | None]] = []
        for part in raw[1:].split(";"):
            name, equals, value = part.partition("=")
            out.append((name, value if equals else None))
        return tuple(out)
    return _parse_folded(raw.rstrip(BLANK))


def _parse_folded(raw: str) -> Params:
    out: list[tuple[str, str | None]] = []
    position = 0
    while position < len(raw):
        match = _PARAM.match(raw, position)
        if match is None:
            raise malformed("parameters")
        out.append((match[1], match[2]))
        position = match.end()
    return tuple(out)


def find_param(params: Params, name: str) -> str | None:
    """Return the raw value of a parameter (``name`` in lower case), "" for one without value, None if
    absent."""
    for key, value in params:
        if key == name or key.lower() == name:
            return value or ""
    return None


def has_param(params: Params, name: str) -> bool:
    """Tell whether a parameter (``name`` in lower case) is there, with or without value."""
    return find_param(params, name) is not None


def print_params(params: Params) -> str:
    """Print parameters with their leading semicolons."""
    return "".join([f";{name}" if value is None else f";{name}={value}" for name, value in params])
