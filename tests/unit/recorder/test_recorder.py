"""From ended calls to recordings: none lost, none doubled, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ZODB.POSException import ConflictError

from b2bua.recorder import recorder as module
from b2bua.recorder.compose import Composition
from b2bua.recorder.status import read_status, write_status
from b2bua.recorder.timeline import course
from storage.connection import StoreDown
from storage.recordings import RecordingMissing
from tests.unit.recorder.box import Box, UnsteadyDatabase, call_name, write_spool
from tests.unit.recorder.calls import found_at, lines, sent, speech


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Return a box without calls."""
    box = Box(tmp_path)
    yield box
    box.close()


def unsteady(box: Box) -> UnsteadyDatabase:
    """Return the box's database, to make it fail."""
    assert isinstance(box.database, UnsteadyDatabase)
    return box.database


def test_a_finished_call_becomes_a_recording(box: Box) -> None:
    """After the call its recording is there with all facts, and the spool is gone."""
    name = box.call()
    assert box.recorder.step() == 1
    facts = box.recordings.check(name)
    assert (facts.tenant, facts.number, facts.caller) == ("acme", "4001003722", "13900001111")
    assert facts.answerers == ("0100000b1",)
    assert facts.at == 1.7e9 + 1.0
    assert facts.seconds == 3.0
    assert facts.notes == ()
    sound = box.heard(name)
    assert found_at(sound[:, 0], box.left)[0] == 0.0
    assert found_at(sound[:, 1], box.right)[0] == 1.0
    assert box.spooled() == []
    assert box.recordings.usage("acme").count == 1


def test_a_recording_that_was_stopped_is_kept_up_to_there(box: Box) -> None:
    """The disk was nearly full: a second and a half of a call of three, and a word about it."""
    name = box.call(stopped=2.5)
    assert box.recorder.step() == 1
    facts = box.recordings.check(name)
    assert (facts.seconds, facts.answerers) == (1.5, ("0100000b1",))
    assert facts.notes == ("stopped before the end of the call: disk",)
    sound = box.heard(name)
    assert len(sound) == 12_000
    assert sound[8000:, 1].any()
    assert box.spooled() == []


def test_a_recording_that_was_stopped_while_phones_rang_is_none(box: Box) -> None:
    """There was nothing to keep yet."""
    box.call(stopped=0.6)
    box.settle()
    assert box.recordings.total().count == 0
    assert box.spooled() == []


def test_calls_not_answered_or_not_recorded_leave_nothing(box: Box) -> None:
    """Ringing in vain makes no recording, and its spool goes; unrecorded calls are not looked at."""
    box.call(1, answered=None, bridges=(), outcome="busy")
    box.call(2, legs=(), record=False)
    box.settle()
    assert box.spooled() == []
    assert box.recordings.total().count == 0
    assert box.recorder.status().backlog == 0
    assert box.recorder.lost == 0


def test_busy_hours_are_committed_in_groups(box: Box) -> None:
    """A hundred calls that ended together take a few commits."""
    for number in range(100):
        box.call(number)
    box.settle(5)
    assert unsteady(box).commits == 3
    assert box.recordings.total().count == 100
    assert box.spooled() == []


def test_a_crash_between_commit_and_clean_up_doubles_nothing(box: Box) -> None:
    """Killed right after the commit, the next recorder finds the recording and only removes the spool."""
    name = box.call()
    unsteady(box).after = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        box.recorder.step()
    assert box.spooled() == [name]
    unsteady(box).after = None
    before = box.recordings.facts(name)
    box.new_recorder()
    box.settle()
    assert box.spooled() == []
    assert box.recordings.facts(name) == before
    assert box.recordings.usage("acme").count == 1


def test_the_store_is_down(box: Box) -> None:
    """While the store is down spools are kept; when it is back every call is recorded, once."""
    names = [box.call(number) for number in range(5)]
    unsteady(box).before = StoreDown("no store")
    for _ in range(3):
        with pytest.raises(StoreDown):
            box.recorder.step()
    assert box.spooled() == names
    assert box.recorder.status().backlog == 5
    unsteady(box).before, unsteady(box).after = None, StoreDown("lost before it answered")
    with pytest.raises(StoreDown):
        box.recorder.step()
    assert box.spooled() == names
    unsteady(box).after = None
    box.settle()
    assert box.recordings.total().count == 5
    assert box.spooled() == []


def test_the_disk_is_full(box: Box) -> None:
    """A disk that takes no recording costs none: it is made when there is room."""
    name = box.call()
    real = box.encode

    def full(composition: Composition, path: Path) -> tuple[int, str]:
        raise OSError(28, "No space left on device")

    box.encode = full
    with pytest.raises(OSError, match="No space"):
        box.recorder.step()
    assert box.spooled() == [name]
    box.encode = real
    box.settle()
    assert box.recordings.check(name).seconds == 3.0


def test_somebody_deletes_at_the_same_time(box: Box) -> None:
    """A conflict with a deletion is only tried again."""
    name = box.call()
    unsteady(box).before = ConflictError()
    assert box.recorder.step() == 0
    assert box.spooled() == [name]
    unsteady(box).before = None
    box.settle()
    assert box.recordings.check(name)


def test_a_call_that_a_crash_cut(box: Box) -> None:
    """No worker closed its spool: once it has stopped growing the recording is made, to its last sound."""
    name = call_name(1)
    box.journal(lines(call=name, ended=2.5, outcome="cut-by-crash", spooled=False))
    write_spool(box.data.spool, name, "a", sent(box.left, 1.0), closed=False)
    box.recorder.step()
    box.mono += 1.0
    box.recorder.step()
    write_spool(box.data.spool, name, "b1", sent(box.right, 2.0), closed=False)
    box.mono += 1.5
    box.recorder.step()
    assert box.recordings.total().count == 0
    box.mono += 2.0
    box.recorder.step()
    facts = box.recordings.check(name)
    assert facts.seconds == 3.0
    assert facts.notes == ("a may lack a second", "b1 may lack a second")


def test_a_call_up_while_the_journal_goes_on_to_new_files(box: Box) -> None:
    """A long call is re-stated in each new journal file; its recording is whole, and old files are let go."""
    events = lines(call=call_name(1), ended=4.0)
    for leg, start, voice in (("a", 1.0, box.left), ("b1", 2.0, box.right)):
        write_spool(box.data.spool, call_name(1), leg, sent(voice, start))
    box.journal(events[:3])
    box.journal(events[3:4])
    box.settle()
    newest = box.recorder._calls.position
    assert newest.sequence == max(int(path.stem) for path in box.data.journal.glob("*.jnl"))
    box.recorder.close()
    box.new_recorder()
    box.journal(events[4:])
    box.settle()
    assert box.recordings.check(call_name(1)).answerers == ("0100000b1",)
    assert box.recordings.total().count == 1


def test_a_recorder_that_starts_anew_reads_little(box: Box) -> None:
    """After its calls are done the place in the journal is its end."""
    for number in range(3):
        box.call(number)
    box.settle()
    end = box.recorder._calls.position
    box.recorder.close()
    box.new_recorder()
    assert box.recorder._calls.position == end
    assert box.recorder.step() == 0


def test_one_sided_and_silent_calls(box: Box) -> None:
    """A peer that sent nothing is silence with a note; a call without any sound has its length."""
    one, none = box.call(1, legs=("b1",)), box.call(2, legs=())
    box.settle()
    assert box.recordings.check(one).notes == ("no audio from a",)
    assert box.recordings.check(none).notes == ("no audio from a", "no audio from b1")
    assert box.recordings.check(none).seconds == 3.0
    assert not box.heard(none).any()


def test_a_recording_that_is_lost_is_said(box: Box) -> None:
    """When a crash left no spool at all, an alarm names the call; an old one read again is no news."""
    box.call(1, legs=(), spooled=False, outcome="cut-by-crash")
    box.settle()
    status = box.recorder.status()
    assert status.lost == 1
    assert [alarm.key for alarm in status.alarms] == ["recording-lost"]
    assert call_name(1) in status.alarms[0].en
    box.utc += 100_000
    box.call(2, legs=(), spooled=True)
    box.settle()
    assert box.recorder.lost == 1
    assert box.recordings.total().count == 0


def test_a_spool_that_cannot_be_composed_is_put_aside(box: Box) -> None:
    """Nothing is thrown away: the spool waits in spool/failed with the reason, others go on."""
    bad, good = box.call(1), box.call(2)
    real = box.encode

    def broken(composition: Composition, path: Path) -> tuple[int, str]:
        if bad in path.name:
            raise RuntimeError("impossible sound")
        return real(composition, path)

    box.encode = broken
    box.settle()
    assert box.recordings.known([bad, good]) == {good}
    aside = box.data.spool / "failed" / bad
    assert sorted(path.name for path in aside.iterdir()) == ["a.spool", "b1.spool", "reason.txt"]
    assert "impossible sound" in (aside / "reason.txt").read_text()
    status = box.recorder.status()
    assert status.failed == 1
    assert [alarm.key for alarm in status.alarms] == ["recording-failed"]
    assert status.backlog == 0


def test_one_damaged_leg_does_not_cost_the_other(box: Box) -> None:
    """The side that can be read is recorded; the damaged file is kept for a person."""
    name = box.call()
    (box.data.spool / name / "b1.spool").write_bytes(b"not a spool at all, but something")
    box.settle()
    notes = box.recordings.check(name).notes
    assert notes[0] == "no audio from b1"
    assert notes[1].startswith("b1: ")
    assert (box.data.spool / "failed" / name / "b1.spool").exists()


def test_an_empty_leg_file_is_only_noted(box: Box) -> None:
    """A power cut may leave a file of no bytes: there is nothing to keep."""
    name = box.call()
    (box.data.spool / name / "a.spool").write_bytes(b"")
    box.settle()
    assert box.recordings.check(name).notes == ("no audio from a",)
    assert box.spooled() == []


def test_a_call_that_kills_the_recorder_is_put_aside(box: Box) -> None:
    """A spool that ends the process each time is found out; all other calls are recorded."""
    bad = box.call(0)
    others = [box.call(number) for number in range(1, 4)]
    real = box.encode

    def deadly(composition: Composition, path: Path) -> tuple[int, str]:
        if bad in path.name:
            raise KeyboardInterrupt
        return real(composition, path)

    box.encode = deadly
    deaths = 0
    for _ in range(12):
        box.new_recorder()
        try:
            box.settle(4)
        except KeyboardInterrupt:
            deaths += 1
    assert deaths == module.ATTEMPTS
    assert box.recordings.known([bad, *others]) == set(others)
    assert "ended the recorder" in (box.data.spool / "failed" / bad / "reason.txt").read_text()


def test_spools_nobody_knows(box: Box) -> None:
    """A spool of a recorded call is removed, a strange one is put aside when it is old."""
    done = box.call(1)
    box.settle()
    write_spool(box.data.spool, done, "a", sent(speech(3, 1), 0.0))
    write_spool(box.data.spool, call_name(9), "a", sent(speech(3, 1), 0.0))
    box.utc = (box.data.spool / call_name(9)).stat().st_mtime + 10
    box.mono += module.SWEEP_SECONDS
    box.settle()
    assert box.spooled() == [call_name(9)]
    box.utc += module.ORPHAN_SECONDS
    box.mono += module.SWEEP_SECONDS + 1
    box.settle()
    assert box.spooled() == ["failed"]
    assert box.recordings.total().count == 1


def test_the_status_file_tells_how_it_is_going(box: Box) -> None:
    """`box400 status` reads what was made and what waits."""
    name = box.call()
    box.recorder.tell()
    box.settle()
    box.recorder.tell()
    status = read_status(box.data)
    assert status is not None
    assert (status.made, status.backlog, status.last_call, status.seconds) == (1, 0, name, 3.0)
    write_status(box.data, status)
    (box.data.run / "recorder.json").write_text("{")
    assert read_status(box.data) is None


def test_a_call_that_left_nothing_to_keep_is_not_told_as_waiting(box: Box) -> None:
    """The file tells of no work when there is none, and accuses no call at the next start."""
    box.recorder.tell()
    box.call(answered=None, bridges=(), outcome="busy")
    box.settle()
    box.recorder.tell()
    status = read_status(box.data)
    assert status is not None
    assert (status.backlog, status.composing) == (0, ())


def test_recordings_are_read_by_id_only(box: Box) -> None:
    """A call without recording says so."""
    with pytest.raises(RecordingMissing):
        box.recordings.path("nothing")
    with pytest.raises(RecordingMissing):
        box.recordings.facts(course(lines()).call)
