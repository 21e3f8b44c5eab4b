"""The disk fills up: recording stops in time, calls and records go on; with space again all is well."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.carrier import Seen
from tests.product.box import Box, Place
from tests.product.waiting import wait_until
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import CONFIGURATION, RECORDED, UNRECORDED, Note
from tests.reliability.gauges import alarm, processes
from tests.reliability.witness import Witness

SIZE = 200 * 2**20


class SmallDisk:
    """A file system of 200 MiB in memory."""

    def __init__(self, where: Path) -> None:
        where.mkdir()
        self.where = where
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "box400-test", str(where)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if mounted.returncode:
            pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
        self._ballast = where / "ballast"

    def unmount(self) -> None:
        """Take it away, when the last process of the box has let it go."""
        wait_until(
            lambda: subprocess.run(["umount", str(self.where)], check=False).returncode == 0, "unmounted"
        )

    def used(self) -> float:
        """Return which part is used."""
        facts = os.statvfs(self.where)
        return 1 - facts.f_bavail / facts.f_blocks

    def fill_to(self, part: float) -> None:
        """Use so much of it, 1.0: all, by a file of our own."""
        facts = os.statvfs(self.where)
        ours = self._ballast.stat().st_size if self._ballast.exists() else 0
        others = (facts.f_blocks - facts.f_bfree) * facts.f_frsize - ours
        wanted = max(0, round(facts.f_blocks * facts.f_frsize * part) - others)
        with self._ballast.open("ab", buffering=0) as file:  # buffered, closing it would try once more
            file.truncate(min(wanted, ours))
            file.seek(0, os.SEEK_END)
            try:
                while (left := wanted - file.tell()) > 0:
                    file.write(bytes(min(left, 65536)))
            except OSError:  # full to the last block, as wished
                assert part >= 1

    def empty(self) -> None:
        """Give it all back."""
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a small disk."""
    made = SmallDisk(tmp_path / "small")
    yield made
    made.unmount()


@pytest.fixture
def small_box(disk: SmallDisk) -> Iterator[Box]:
    """Return a box whose data are on it."""
    box = Box(disk.where / "data", Place(), CONFIGURATION)
    # what a full disk makes processes log is the point
    box.expected_errors += ["No space left", "disk full", "cannot be written", "is full", "recording of"]
    yield box
    box.kill()


def test_a_full_disk(disk: SmallDisk, small_box: Box, note: Note) -> None:
    """90 %: alarm. 95 %: no more recordings. 100 %: calls go on, and their records are there afterwards."""
    box = small_box
    place = box.place
    box.start()
    carrier = Witness(place.sip, place.carrier, place.target, RECORDED)
    try:
        first = call(carrier)
        disk.fill_to(0.91)
        wait_until(lambda: alarm(box, "disk") is not None, "an alarm at 90 %", 15)
        assert alarm(box, "disk").severity == "warning"
        at_90 = call(carrier)
        (long_one,) = carrier.hold(1)
        disk.fill_to(0.96)
        wait_until(lambda: alarm(box, "disk").severity == "critical", "a critical alarm at 95 %", 15)
        at_95 = call(carrier)
        records = one_record_each(box, [first, at_90, at_95])
        recorded = [records[seen.caller]["recorded"] for seen in (first, at_90, at_95)]
        disk.fill_to(1.0)
        full = [call(carrier) for _ in range(3)]
        disk.fill_to(1.0)  # what the journal had kept back is used up as well
        noticing = call(carrier)
        refused = [carrier.place(1.0) for _ in range(3)]
        carrier.run(5, lambda: all(seen.ended is not None for seen in refused))
        keys = sorted(alarms(box))
        carrier.run(1.0)
        carrier.leave([long_one])
        disk.empty()
        wait_until(lambda: not {"disk", "journal", "ledger:store"} & alarms(box), "the alarms are over", 60)
        wait_until((box.data / "journal" / "reserve").exists, "the journal keeps space back again", 10)
        after = call(carrier)
        everyone = [first, at_90, long_one, at_95, *full, noticing, after]
        records = one_record_each(box, everyone + refused)
        recorded.append(records[after.caller]["recorded"])
        for seen in (first, at_90, after):
            box.recording(records[seen.caller]["id"])
        half = records[long_one.caller]["id"]
        box.recording(half)
        assert box.json("recording", "show", half)["notes"] == ["stopped before the end of the call: disk"]
    finally:
        carrier.close()
    lost = [carrier.heard_by(side).lost() for side in (long_one, *carrier.legs_of(long_one))]
    note(
        f"recorded before, at 91 %, at 96 % and afterwards: {recorded}; full: calls "
        f"{[seen.status for seen in full]}; "
        f"the journal's reserve full as well: {[seen.status for seen in (noticing, *refused)]}, alarms "
        f"{keys}; {len(records)} of "
        f"{len(everyone + refused)} records afterwards; a call that was up all the time lost {sum(lost)} "
        f"packets"
    )
    assert recorded == [True, True, False, True]
    assert [seen.status for seen in full] == [200] * 3
    assert {"disk", "journal"} <= set(keys)
    assert [seen.status for seen in refused] == [500] * 3, "calls that could not be billed"
    assert {records[seen.caller]["outcome"] for seen in everyone} == {"answered"}
    assert sum(lost) == 0
    assert wrong_seconds(everyone, records) == []
    box.stop()


@pytest.mark.long
def test_a_crash_on_a_full_disk(disk: SmallDisk, small_box: Box, note: Note) -> None:
    """The SIP process dies while the disk is full: by what its journal keeps back it takes calls again."""
    box = small_box
    box.start()
    carrier = Witness(box.place.sip, box.place.carrier, box.place.target, UNRECORDED)
    try:
        (cut,) = carrier.hold(1)
        disk.fill_to(1.0)
        (b2bua,) = processes(box, "b2bua")
        b2bua.kill()
        killed = carrier.now()
        carrier.ping(killed + 20)
        carrier.run(20, lambda: carrier.heard > 0 and not cut.up)
        later = call(carrier)
        disk.empty()
        records = one_record_each(box, [cut, later], 60)
    finally:
        carrier.close()
    note(
        f"service back after {carrier.heard - killed:.2f} s, the cut call ended after "
        f"{cut.ended - killed:.2f} s, "
        f"records {[records[seen.caller]['outcome'] for seen in (cut, later)]}"
    )
    assert records[cut.caller]["outcome"] == "cut-by-crash"
    assert records[later.caller]["outcome"] == "answered"
    box.stop()


def alarms(box: Box) -> set[str]:
    """Return the keys of all alarms."""
    return {each["key"] for each in box.json("status")["alarms"]}


def call(carrier: Witness) -> Seen:
    """Make one call of a second."""
    (seen,) = carrier.hold(1)
    carrier.run(1.0)
    carrier.leave([seen])
    return seen
