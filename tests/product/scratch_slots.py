"""A machine with two systems in a directory; archives stand for the slots, a few lines for GRUB."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
import uuid
from pathlib import Path

import msgspec

from domain.upgrade.boot_variables import BYTES, MAGIC, variables, with_variable
from domain.upgrade.release import SYSTEM, Manifest
from storage.evolution import STEPS
from storage.upgrade.bundle import private_key, write_bundle
from storage.upgrade.slots import Slots
from tests.product.box import ROOT
from tests.product.scratch_root import NEW, ScratchRoot

SLOT_BYTES = 4 << 20
SYSTEM_BYTES = 2 << 20
DEAD = "etc/dead"
"""A system with this file in it has a kernel that never starts."""


class ScratchSlots(ScratchRoot):
    """One such machine; slot a runs."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.slots = Slots(root)
        (root / "offered/manifest.json").write_bytes(msgspec.json.encode(self.manifest()))
        for place in ("boot/efi/grub", "dev/disk/by-partlabel", "proc/sys/kernel/random", "slots/a"):
            (root / place).mkdir(parents=True)
        (root / "etc/machine-id").write_text("0123456789abcdef\n")
        (root / "etc/debian_version").write_text("13.1\n")
        for name in ("opt", "etc"):
            (root / name).rename(root / "slots/a" / name)
        block = (MAGIC + b"good=a\n").ljust(BYTES, b"#")
        (root / "boot/efi/grub/grubenv").write_bytes(block)
        for slot in "ab":
            self.slots.device(slot).write_bytes(bytes(SLOT_BYTES))
        self._enter("a")
        self.offer_system()

    def offer_system(self, *more: str, wanted: Manifest | None = None) -> None:
        """Make the bundle of a system with the new version; ``more`` files are in it."""
        image = self.root / "image"
        with tarfile.open(image, "w") as tar:
            tar.add(self.root / "offered", f"opt/box400/{NEW}")
            current = tarfile.TarInfo("opt/box400/current")
            current.type, current.linkname = tarfile.SYMTYPE, NEW
            tar.addfile(current)
            tar.add(self.root / "slots/a/etc/box400", "etc/box400")
            for name in more:
                tar.addfile(tarfile.TarInfo(name))
        content = image.read_bytes().ljust(SYSTEM_BYTES, b"\0")
        image.unlink()
        (self.root / "part").write_bytes(gzip.compress(content, mtime=0))
        manifest = msgspec.structs.replace(
            wanted or self.manifest(), format=SYSTEM, debian="13.2", image_bytes=len(content),
            image_sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
        write_bundle(
            self.bundle, manifest, {"root.ext4.gz": self.root / "part"}, private_key(self.root / "release")
        )

    def manifest(self) -> Manifest:
        """Return what the new version says of itself."""
        return Manifest(NEW, 1795368306, len(STEPS), ())

    # what GRUB, the kernel and systemd do

    def start_kernel(self) -> None:
        """Let GRUB choose, until a kernel starts (one that dies has the machine restart)."""
        self.cut_power()
        for left in ("store.pid", "restarting"):
            (self.root / left).unlink(missing_ok=True)
        environment = self.root / "boot/efi/grub/grubenv"
        said = variables(environment.read_bytes())
        slot = said.get("try") or said["good"]
        environment.write_bytes(with_variable(environment.read_bytes(), "try", ""))
        self._enter(slot)
        if (self.root / DEAD).exists():
            self.start_kernel()

    def boot(self) -> None:
        """Start the machine as often as it asks for it: what comes before the box, it, what comes after."""
        while True:
            self.start_kernel()
            self.by_runner("--resume", "--at-boot")
            if (self.root / "restarting").exists():
                continue
            self.start()
            self.by_runner("--resume")
            if not (self.root / "restarting").exists():
                return

    def by_runner(self, *words: str) -> None:
        """Have the version go on that an upgrade is carried out by, as the units do; none: nothing."""
        runner = self.root / "data/upgrade/runner"
        if not runner.is_symlink():
            return
        python = Path(os.path.realpath(runner)) / "bin/python"
        done = subprocess.run(
            [python, "-m", "box400", "--lang", "zh", "upgrade", *words, "--root", str(self.root)],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode in (0, 1), done.stdout + done.stderr

    def _enter(self, slot: str) -> None:
        device, place = self.slots.device(slot), self.root / "slots" / slot
        if any(device.read_bytes()[:512]):  # written by an upgrade: its file system is what was written
            stamp = self.root / "slots" / f"{slot}.stamp"
            written = str(device.stat().st_mtime_ns)
            if not stamp.exists() or stamp.read_text() != written:
                shutil.rmtree(place, ignore_errors=True)
                place.mkdir()
                subprocess.run(["tar", "-C", place, "-xf", device], check=True)
                stamp.write_text(written)
        for name in ("opt", "etc"):
            link = self.root / name
            link.unlink(missing_ok=True)
            link.symlink_to(place / name)
        line = f"BOOT_IMAGE=/vmlinuz root=PARTLABEL=root-{slot} rw quiet\n"
        (self.root / "proc/cmdline").write_text(line)
        (self.root / "proc/sys/kernel/random/boot_id").write_text(f"{uuid.uuid4()}\n")
