"""Where an image is made: a directory with a root file system of the tools that pack it.

The tools are those of the box's own Debian whatever the building machine has: its mke2fs packs the same tree
to the same bytes, its QEMU boots the result. Everything that they touch lies below ``tools/work``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

SUITE = "trixie"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
MIRROR = os.environ.get("BOX400_MIRROR", "http://deb.debian.org/debian")
SECURITY = os.environ.get("BOX400_SECURITY_MIRROR", "http://deb.debian.org/debian-security")
TOOLS = (
    "ca-certificates,dosfstools,e2fsprogs,faketime,fdisk,grub-common,grub-efi-amd64-bin,grub-pc-bin,iproute2,"
    "libarchive13t64,mtools,ovmf,python3,qemu-system-x86,qemu-utils,xorriso,zstd"
)


class ImageFailed(Exception):
    """The image cannot be made; the text says which step failed and what it said."""


class Workshop:
    """A place for images."""

    def __init__(self, place: Path) -> None:
        self.place = place.absolute()
        self.tools = self.place / "tools"
        self.work = self.tools / "work"

    def prepare(self) -> None:
        """Fetch the tools unless they are here. Raises ImageFailed where some are missing."""
        lacking = [name for name in ("xorriso", "faketime") if not (self.tools / "usr/bin" / name).exists()]
        if self.tools.exists() and lacking:
            raise ImageFailed(f"{self.tools} has no {', '.join(lacking)}: remove it, it is made anew")
        if lacking:
            self.place.mkdir(parents=True, exist_ok=True)
            debootstrap(self.tools, TOOLS, self.place)
        self.work.mkdir(exist_ok=True)

    def inside(self, path: Path) -> str:
        """Return the path by which the tools know a file below ``work``."""
        return "/" + str(path.relative_to(self.tools))

    @contextmanager
    def lent(self, *files: Path) -> Iterator[list[Path]]:
        """Let the tools see files that lie elsewhere, while the context lasts."""
        here = [self.work / f"lent-{file.name}" for file in files]
        try:
            for file, place in zip(files, here, strict=True):
                place.unlink(missing_ok=True)
                try:
                    os.link(file, place)
                except OSError:  # on another file system
                    shutil.copy(file, place)
            yield here
        finally:
            for place in here:
                place.unlink(missing_ok=True)

    def run(self, *command: str | Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run one of the tools; paths below ``work`` become what the tools see."""
        words = [self.inside(word) if isinstance(word, Path) else word for word in command]
        return checked(["chroot", str(self.tools), *words], **options)


def debootstrap(root: Path, packages: str, logs: Path) -> None:
    """Make a root file system of Debian with its security updates."""
    lines = [
        f"deb [signed-by={KEYRING}] {MIRROR} {SUITE} main",
        f"deb [signed-by={KEYRING}] {MIRROR} {SUITE}-updates main",
        f"deb [signed-by={KEYRING}] {SECURITY} {SUITE}-security main",
    ]
    sources = logs / "sources.list"
    sources.write_text("\n".join(lines) + "\n")
    checked(
        ["mmdebstrap", "--mode=root", "--variant=minbase", "--quiet", f"--include={packages}",
         "--aptopt=Apt::Install-Recommends \"false\"", SUITE, str(root), str(sources)]
    )  # fmt: skip


def checked(
    command: Sequence[str], *, stdin: IO[bytes] | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a command of this machine; raises ImageFailed with what it said when it fails."""
    if shutil.which(command[0]) is None:
        raise ImageFailed(f"{command[0]} is not installed")
    done = subprocess.run(
        command, stdin=stdin or subprocess.DEVNULL, capture_output=True,
        env=None if env is None else os.environ | env, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr or done.stdout).decode(errors="replace")[-4000:]
        raise ImageFailed(f"{' '.join(map(str, command))}\n{said}")
    return done
