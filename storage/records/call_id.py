"""Call ids as keys that sort newest first, and the Beijing day and month a call belongs to.

A call id is a ULID: 26 characters of Crockford base32, 48 bits of UTC milliseconds and 80 random bits. As
BTrees read forward only cheaply, keys are the inverted bits: the smallest key is the newest call.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from hashlib import blake2b
from typing import Final

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept one time without summer time since 1991."""

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TO_DIGITS: Final = str.maketrans(_CROCKFORD, "0123456789ABCDEFGHIJKLMNOPQRSTUV")
"""To the digits that ``int(text, 32)`` reads."""
_PAIRS: Final = tuple(high + low for high in _CROCKFORD for low in _CROCKFORD)
_ULID: Final = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", re.ASCII)
INVERT: Final = bytes(255 - n for n in range(256))
"""Between the bits of an id and its key."""


def ulid_bytes(call: str) -> bytes | None:
    """Return the 16 bytes of a call id, or None when it is no ULID."""
    if _ULID.fullmatch(call) is None:
        return None
    return int(call.translate(_TO_DIGITS), 32).to_bytes(16, "big")


def ulid_text(data: bytes) -> str:
    """Return the call id of 16 bytes."""
    number = int.from_bytes(data, "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def key_of(call: str, start: float = 0.0) -> bytes:
    """Return the 16-byte key of a call; smaller is newer.

    An id that is no ULID is placed by ``start`` (UTC POSIX seconds) with a hash in place of the random bits.
    """
    data = ulid_bytes(call)
    if data is None:
        data = (
            max(0, round(start * 1000)).to_bytes(6, "big") + blake2b(call.encode(), digest_size=10).digest()
        )
    return data.translate(INVERT)


def call_of(key: bytes) -> str:
    """Return the call id of a key made from a ULID."""
    return ulid_text(key.translate(INVERT))


def milliseconds_of(key: bytes) -> int:
    """Return when the call of this key began, in UTC POSIX milliseconds."""
    return int.from_bytes(key[:6].translate(INVERT), "big")


def bound_of(seconds: float) -> bytes:
    """Return a key newer than each call that began at or before ``seconds`` UTC, older than later ones."""
    return max(0, round(seconds * 1000) + 1).to_bytes(6, "big").translate(INVERT) + b"\xff" * 10


def day_of(milliseconds: int) -> str:
    """Return the Beijing day of UTC POSIX milliseconds as ``YYYYMMDD``."""
    return _day(milliseconds // 3_600_000)


def day_of_call(call: str, start: float) -> str:
    """Return the Beijing day (``YYYYMMDD``) a call counts for: that of its id, which its record is filed by.

    ``start`` (UTC POSIX seconds) may lie a few milliseconds later, on the next day or month.
    """
    return day_of(milliseconds_of(key_of(call, start)))


def iso_of(day: str) -> str:
    """Return a day (YYYYMMDD) as YYYY-MM-DD."""
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def month_of(milliseconds: int) -> str:
    """Return the Beijing month of UTC POSIX milliseconds as ``YYYYMM``."""
    return _day(milliseconds // 3_600_000)[:6]


def hour_of(milliseconds: int) -> int:
    """Return the Beijing hour (0-23) of UTC POSIX milliseconds."""
    return (milliseconds // 3_600_000 + 8) % 24


@lru_cache(maxsize=64)
def _day(hour: int) -> str:
    return datetime.fromtimestamp(hour * 3600, UTC).astimezone(BEIJING).strftime("%Y%m%d")
