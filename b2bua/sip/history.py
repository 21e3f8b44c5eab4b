"""History-Info values (RFC 7044, RFC 4458)."""

from __future__ import annotations

import re

import msgspec

from b2bua.sip.errors import SipError
from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.reason import Reason
from b2bua.sip.text import malformed, read_number
from b2bua.sip.uri import Uri, unescape

_INDEX = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,63}")


class HistoryEntry(msgspec.Struct, frozen=True, gc=False):
    """One target that a request has been sent to."""

    address: NameAddr
    """As received; its URI still carries the escaped headers."""
    index: tuple[int, ...]
    """Position in the tree of retargeting: ``1.2`` is (1, 2)."""

    @classmethod
    def parse(cls, raw: str) -> HistoryEntry:
        """Parse one value; raises SipError(400). RFC 4244 peers are read too."""
        address = NameAddr.parse(raw)
        index = address.param("index") or ""
        if not _INDEX.fullmatch(index):
            raise malformed("History-Info")
        return cls(address, tuple([int(part) for part in index.split(".")]))

    @property
    def target(self) -> Uri:
        """The URI without its escaped headers."""
        return self.address.uri.replace(headers="")

    @property
    def cause(self) -> int | None:
        """Why the call was sent on to this target (RFC 4458: 302 unconditional, 486 busy, 408 silence)."""
        return read_number(self.address.uri.param("cause") or "", 999)

    @property
    def mapped_from(self) -> str | None:
        """Index of the entry that this one came from: the value of rc, mp or np (RFC 7044 10.3), or None."""
        for name in ("mp", "rc", "np"):
            value = self.address.param(name)
            if value:
                return value
        return None

    @property
    def reason(self) -> Reason | None:
        """Why this target failed: the Reason escaped in the URI, None when absent or malformed."""
        raw = self._escaped_header("reason")
        if raw is None:
            return None
        try:
            return Reason.parse(raw)
        except SipError:
            return None

    @property
    def private(self) -> bool:
        """Whether it must not be shown: ``Privacy=history`` (or stricter) escaped in the URI."""
        raw = self._escaped_header("privacy")
        return raw is not None and raw.strip().lower() not in ("", "none")

    def _escaped_header(self, wanted: str) -> str | None:
        for part in self.address.uri.headers.split("&"):
            name, _, value = part.partition("=")
            if unescape(name).lower() == wanted:
                return unescape(value)
        return None

    def __str__(self) -> str:
        return str(self.address)
