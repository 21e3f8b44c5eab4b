"""Put GRUB where a PC's BIOS looks for it, as grub-bios-setup does on a disk, but in a file.

``boot.img`` (the code of the first sector) loads the sector that its field at 0x5c names; that is the first
of ``core.img``, whose first sector ends with where the rest lies (GRUB's boot.S and diskboot.S).
"""

from __future__ import annotations

import struct
from typing import IO

SECTOR = 512
KERNEL_SECTOR = 0x5C
DRIVE_CHECK = 0x66
"""Where boot.img jumps over a workaround for BIOSes that name the wrong drive; two NOPs let it run."""
BLOCK_LIST = 0x1F4
SEGMENT = 0x820
CODE_BYTES = 440
"""What of the first sector is code; the disk's signature and the partition table follow."""


def embed(disk: IO[bytes], boot: bytes, core: bytes, first: int, sectors: int) -> None:
    """Write both into a disk whose BIOS boot partition begins at sector ``first``; ValueError: too big."""
    if len(core) > sectors * SECTOR:
        raise ValueError(f"core.img has {len(core)} bytes, the partition holds {sectors * SECTOR}")
    code = bytearray(boot[:CODE_BYTES])
    struct.pack_into("<Q", code, KERNEL_SECTOR, first)
    code[DRIVE_CHECK : DRIVE_CHECK + 2] = b"\x90\x90"
    loader = bytearray(core + bytes(-len(core) % SECTOR))
    struct.pack_into("<QHH", loader, BLOCK_LIST, first + 1, len(loader) // SECTOR - 1, SEGMENT)
    disk.seek(0)
    disk.write(code)
    disk.seek(first * SECTOR)
    disk.write(loader)
