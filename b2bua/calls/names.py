"""Names the box makes itself."""

from __future__ import annotations

_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def call_id(utc: float, randomness: bytes) -> str:
    """Make a call id: 26 characters of Crockford base32, 48 bits of milliseconds and 80 random bits (ULID).

    ``randomness`` is 10 bytes. Ids sort by their time.
    """
    if len(randomness) != 10:
        raise ValueError("a call id needs 10 random bytes")
    value = (int(utc * 1000) & 0xFFFFFFFFFFFF) << 80 | int.from_bytes(randomness)
    return "".join([_BASE32[value >> shift & 31] for shift in range(125, -1, -5)])
