"""Replaces values, in their header (RFC 3891) and in the URI of a Refer-To (RFC 3515, RFC 3891 7.1)."""

from __future__ import annotations

import re

import msgspec

from b2bua.sip.params import find_param, parse_params
from b2bua.sip.text import malformed
from b2bua.sip.uri import Uri, unescape

_REPLACES = re.compile(r"([^\x00-\x20\x7f;,]++)([ \t]*+;.*+)?", re.DOTALL)


class Replaces(msgspec.Struct, frozen=True, gc=False):
    """The dialog that a new one takes the place of; the tags are as its receiver sees them."""

    call_id: str
    to_tag: str
    """The receiver's own tag."""
    from_tag: str
    """The tag of the receiver's peer."""
    early_only: bool = False

    @classmethod
    def parse(cls, raw: str) -> Replaces:
        """Parse a value; raises SipError(400), also where a tag is missing or repeated."""
        match = _REPLACES.fullmatch(raw)
        if match is None:
            raise malformed("Replaces")
        params = parse_params(match[2]) if match[2] else ()
        names = [name.lower() for name, _ in params]
        to_tag, from_tag = find_param(params, "to-tag"), find_param(params, "from-tag")
        if not to_tag or not from_tag or names.count("to-tag") > 1 or names.count("from-tag") > 1:
            raise malformed("Replaces")
        return cls(match[1], to_tag, from_tag, "early-only" in names)

    @classmethod
    def in_uri(cls, uri: Uri) -> Replaces | None:
        """Read the Replaces that a Refer-To's URI carries; None without one; raises SipError(400).

        This is the only header that is ever taken out of a URI.
        """
        for part in uri.headers.split("&"):
            name, _, value = part.partition("=")
            if unescape(name).lower() == "replaces":
                return cls.parse(unescape(value))
        return None

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"
