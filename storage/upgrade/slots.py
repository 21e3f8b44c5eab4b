"""The two systems of a machine made of the image: which one runs, which is idle, which GRUB starts next.

Partitions ``root-a`` and ``root-b`` hold a system each; GRUB's variables on the ESP say which is good and
which is to be tried once (``domain/upgrade/boot_variables.py``). Below another root than ``/`` files stand
for it.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, cast

from domain.refusal import NotPossible
from domain.upgrade.boot_variables import variables, with_variable
from domain.upgrade.release import Manifest

NAMES: Final = "ab"
NOTED_EVERY: Final = 256 << 20
_ROOT: Final = re.compile(r"\broot=PARTLABEL=root-([ab])\b")
_BLOCK: Final = 1 << 20
Note = Callable[[str, str], None]


def slot_of(kernel_line: str) -> str:
    """Return the slot that a kernel was started from; empty: from no slot."""
    found = _ROOT.search(kernel_line)
    return found[1] if found else ""


def other(slot: str) -> str:
    """Return the slot beside one; empty where there are none."""
    return {"a": "b", "b": "a"}.get(slot, "")


class SlotWriter:
    """Takes a compressed system (gzip) block by block and writes it to its place."""

    def __init__(self, file: BinaryIO, wanted: int, note: Note) -> None:
        self._file = file
        self._wanted = wanted
        self._written = 0
        self._note = note
        self._inflate = zlib.decompressobj(wbits=31)

    def write(self, block: bytes) -> None:
        """Write what a block holds; raises NotPossible when it is more than was said, or none."""
        try:
            while piece := self._inflate.decompress(block, _BLOCK):
                block = self._inflate.unconsumed_tail
                self._put(piece)
        except zlib.error as error:
            raise NotPossible(f"The system is damaged: {error}", f"系统映像已损坏：{error}") from error

    def _put(self, piece: bytes) -> None:
        before, self._written = self._written, self._written + len(piece)
        if self._written > self._wanted:
            raise NotPossible("The system is larger than the bundle says", "系统映像大于升级包声明的大小")
        self._file.write(piece)
        if before // NOTED_EVERY != self._written // NOTED_EVERY:
            done = 100 * self._written // self._wanted
            self._note(f"written {done} %", f"已写入 {done}%")

    def flush(self) -> None:
        """Write what is held back."""
        self._file.flush()

    def fileno(self) -> int:
        """Return the slot's descriptor."""
        return self._file.fileno()

    def close(self) -> None:
        """End it."""
        self._file.close()


class Slots:
    """Those of one machine."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._variables = root / "boot/efi/grub/grubenv"

    @property
    def running(self) -> str:
        """The slot that runs; empty: this machine has one system only."""
        try:
            return slot_of((self._root / "proc/cmdline").read_text(encoding="ascii", errors="replace"))
        except OSError:
            return ""

    @property
    def good(self) -> str:
        """The slot that is started when nothing else is said; empty where none is, or nobody can tell."""
        try:
            return variables(self._block()).get("good", "")
        except (OSError, ValueError):
            return ""

    @property
    def debian(self) -> str:
        """Debian's release, ``13.2``; empty: not known."""
        try:
            return (self._root / "etc/debian_version").read_text(encoding="ascii").strip()
        except OSError:
            return ""

    @property
    def boot(self) -> str:
        """The kernel's name for this start of the machine."""
        try:
            return (self._root / "proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def device(self, slot: str) -> Path:
        """Return the partition of a slot."""
        return self._root / f"dev/disk/by-partlabel/root-{slot}"

    def room(self, slot: str) -> int:
        """Return how many bytes a slot has; raises NotPossible."""
        with self._opened(slot, "rb") as file:
            return file.seek(0, os.SEEK_END)

    def try_once(self, slot: str) -> None:
        """Have a slot started once, at the next start; the one after is the good one's, whatever happens.

        Raises OSError, ValueError.
        """
        self._set(("try", slot))

    def mark_good(self, slot: str) -> None:
        """Have a slot started from now on. Raises OSError, ValueError."""
        self._set(("try", ""), ("good", slot))

    def check(self, slot: str, manifest: Manifest, note: Note) -> None:
        """Read a slot anew from its disk: is it what the manifest says? Raises NotPossible, OSError."""
        digest = hashlib.sha256()
        left, noted = manifest.image_bytes, 0
        with self._opened(slot, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # from the disk, not from memory
            while left and (block := file.read(min(left, _BLOCK))):
                digest.update(block)
                left -= len(block)
                noted += len(block)
                if noted % NOTED_EVERY == 0:
                    done = 100 * noted // manifest.image_bytes
                    note(f"checked {done} %", f"已校验 {done}%")
        if left or digest.hexdigest() != manifest.image_sha256:
            raise NotPossible(
                f"What was written into system {slot.upper()} reads back differently: replace the disk",
                f"写入系统 {slot.upper()} 的内容读回后不一致，硬盘可能损坏，请更换",
            )

    def writer(self, slot: str, manifest: Manifest, note: Note) -> SlotWriter:
        """Return what writes a compressed system into a slot; raises NotPossible where it is in use."""
        return SlotWriter(self._opened(slot, "r+b"), manifest.image_bytes, note)

    def _opened(self, slot: str, mode: str) -> BinaryIO:
        flags = os.O_RDONLY if mode == "rb" else os.O_RDWR | os.O_EXCL  # not one that is mounted
        try:
            return cast(BinaryIO, os.fdopen(os.open(self.device(slot), flags | os.O_CLOEXEC), mode))
        except OSError as error:
            raise NotPossible(
                f"System {slot.upper()} ({self.device(slot)}): {error.strerror}",
                f"无法打开系统分区 {slot.upper()}（{self.device(slot)}）：{error.strerror}",
            ) from error

    def _block(self) -> bytes:
        return self._variables.read_bytes()

    def _set(self, *changes: tuple[str, str]) -> None:
        """Write the block in its place: GRUB knows where on the disk it lies."""
        block = self._block()
        for name, value in changes:
            block = with_variable(block, name, value)
        descriptor = os.open(self._variables, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.pwrite(descriptor, block, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
