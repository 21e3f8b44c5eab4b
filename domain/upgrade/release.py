"""What a bundle says of itself, and whether it may follow what runs. Pure."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from domain.refusal import NotPossible

PROGRAM: Final = 1
SYSTEM: Final = 2
FORMATS: Final = (PROGRAM, SYSTEM)
"""What a bundle holds: the program, or a whole system with it. Who knows a format not refuses it."""


class Manifest(msgspec.Struct, frozen=True):
    """What a bundle says of itself; signed."""

    version: str
    """``0.2.0+1a2b3c4d5e``."""
    released: int
    """UTC POSIX seconds of its sources' last change: what is older never follows what is newer."""
    schema: int
    """Last evolution step of its data."""
    files: tuple[Part, ...]
    format: int = PROGRAM
    product: str = "box400"
    platform: str = "debian-13-amd64"
    oldest: str = "0.1.0"
    """Oldest version that it can follow."""
    installed_bytes: int = 0
    """What it takes below the place of programs."""
    notes_en: str = ""
    notes_zh: str = ""
    """What is new, for people."""
    debian: str = ""
    """Debian's release in it: ``13.2``. This and what follows: of a system."""
    image_bytes: int = 0
    """Size of its file system, uncompressed."""
    image_sha256: str = ""


class Part(msgspec.Struct, frozen=True):
    """A file of a bundle."""

    name: str
    bytes: int
    sha256: str


class Running(msgspec.Struct, frozen=True):
    """What runs now."""

    version: str
    released: int = 0
    """0: not known."""
    schema: int = 0
    platform: str = "debian-13-amd64"
    slot: str = ""
    """The slot of the system that runs, ``a`` or ``b``; empty: the machine has one system only."""
    debian: str = ""
    """Empty: not known."""


_NUMBER: Final = re.compile(r"([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})(?:\+[0-9a-z.]{1,40})?", re.ASCII)


def number_of(version: str) -> tuple[int, int, int]:
    """Return the three numbers of a version; zeroes for what is none."""
    found = _NUMBER.fullmatch(version)
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def check_follows(manifest: Manifest, running: Running) -> None:
    """Make sure that what a bundle holds may follow what runs; raises NotPossible."""
    if _NUMBER.fullmatch(manifest.version) is None:
        raise NotPossible(f"{manifest.version!r} is no version", f"“{manifest.version}”不是有效的版本号")
    if manifest.format == SYSTEM:
        _check_system(manifest, running)
    else:
        _check_program(manifest, running)
    new, old = manifest.version, running.version
    if _NUMBER.fullmatch(old) and number_of(old) < number_of(manifest.oldest):
        raise NotPossible(
            f"Version {old} is too old for {new}: upgrade to {manifest.oldest} first",
            f"当前版本 {old} 过旧，不能直接升级到 {new}，请先升级到 {manifest.oldest}",
        )
    if number_of(new) < number_of(old) or (
        new != old and running.released and manifest.released <= running.released
    ):
        raise NotPossible(
            f"Version {new} is older than {old}, which runs: take a newer bundle",
            f"升级包 {new} 比当前版本 {old} 旧，请使用更新的升级包",
        )
    if manifest.schema < running.schema:
        raise NotPossible(
            f"The data is at step {running.schema}, version {new} knows {manifest.schema} only",
            f"当前数据结构为第 {running.schema} 步，{new} 只支持到第 {manifest.schema} 步",
        )


def _check_program(manifest: Manifest, running: Running) -> None:
    if manifest.version == running.version:
        raise NotPossible(
            f"Version {manifest.version} is running already", f"当前运行的就是 {manifest.version} 版本"
        )
    _check_platform(manifest.platform, running.platform)


def _check_system(manifest: Manifest, running: Running) -> None:
    """A system with the same version of the program may follow: it brings Debian's newer packages."""
    if not running.slot:
        raise NotPossible(
            "This bundle is a whole system, for boxes made of the image, which have two slots. This machine"
            " is a Debian of its own: upgrade the program by a program bundle, and Debian by apt",
            "这是整机系统升级包，仅适用于用镜像安装、带 A/B 双系统分区的一体机。本机是自行安装的 Debian："
            "请用程序升级包升级程序，用 apt 更新 Debian",
        )
    _check_platform(manifest.platform.rpartition("-")[2], running.platform.rpartition("-")[2])
    if _release(manifest.debian) < _release(running.debian):
        raise NotPossible(
            f"Its Debian {manifest.debian} is older than {running.debian}, which runs: take a newer bundle",
            f"升级包中的 Debian {manifest.debian} 比当前的 {running.debian} 旧，请使用更新的升级包",
        )


def _check_platform(wanted: str, there: str) -> None:
    if wanted != there:
        raise NotPossible(
            f"The bundle is for {wanted}, this machine is {there}", f"升级包适用于 {wanted}，本机为 {there}"
        )


def _release(debian: str) -> tuple[int, ...]:
    return tuple(int(word) for word in debian.split(".") if word.isdecimal())
