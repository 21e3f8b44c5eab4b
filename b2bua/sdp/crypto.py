"""SDES keys in SDP (RFC 4568)."""

from __future__ import annotations

import base64
import binascii
import re

import msgspec

SUITES = {"AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30}
"""Suites we speak, with the octets of master key and salt (RFC 4568 6.2)."""

_CRYPTO = re.compile(
    r"([0-9]{1,9}) ++([A-Za-z0-9_]{1,64}) ++inline:([A-Za-z0-9+/]{1,200}={0,2})"
    r"((?:\|[0-9^:]{1,64})*)((?: ++[!-~]{1,200})*) *+"
)


class Crypto(msgspec.Struct, frozen=True, gc=False):
    """One ``a=crypto`` line with one inline key."""

    tag: int
    suite: str
    key: bytes
    """Master key and salt together."""
    key_params: str = ""
    """``|lifetime|MKI:length`` as received, "" when absent."""
    session_params: str = ""
    """Session parameters with their leading blank, "" when absent; none are understood."""

    @classmethod
    def parse(cls, raw: str) -> Crypto | None:
        """Parse the value of the attribute; None for what cannot be used (other key methods, several
        keys)."""
        match = _CRYPTO.fullmatch(raw)
        if match is None:
            return None
        try:
            key = base64.b64decode(match[3], validate=True)
        except binascii.Error:
            return None
        wanted = SUITES.get(match[2])
        if wanted is not None and len(key) != wanted:
            return None
        return cls(int(match[1]), match[2], key, match[4], match[5])

    @property
    def usable(self) -> bool:
        """Whether we speak it: a known suite without session parameters or MKI."""
        return self.suite in SUITES and not self.session_params and ":" not in self.key_params

    def __str__(self) -> str:
        key = base64.b64encode(self.key).decode("ascii")
        return f"{self.tag} {self.suite} inline:{key}{self.key_params}{self.session_params}"
