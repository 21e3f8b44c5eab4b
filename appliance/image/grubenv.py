"""GRUB's variables on the ESP: a block of 1024 bytes that GRUB writes in place and so never resizes.

good     the system that is started: a or b
try      one that is started once instead; GRUB forgets it as it does so
options  more options for the kernel, for machines that need some
"""

from __future__ import annotations

from appliance.image.boot_sector import SECTOR

BYTES = 1024
MAGIC = b"# GRUB Environment Block\n"


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


def with_variable(block: bytes, name: str, value: str) -> bytes:
    """Return the block with a variable set; ValueError: it is none, or there is no room."""
    if len(block) != BYTES or not block.startswith(MAGIC):
        raise ValueError("no environment block of GRUB")
    lines = [
        line
        for line in block[len(MAGIC) :].decode().split("\n")
        if line.strip("#") and not line.startswith(f"{name}=")
    ]
    written = MAGIC + "".join(f"{line}\n" for line in (*lines, f"{name}={value}")).encode()
    if len(written) > BYTES:
        raise ValueError(f"no room for {name} in GRUB's environment block")
    return written.ljust(BYTES, b"#")
