"""CSeq, RSeq and RAck (RFC 3261 20.16, RFC 3262 7)."""

from __future__ import annotations

import re

import msgspec

from b2bua.sip.text import malformed, read_number

MAX_SEQUENCE = 2**31 - 1

_CSEQ = re.compile(r"([0-9]++)[ \t]++([A-Za-z0-9\-.!%*_+`'~]++)")
_RACK = re.compile(r"([0-9]++)[ \t]++([0-9]++)[ \t]++([A-Za-z0-9\-.!%*_+`'~]++)")


class CSeq(msgspec.Struct, frozen=True, gc=False):
    """Number (0..2**31-1) and method of a transaction."""

    number: int
    method: str

    @classmethod
    def parse(cls, raw: str) -> CSeq:
        """Parse a value; raises SipError(400), also for numbers above 2**31-1."""
        match = _CSEQ.fullmatch(raw)
        if match is None:
            raise malformed("CSeq")
        number = read_number(match[1], MAX_SEQUENCE)
        if number is None:
            raise malformed("CSeq")
        return cls(number, match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


class RAck(msgspec.Struct, frozen=True, gc=False):
    """What a PRACK acknowledges: RSeq number, then CSeq number and method of the request."""

    response: int
    number: int
    method: str

    @classmethod
    def parse(cls, raw: str) -> RAck:
        """Parse a value; raises SipError(400)."""
        match = _RACK.fullmatch(raw)
        if match is None:
            raise malformed("RAck")
        response, number = read_number(match[1], 2**32 - 1), read_number(match[2], MAX_SEQUENCE)
        if response is None or number is None:
            raise malformed("RAck")
        return cls(response, number, match[3])

    def __str__(self) -> str:
        return f"{self.response} {self.number} {self.method}"


def parse_rseq(raw: str) -> int:
    """Parse an RSeq value of 1..2**32-1; raises SipError(400)."""
    number = read_number(raw, 2**32 - 1)
    if not number:
        raise malformed("RSeq")
    return number
