"""A bad network between carrier and box loses no call and no record."""

from __future__ import annotations

import pytest

from tests.crash.carrier import Weather
from tests.product.box import Box
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import UNRECORDED, Note
from tests.reliability.witness import Witness

BAD = Weather(loss=0.05, duplicate=0.02, jitter=0.03)
AWFUL = Weather(loss=0.20, duplicate=0.02, jitter=0.03)
RETRANSMISSION = 8.0
"""Seconds by which box and carrier may see an answer or a BYE apart when some get lost: 0.5 + 1 + 2 + 4."""


@pytest.mark.parametrize(
    ("weather", "calls", "least"),
    [
        pytest.param(BAD, 100, 1.0, id="5-percent-100-calls"),
        pytest.param(BAD, 1000, 1.0, id="5-percent-1000-calls", marks=pytest.mark.long),
        pytest.param(AWFUL, 1000, 0.99, id="20-percent-1000-calls", marks=pytest.mark.long),
    ],
)
def test_calls_complete_in_bad_weather(
    box: Box, note: Note, weather: Weather, calls: int, least: float
) -> None:
    """Calls are set up and ended although datagrams get lost, doubled and late; each has one record."""
    place = box.place
    carrier = Witness(
        place.sip, place.carrier, place.target, UNRECORDED, seed=calls, weather=weather, audio=False
    )
    try:
        for number in range(calls):
            carrier.after(number / 15, lambda: carrier.place(carrier._random.uniform(0.5, 4)))
        carrier.run(calls / 15 + 1, lambda: len(carrier.calls) == calls)
        carrier.settle(70)
        records = one_record_each(box, carrier.calls, 60)
    finally:
        carrier.close()
    outcomes = [records[seen.caller]["outcome"] for seen in carrier.calls]
    good = [seen for seen in carrier.calls if seen.answered and records[seen.caller]["outcome"] == "answered"]
    up = [side for side in carrier.calls + carrier.legs if side.up]
    wrong = wrong_seconds(good, records, RETRANSMISSION)
    note(
        f"{len(good)} of {calls} calls complete, {len(records)} records, "
        f"{sum(outcome != 'answered' for outcome in outcomes)} not answered, {len(up)} sides left up, "
        f"{len(wrong_seconds(good, records))} charged over 1 s from what the caller saw, {len(wrong)} over "
        f"{RETRANSMISSION:g} s"
    )
    failed = [seen for seen in carrier.calls if seen not in good]
    assert len(good) >= least * calls, "\n".join(
        str(seen) + box.try_cli("trace", records[seen.caller]["id"]).stdout for seen in failed[:5]
    )
    assert not up
    assert not wrong
