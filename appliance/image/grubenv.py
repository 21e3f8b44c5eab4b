"""Where GRUB's variables lie on the ESP; what they are: ``domain/upgrade/boot_variables.py``."""

from __future__ import annotations

from appliance.image.boot_sector import SECTOR
from domain.upgrade.boot_variables import MAGIC


def place(content: bytes) -> int:
    """Return where the block begins in a file system; ValueError: it has none.

    Its first words are in GRUB's programs as well, but not where a file begins.
    """
    at = content.find(MAGIC)
    while at >= 0 and at % SECTOR:
        at = content.find(MAGIC, at + 1)
    if at < 0:
        raise ValueError("no environment block of GRUB")
    return at
