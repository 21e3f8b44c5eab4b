"""A box is backed up while calls come in, and restored elsewhere: nothing is missing, everything plays."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.backup import BackupError, Manifest, backup, generations, newest, prune, restore, verify
from storage.connection import open_main, open_recordings
from storage.data_directory import DataDirectory
from storage.models import Tenant, TenantConfig
from storage.recordings import Recordings
from tests.unit.recorder.box import Box, call_name
from tests.unit.recorder.processes import process


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Return a running box with some recorded calls, prompts and settings."""
    data = DataDirectory(tmp_path / "box")
    with process("storage", data):
        box = Box(data.root, open_recordings(data))
        for number in range(4):
            box.call(number)
        box.settle()
        (data.prompts / ("ab" * 32 + ".alaw")).write_bytes(b"\xd5" * 800)
        (data.snapshots / "box.json").write_text("{}")
        data.write_settings(data.read_settings())
        yield box
        box.close()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return where backups go."""
    return tmp_path / "backups"


def contents(data: DataDirectory) -> dict[str, bytes]:
    """Return each recording's facts and sound in a box that is started for it."""
    with process("storage", data):
        database = open_recordings(data)
        recordings = Recordings(database)
        found = {facts.id: recordings.path(facts.id).read_bytes() for facts in recordings.iterate()}
        assert all(recordings.check(name) for name in found)
        database.close()
    return found


def add_tenant(data: DataDirectory, name: str) -> None:
    main = open_main(data)
    main.transact(lambda root: root.tenants.__setitem__(name, Tenant(TenantConfig(id=name, name=name))))
    main.close()


def test_restore_drill(box: Box, target: Path, tmp_path: Path) -> None:
    """Restored into a fresh directory the box has the same tenants, recordings, prompts and settings."""
    add_tenant(box.data, "acme")
    manifest = backup(box.data.root, target)
    assert (manifest.recordings_count, manifest.recordings_seconds) == (4, 12.0)
    verdict = verify(target)
    assert verdict.is_good, verdict.faults
    assert (verdict.recordings, verdict.played, verdict.tenants) == (4, 4, 1)
    fresh = DataDirectory(tmp_path / "fresh")
    assert restore(target, fresh.root) == manifest
    expected = {name: box.recordings.path(name).read_bytes() for name in (call_name(n) for n in range(4))}
    assert contents(fresh) == expected
    with process("storage", fresh):
        main = open_main(fresh)
        assert main.read(lambda root: list(root.tenants)) == ["acme"]
        main.close()
    assert (fresh.prompts / ("ab" * 32 + ".alaw")).read_bytes() == b"\xd5" * 800
    assert (fresh.snapshots / "box.json").read_text() == "{}"
    assert sorted(path.name for path in fresh.journal.glob("*.jnl")) == sorted(
        path.name for path in box.data.journal.glob("*.jnl")
    )
    assert not (fresh.root / "restore-unfinished").exists()


def test_under_load(box: Box, target: Path, tmp_path: Path) -> None:
    """Backups made while calls are recorded are each consistent and complete to their moment."""
    stop = threading.Event()
    added: list[str] = []

    def load() -> None:
        number = 100
        while not stop.is_set():
            added.append(box.call(number))
            box.recorder.step()
            number += 1

    worker = threading.Thread(target=load)
    worker.start()
    try:
        made: list[tuple[int, Manifest]] = []
        while len(made) < 5 or len(added) < 6:
            known = box.recordings.total().count
            made.append((known, backup(box.data.root, target)))
    finally:
        stop.set()
        worker.join()
    for known, manifest in made:
        assert manifest.recordings_count >= known
        verdict = verify(target, manifest.name)
        assert verdict.is_good, verdict.faults
        assert verdict.recordings == manifest.recordings_count
    counts = [manifest.recordings_count for _, manifest in made]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    first = made[0][1]
    restore(target, tmp_path / "first", first.name)
    assert len(contents(DataDirectory(tmp_path / "first"))) == first.recordings_count


def test_what_is_old_is_copied_once(box: Box, target: Path) -> None:
    """The second backup copies the new call's audio and transactions, nothing else."""
    first = backup(box.data.root, target)
    stamps = {path: path.stat().st_mtime_ns for path in (target / "blobs").rglob("*.blob")}
    box.call(50)
    box.settle()
    second = backup(box.data.root, target)
    assert second.recordings.base == first.recordings.base
    assert second.recordings.stretches[:-1] == first.recordings.stretches
    assert second.main.stretches == first.main.stretches
    assert second.recordings.blobs == first.recordings.blobs + 1
    now = {path: path.stat().st_mtime_ns for path in (target / "blobs").rglob("*.blob")}
    assert len(now) == len(stamps) + 1
    assert stamps.items() <= now.items()
    third = backup(box.data.root, target)
    assert third.recordings == second.recordings
    assert generations(target) == [first.name, second.name, third.name]
    assert newest(target) == third


def test_across_a_pack(box: Box, target: Path, tmp_path: Path) -> None:
    """After retention and packing, both the older and the newer generation restore to what they were."""
    before = backup(box.data.root, target)
    box.recordings.delete([call_name(0), call_name(1)])
    box.recordings.pack()
    box.call(60)
    box.settle()
    later = backup(box.data.root, target)
    assert later.recordings.base == before.recordings.base + 1
    assert (before.recordings_count, later.recordings_count) == (4, 3)
    for manifest in (before, later):
        assert verify(target, manifest.name).is_good
        data = DataDirectory(tmp_path / manifest.name)
        restore(target, data.root, manifest.name)
        assert len(contents(data)) == manifest.recordings_count


def test_pruning_keeps_what_is_kept_whole(box: Box, target: Path) -> None:
    """Dropping old generations frees their audio and leaves the others restorable."""
    backup(box.data.root, target)
    box.recordings.delete([call_name(0), call_name(1)])
    box.recordings.pack()
    kept = backup(box.data.root, target)
    assert len(prune(target, 1)) == 1
    assert generations(target) == [kept.name]
    assert len(list((target / "blobs").rglob("*.blob"))) == 2
    assert len(list((target / "recordings").glob("*.fs"))) == 1
    assert verify(target).is_good
    assert prune(target, 0) == []


def test_an_interrupted_backup_harms_none(box: Box, target: Path) -> None:
    """What a killed backup left is cut off by the next one."""
    first = backup(box.data.root, target)
    with (target / "recordings" / "000001.fs").open("ab") as file:
        file.write(b"half a transaction")
    (target / "generations" / f"{first.name}+1.partial").mkdir()
    assert verify(target).is_good
    box.call(70)
    box.settle()
    second = backup(box.data.root, target)
    assert second.recordings.base == first.recordings.base
    assert verify(target).is_good
    assert verify(target, first.name).is_good
    assert generations(target) == [first.name, second.name]


def test_a_commit_under_way_is_left_out(box: Box, target: Path, tmp_path: Path) -> None:
    """The half-written transaction at the end of a live file is no part of the backup."""
    data = tmp_path / "copy"
    shutil.copytree(box.data.root, data, ignore=lambda _, names: [n for n in names if n.endswith(".sock")])
    with (data / "store" / "recordings.fs").open("r+b") as file:
        file.truncate(file.seek(0, 2) - 100)
    manifest = backup(data, target)
    assert (
        manifest.recordings.transactions
        == backup(box.data.root, tmp_path / "other").recordings.transactions - 1
    )


@pytest.mark.parametrize("victim", ["recordings/000001.fs", "prompts/" + "ab" * 32 + ".alaw", "blob"])
def test_damage_is_found_and_not_restored(box: Box, target: Path, tmp_path: Path, victim: str) -> None:
    """One changed octet anywhere in the backup is found by verifying; damaged parts are not restored."""
    backup(box.data.root, target)
    path = next((target / "blobs").rglob("*.blob")) if victim == "blob" else target / victim
    path.chmod(0o640)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    verdict = verify(target)
    assert not verdict.is_good
    if victim != "blob":
        with pytest.raises(BackupError, match="damaged"):
            restore(target, tmp_path / "fresh")


def test_restore_overwrites_nothing(box: Box, target: Path, tmp_path: Path) -> None:
    """A directory with anything in it is refused, or moved aside when told; a running box is let be."""
    backup(box.data.root, target)
    full = tmp_path / "full"
    full.mkdir()
    (full / "precious").write_text("yes")
    with pytest.raises(BackupError, match="not empty"):
        restore(target, full)
    with pytest.raises(BackupError, match="running"):
        restore(target, box.data.root, aside=True)
    restore(target, full, aside=True)
    (moved,) = tmp_path.glob("full.before-*")
    assert (moved / "precious").read_text() == "yes"
    assert len(contents(DataDirectory(full))) == 4


def test_a_restored_box_goes_on(box: Box, target: Path, tmp_path: Path) -> None:
    """Calls whose spools are in no backup are not recorded as silence; new calls are recorded."""
    name = box.call(80)
    backup(box.data.root, target)
    data = DataDirectory(tmp_path / "fresh")
    restore(target, data.root)
    with process("storage", data):
        restored = Box(data.root, open_recordings(data))
        restored.settle()
        assert restored.recorder.lost == 0
        assert restored.recordings.known([name]) == set()
        restored.call(81)
        restored.settle()
        assert restored.recordings.total().count == 5
        restored.close()


def test_errors_say_what_to_do(tmp_path: Path, target: Path) -> None:
    """No box, no backup, no such generation: each is told in words."""
    with pytest.raises(BackupError, match="holds no store"):
        backup(tmp_path / "nothing", target)
    with pytest.raises(BackupError, match="holds no backup"):
        restore(target, tmp_path / "fresh")
    with pytest.raises(BackupError, match="no generation"):
        verify(target, "yesterday")


def test_an_empty_box(tmp_path: Path, target: Path) -> None:
    """A box without a single call can be backed up and restored."""
    data = DataDirectory(tmp_path / "box")
    with process("storage", data):
        manifest = backup(data.root, target)
    assert manifest.recordings_count == 0
    assert verify(target).is_good
    restore(target, tmp_path / "fresh")
    assert contents(DataDirectory(tmp_path / "fresh")) == {}
