"""However the box's processes die, each call has one record, the right seconds, its recording, and an end."""

from __future__ import annotations

import random
import signal
from pathlib import Path
from typing import Any

import pytest

from storage.connection import open_recordings
from storage.data_directory import DataDirectory
from storage.recordings import Recordings
from tests.crash.carrier import Carrier, Seen
from tests.crash.mortal import MARK, ROLES, SLACK, mortal_box, processes
from tests.product.box import Box
from tests.product.waiting import wait_until

TENANTS = """
tenants:
  demo:
    name: 演示企业
    numbers:
      "4001003722":
        bound: [{number: "13900001111", skip_busy: false}]
"""

GIVES_UP = 33.0
"""Seconds after which the carrier repeats an unanswered INVITE no more (RFC 3261 timer B)."""


class Trial:
    """A box under load whose processes are killed one after the other."""

    def __init__(self, box: Box, seed: int) -> None:
        place = box.place
        self.box = box
        self.random = random.Random(seed)
        self.carrier = Carrier(place.sip, place.carrier, place.target, "4001003722", seed)
        self.cuts: list[float] = []
        """When the SIP process died, monotonic seconds."""
        self.backs: list[float] = []
        """Seconds from its death until it answered an OPTIONS again."""
        self._placing = True
        self._place()

    def _place(self) -> None:
        if self._placing:
            self.carrier.place(self.random.uniform(0.5, 5.0))
            self.carrier.after(self.random.expovariate(8.0), self._place)

    def kill_one(self) -> str:
        """Let calls run for a moment, then kill one process; return its role."""
        self.carrier.run(self.random.uniform(0.2, 1.5))
        role = self.random.choice(ROLES)
        victims = processes(self.box)[role]
        if not victims:  # it is being started again
            return ""
        self.random.choice(victims).send_signal(signal.SIGKILL)
        if role == "b2bua":
            self._wait_for_service()
        return role

    def _wait_for_service(self) -> None:
        died = self.carrier.now()
        self.cuts.append(died)
        self.carrier.ping(died + 20)
        self.carrier.run(20, until=lambda: self.carrier.heard > 0)
        assert self.carrier.heard, "the box did not come back"
        self.backs.append(self.carrier.heard - died)

    def settle(self) -> None:
        """Place no more calls and let those that the box may still hear of come to their end."""
        self._placing = False
        carrier = self.carrier

        def over() -> bool:
            now = carrier.now()
            return all(
                call.ended is not None or (call.responded is None and now > call.started + GIVES_UP)
                for call in carrier.calls
            ) and all(leg.ended is not None for leg in carrier.legs if leg.answered)

        carrier.run(60, until=over)
        self.carrier.run(1.0)

    def records(self) -> dict[str, dict[str, Any]]:
        """Return the records by their callers, once every call that was heard has one."""
        expected = {call.caller for call in self.carrier.calls if call.responded is not None}
        found: list[dict[str, Any]] = []

        def complete() -> bool:
            found[:] = self.box.json("records", "--limit", "0")
            return expected <= {record["caller"] for record in found}

        def missing() -> str:
            without = sorted(expected - {record["caller"] for record in found})
            calls = [call for call in self.carrier.calls if call.caller in without]
            return f"{len(without)} of {len(expected)} calls have none: {calls[:5]}; died at {self.cuts}"

        wait_until(complete, "a record of every call", 60, explain=missing)
        by_caller = {record["caller"]: record for record in found}
        assert len(by_caller) == len(found), "a call has two records"
        placed = {call.caller for call in self.carrier.calls}
        assert set(by_caller) <= placed, "a record of a call that nobody placed"
        return by_caller

    def check_seconds(self, seen: Seen, record: dict[str, Any]) -> None:
        """Compare what would be charged with what the caller saw."""
        charged = record["access_ms"] / 1000
        if seen.answered is None:
            assert charged <= MARK + SLACK, (seen, record)
            return
        assert seen.ended is not None, f"never ended: {seen}"
        lasted = seen.ended - seen.answered
        if record["outcome"] != "cut-by-crash":
            assert abs(charged - lasted) <= SLACK, (seen, record)
            return
        cut = min((at for at in self.cuts if at >= seen.answered - SLACK), default=seen.ended)
        assert charged <= lasted + SLACK, (seen, record)
        assert charged >= min(cut, seen.ended) - seen.answered - MARK - SLACK, (seen, record)


def run_trial(box: Box, rounds: int, seed: int) -> None:
    """Kill ``rounds`` processes under load and compare box and carrier afterwards."""
    trial = Trial(box, seed)
    killed: dict[str, int] = dict.fromkeys(ROLES, 0)
    try:
        while sum(killed.values()) < rounds:
            role = trial.kill_one()
            if role:
                killed[role] += 1
        trial.settle()
        records = trial.records()
        for seen in trial.carrier.calls:
            if seen.caller in records:
                trial.check_seconds(seen, records[seen.caller])
        open_sides = [side for side in trial.carrier.calls + trial.carrier.legs if side.up]
        assert not open_sides, f"left up: {open_sides}"
        lateness = [_end_after_cut(side, trial.cuts) for side in trial.carrier.calls + trial.carrier.legs]
        ends = sorted(seconds for seconds in lateness if seconds is not None)
        missing = check_recordings(box, records)
        cut = sum(record["outcome"] == "cut-by-crash" for record in records.values())
        print(
            f"\n{rounds} kills {killed}; {len(records)} calls, {cut} cut; "
            f"service back after {_range(sorted(trial.backs))} s, "
            f"legs of cut calls ended after {_range(ends)} s; "
            f"recordings missing {missing}"
        )
        assert missing == 0
    finally:
        trial.carrier.close()


def check_recordings(box: Box, records: dict[str, dict[str, Any]]) -> int:
    """Count answered calls whose recording is missing or shorter than the call by over a second."""
    long_enough = [record for record in records.values() if record["access_ms"] > 1000]
    wanted = {record["id"]: record["access_ms"] / 1000 for record in long_enough}
    kept: dict[str, float] = {}

    recordings = Recordings(open_recordings(DataDirectory(box.data)))
    try:

        def more() -> bool:
            before = len(kept)
            kept.update({facts.id: facts.seconds for facts in recordings.iterate()})
            return len(kept) > before or wanted.keys() <= kept.keys()

        while not wanted.keys() <= kept.keys():
            wait_until(
                more, "another recording", 90, explain=lambda: str(sorted(wanted.keys() - kept.keys()))
            )
    finally:
        recordings.close()
    short = [call for call, seconds in wanted.items() if kept[call] < seconds - 1.0 - SLACK]
    return len(short)


def _end_after_cut(side: Seen, cuts: list[float]) -> float | None:
    """Seconds from the death of the SIP process to the end of a side that was up then."""
    if side.answered is None or side.ended is None or side.ended_by != "box":
        return None
    during = [at for at in cuts if side.answered <= at <= side.ended]
    return side.ended - during[0] if during else None


def _range(values: list[float]) -> str:
    if not values:
        return "-"
    return f"{values[0]:.2f}..{values[len(values) // 2]:.2f}..{values[-1]:.2f}"


@pytest.mark.parametrize("rounds", [25, pytest.param(500, marks=pytest.mark.long)])
def test_no_call_is_lost_doubled_or_wrongly_charged(rounds: int, tmp_path: Path) -> None:
    """Any process may die at any time: the bill stays right and nobody is left on a dead line."""
    box = mortal_box(tmp_path, TENANTS)
    with box.running():
        run_trial(box, rounds, seed=rounds)
