"""The database is away: calls and journal go on, and every record is there when it is back."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import psutil
import pytest

from tests.product.box import Box
from tests.product.waiting import wait_until
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import UNRECORDED, Note
from tests.reliability.gauges import metric, processes, status
from tests.reliability.witness import Witness

RATE = 5.0
TOLD_AFTER = 50.0
"""Seconds after which a store that takes connections and answers nothing is alarmed: by a silent ledger."""


@contextmanager
def stopped(box: Box) -> Iterator[None]:
    """Halt the store: its socket is there and takes connections, but nobody answers."""
    (store,) = processes(box, "storage")
    store.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        store.send_signal(signal.SIGCONT)


@contextmanager
def gone(box: Box) -> Iterator[None]:
    """Kill the store while `box400 run` is halted, so that nobody starts it again: nobody listens."""
    run = psutil.Process(box.pid)
    (store,) = processes(box, "storage")
    run.suspend()
    try:
        store.kill()
        yield
    finally:
        run.resume()


@pytest.mark.parametrize(
    ("away", "seconds"),
    [
        pytest.param(stopped, 20, id="stopped-20-s"),
        pytest.param(gone, 30, id="gone-30-s", marks=pytest.mark.long),
        pytest.param(stopped, 600, id="stopped-10-min", marks=pytest.mark.long),
        pytest.param(gone, 600, id="gone-10-min", marks=pytest.mark.long),
    ],
)
def test_calls_go_on_without_the_store(
    box: Box, note: Note, away: Callable[[Box], AbstractContextManager[None]], seconds: int
) -> None:
    """No call is refused and no record lost; the SIP process never waits for the database."""
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, UNRECORDED, audio=False)
    try:
        held = carrier.hold(2)
        before = status(box)
        with away(box):
            carrier.load(RATE, carrier.now() + seconds)
            carrier.run(seconds)
            lag = metric(box, "box400_reactor_lag_seconds")
            alarms = store_alarms(box)
            while_down = status(box)
        carrier.leave(held)
        carrier.settle()
        records = one_record_each(box, carrier.calls, 60)
    finally:
        carrier.close()
    refused = [seen for seen in carrier.calls if seen.status != 200]
    lost = sum(carrier.heard_by(side).lost() for side in carrier.calls + carrier.legs)
    setup = sorted(seen.answered - seen.started for seen in carrier.calls if seen.answered)
    note(
        f"store {away.__name__} for {seconds} s: {len(carrier.calls)} calls, {len(refused)} refused, "
        f"{len(records)} records afterwards, reactor lag at most {lag * 1000:.0f} ms "
        f"({before.reactor_lag_ms:.0f} ms before), slowest answer {setup[-1]:.2f} s, {lost} RTP packets "
        f"lost, "
        f"alarms {alarms}"
    )
    assert refused == []
    assert while_down.counters["calls_started"] > before.counters["calls_started"]
    assert alarms or (away is stopped and seconds < TOLD_AFTER), "nobody was told"
    assert lag < 1.0, "the reactor waited for the database"
    assert lost == 0
    assert wrong_seconds(carrier.calls, records) == []
    wait_until(lambda: not store_alarms(box), "the alarm is over", 30)


def test_the_box_starts_to_serve_without_the_store(box: Box, note: Note) -> None:
    """The SIP process comes back from its snapshots alone; the records of its calls follow the store."""
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, UNRECORDED, audio=False)
    try:
        with stopped(box):
            (b2bua,) = processes(box, "b2bua")
            b2bua.kill()
            killed = carrier.now()
            carrier.ping(killed + 20)
            carrier.run(20, lambda: carrier.heard > 0)
            (seen,) = carrier.hold(1)
            carrier.leave([seen])
        records = one_record_each(box, [seen])
    finally:
        carrier.close()
    note(f"SIP process killed with the store stopped: service back after {carrier.heard - killed:.2f} s")
    assert records[seen.caller]["outcome"] == "answered"


def store_alarms(box: Box) -> list[str]:
    """Return the keys of the alarms about the store."""
    return [each["key"] for each in box.json("status")["alarms"] if "ledger" in each["key"]]
