"""Names that nobody answers for hold up those who look names up, for a while, and nobody else."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread

from b2bua.look_ups import SECONDS, LookUps


@pytest_twisted.ensureDeferred
async def test_a_dead_dns_holds_up_no_other_work() -> None:
    """Twenty look-ups hang, more than the reactor has threads; each ends with what it found, or its fault."""
    look_ups, answered = LookUps(reactor, 2), threading.Event()
    hanging = [look_ups.run(lambda: answered.wait(60) and "192.0.2.1") for _ in range(20)]
    assert await deferToThread(lambda: "served") == "served"
    answered.set()
    assert [await each for each in hanging] == ["192.0.2.1"] * 20
    with pytest.raises(ZeroDivisionError):
        await look_ups.run(lambda: 1 // 0)
    look_ups.end()


def test_names_that_are_being_looked_up_keep_no_process_from_ending() -> None:
    """Who ends does not wait for a dead DNS: its threads go when the system gives up."""
    look_ups, answered, gave_up = LookUps(reactor, 2), threading.Event(), threading.Event()

    def wait() -> str:
        answered.wait(60)
        gave_up.set()
        return "192.0.2.1"

    look_ups.run(wait)
    look_ups.end()
    assert not gave_up.is_set()
    answered.set()
    assert gave_up.wait(60)


class NeverAnswered(Clock):
    """A reactor that hears nothing of its threads."""

    def callFromThread(self, *_: Any) -> None:
        """Hear nothing."""


def test_a_look_up_is_waited_for_so_long() -> None:
    """Then it has failed, whatever its thread does."""
    clock = NeverAnswered()
    look_ups = LookUps(clock, 1)
    found = look_ups.run(lambda: "192.0.2.1")
    clock.advance(SECONDS)
    failed: list[Any] = []
    found.addErrback(failed.append)
    assert failed[0].check(TookTooLong)
    look_ups.end()
    assert clock.getDelayedCalls() == []
