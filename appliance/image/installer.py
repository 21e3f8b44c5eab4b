"""The installer: a medium that writes the image onto a machine's disk.

Its kernel is that of the box, its initial file system one that holds nothing but the installer
(``boot=box400``, ``installer/box400``). The image lies on it in two parts: the systems, and the data, which
an installation that adopts an older box's data leaves alone. The second slot is not on it: it is empty.
"""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path

from appliance.image.disk import DATA, ROOT_B
from appliance.image.workshop import Workshop, checked

HERE = Path(__file__).parent / "installer"
LABEL = "BOX400"
LEAST_GIB = 8
"""What a disk must have."""


def iso(shop: Workshop, tree: Path, raw: Path, version: str, epoch: int, to: Path) -> None:
    """Make the medium, which starts from a BIOS and from UEFI, as a disc and as a stick.

    grub-mkrescue names it by the time of day, and its own files bear that.
    """
    medium = shop.work / "medium"
    shutil.rmtree(medium, ignore_errors=True)
    (medium / "boot/grub").mkdir(parents=True)
    (kernel,) = (tree / "boot").glob("vmlinuz-*")
    shutil.copy(kernel, medium / "boot/vmlinuz")
    _initial(tree, kernel.name.removeprefix("vmlinuz-"), epoch, medium / "boot/installer.img")
    for name, start, size in (("systems", 0, ROOT_B.start), ("data", DATA.start, DATA.size)):
        part = shop.work / f"{name}.img"
        checked(
            ["dd", f"if={raw}", f"of={part}", "bs=1M", f"skip={start}", f"count={size}", "conv=sparse",
             "status=none"]
        )  # fmt: skip
        shop.run("zstd", "-q", "-6", "-T2", "--rm", "-o", medium / f"{name}.zst", part)
    sums = (
        f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in medium.glob("*.zst")
    )
    (medium / "SHA256SUMS").write_text("".join(sorted(sums)))
    (medium / "layout").write_text(layout(version))
    shutil.copy(HERE / "grub.cfg", medium / "boot/grub/grub.cfg")
    shop.run("find", medium, "-exec", "touch", "-h", "-d", f"@{epoch}", "{}", "+")
    moment = datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%d %H:%M:%S")
    shop.run(
        "faketime", "-f", moment, "grub-mkrescue", "-o", to, medium, "--", "-volid", LABEL,
        "-alter_date_r", "b-c", f"={epoch}", "/", "--", env={"SOURCE_DATE_EPOCH": str(epoch), "TZ": "UTC"},
    )  # fmt: skip
    shutil.rmtree(medium)


def layout(version: str) -> str:
    """Return what the installer must know, as settings of a shell; sizes and places in MiB."""
    facts = {
        "VERSION": version,
        "ROOT_B_START": ROOT_B.start,
        "DATA_START": DATA.start,
        "DATA_SIZE": DATA.size,
        "LEAST_GIB": LEAST_GIB,
    }
    return "".join(f"{name}={value}\n" for name, value in facts.items())


def _initial(tree: Path, kernel: str, epoch: int, to: Path) -> None:
    """Make the initial file system with the box's own tools; their configuration does not stay there."""
    place = tree / "tmp/installer"
    shutil.copytree(tree / "etc/initramfs-tools", place)
    for directory, name in (("hooks", "hook"), ("scripts", "box400")):
        (place / directory).mkdir(exist_ok=True)
        target = place / directory / "box400"
        shutil.copy(HERE / name, target)
        target.chmod(0o755)
    (place / "conf.d/box400").write_text("MODULES=most\nCOMPRESS=zstd\nBUSYBOX=y\n")
    made = tree / "tmp/installer.img"
    inside = [f"/{file.relative_to(tree)}" for file in (place, made)]
    try:
        checked(
            ["chroot", str(tree), "mkinitramfs", "-d", inside[0], "-o", inside[1], kernel],
            env={"SOURCE_DATE_EPOCH": str(epoch)},
        )
        shutil.move(made, to)
    finally:
        shutil.rmtree(place)
