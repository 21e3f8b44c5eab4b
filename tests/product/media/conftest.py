"""Workers and phones that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from b2bua.media import protocol
from tests.product.media.wire import Phone, Worker


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Start workers on one data directory."""
    with ExitStack() as stack:

        def make(host: str | None = None, **start: object) -> Worker:
            made = Worker(tmp_path, host, **start)
            stack.callback(made.kill)
            return made

        yield make


@pytest.fixture
def worker(start: Callable[..., Worker]) -> Iterator[Worker]:
    """A worker that must end in order."""
    made = start()
    yield made
    assert made.stop() == 0


@pytest.fixture
def phone() -> Iterator[Callable[..., Phone]]:
    """Make phones."""
    with ExitStack() as stack:

        def make(host: str | None = None) -> Phone:
            made = Phone(host)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def call(worker: Worker, phone: Callable[..., Phone]) -> tuple[Phone, Phone]:
    """Two phones bridged by the worker as endpoints 1 and 2, recorded."""
    ends = (phone(), phone())
    for number, end in enumerate(ends, 1):
        end.aim(worker.host, worker.open(number, record=True).port)
        worker.tell(protocol.Connect(number, end.peer(event_payload_type=101)))
    worker.tell(protocol.Bridge(1, 2))
    worker.settle()
    return ends
