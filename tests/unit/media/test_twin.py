"""The media twin keeps the contract of the port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from twisted.internet.defer import Deferred

from tests.contracts.media_contract import CONTRACT, Stage
from tests.twins.clock import MemoryClock
from tests.twins.media import MemoryRelay

Fired = TypeVar("Fired")


class MemoryStage:
    """The twin on a fake clock."""

    def __init__(self) -> None:
        self.clock = MemoryClock()
        self.relay = MemoryRelay(self.clock)
        self.prompt = "prompt"

    def wait(self, fired: Deferred[Fired]) -> Awaitable[Fired]:
        """Advance the clock a while."""
        self.clock.advance(5)
        assert fired.called
        return fired


@pytest.mark.parametrize("clause", CONTRACT, ids=lambda clause: clause.__name__)
def test_the_twin_keeps(clause: Callable[[Stage], Awaitable[None]]) -> None:
    """Each clause, with nothing left open or pending."""
    stage = MemoryStage()
    done = Deferred.fromCoroutine(clause(stage))  # type: ignore[arg-type]
    outcome: list[object] = []
    done.addBoth(outcome.append)
    assert outcome == [None]
    assert stage.relay.open_endpoints() == []
    assert stage.clock.pending() == 0
