"""GRUB's variables: a block of 1024 bytes that GRUB writes in place and so never resizes. Pure.

good     the system that is started: a or b
try      one that is started once instead; GRUB forgets it as it does so
options  more options for the kernel, for machines that need some
"""

from __future__ import annotations

from typing import Final

BYTES: Final = 1024
MAGIC: Final = b"# GRUB Environment Block\n"


def variables(block: bytes) -> dict[str, str]:
    """Return the variables of a block; ValueError: it is none."""
    return dict(line.split("=", 1) for line in _lines(block))


def with_variable(block: bytes, name: str, value: str) -> bytes:
    """Return the block with a variable set; ValueError: it is none, or there is no room."""
    lines = [line for line in _lines(block) if not line.startswith(f"{name}=")]
    written = MAGIC + "".join(f"{line}\n" for line in (*lines, f"{name}={value}")).encode()
    if len(written) > BYTES:
        raise ValueError(f"no room for {name} in GRUB's environment block")
    return written.ljust(BYTES, b"#")


def _lines(block: bytes) -> list[str]:
    if len(block) != BYTES or not block.startswith(MAGIC):
        raise ValueError("no environment block of GRUB")
    return [line for line in block[len(MAGIC) :].decode().split("\n") if "=" in line.strip("#")]
