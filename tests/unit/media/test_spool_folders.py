"""Spool folders are used again, and nothing of the call before is left in them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from b2bua.media.spool import Begin, SpoolWriter, read_spool, spool_path
from b2bua.media.spool_folders import FREE, LEFT, FreeFolders, recycle
from tests.unit.media.test_spool import record, sequences


def spool(root: Path, call: str, legs: str = "ab", folders: FreeFolders | None = None) -> Path:
    """Record a short call; return its folder."""
    for leg in legs:
        path = spool_path(root, call, leg)
        writer = SpoolWriter(path, Begin(call, leg, 1.0, 2.0), folders)
        writer.write(record(1) + record(2))
        writer.close()
    return root / call


def inodes(folder: Path) -> set[int]:
    """Return what the files of a folder are to the file system."""
    return {path.stat().st_ino for path in folder.iterdir()}


def test_a_used_folder_serves_another_call(tmp_path: Path) -> None:
    """Same inodes, other audio; the reader sees spools and nothing else."""
    first = spool(tmp_path, "FIRST")
    before = inodes(first) | {first.stat().st_ino}
    recycle(first)
    assert not first.exists()
    second = spool(tmp_path, "SECOND", folders=FreeFolders(tmp_path))
    assert inodes(second) | {second.stat().st_ino} == before
    for leg in "ab":
        (segment,) = read_spool(spool_path(tmp_path, "SECOND", leg))
        assert segment.begin.call == "SECOND"
        assert sequences(segment) == [1, 2]
    assert sorted(path.name for path in second.iterdir()) == ["a.spool", "b.spool"]


def test_no_audio_is_left_in_a_used_folder(tmp_path: Path) -> None:
    """Emptied files hold an octet of the file's magic; what else lay there is gone."""
    folder = spool(tmp_path, "FIRST", "abc")
    (folder / "reason.txt").write_text("odd")
    recycle(folder)
    (free,) = (tmp_path / FREE).iterdir()
    assert sorted(path.name for path in free.iterdir()) == ["0.free", "1.free"]
    assert {path.stat().st_size for path in free.iterdir()} == {LEFT}


def test_a_call_with_one_leg_leaves_the_other_file_to_the_next(tmp_path: Path) -> None:
    """Spares are kept from call to call and are no spools."""
    folders = FreeFolders(tmp_path)
    recycle(spool(tmp_path, "FIRST", "ab", folders))
    second = spool(tmp_path, "SECOND", "a", folders)
    assert [path.name for path in second.glob("*.spool")] == ["a.spool"]
    recycle(second)
    third = spool(tmp_path, "THIRD", "abc", folders)
    assert sorted(path.name for path in third.iterdir()) == ["a.spool", "b.spool", "c.spool"]


def test_what_is_gone_or_kept_already_is_no_trouble(tmp_path: Path) -> None:
    """Recycling twice, and two calls whose folders would get the same place."""
    folder = spool(tmp_path, "FIRST")
    recycle(folder)
    recycle(folder)
    recycle(spool(tmp_path, "FIRST"))
    assert len(list((tmp_path / FREE).iterdir())) == 1
    assert not folder.exists()


def test_a_folder_taken_by_another_worker_is_passed_over(tmp_path: Path) -> None:
    """Two workers may see the same free folder."""
    folders = FreeFolders(tmp_path)
    recycle(spool(tmp_path, "FIRST"))
    recycle(spool(tmp_path, "OTHER"))
    folders.make(tmp_path / "SECOND")
    for free in (tmp_path / FREE).iterdir():
        free.rename(tmp_path / "STOLEN")
    folders.make(tmp_path / "THIRD")
    assert (tmp_path / "THIRD").is_dir()


def test_a_refusing_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a missing file means that another name is to be tried."""

    def refuse(path: object, *rest: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match="output error"):
        FreeFolders(tmp_path).open(tmp_path / "CALL" / "a.spool")
