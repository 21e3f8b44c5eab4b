"""Diversion values (RFC 5806)."""

from __future__ import annotations

import msgspec

from b2bua.sip.nameaddr import NameAddr
from b2bua.sip.params import Params
from b2bua.sip.text import read_number, unquote


class Diversion(msgspec.Struct, frozen=True, gc=False):
    """Who diverted a call, and why; the topmost is the last diversion."""

    address: NameAddr
    """With all its parameters, as received."""

    @classmethod
    def parse(cls, raw: str) -> Diversion:
        """Parse one value; raises SipError(400)."""
        return cls(NameAddr.parse(raw))

    @classmethod
    def build(cls, address: NameAddr, reason: str, *, counter: int = 1, privacy: str = "") -> Diversion:
        """Make a value; ``reason`` as ``unconditional``, ``user-busy``, ``no-answer``, ``deflection``."""
        params: Params = (("reason", reason), ("counter", str(counter)))
        if privacy:
            params = (*params, ("privacy", privacy))
        return cls(NameAddr(address.display, address.uri, params))

    @property
    def reason(self) -> str:
        """Why, in lower case; "" when not said."""
        return unquote(self.address.param("reason") or "").lower()

    @property
    def counter(self) -> int:
        """How many diversions this value stands for, 1..100."""
        return min(max(read_number(self.address.param("counter") or "1", 2**31) or 1, 1), 100)

    @property
    def private(self) -> bool:
        """Whether the diverting number must not be shown."""
        return unquote(self.address.param("privacy") or "off").lower() in ("full", "uri", "name")

    def __str__(self) -> str:
        return str(self.address)
