"""The disk is nearly full: calls that are recorded go on without that."""

from __future__ import annotations

from domain.outcomes import Outcome
from domain.snapshot import RingStrategy
from storage.journal.events import RecordingStopped, Spooled, Started
from storage.records.fold import fold
from tests.twins.stage import TARGETS, Stage, a_plan, sdp


def test_recordings_in_progress_stop_and_the_calls_go_on() -> None:
    """Each leg's spool is closed where it is, the journal says why, and the recorder gets what there is."""
    stage = Stage()
    stage.call()
    stage.leg("b1").peer_answers(sdp())
    assert stage.switchboard.stop_recordings("disk") == 1
    assert stage.switchboard.stop_recordings("disk") == 0
    assert [endpoint.spooled for endpoint in stage.media.endpoints] == [False, False]
    (stopped,) = stage.journal.of(RecordingStopped)
    assert stopped.why == "disk"
    stage.clock.advance(10)
    stage.leg("b1").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED
    assert len(stage.journal.of(Spooled)) == 1
    record = fold(stage.journal.events)
    assert record.recorded
    assert "recording-stopped disk" in [moment.detail for moment in record.timeline]


def test_phones_rung_later_are_not_recorded_either() -> None:
    """Neither the next one of the hunt, nor one whose port was just being asked for."""
    stage = Stage(a_plan(*TARGETS))
    stage.call()
    stage.switchboard.stop_recordings("disk")
    stage.leg("b1").peer_refuses(486)
    stage.leg("b2").peer_answers(sdp())
    assert not any(endpoint.spooled for endpoint in stage.media.endpoints)
    stage.leg("b2").peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED
    assert not fold(stage.journal.events).recorded, "nobody had been answered yet"


def test_calls_that_are_not_recorded_are_left_alone() -> None:
    """They have nothing to stop."""
    stage = Stage(a_plan(*TARGETS[:2], record=False, strategy=RingStrategy.SIMULTANEOUS))
    caller = stage.call()
    assert stage.switchboard.stop_recordings("disk") == 0
    assert stage.journal.of(RecordingStopped) == []
    assert not stage.journal.of(Started)[0].record
    caller.peer_cancels()
    assert stage.end().outcome == Outcome.GAVE_UP_RINGING
