"""The data of before comes back as it was, whatever the new version did to it, wherever it is interrupted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.upgrade.safe import SAFE, forget, put_back, take

OLD = {
    "store/main.fs": "old", "store/blobs/0x01/a.blob": "sound", "prompts/ab.alaw": "prompt",
    "settings.json": "{}",
    "snapshots/box.json": "box", "spool/recorder.json": "place 1",
}  # fmt: skip
APART = {"journal/1.jnl": "line 1\n", "spool/call/a.spool": "rtp", "log/store.log": "log"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data directory that was kept, and then worked on by a new version."""
    for name, text in (OLD | APART).items():
        _write(tmp_path / name, text)
    take(tmp_path)
    _write(tmp_path / "store/main.fs", "evolved")
    (tmp_path / "store/blobs/0x01/a.blob").unlink()
    _write(tmp_path / "store/blobs/0x02/b.blob", "a call since")
    (tmp_path / "settings.json").unlink()
    _write(tmp_path / "invented.json", "by the new version")
    _write(tmp_path / "spool/recorder.json", "place 2")
    _write(tmp_path / "journal/1.jnl", "line 1\nline 2\n")
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def texts(root: Path) -> dict[str, str]:
    """Return all files but those that are kept."""
    paths = (path for path in root.rglob("*") if path.is_file() and SAFE not in path.parts)
    return {str(path.relative_to(root)): path.read_text() for path in paths}


def is_back(root: Path) -> bool:
    """Tell whether the data is that of before, and the journal has what was written since."""
    return texts(root) == OLD | APART | {"journal/1.jnl": "line 1\nline 2\n"}


def test_back(data: Path) -> None:
    """What was changed, deleted and added is as it was; what the new version wrote is kept aside."""
    put_back(data)
    assert is_back(data)
    assert (data / SAFE / "failed/store/main.fs").read_text() == "evolved"
    assert (data / SAFE / "failed/store/blobs/0x02/b.blob").read_text() == "a call since"
    assert (data / SAFE / "failed/invented.json").exists()
    forget(data)
    assert not (data / SAFE).exists()


def test_what_is_kept_costs_no_audio(data: Path) -> None:
    """Audio and prompts are linked; what may change in its place is copied."""
    kept = data / SAFE / "kept"
    assert (kept / "prompts/ab.alaw").stat().st_ino == (data / "prompts/ab.alaw").stat().st_ino
    assert (kept / "store/main.fs").stat().st_ino != (data / "store/main.fs").stat().st_ino


class Cut(Exception):
    """The power."""


@pytest.fixture
def fuse(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Cut the power before the n-th change of a name."""
    left = [10**6]

    def burning(name: str) -> None:
        real = getattr(os, name)

        def call(*args: object, **options: object) -> object:
            if left[0] == 0:
                raise Cut
            left[0] -= 1
            return real(*args, **options)

        monkeypatch.setattr(os, name, call)

    for name in ("rename", "replace", "link", "mkdir", "unlink", "rmdir"):
        burning(name)
    yield left
    left[0] = 10**6


def test_the_power_is_cut_anywhere(data: Path, fuse: list[int]) -> None:
    """Interrupted at any change of a name and begun anew, again and again, it comes to the same."""
    for after in range(200):
        fuse[0] = after
        try:
            put_back(data)
        except Cut:
            continue
        break
    fuse[0] = 10**6
    put_back(data)
    assert is_back(data)


@pytest.mark.parametrize("after", range(40))
def test_the_power_is_cut_once(data: Path, fuse: list[int], after: int) -> None:
    """Interrupted once, then begun anew."""
    fuse[0] = after
    try:
        put_back(data)
    except Cut:
        fuse[0] = 10**6
        put_back(data)
    assert is_back(data)


def test_keeping_is_whole_or_not_at_all(data: Path, fuse: list[int]) -> None:
    """Interrupted, there is nothing to go back to, and the next one begins anew."""
    forget(data)
    now = texts(data)
    fuse[0] = 3
    with pytest.raises(Cut):
        take(data)
    assert not (data / SAFE / "kept").exists()
    fuse[0] = 10**6
    take(data)
    assert texts(data) == now
