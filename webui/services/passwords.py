"""Passwords: Argon2 in a few threads of its own, and how passwords are made and judged."""

from __future__ import annotations

import secrets
import threading
from itertools import pairwise
from typing import Final

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

AT_ONCE: Final = 2
"""Passwords judged at a time: each takes 19 MiB and 40-85 ms, and calls go before signing in."""
LEAST: Final = 8
MOST: Final = 128
_hasher: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)


def hash_password(password: str) -> str:
    """Return the Argon2id text of a password."""
    return _hasher.hash(password)


def first_password() -> str:
    """Return a tenant's first password: 6 random digits (features.md 2)."""
    return f"{secrets.randbelow(1_000_000):06}"


def operator_password() -> str:
    """Return a random password that can be read out: 12 letters and digits without look-alikes."""
    return "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(12))


def too_weak(password: str, names: tuple[str, ...]) -> bool:
    """Tell whether a new password is too short, too plain, or somebody's name or number."""
    low = password.lower()
    return (
        not LEAST <= len(password) <= MOST
        or len(set(password)) < 4
        or low in ("1234567890", "password", "qwertyui", "abcd1234")
        or _is_run(low)
        or any(name and (low == name.lower() or name.lower() in low) for name in names)
    )


def _is_run(text: str) -> bool:
    """Tell whether each character is the one after, or before, the last: 23456789, hgfedcba."""
    steps = {ord(after) - ord(before) for before, after in pairwise(text)}
    return steps in ({1}, {-1})


class Passwords:
    """Judges passwords, a few at a time; who is unknown costs as much time as who is wrong."""

    def __init__(self) -> None:
        self._gate = threading.BoundedSemaphore(AT_ONCE)
        self._nobody = hash_password(secrets.token_hex(8))

    def right(self, hashed: str | None, password: str) -> bool:
        """Tell whether a password is right; ``hashed`` None: nobody has such an account."""
        with self._gate:
            try:
                return _hasher.verify(hashed or self._nobody, password[:MOST]) and hashed is not None
            except (VerificationError, InvalidHashError):
                return False
