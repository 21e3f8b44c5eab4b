"""Random bytes from the kernel, in blocks: one system call for hundreds of tags instead of one for each."""

from __future__ import annotations

import os

BLOCK_BYTES = 4096


class RandomBytes:
    """Hands out ``os.urandom``, each byte once. Not for keys that outlive the process, nor for threads."""

    __slots__ = ("_block", "_position")

    def __init__(self) -> None:
        self._block = b""
        self._position = 0

    def take(self, length: int) -> bytes:
        """Return so many bytes, at most ``BLOCK_BYTES``."""
        start = self._position
        end = start + length
        if end > len(self._block):
            self._block = os.urandom(BLOCK_BYTES)
            start, end = 0, length
        self._position = end
        return self._block[start:end]


take_random = RandomBytes().take
"""For the reactor's thread."""


def fresh_token() -> str:
    """Make a tag, branch or Call-ID that nobody can guess: 80 random bits."""
    return take_random(10).hex()
