"""Somebody sets the box's clock: no timer notices, no call is charged wrongly, nothing is deleted.

Every process of the box gets its wall clock from ``wall_clock/sitecustomize.py``, which the test steps; their
monotonic clocks go on as the kernel's do. (What it cannot step are the times of files, and ``datetime.now``,
which the product does not use. libfaketime would step more, but makes ``time.sleep`` of Python 3.11 fail.)
"""

from __future__ import annotations

import struct
import time
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path

import msgspec
import pytest

from storage.data_directory import DataDirectory
from storage.retention.nightly import clock_path, read_summary
from storage.retention.trusted_clock import ClockState
from tests.crash.carrier import Seen
from tests.product.box import Box, Place
from tests.product.waiting import wait_until
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import Note
from tests.reliability.gauges import processes, status
from tests.reliability.scan import Scanner
from tests.reliability.sick_gateway import SickGateway
from tests.reliability.witness import Witness

HOUR, DAY = 3600, 86400
STEPS = (HOUR, 0, -HOUR, 0, DAY, 0, -DAY, 0)
"""Seconds that the clock is off, one after the other: each a step of an hour or a day, ahead or back."""
BETWEEN = 1.4
NO_ANSWER = 5.0
TALKS, RINGS = "4001003722", "4001003723"
CONFIGURATION = f"""
box:
  announcements: false
trunks:
  demo-carrier:
    sources: ["@CARRIER@"]
    target: "@GATEWAY@:5080"
    shown_caller: caller
    options_seconds: 0
  ringing:
    target: "@NETWORK@.5:5080"
    inbound: false
    shown_caller: caller
    options_seconds: 15
tenants:
  demo:
    name: demo
    outbound_trunks: [demo-carrier]
    extensions:
      "8001":
        secret: correct-horse-battery
    numbers:
      "{TALKS}":
        bound: [{{number: "13900001111", skip_busy: false}}]
  rings:
    name: rings
    outbound_trunks: [ringing]
    numbers:
      "{RINGS}":
        bound: [{{number: "13900001111", skip_busy: false}}]
        no_answer_seconds: {NO_ANSWER:g}
"""


class WallClock:
    """The wall clock that the box's processes see."""

    def __init__(self, file: Path) -> None:
        file.write_bytes(struct.pack("d", 0))
        self._file = file

    def set(self, offset: int) -> None:
        """Set it to the true time plus so many seconds."""
        with self._file.open("r+b", buffering=0) as file:
            file.write(struct.pack("d", offset))

    def environment(self) -> dict[str, str]:
        """Return the environment of processes that shall see it."""
        return {"PYTHONPATH": str(Path(__file__).parent / "wall_clock"), "WALL_CLOCK_FILE": str(self._file)}


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> WallClock:
    """Return the clock, right at first."""
    return WallClock(tmp_path_factory.mktemp("clock") / "offset")


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory, wall: WallClock) -> Iterator[Box]:
    """Return a box that sees it; the command line of the test sees the true time."""
    made = Box(tmp_path_factory.mktemp("stepped") / "data", Place(), CONFIGURATION)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in wall.environment().items():
                patch.setenv(name, value)
            made.start()
        yield made
        made.stop()
    finally:
        made.kill()


def test_a_clock_that_is_set_in_mid_call(box: Box, wall: WallClock, note: Note) -> None:
    """Steps of an hour and a day both ways: calls last, ring and are charged as without them."""
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, TALKS)
    rung: list[Seen] = []
    try:
        register_phone(box)
        before = status(box)
        with SickGateway((f"{place.network}.5", 5080)) as ringing:
            ringing.status = 180
            steps_at = []
            (held,) = carrier.hold(1)
            for index, offset in enumerate(STEPS):
                if index % 4 == 0:
                    carrier._number = RINGS
                    rung.append(carrier.place(1.0))
                    carrier._number = TALKS
                short = carrier.place(1.0)
                carrier.run(BETWEEN / 2)
                wall.set(offset)
                steps_at.append(time.monotonic())
                assert abs(seconds_off(box) - offset) < 5, "the box does not see the step"
                carrier.run(BETWEEN / 2, lambda short=short: short.ended is not None)
                carrier.run(BETWEEN / 4)
            carrier.run(NO_ANSWER + 5, lambda: all(seen.ended is not None for seen in rung))
            carrier.settle(20)
            carrier.run(2.0)
            after = status(box)
            rang_for = [
                cancelled - invited
                for invited, cancelled in zip(ringing.when("INVITE"), ringing.when("CANCEL"), strict=True)
            ]
        carrier.leave([held])
        records = one_record_each(box, carrier.calls)
    finally:
        carrier.close()
    answered = [seen for seen in carrier.calls if seen.status == 200]
    lost = [carrier.heard_by(side).lost() for side in (held, *carrier.legs_of(held))]
    note(
        f"{len(STEPS)} steps within {steps_at[-1] - steps_at[0]:.0f} s; a call that was up all the time: "
        f"{held.ended - held.answered:.2f} s, charged {records[held.caller]['access_ms'] / 1000:.2f} s, "
        f"{sum(lost)} "
        f"packets lost; {len(answered)} calls, wrongly charged {wrong_seconds(answered, records, 0.5)}; "
        f"phones rang "
        f"{', '.join(f'{seconds:.2f}' for seconds in rang_for)} s of {NO_ANSWER:g} s; "
        f"{after.counters['alarms_raised'] - before.counters['alarms_raised']} alarms"
    )
    assert held.ended_by == "us"
    assert sum(lost) == 0
    assert wrong_seconds(answered, records, 0.5) == []
    assert all(abs(seconds - NO_ANSWER) < 1.0 for seconds in rang_for)
    assert after.registrations == before.registrations == 1, "a phone was forgotten"
    assert after.counters["alarms_raised"] == before.counters["alarms_raised"], status(box).alarms


def test_a_clock_set_far_ahead_deletes_nothing(box: Box, wall: WallClock, note: Note) -> None:
    """A day, ten years, a day back: retention looks at once and deletes nothing."""
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, TALKS)
    try:
        calls = carrier.hold(2)
        carrier.run(1.0)
        carrier.leave(calls)
    finally:
        carrier.close()
    records = one_record_each(box, calls)
    ids = [records[seen.caller]["id"] for seen in calls]
    for call in ids:
        box.recording(call)
    lowest = 0
    for offset in (DAY, 3650 * DAY, -DAY, 0):
        wall.set(offset)
        (recorder,) = processes(box, "b2bua.recorder")
        recorder.kill()  # the one that is started instead looks at once what is to be deleted
        wait_until(
            lambda pid=recorder.pid: [p for p in processes(box, "b2bua.recorder") if p.pid != pid], "restart"
        )
        lowest = min(lowest, offset)  # a clock that is set back is believed, things are kept longer then
        expected = offset - lowest
        wait_until(
            lambda expected=expected: abs(ahead(box) - expected) < 150, "retention has looked at the clock"
        )
        summary = read_summary(DataDirectory(box.data))
        assert summary is None or summary.deleted == 0
        for call in ids:
            assert box.try_cli("recording", "show", call).returncode == 0, f"deleted at {offset} s"
    note(f"{len(ids)} recordings, clock set to +1, +3650, -1 and 0 days: {len(ids)} recordings afterwards")


def register_phone(box: Box) -> None:
    """Register the extension for a minute."""
    scanner = Scanner(box.place.sip, f"{box.place.network}.9")
    try:
        answer = scanner.guess("8001", "correct-horse-battery")
        assert answer is not None
        assert answer.startswith("SIP/2.0 200"), answer
    finally:
        scanner.close()


def seconds_off(box: Box) -> float:
    """Return by how much the wall clock that the SIP process sees is off."""
    with urllib.request.urlopen(f"http://{box.place.box}:8400/healthz", timeout=10) as page:
        return parsedate_to_datetime(page.headers["Date"]).timestamp() - time.time()


def ahead(box: Box) -> float:
    """Return by how much the wall clock is ahead of the one that deletions go by; NaN before a first look."""
    try:
        return msgspec.json.decode(clock_path(DataDirectory(box.data)).read_bytes(), type=ClockState).ahead
    except FileNotFoundError:
        return float("nan")
