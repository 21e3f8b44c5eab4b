"""The two systems of a disk of the image, each booted in a container: GRUB's part is played.

What GRUB itself does ``appliance/image/test os`` shows, in QEMU, where the rest takes most of an hour.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from appliance.container import Container, booted
from appliance.image.disk import DATA, ESP, MIB, ROOT_A, ROOT_B, Partition
from appliance.image.grubenv import place
from domain.upgrade.boot_variables import BYTES, variables, with_variable

SLOTS = {"a": ROOT_A, "b": ROOT_B}
STAY_OFF = (
    "ln -s /usr/lib/systemd/system/poweroff.target /run/systemd/system/reboot.target; systemctl daemon-reload"
)
"""Lets a restart end the container, which would start anew by nobody's choice."""


class SlotDisk:
    """A raw image, on which boxes work; ``brought`` is a directory that they find in ``/mnt``."""

    def __init__(self, raw: Path, scratch: Path, brought: Path) -> None:
        self._raw = raw
        self._scratch = scratch
        self._brought = brought

    @property
    def variables(self) -> dict[str, str]:
        """What GRUB is told."""
        return variables(self._block())

    def chosen(self) -> str:
        """Return the slot that GRUB starts now, and note what it notes (``grub.cfg``)."""
        told = self.variables
        self._write(with_variable(self._block(), "try", ""))
        return told.get("try") or told["good"]

    @contextmanager
    def system(self, slot: str) -> Iterator[Path]:
        """Give the root file system of a slot whose box is off."""
        with self._mounted(SLOTS[slot], f"system-{slot}") as root:
            yield root

    @contextmanager
    def started(self, slot: str, name: str) -> Iterator[Container]:
        """Boot the system of a slot, on the data and beside the other one."""
        idle = SLOTS["b" if slot == "a" else "a"]
        esp = self._scratch / "esp"
        (esp / "grub").mkdir(parents=True, exist_ok=True)
        grubenv = esp / "grub/grubenv"
        grubenv.write_bytes(self._block())
        (esp / "cmdline").write_text(f"root=PARTLABEL={SLOTS[slot].name} rw quiet\n")
        with ExitStack() as stack:
            root = stack.enter_context(self.system(slot))
            binds = {
                "/data": stack.enter_context(self._mounted(DATA, "data")),
                "/boot/efi": esp,
                "/proc/cmdline": Path("/boot/efi/cmdline"),  # mounted in the box, where that file is
                f"/dev/disk/by-partlabel/{idle.name}": Path(stack.enter_context(self._loop(idle))),
                "/mnt": self._brought,
            }
            try:
                with booted(root, name, binds=binds) as box:
                    yield box
            finally:
                self._write(grubenv.read_bytes())

    @contextmanager
    def _mounted(self, partition: Partition, name: str) -> Iterator[Path]:
        where = self._scratch / name
        where.mkdir(exist_ok=True)
        with self._loop(partition) as device:
            _done("mount", device, str(where))
            try:
                yield where
            finally:
                _done("umount", str(where))

    @contextmanager
    def _loop(self, partition: Partition) -> Iterator[str]:
        place_of = ("-o", str(partition.start * MIB), "--sizelimit", str(partition.size * MIB))
        device = _done("losetup", "-f", "--show", *place_of, str(self._raw))
        try:
            yield device
        finally:
            _done("losetup", "-d", device)

    def _esp(self) -> tuple[int, bytes]:
        with self._raw.open("rb") as disk:
            disk.seek(ESP.start * MIB)
            content = disk.read(ESP.size * MIB)
        at = place(content)
        return ESP.start * MIB + at, content[at : at + BYTES]

    def _block(self) -> bytes:
        return self._esp()[1]

    def _write(self, block: bytes) -> None:
        at, _ = self._esp()
        with self._raw.open("r+b") as disk:
            disk.seek(at)
            disk.write(block)


def _done(*command: str) -> str:
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
