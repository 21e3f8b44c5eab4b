"""The keys of one party: told to who listens for them, else kept for who listens next (type-ahead)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from typing import Final

MOST_TYPED: Final = 32
"""Keys kept ahead; more are a child at the phone."""
ECHO_SECONDS: Final = 0.6
"""Within this time the same digit by another way is the same press: some phones send both."""
MASKED: Final = "x"
"""What the journal keeps of a secret digit; no phone has such a key."""


class Way(Enum):
    """How a key arrived."""

    MEDIA = auto()
    """As RFC 4733 event, or in-band."""
    INFO = auto()
    """By SIP INFO."""


class Keypad:
    """What a party keys, in order."""

    __slots__ = ("_digit", "_listener", "_pressed_at", "_way", "secret", "typed")

    def __init__(self) -> None:
        self.secret = False
        """While set, the journal keeps :data:`MASKED` instead of digits (PINs, card numbers)."""
        self.typed = ""
        """Keys that nobody has listened to yet."""
        self._listener: Callable[[str], None] | None = None
        self._way = Way.MEDIA
        self._digit = ""
        self._pressed_at = 0.0

    def is_echo(self, digit: str, way: Way, mono: float) -> bool:
        """Tell whether a key is the other half of the last press; otherwise remember it as the last one."""
        if digit == self._digit and way is not self._way and mono - self._pressed_at < ECHO_SECONDS:
            return True
        self._digit, self._way, self._pressed_at = digit, way, mono
        return False

    def journalled(self, digit: str) -> str:
        """Return what the journal may keep of a digit."""
        return MASKED if self.secret else digit

    def press(self, digit: str, *, keep: bool = True) -> None:
        """Pass a key on to who listens, or keep it (not while the party talks with somebody)."""
        if self._listener is not None:
            self._listener(digit)
        elif keep and len(self.typed) < MOST_TYPED:
            self.typed += digit

    def listen(self, listener: Callable[[str], None]) -> None:
        """Tell every key from now on to one listener, who takes the place of the one before."""
        self._listener = listener

    def stop(self) -> None:
        """Listen no longer; keys are kept again."""
        self._listener = None

    def take_typed(self) -> str:
        """Return the keys that nobody listened to, and forget them."""
        typed, self.typed = self.typed, ""
        return typed
