"""Thousands of SIP timers behind one delayed call of the reactor."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from b2bua.sip.effects import Timed, Timer
from b2bua.stack.transports.reactor import DelayedCall, Times


class TimerQueue:
    """A heap of timers on monotonic time.

    A cleared timer stays in the heap, without its owner, until its time comes: clearing costs nothing.
    Each setting is a :class:`Timer` of its own, so that a timer that was set again cannot fire twice.
    """

    __slots__ = ("_call", "_clock", "_due", "_firing", "_heap", "_number", "_on_fault")

    def __init__(self, clock: Times, on_fault: Callable[[Timer], None]) -> None:
        """``on_fault`` is called inside the ``except`` of a timer that raised."""
        self._clock = clock
        self._heap: list[tuple[float, int, Timer]] = []
        self._number = 0
        self._call: DelayedCall | None = None
        self._due = 0.0
        self._firing = False
        self._on_fault = on_fault

    def __len__(self) -> int:
        """Count the timers that will fire."""
        return sum(timer.owner is not None for _, _, timer in self._heap)

    def set(self, owner: Timed, key: str, delay: float) -> Timer:
        """Call ``owner.on_timer(key)`` after ``delay`` seconds."""
        due = self._clock.seconds() + delay
        timer = Timer(owner, key)
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
        heap = self._heap
        now = self._clock.seconds()
        self._call = None
        self._firing = True
        while heap and heap[0][0] <= now:
            timer = heappop(heap)[2]
            owner = timer.owner
            if owner is not None:
                timer.owner = None
                try:
                    owner.on_timer(timer.key)
                except Exception:
                    self._on_fault(timer)
        self._firing = False
        while heap and heap[0][2].owner is None:
            heappop(heap)
        if heap:
            due = heap[0][0]
            self._wait(due, due - now)

    def close(self) -> None:
        """Forget all timers."""
        for _, _, timer in self._heap:
            timer.owner = None
        self._heap.clear()
        if self._call is not None:
            self._call.cancel()
            self._call = None
