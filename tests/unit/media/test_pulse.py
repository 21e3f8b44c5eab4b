"""When a media worker is given up."""

from __future__ import annotations

from b2bua.media.supervision import HUNG_AFTER, SLOW_START, SLOWEST_START, Pulse


def asked(pulse: Pulse) -> int:
    """Return how often it is asked in vain."""
    pings = 0
    while not pulse.hangs():
        pings += 1
    return pings


def test_one_that_says_nothing_more_is_given_up() -> None:
    """After three pings; before its first word it has longer, for its start."""
    pulse = Pulse()
    pulse.beat()
    assert asked(pulse) == HUNG_AFTER
    assert asked(Pulse()) == SLOW_START


def test_a_machine_that_stood_still_kills_nobody() -> None:
    """A snapshot of a virtual machine stops it for seconds, in which nobody asked: the answers lie unread."""
    pulse = Pulse()
    pulse.beat()
    assert not pulse.hangs()  # on waking, whatever the clock says
    pulse.beat()
    assert asked(pulse) == HUNG_AFTER


def test_where_starts_are_slow_they_get_longer() -> None:
    """Killed at each start for being slow, workers kept a busy box from ever having audio."""
    assert [asked(Pulse(silent)) for silent in range(3)] == [SLOW_START, 2 * SLOW_START, 3 * SLOW_START]
    assert asked(Pulse(99)) == SLOWEST_START
    assert Pulse().heard is False
