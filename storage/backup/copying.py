"""Copy files so that a crash or a full disk leaves the old content or the new, and hash what was copied."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from storage.backup.manifest import CopiedFile

_BLOCK = 1 << 20


def sha256_of(path: Path, start: int = 0, end: int | None = None) -> str:
    """Return the SHA-256 of (part of) a file; raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        file.seek(start)
        left = (os.fstat(file.fileno()).st_size if end is None else end) - start
        while left > 0 and (block := file.read(min(_BLOCK, left))):
            digest.update(block)
            left -= len(block)
    return digest.hexdigest()


def append_range(source: int, start: int, end: int, target: Path) -> str:
    """Make ``target`` end with the octets of an open file between two places; return their SHA-256.

    What lay beyond ``start`` in it (an interrupted backup's) is cut off first.
    """
    digest = hashlib.sha256()
    out = os.open(target, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        os.ftruncate(out, start)
        at = start
        while at < end:
            block = os.pread(source, min(_BLOCK, end - at), at)
            if not block:
                raise OSError(5, "the storage file became shorter while it was copied")
            digest.update(block)
            view = memoryview(block)
            while view:
                written = os.pwrite(out, view, at)
                at += written
                view = view[written:]
        os.fsync(out)
    finally:
        os.close(out)
    return digest.hexdigest()


def copy_whole(source: Path, target: Path) -> None:
    """Copy a file so that ``target`` is there whole or not at all; its directory is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    passing = target.with_name(f".{target.name}.new")
    shutil.copyfile(source, passing)
    with passing.open("rb+") as file:
        os.fsync(file.fileno())
    passing.replace(target)


def copy_or_link(source: Path, target: Path) -> None:
    """Give a file that never changes a second name; copy it to another file system. Its directory is made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        copy_whole(source, target)


def copy_described(source: Path, target: Path, path: str, before: Path | None = None) -> CopiedFile:
    """Copy a small file that may grow meanwhile, or link the same one from ``before``; describe it."""
    if before is not None and before.is_file() and before.stat().st_size == source.stat().st_size:
        digest = sha256_of(before)
        if digest == sha256_of(source):
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(before, target)
            except OSError:  # a file system without links
                copy_whole(before, target)
            return CopiedFile(path, target.stat().st_size, digest)
    copy_whole(source, target)
    return CopiedFile(path, target.stat().st_size, sha256_of(target))


def sync_directories(directories: Iterable[Path]) -> None:
    """Make the names in directories durable."""
    for directory in directories:
        fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)
