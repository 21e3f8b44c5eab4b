"""What the process does again and again goes on, whatever happens in it."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from b2bua.process.lag import ReactorLag
from b2bua.process.timers import Every, LaterSaver


def test_an_exception_does_not_stop_it() -> None:
    """Twisted's own would stop for ever."""
    clock = Clock()
    runs: list[float] = []

    def broken() -> None:
        runs.append(clock.seconds())
        raise RuntimeError("once more")

    every = Every(clock, 2.0, broken)  # type: ignore[arg-type]
    clock.pump([2.0, 2.0, 2.0])
    assert runs == [2.0, 4.0, 6.0]
    every.stop()
    every.stop()
    assert clock.getDelayedCalls() == []


def test_lag_is_how_late_the_reactor_comes() -> None:
    """A turn that took half a second too long shows."""
    clock = Clock()
    lag = ReactorLag(clock)  # type: ignore[arg-type]
    lag.start()
    clock.advance(0.1)
    assert lag.worst_recent() < 0.001
    clock.advance(0.6)
    assert abs(lag.worst_recent() - 0.5) < 0.001
    assert lag.beats == 2
    lag.stop()
    assert clock.getDelayedCalls() == []


def test_the_newest_content_is_saved_last_and_one_write_runs_at_a_time() -> None:
    """What came in between is left out."""
    waiting: list[Callable[[], None]] = []
    saved: list[bytes] = []
    saver: LaterSaver

    def save(content: bytes) -> None:
        saved.append(content)
        if content == b"1":
            saver(b"2")
            saver(b"3")

    saver = LaterSaver(waiting.append, save)
    saver(b"0")
    saver(b"1")
    assert len(waiting) == 1
    waiting.pop()()
    assert saved == [b"1", b"3"]
    saver(b"4")
    waiting.pop()()
    assert saved == [b"1", b"3", b"4"]
