"""Who waits for a change of calls, queues or agents is told of it, soon and once."""

from __future__ import annotations

from collections.abc import Callable

from b2bua.control_floor import Changed
from b2bua.process.changes import MOST_SECONDS, SETTLE_SECONDS, Changes
from tests.unit.calls.floors import QueueStage, an_agent


class Timers:
    """Timers that the test lets run out."""

    def __init__(self) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Set one."""
        self.set.append((seconds, action))

    def run(self, seconds: float) -> int:
        """Let those of a length run out; return how many there were."""
        due = [each for each in self.set if each[0] == seconds]
        self.set = [each for each in self.set if each[0] != seconds]
        for _, action in due:
            action()
        return len(due)


def test_what_changes_together_is_told_once() -> None:
    """After a moment, to everybody who waits."""
    timers = Timers()
    changes = Changes(timers.later, 7)
    told: list[Changed] = []
    for _ in range(2):
        changes.after(7).addCallback(told.append)
    changes.touch()
    changes.touch()
    assert told == []
    assert timers.run(SETTLE_SECONDS) == 1
    assert told == [Changed(9), Changed(9)]


def test_who_has_not_seen_the_last_change_waits_for_nothing() -> None:
    """Nor does who comes for the first time, or from another run of the process."""
    changes = Changes(Timers().later, 7)
    told: list[Changed] = []
    changes.after(-1).addCallback(told.append)
    changes.touch()
    changes.after(7).addCallback(told.append)
    assert told == [Changed(7), Changed(8)]


def test_a_wait_ends_when_nothing_changes() -> None:
    """Told the same count again, and not a second time later."""
    timers = Timers()
    changes = Changes(timers.later, 7)
    told: list[Changed] = []
    changes.after(7).addCallback(told.append)
    timers.run(MOST_SECONDS)
    assert told == [Changed(7)]
    changes.touch()
    assert timers.run(SETTLE_SECONDS) == 0
    assert told == [Changed(7)]


def test_the_floor_tells_of_callers_and_agents() -> None:
    """A caller who comes, an agent who pauses."""
    stage = QueueStage(an_agent("8001"))
    seen: list[int] = []
    stage.switchboard.ports.floor.on_change = lambda: seen.append(1)
    stage.floor.pause("8001", "lunch")
    paused = len(seen)
    assert paused
    stage.call()
    assert len(seen) > paused
