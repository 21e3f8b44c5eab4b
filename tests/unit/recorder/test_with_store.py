"""Recordings in the real store: a process of its own, blobs on a real disk."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from ZODB.blob import is_blob_record as is_blob
from ZODB.FileStorage import FileStorage

from storage.connection import StoreDown, open_recordings
from storage.data_directory import DataDirectory
from storage.recordings import RecordingDamaged, RecordingMissing, Recordings
from tests.unit.recorder.box import Box
from tests.unit.recorder.processes import process


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Return a box whose recordings lie in a real store."""
    with process("storage", DataDirectory(tmp_path)):
        box = Box(tmp_path, open_recordings(DataDirectory(tmp_path)))
        yield box
        box.close()


def test_pack_and_play(box: Box) -> None:
    """After packing, what was kept still plays, what was deleted is gone from the disk, and space is free."""
    keep = [box.call(number) for number in range(0, 6, 2)]
    drop = [box.call(number) for number in range(1, 6, 2)]
    box.settle()
    before = {name: box.heard(name) for name in keep}
    gone = [box.recordings.path(name) for name in drop]
    size = (box.data.store / "recordings.fs").stat().st_size
    assert [facts.id for facts in box.recordings.delete(drop)] == drop
    box.recordings.pack()
    for name in keep:
        box.recordings.check(name)
        assert (box.heard(name) == before[name]).all()
    assert not any(path.exists() for path in gone)
    with pytest.raises(RecordingMissing):
        box.recordings.path(drop[0])
    assert (box.data.store / "recordings.fs").stat().st_size < size
    assert box.recordings.usage("acme").count == 3
    assert not list((box.data.store).glob("*.old"))
    assert len(list(box.data.store.glob("blobs/**/*.blob"))) == 3


def test_a_recording_takes_one_file_and_one_record(box: Box) -> None:
    """Nothing else is left in the blob directory, and no record of a blob is stored twice."""
    for number in range(3):
        box.call(number)
    box.settle()
    files = [path for path in box.data.store.glob("blobs/**/*") if path.is_file()]
    assert len([path for path in files if path.suffix == ".blob"]) == 3
    assert not [path for path in files if ".tmp" in path.name]
    with closing(FileStorage(str(box.data.store / "recordings.fs"), read_only=True)) as storage:
        oids = [
            record.oid for transaction in storage.iterator() for record in transaction if is_blob(record.data)
        ]
    assert len(oids) == len(set(oids)) == 3


def test_a_held_recording_is_not_deleted(box: Box) -> None:
    """A legal hold outlives every deletion that does not say so."""
    name = box.call()
    box.settle()
    assert box.recordings.set_hold(name, "case 17").hold == "case 17"
    assert box.recordings.delete([name]) == []
    assert box.recordings.check(name).hold == "case 17"
    assert box.recordings.delete([name], despite_hold=True)[0].id == name
    with pytest.raises(RecordingMissing):
        box.recordings.set_hold(name, "too late")


def test_a_changed_or_missing_file_is_found(box: Box) -> None:
    """Checking compares the file with what was stored."""
    name = box.call()
    box.settle()
    path = box.recordings.path(name)
    path.chmod(0o640)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(RecordingDamaged, match="not what was stored"):
        box.recordings.check(name)
    path.unlink()
    with pytest.raises(RecordingDamaged, match="gone"):
        box.recordings.check(name)


def test_iterating_is_by_age_and_in_pages(box: Box) -> None:
    """Everything is seen once, oldest first, however many pages it takes."""
    names = [box.call(number) for number in range(7)]
    box.settle()
    assert [facts.id for facts in box.recordings.iterate(page=2)] == names
    assert [facts.id for facts in box.recordings.iterate(after=names[1], before=names[5], page=2)] == names[
        2:5
    ]


def test_deleting_while_others_are_added(box: Box) -> None:
    """Retention and the recorder work at the same time; usage is right in the end, nothing comes back."""
    old = [box.call(number) for number in range(20)]
    box.settle()
    other = Recordings(open_recordings(box.data))
    new = [box.call(number) for number in range(100, 120)]
    deleter = threading.Thread(target=lambda: [other.delete([name]) for name in old])
    deleter.start()
    while deleter.is_alive():
        new.append(box.call(100 + len(new)))
        box.settle(0.5)
    deleter.join()
    box.settle()
    other.close()
    assert box.recordings.known(old + new) == set(new)
    assert box.recordings.usage("acme").count == len(new)
    assert box.recordings.usage("acme").bytes == sum(facts.bytes for facts in box.recordings.iterate())


def test_the_process_records_and_survives_the_store(tmp_path: Path) -> None:
    """The recorder process waits for a store that is down, records when it is up, and ends in order."""
    data = DataDirectory(tmp_path)
    box = Box(tmp_path)
    names = [box.call(number) for number in range(3)]
    box.close()
    with process("b2bua.recorder", data) as recorder:
        with process("storage", data):
            database = open_recordings(data, wait=5)
            box = Box(tmp_path, database)
            wait_for_recordings(box, names)
            for name in names:
                assert box.recordings.check(name).seconds == 3.0
            box.close()
        box = Box(tmp_path, open_recordings(data, wait=0.2))
        with pytest.raises(StoreDown):
            box.recordings.total()
        late = box.call(7)
        box.close()
        with process("storage", data):
            box = Box(tmp_path, open_recordings(data, wait=5))
            wait_for_recordings(box, [late])
            box.close()
        assert recorder.poll() is None
    assert recorder.returncode == 0


def wait_for_recordings(box: Box, names: list[str]) -> None:
    """Return when all are recorded; fail after a minute."""
    until = time.monotonic() + 60
    while box.recordings.known(names) != set(names):
        assert time.monotonic() < until
        time.sleep(0.05)
