"""What a record keeps of queues: where the caller waited, for how long, who served him, what he gave."""

from __future__ import annotations

from typing import Any

import pytest

from storage.journal import Event
from storage.journal.events import (
    Answered,
    Bridged,
    Ended,
    LegAnswered,
    LegDialled,
    Queued,
    Rated,
    Started,
    Unqueued,
)
from storage.records.fold import fold
from storage.records.query import Filter
from storage.records.record import CallRecord
from storage.records.rows import detail_of, record_of, row_of

CALL = "01M8172EV8WM5RPGMQH3500BQN"


def at(seconds: float, kind: Any, **fields: Any) -> Event:
    """Make an event of the call."""
    event: Event = kind(call=CALL, at=1_790_000_000.0 + seconds, mono=100.0 + seconds, **fields)
    return event


def a_record(*more: Event) -> CallRecord:
    """Fold a call that waits from its first second on."""
    start = at(
        0, Started, trunk="t", source="192.0.2.1:5060", sip_call_id="x", called_raw="4001003721",
        called="4001003721", caller_raw="139", caller="13900001111", tenant="acme", number="4001003721",
    )  # fmt: skip
    return fold([start, at(1, Answered), at(1, Queued, queue="sales"), *more])


SERVED = (
    at(5, LegDialled, leg="b1", target="8001", is_extension=True),
    at(9, LegAnswered, leg="b1"),
    at(9, Unqueued, why="answered", agent="8001"),
    at(12, Bridged, leg="b1"),
    at(70, Rated, agent="8001", rating=5),
    at(75, Ended, outcome="answered", by="answerer"),
)


def test_a_call_that_was_served() -> None:
    """The wait ends when the agent answers; the rating is his."""
    record = a_record(*SERVED)
    assert (record.queue, record.wait_ms, record.job_number, record.rating) == ("sales", 8000, "8001", 5)
    assert record_of(row_of(record), detail_of(record)) == record


def test_waits_are_summed_and_the_last_queue_named() -> None:
    """Sent on from one queue to another; given up there: until the call's end."""
    record = a_record(
        at(11, Unqueued, why="waited-too-long"),
        at(20, Queued, queue="service"),
        at(25, Ended, outcome="gave-up-queue", by="caller"),
    )
    assert (record.queue, record.wait_ms, record.job_number, record.rating) == ("service", 15000, "", None)


def test_an_agent_who_was_gone_before_the_talk_did_not_serve() -> None:
    """He answered, and the caller waited again."""
    record = a_record(
        *SERVED[:3],
        at(10, Queued, queue="sales"),
        at(30, Ended, outcome="gave-up-queue", by="caller"),
    )
    assert (record.wait_ms, record.job_number) == (28000, "")


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(queue="sales"), True),
        (Filter(queue="service"), False),
        (Filter(job_number="8001"), True),
        (Filter(job_number="8002"), False),
        (Filter(rating=5), True),
        (Filter(rating=1), False),
    ],
)
def test_records_are_found_by_queue_agent_and_rating(wanted: Filter, found: bool) -> None:
    """Each by itself."""
    assert wanted.takes(row_of(a_record(*SERVED))) is found
