"""The upgrade of a whole system: one signed file of the system in a raw image, for the idle slot of a box."""

from __future__ import annotations

import gzip
import hashlib
import re
import tempfile
from pathlib import Path
from typing import BinaryIO

import msgspec

from appliance.image.disk import MIB, ROOT_A
from appliance.image.workshop import ImageFailed, checked
from domain.upgrade.release import SYSTEM, Manifest
from storage.upgrade.bundle import private_key, write_bundle

PART = "root.ext4.gz"
LEVEL = 6
_BLOCK = 1 << 20


def os_bundle(raw: Path, key: Path, notes: tuple[str, str], to: Path) -> Path:
    """Make ``box400-os-VERSION.bundle`` of an image's system, which says itself what it is.

    The same image gives the same bytes. Raises ImageFailed when there is no such system in it.
    """
    inner = msgspec.json.decode(_content(raw, f"/opt/box400/{_current(raw)}/manifest.json"), type=Manifest)
    with tempfile.TemporaryDirectory(dir=to, prefix=".making-") as place:
        part = Path(place) / PART
        manifest = msgspec.structs.replace(
            inner, format=SYSTEM, files=(), installed_bytes=0,
            debian=_content(raw, "/etc/debian_version").decode().strip(),
            image_bytes=ROOT_A.size * MIB, image_sha256=_compress(raw, part),
            notes_en=notes[0], notes_zh=notes[1],
        )  # fmt: skip
        target = to / f"box400-os-{manifest.version}.bundle"
        write_bundle(target, manifest, {PART: part}, private_key(key))
    return target


def _compress(raw: Path, part: Path) -> str:
    """Write the system compressed; return the SHA-256 of what it is uncompressed."""
    digest, left = hashlib.sha256(), ROOT_A.size * MIB
    with raw.open("rb") as image, part.open("wb") as out, _packer(out) as packed:
        image.seek(ROOT_A.start * MIB)
        while left and (block := image.read(min(left, _BLOCK))):
            digest.update(block)
            packed.write(block)
            left -= len(block)
    return digest.hexdigest()


def _packer(out: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(filename="", mode="wb", compresslevel=LEVEL, fileobj=out, mtime=0)


def _current(raw: Path) -> str:
    """Return the version that the system runs."""
    told = _asked(raw, "stat /opt/box400/current").decode()
    found = re.search(r'Fast link dest: "([^"/]+)"', told)
    if found is None:
        raise ImageFailed(f"{raw} holds no system of box400")
    return found[1]


def _content(raw: Path, path: str) -> bytes:
    return _asked(raw, f"cat {path}")


def _asked(raw: Path, question: str) -> bytes:
    """Ask the file system in its place on the disk, which nobody mounts; debugfs fails without saying so."""
    told = checked(["debugfs", "-R", question, f"{raw}?offset={ROOT_A.start * MIB}"]).stdout
    if not told:
        raise ImageFailed(f"{raw}: nothing answers to {question}")
    return told
