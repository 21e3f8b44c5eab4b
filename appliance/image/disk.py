"""Pack a tree into the raw image of a disk: BIOS boot, ESP, two system slots, data.

Every file system is written as a file and put in its place; nothing is mounted, and two packs of one tree are
equal byte for byte.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from appliance.image.boot_sector import SECTOR, embed
from appliance.image.workshop import ImageFailed, Workshop

MIB = 1 << 20
DISK_GUID = "7B0C4A0A-4000-4000-8000-000000000400"


@dataclass(frozen=True)
class Partition:
    """One entry of the table."""

    number: int
    name: str
    start: int
    """In MiB."""
    size: int
    """In MiB."""
    kind: str

    @property
    def guid(self) -> str:
        """The same on every box: slots and data are found by name, on one disk."""
        return f"7B0C4A0A-4000-4000-8000-0000000040{self.number:02}"


BIOS = Partition(1, "bios", 1, 1, "21686148-6449-6E6F-744E-656564454649")
ESP = Partition(2, "esp", 2, 62, "C12A7328-F81F-11D2-BA4B-00A0C93EC93B")
ROOT_A = Partition(3, "root-a", 64, 3072, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709")
ROOT_B = Partition(4, "root-b", 3136, 3072, "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709")
DATA = Partition(5, "data", 6208, 1024, "0FC63DAF-8483-4772-8E79-3D69D8477DE4")
PARTITIONS = (BIOS, ESP, ROOT_A, ROOT_B, DATA)
DISK_MIB = DATA.start + DATA.size + 1
MODULES = (
    "part_gpt", "fat", "ext2", "normal", "linux", "search", "search_label", "regexp", "loadenv", "test",
    "echo",
    "configfile", "sleep", "serial", "terminal", "reboot", "halt", "minicmd", "gzio",
)  # fmt: skip
PLAIN_HEADERS = "exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime"
"""Neither tar's process id nor times of reading in the archive."""
EARLY = "search --no-floppy --label --set=root BOX400ESP\nset prefix=($root)/grub\n"


def pack(shop: Workshop, tree: Path, grub_cfg: str, epoch: int, image: Path) -> None:
    """Make ``image`` (below the workshop's work) of ``tree``, whose ``data`` becomes the data partition."""
    scratch = shop.work / "parts"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    with image.open("wb") as disk:
        disk.truncate(DISK_MIB * MIB)
    (scratch / "table").write_text(table())
    with (scratch / "table").open("rb") as lines:
        shop.run("sfdisk", "--quiet", image, stdin=lines)
    core = _grub(shop, scratch)
    _esp(shop, scratch, grub_cfg, epoch)
    _ext4(shop, scratch / "root", tree, ROOT_A, epoch, ("--exclude=./data/*",))
    _ext4(shop, scratch / "data.fs", tree / "data", DATA, epoch, ())
    with image.open("r+b") as disk:
        embed(disk, (shop.tools / "usr/lib/grub/i386-pc/boot.img").read_bytes(), core,
              BIOS.start * MIB // SECTOR, BIOS.size * MIB // SECTOR)  # fmt: skip
    for file, partition in (
        (scratch / "esp.fs", ESP),
        (scratch / "root", ROOT_A),
        (scratch / "data.fs", DATA),
    ):
        _place(file, partition, image)
    shutil.rmtree(scratch)


def table() -> str:
    """Return the partition table as sfdisk reads it."""
    lines = (
        f"start={each.start}MiB, size={each.size}MiB, type={each.kind}, name={each.name}, uuid={each.guid}\n"
        for each in PARTITIONS
    )
    return f"label: gpt\nlabel-id: {DISK_GUID}\n{''.join(lines)}"


def _grub(shop: Workshop, scratch: Path) -> bytes:
    early = scratch / "early.cfg"
    early.write_text(EARLY)
    shop.run("grub-mkimage", "-O", "i386-pc", "-p", "/grub", "-c", early, "-o", scratch / "core.img",
             "biosdisk", *MODULES)  # fmt: skip
    shop.run("grub-mkimage", "-O", "x86_64-efi", "-p", "/grub", "-c", early, "-o", scratch / "BOOTX64.EFI",
             "efi_gop", "efi_uga", "all_video", *MODULES)  # fmt: skip
    return (scratch / "core.img").read_bytes()


def _esp(shop: Workshop, scratch: Path, grub_cfg: str, epoch: int) -> None:
    files = scratch / "esp"
    (files / "EFI/BOOT").mkdir(parents=True)
    (files / "grub").mkdir()
    shutil.copy(scratch / "BOOTX64.EFI", files / "EFI/BOOT/BOOTX64.EFI")
    (files / "grub/grub.cfg").write_text(grub_cfg)
    shop.run("grub-editenv", files / "grub/grubenv", "create")
    shop.run("grub-editenv", files / "grub/grubenv", "set", "good=a")
    esp = scratch / "esp.fs"
    with esp.open("wb") as file:
        file.truncate(ESP.size * MIB)
    shop.run("mkfs.vfat", "--invariant", "-F", "32", "-n", "BOX400ESP", esp)
    shop.run("find", files, "-exec", "touch", "-h", "-d", f"@{epoch}", "{}", "+")
    shop.run("mcopy", "-s", "-m", "-i", esp, files / "EFI", files / "grub", "::", env={"TZ": "UTC"})


def _ext4(
    shop: Workshop, to: Path, tree: Path, partition: Partition, epoch: int, options: tuple[str, ...]
) -> None:
    """Make an ext4 file system of a tree, read as an archive in the order of names."""
    tar = subprocess.Popen(
        ["tar", "-C", str(tree), "--create", "--sort=name", "--numeric-owner", f"--mtime=@{epoch}",
         "--clamp-mtime", "--format=posix", f"--pax-option={PLAIN_HEADERS}", *options, "."],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert tar.stdout is not None
    with tar.stdout:
        shop.run(
            "mke2fs", "-q", "-t", "ext4", "-d", "-", "-m", "1", "-L", f"box400-{partition.name}",
            "-U", partition.guid, "-E", f"hash_seed={partition.guid},lazy_itable_init=0",
            to, f"{partition.size}M", stdin=tar.stdout, env={"SOURCE_DATE_EPOCH": str(epoch)},
        )  # fmt: skip
    if tar.wait():
        raise ImageFailed(f"tar of {tree} ended with {tar.returncode}")


def _place(file: Path, partition: Partition, image: Path) -> None:
    """Copy a file system into its place, leaving its holes."""
    subprocess.run(
        ["dd", f"if={file}", f"of={image}", "bs=1M", f"seek={partition.start}", "conv=notrunc,sparse",
         "status=none"],
        check=True,
    )  # fmt: skip
