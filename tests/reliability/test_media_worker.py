"""A media worker dies in mid-call: the call goes on, its audio comes back on the same ports."""

from __future__ import annotations

import signal

import pytest

from tests.product.audio import read_stereo, seconds_of
from tests.product.box import Box
from tests.product.waiting import wait_until
from tests.reliability.bills import one_record_each, wrong_seconds
from tests.reliability.conftest import RECORDED, Note
from tests.reliability.gauges import processes, status
from tests.reliability.witness import CALLER_HERTZ, GATEWAY_HERTZ, Witness

CALLS = 4
TALK = 3.0
"""Seconds before and after the death."""
BACK_WITHIN = 5.0


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGKILL, id="killed"),
        pytest.param(signal.SIGSTOP, id="hangs", marks=pytest.mark.long),
    ],
)
def test_audio_comes_back_after_a_media_worker_died(box: Box, note: Note, how: signal.Signals) -> None:
    """Take every worker: all hear each other again, record and recording are right apart from the gap."""
    box.expected_errors.append("media worker")
    place = box.place
    carrier = Witness(place.sip, place.carrier, place.target, RECORDED)
    try:
        calls = carrier.hold(CALLS)
        carrier.run(TALK)
        before = [set(carrier.heard_by(side).sources) for side in calls + carrier.legs]
        died = carrier.now()
        for worker in processes(box, "b2bua.media"):
            worker.send_signal(how)
        sides = calls + carrier.legs
        carrier.run(
            BACK_WITHIN + 5,
            lambda: all(carrier.heard_by(side).arrivals[-1] > died + 0.3 for side in sides),
        )
        carrier.run(TALK)
        alarms = [each.key for each in status(box).alarms]
        carrier.leave(calls)
    finally:
        carrier.close()
    silences = [carrier.heard_by(side).longest_silence() for side in sides]
    after = [carrier.heard_by(side).sources for side in sides]
    records = one_record_each(box, calls)
    sounds = []
    for seen in calls:
        sound = read_stereo(box.recording(records[seen.caller]["id"]))
        sounds.append(
            (seen, sound, seconds_of(sound.left, CALLER_HERTZ), seconds_of(sound.right, GATEWAY_HERTZ))
        )
    note(
        f"{CALLS} calls, {how.name} to all workers: audio back after {min(silences):.2f} to "
        f"{max(silences):.2f} s; recordings "
        + ", ".join(
            f"{sound.seconds:.1f} s with {left:.1f} and {right:.1f} s of voice"
            for _, sound, left, right in sounds
        )
        + f"; alarms {alarms}"
    )
    assert max(silences) <= BACK_WITHIN
    assert after == before, "audio comes from other ports"
    assert wrong_seconds(calls, records) == []
    for seen, sound, left, right in sounds:
        assert None not in (seen.ended, seen.answered)
        lasted = seen.ended - seen.answered
        gap = max(silences) + 1.0  # a killed worker may take its last second of recording with it
        assert abs(sound.seconds - lasted) < 0.5, (sound.seconds, lasted)
        assert left > lasted - gap - 0.3
        assert right > lasted - gap - 0.3
        assert seconds_of(sound.left, GATEWAY_HERTZ) == seconds_of(sound.right, CALLER_HERTZ) == 0
    wait_until(
        lambda: not [each for each in status(box).alarms if each.key.startswith("media-worker")], "alarm over"
    )
