"""A bundle is used only as its trusted author made it."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from domain.upgrade.release import Manifest
from storage.upgrade.bundle import (
    MANIFEST,
    MOST_BYTES,
    SIGNATURE,
    BundleRefused,
    new_key,
    private_key,
    read_manifest,
    trusted_keys,
    unpack,
    verify,
    write_bundle,
)

Member = tuple[str, bytes]


class Release(NamedTuple):
    """A bundle and the keys of a box that trusts its author."""

    bundle: Path
    keys: Path
    private: Path


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """Return a signed bundle of two parts."""
    keys = tmp_path / "keys"
    keys.mkdir()
    new_key(tmp_path / "release", keys / "release.pub")
    for name in ("program", "roles"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    made = Release(tmp_path / "box400-2.0.0+ab.bundle", keys, tmp_path / "release")
    parts = {name: tmp_path / name for name in ("program", "roles")}
    write_bundle(made.bundle, Manifest("2.0.0+ab", 5, 3, ()), parts, private_key(made.private))
    return made


def members(bundle: Path) -> list[Member]:
    """Return what an archive holds."""
    with tarfile.open(bundle) as tar:
        return [(each.name, (tar.extractfile(each) or io.BytesIO()).read()) for each in tar]


def rewrite(bundle: Path, content: list[Member]) -> None:
    """Make the archive hold something else."""
    with tarfile.open(bundle, "w") as tar:
        for name, data in content:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_a_good_bundle(release: Release, tmp_path: Path) -> None:
    """It is verified and unpacked; made again of the same parts it is the same, octet for octet."""
    keys = trusted_keys(release.keys)
    assert verify(release.bundle, keys) == read_manifest(release.bundle, keys)
    there = tmp_path / "there"
    there.mkdir()
    assert unpack(release.bundle, keys, there).version == "2.0.0+ab"
    assert (there / "roles").read_bytes() == b"roles" * 1000
    again = tmp_path / "again.bundle"
    parts = {name: tmp_path / name for name in ("program", "roles")}
    write_bundle(again, Manifest("2.0.0+ab", 5, 3, ()), parts, private_key(release.private))
    assert again.read_bytes() == release.bundle.read_bytes()


def test_the_private_key_is_private(release: Release) -> None:
    """Only its owner reads it, and it is never made over another."""
    assert release.private.stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        new_key(release.private, release.keys / "other.pub")


def another_key(release: Release) -> None:
    (release.keys / "release.pub").unlink()
    new_key(release.keys.parent / "other", release.keys / "other.pub")


def no_key(release: Release) -> None:
    (release.keys / "release.pub").unlink()


def broken_key(release: Release) -> None:
    (release.keys / "worse.pub").write_text("hello")


def unsigned(release: Release) -> None:
    rewrite(release.bundle, [each for each in members(release.bundle) if each[0] != SIGNATURE])


def another_manifest(release: Release) -> None:
    rewrite(
        release.bundle,
        [(n, d.replace(b"2.0.0", b"3.0.0") if n == MANIFEST else d) for n, d in members(release.bundle)],
    )


def another_part(release: Release) -> None:
    rewrite(
        release.bundle,
        [(n, d.replace(b"r", b"R") if n == "roles" else d) for n, d in members(release.bundle)],
    )


def a_part_more(release: Release) -> None:
    rewrite(release.bundle, [*members(release.bundle), ("extra", b"x")])


def a_part_less(release: Release) -> None:
    rewrite(release.bundle, members(release.bundle)[:-1])


def a_part_elsewhere(release: Release) -> None:
    rewrite(release.bundle, [*members(release.bundle), ("../../etc/passwd", b"x")])


def cut_short(release: Release) -> None:
    os.truncate(release.bundle, release.bundle.stat().st_size // 2)


def nothing_at_all(release: Release) -> None:
    release.bundle.write_bytes(b"<html>404 not found</html>" * 100)


def empty(release: Release) -> None:
    release.bundle.write_bytes(b"")


def too_big(release: Release) -> None:
    os.truncate(release.bundle, MOST_BYTES + 1)


def not_there(release: Release) -> None:
    release.bundle.unlink()


def a_link(release: Release) -> None:
    release.bundle.rename(release.bundle.with_name("real"))
    release.bundle.symlink_to("real")


def a_pipe(release: Release) -> None:
    release.bundle.unlink()
    os.mkfifo(release.bundle)


@pytest.mark.parametrize(
    ("harm", "zh"),
    [
        (another_key, "均不符"), (no_key, "尚未信任"), (broken_key, "worse.pub 不是有效的公钥"),
        (unsigned, "没有签名"),
        (another_manifest, "均不符"), (another_part, "roles: SHA-256"), (a_part_more, "extra"),
        (a_part_less, "roles"), (a_part_elsewhere, "passwd"), (cut_short, "不是完整的升级包"),
        (nothing_at_all, "不是完整的升级包"), (empty, "不是完整的升级包"), (too_big, "超过 1024 MiB"),
        (not_there, "无法读取"), (a_link, "无法读取"), (a_pipe, "无法读取"),
    ],
)  # fmt: skip
def test_what_is_refused(release: Release, tmp_path: Path, harm: Callable[[Release], None], zh: str) -> None:
    """Each with a text that says what is wrong; nothing is left of it."""
    harm(release)
    with pytest.raises(BundleRefused) as refusal:
        verify(release.bundle, trusted_keys(release.keys))
    assert zh in refusal.value.zh
    assert refusal.value.en
