"""Thousands of SIP timers behind one delayed call of the reactor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush

from b2bua.sip.effects import Timed, Timer
from b2bua.stack.transports.reactor import DelayedCall, Times

LANES = (0.5, 1.0, 2.0, 2.5, 4.0, 5.0, 8.0, 16.0, 32.0, 60.0)
"""The delays that nearly all timers have. Timers of one delay come due in the order of their setting, so
that a plain queue does for them what others need a heap for."""


GRAIN = 0.005
"""Seconds by which a timer may be late so that under load many fire in one turn of the reactor."""


class TimerQueue:
    """Timers on monotonic time.

    A cleared timer stays in its queue, without its owner, until its time comes: clearing costs nothing. Each
    setting is a :class:`Timer` of its own, so that a timer that was set again cannot fire twice.
    """

    __slots__ = ("_call", "_clock", "_due", "_firing", "_heap", "_lanes", "_number", "_on_fault")

    def __init__(self, clock: Times, on_fault: Callable[[Timer], None]) -> None:
        """``on_fault`` is called inside the ``except`` of a timer that raised."""
        self._clock = clock
        self._lanes: dict[float, deque[tuple[float, Timer]]] = {delay: deque() for delay in LANES}
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = 0
        self._call: DelayedCall | None = None
        self._due = 0.0
        self._firing = False
        self._on_fault = on_fault

    def __len__(self) -> int:
        """Count the timers that will fire."""
        lanes = [timer for lane in self._lanes.values() for _, timer in lane]
        return sum(timer.owner is not None for timer in lanes + [timer for _, _, timer in self._heap])

    def set(self, owner: Timed, key: str, delay: float) -> Timer:
        """Call ``owner.on_timer(key)`` after ``delay`` seconds."""
        due = self._clock.seconds() + delay
        timer = Timer(owner, key)
        lane = self._lanes.get(delay)
        if lane is not None:
            lane.append((due, timer))
        else:
            self._number += 1
            heappush(self._heap, (due, self._number, timer))
        if not self._firing and (self._call is None or due < self._due):
            self._wait(due, delay)
        return timer

    def _wait(self, due: float, delay: float) -> None:
        if self._call is not None:
            self._call.cancel()
        self._due = due
        self._call = self._clock.callLater(delay if delay > 0.0 else 0.0, self._fire)

    def _fire(self) -> None:
        now = self._clock.seconds()
        self._call = None
        self._firing = True
        for lane in self._lanes.values():
            while lane and (lane[0][0] <= now or lane[0][1].owner is None):
                self._run(lane.popleft()[1])
        heap = self._heap
        while heap and (heap[0][0] <= now or heap[0][2].owner is None):
            self._run(heappop(heap)[2])
        self._firing = False
        heads = [lane[0][0] for lane in self._lanes.values() if lane]
        if heap:
            heads.append(heap[0][0])
        if heads:
            due = max(min(heads), now + GRAIN)
            self._wait(due, due - now)

    def _run(self, timer: Timer) -> None:
        owner = timer.owner
        if owner is not None:
            timer.owner = None
            try:
                owner.on_timer(timer.key)
            except Exception:
                self._on_fault(timer)

    def close(self) -> None:
        """Forget all timers."""
        for lane in self._lanes.values():
            for _, timer in lane:
                timer.owner = None
            lane.clear()
        for _, _, timer in self._heap:
            timer.owner = None
        self._heap.clear()
        if self._call is not None:
            self._call.cancel()
            self._call = None
