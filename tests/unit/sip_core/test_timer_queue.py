"""The queue of SIP timers on a fake clock."""

from __future__ import annotations

from twisted.internet.task import Clock

from b2bua.sip.effects import Timer
from b2bua.stack.timer_queue import TimerQueue


class Owner:
    """Keeps what fired; may act on it."""

    def __init__(self, queue: TimerQueue, clock: Clock) -> None:
        self.queue = queue
        self.clock = clock
        self.fired: list[tuple[str, float]] = []
        self.broken = False

    def on_timer(self, key: str) -> None:
        """Keep it; set another one for some names."""
        self.fired.append((key, round(self.clock.seconds(), 3)))
        if key.startswith("again"):
            self.queue.set(self, "done", 1.0)
        if self.broken:
            raise RuntimeError("a mistake of ours")


def make() -> tuple[Clock, TimerQueue, Owner, list[str]]:
    """Make a queue, an owner and a list of faults."""
    clock, faults = Clock(), []

    def on_fault(timer: Timer) -> None:
        faults.append(timer.key)

    queue = TimerQueue(clock, on_fault)
    return clock, queue, Owner(queue, clock), faults


def test_timers_fire_in_their_order() -> None:
    """Also those that were set later for an earlier time; one delayed call serves them all."""
    clock, queue, owner, _ = make()
    queue.set(owner, "b", 2.0)
    queue.set(owner, "a", 1.0)
    queue.set(owner, "c", 3.0)
    assert len(clock.getDelayedCalls()) == 1
    for _ in range(40):
        clock.advance(0.1)
    assert [key for key, _ in owner.fired] == ["a", "b", "c"]
    assert clock.getDelayedCalls() == []


def test_a_cleared_timer_never_fires() -> None:
    """And leaves no wait behind it."""
    clock, queue, owner, _ = make()
    timer = queue.set(owner, "a", 1.0)
    queue.set(owner, "b", 2.0)
    timer.clear()
    assert len(queue) == 1
    clock.advance(1.0)
    clock.advance(1.0)
    assert owner.fired == [("b", 2.0)]
    assert clock.getDelayedCalls() == []


def test_timers_set_while_firing_are_kept() -> None:
    """They wait for their own time."""
    clock, queue, owner, _ = make()
    queue.set(owner, "again", 1.0)
    queue.set(owner, "b", 5.0)
    clock.advance(1.0)
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(1.0)
    assert owner.fired == [("again", 1.0), ("done", 2.0)]
    queue.close()
    assert clock.getDelayedCalls() == []
    assert len(queue) == 0


def test_one_that_raises_costs_none_of_the_others() -> None:
    """The fault is told."""
    clock, queue, owner, faults = make()
    owner.broken = True
    queue.set(owner, "a", 1.0)
    queue.set(owner, "b", 1.0)
    clock.advance(1.0)
    assert faults == ["a", "b"]
    assert [key for key, _ in owner.fired] == ["a", "b"]


def test_a_timer_of_no_time_fires_in_the_next_turn() -> None:
    """Zero and below."""
    clock, queue, owner, _ = make()
    queue.set(owner, "a", 0.0)
    queue.set(owner, "b", -1.0)
    assert owner.fired == []
    clock.advance(0.0)
    assert sorted(key for key, _ in owner.fired) == ["a", "b"]
