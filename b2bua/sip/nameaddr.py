"""name-addr and addr-spec values: From, To, Contact, Route, P-Asserted-Identity ... (RFC 3261 20.10)."""

from __future__ import annotations

import re
from functools import lru_cache

import msgspec

from b2bua.sip.params import Params, find_param, parse_params, print_params
from b2bua.sip.text import malformed, quote, unquote
from b2bua.sip.uri import SHORT, Uri

_NAME_ADDR = re.compile(
    r"""(?: ("(?:[^"\\]++|\\.)*") | ([^\x00-\x08\x0a-\x1f\x7f"<>,;:\\]*+) )
    [ \t]*+ <([^<>"\x00-\x20\x7f]++)> ([ \t]*+;.*+)? [ \t]*+""",
    re.VERBOSE | re.DOTALL,
)
# Without brackets, what follows ";" belongs to the header, and "?" and "," must not be there.
_ADDR_SPEC = re.compile(r"""([^<>"\x00-\x20\x7f;?,]++)([ \t]*+;.*+)?[ \t]*+""", re.DOTALL)


class NameAddr(msgspec.Struct, frozen=True, gc=False):
    """An address with display name and header parameters."""

    display: str
    """Unquoted; empty when there is none."""
    uri: Uri
    params: Params = ()
    """Parameters of the header field, not of the URI."""

    @classmethod
    def parse(cls, raw: str) -> NameAddr:
        """Parse one value; raises SipError(400)."""
        return _parse_short(raw) if len(raw) <= SHORT else _parse(raw)

    def param(self, name: str) -> str | None:
        """Return a header parameter's raw value (``name`` in lower case), "" for a flag, None when absent."""
        return find_param(self.params, name)

    @property
    def tag(self) -> str | None:
        """The tag, or None (RFC 2543 peers, requests outside a dialog)."""
        return find_param(self.params, "tag") or None

    @property
    def is_star(self) -> bool:
        """Whether it is the ``*`` of ``Contact: *``."""
        return self.uri.scheme == "*"

    def __str__(self) -> str:
        if self.uri.scheme == "*":
            return "*"
        display = f"{quote(self.display)} " if self.display else ""
        return f"{display}<{self.uri}>{print_params(self.params)}"


def _parse(raw: str) -> NameAddr:
    match = _NAME_ADDR.fullmatch(raw)
    if match is not None:
        quoted, plain, uri, params = match.groups()
        display = unquote(quoted) if quoted is not None else plain.strip(" \t")
    else:
        match = _ADDR_SPEC.fullmatch(raw)
        if match is None:
            raise malformed("address")
        uri, params = match.groups()
        if uri == "*":
            return STAR
        display = ""
    return NameAddr(display, Uri.parse(uri), parse_params(params) if params else ())


# From and To are the same in every message of a dialog.
_parse_short = lru_cache(maxsize=1024)(_parse)

STAR = NameAddr("", Uri("*"))
"""``Contact: *``: remove all bindings."""
