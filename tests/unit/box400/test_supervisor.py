"""``box400 run`` keeps its processes up and leaves none behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest

from box400.supervisor.backoff import Backoff
from box400.supervisor.child import Program, roll
from box400.supervisor.supervisor import AlreadyRunning, CannotStart, Supervisor
from storage.data_directory import DataDirectory

READY = """
import os, signal, sys
from storage.machine.readiness import notify
name, order = sys.argv[1:]
def end(*_):
    with open(order, "a") as file:
        file.write(f"{name} ended\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
with open(order, "a") as file:
    file.write(f"{name} started {os.getpid()}\\n")
notify("READY=1")
while True:
    signal.pause()
"""
STUBBORN = """
import signal
from storage.machine.readiness import notify
signal.signal(signal.SIGTERM, signal.SIG_IGN)
notify("READY=1")
while True:
    signal.pause()
"""


def program(name: str, order: Path, text: str = READY) -> Program:
    """Return a program that says it is ready and notes in ``order`` when it starts and ends."""
    return Program(name, (sys.executable, "-c", text, name, str(order)))


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    while not condition():
        await asyncio.sleep(0.01)


def supervised(
    data: DataDirectory, groups: list[list[Program]], then: Callable[[Supervisor], Awaitable[None]]
) -> bool:
    """Start the programs, do something, stop them; return whether all ended by themselves."""

    async def whole() -> bool:
        box = Supervisor(data, groups, lambda line: None)
        try:
            await box.start()
            await then(box)
        finally:
            gently = await box.stop()
        return gently

    return asyncio.run(whole())


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """Return an empty data directory."""
    directory = DataDirectory(tmp_path / "data")
    directory.create()
    return directory


def test_processes_start_in_order_and_end_in_the_reverse_order(data: DataDirectory, tmp_path: Path) -> None:
    """The store is up before who needs it, and down after them."""
    order = tmp_path / "order"

    async def nothing(box: Supervisor) -> None:
        return

    assert supervised(data, [[program("store", order)], [program("b2bua", order)]], nothing)
    lines = [line.split()[:2] for line in order.read_text().splitlines()]
    assert lines == [["store", "started"], ["b2bua", "started"], ["b2bua", "ended"], ["store", "ended"]]
    assert list(data.run.iterdir()) == [data.run / "box.lock"]


def test_a_process_that_dies_is_started_again(data: DataDirectory, tmp_path: Path) -> None:
    """kill -9 of a process brings up another one in its place."""
    order = tmp_path / "order"

    async def kill(box: Supervisor) -> None:
        os.kill(int(order.read_text().split()[2]), signal.SIGKILL)
        await until(lambda: order.read_text().count("started") == 2)

    assert supervised(data, [[program("store", order)]], kill)


SPARE = """
import sys
with open(sys.argv[2], "a") as file:
    file.write("spare waits\\n")
if not sys.stdin.readline():
    sys.exit(0)
"""


def with_spare(order: Path) -> Program:
    """Return a program that has a spare."""
    plain = program("b2bua", order)
    return Program("b2bua", plain.command, (sys.executable, "-c", SPARE + READY, "b2bua", str(order)))


def test_a_spare_takes_the_place_of_a_process_that_dies(
    data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its code is loaded already; and then it has a spare of its own."""
    monkeypatch.setattr("box400.supervisor.child.SPARE_AFTER", 0.0)
    order = tmp_path / "order"

    async def kill(box: Supervisor) -> None:
        for number in (1, 2):
            await until(partial(said, "spare waits", number))
            assert said("started", number)
            assert data.spare_pid.read_text().strip().isdecimal()
            *_, last = (line for line in order.read_text().splitlines() if "started" in line)
            os.kill(int(last.split()[2]), signal.SIGKILL)
            await until(partial(said, "started", number + 1))

    def said(what: str, times: int) -> bool:
        return order.read_text().count(what) == times

    assert supervised(data, [[with_spare(order)]], kill)
    lines = [" ".join(line.split()[:2]) for line in order.read_text().splitlines()]
    assert lines[:5] == ["b2bua started", "spare waits", "b2bua started", "spare waits", "b2bua started"]
    assert lines[-1] == "b2bua ended"
    assert not data.spare_pid.exists()


def test_a_spare_that_died_is_no_obstacle(
    data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process is started as usual then."""
    monkeypatch.setattr("box400.supervisor.child.SPARE_AFTER", 0.0)
    order = tmp_path / "order"
    plain = program("b2bua", order)
    gone = Program("b2bua", plain.command, (sys.executable, "-c", f"open({str(tmp_path / 'gone')!r}, 'w')"))

    async def kill(box: Supervisor) -> None:
        await until((tmp_path / "gone").exists)
        os.kill(int(order.read_text().split()[2]), signal.SIGKILL)
        await until(lambda: order.read_text().count("started") == 2)

    assert supervised(data, [[gone]], kill)


def test_a_box_that_cannot_start_says_why(data: DataDirectory, tmp_path: Path) -> None:
    """A process that dies three times before it is ready ends the start, with its last words."""
    failing = Program("store", (sys.executable, "-c", "import sys; sys.exit('port 5060 is in use')"))

    async def nothing(box: Supervisor) -> None:
        return

    with pytest.raises(CannotStart, match="store does not start:\nport 5060 is in use"):
        supervised(data, [[failing]], nothing)


def test_only_one_box_uses_a_data_directory(data: DataDirectory, tmp_path: Path) -> None:
    """A second `box400 run` on the same data is refused."""

    async def second(box: Supervisor) -> None:
        with pytest.raises(AlreadyRunning):
            Supervisor(data, [], lambda line: None)

    assert supervised(data, [], second)


def test_a_process_that_does_not_end_is_killed(
    data: DataDirectory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing outlives `box400 run`; that one had to be killed is told."""
    monkeypatch.setattr("box400.supervisor.supervisor.PATIENCE", 0.1)

    async def nothing(box: Supervisor) -> None:
        return

    assert not supervised(data, [[program("stubborn", tmp_path / "order", STUBBORN)]], nothing)


def test_waiting_doubles_and_begins_anew_after_a_good_time() -> None:
    """A crash loop costs little; a single crash is repaired at once."""
    backoff = Backoff()
    assert [backoff.after(0.1) for _ in range(8)] == [0.0, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert backoff.after(11.0) == 0.0
    assert [backoff.after(0.1) for _ in range(2)] == [0.2, 0.4]


def test_a_long_log_begins_anew_under_a_process_that_goes_on_writing(tmp_path: Path) -> None:
    """One old log is kept; what is written afterwards is at the beginning of the new one."""
    log = tmp_path / "b2bua.log"
    with log.open("ab", buffering=0) as written:
        written.write(b"old\n" * 10)
        roll(log, limit=100)
        assert not log.with_suffix(".log.1").exists()
        roll(log, limit=30)
        written.write(b"new\n")
    assert log.read_bytes() == b"new\n"
    assert log.with_suffix(".log.1").read_bytes() == b"old\n" * 10
