"""A call's record follows from its lines, whichever of them a crash left."""

from __future__ import annotations

import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outcomes import HungUpBy, Outcome
from storage.journal.events import (
    Bridged,
    Ended,
    Event,
    Key,
    LegDialled,
    LegEnded,
    Marks,
    Started,
    TakesPart,
    Unbridged,
)
from storage.records.fold import KEYS_KEPT, MOMENTS_KEPT, fold
from storage.records.record import CallRecord, Participant
from tests.unit.ledger.made_up import NOON, a_call


def call(**facts: object) -> list[Event]:
    return a_call(random.Random(4), **facts)  # type: ignore[arg-type]


def test_an_answered_call() -> None:
    """Who called whom, who answered, and how long: ring 4 s, talk 61.5 s."""
    lines = call(ring=4.0, talk=61.5)
    record = fold(lines)
    started = lines[0]
    assert isinstance(started, Started)
    assert record.id == started.call
    assert (record.tenant, record.number, record.caller) == ("acme", "4001003721", started.caller)
    assert record.start == NOON
    assert (record.answer_ms, record.bridge_ms) == (4000, 4000)
    assert (record.access_ms, record.talk_ms, record.talk_seconds) == (61500, 61500, 61.5)
    assert record.end_ms == 65520
    assert record.end == NOON + 65.52
    assert (record.outcome, record.hung_up_by, record.sip_status) == (Outcome.ANSWERED, HungUpBy.CALLER, 200)
    assert record.answered_by == record.legs[0].target
    assert record.trunk_out == "demo-carrier"
    assert record.recording == record.id
    assert [moment.what for moment in record.timeline][:3] == ["start", "step", "dial"]
    assert record.timeline[-1].what == "end"
    assert {each.leg for each in record.media} == {"a", "b1"}


def test_a_call_that_nobody_answered() -> None:
    """A refused call has no access time, nobody answered, and keeps what the target said."""
    record = fold(call(outcome=Outcome.BUSY, ring=3.0))
    assert (record.access_ms, record.talk_ms, record.answered_by, record.recording) == (0, 0, "", "")
    assert (record.legs[0].status, record.legs[0].reason) == (486, "Busy Here")
    assert record.outcome == Outcome.BUSY


def test_a_step_of_the_clock_changes_no_duration() -> None:
    """The wall clock jumps a day back in mid-call: the bill and the end stay right."""
    lines = call(ring=4.0, talk=60.0)
    stepped = [
        msgspec.structs.replace(line, at=line.at - 86400) if line.mono > 5004 else line for line in lines
    ]
    assert fold(stepped) == fold(lines)


def test_lines_written_after_a_restart_of_the_machine_end_the_call_at_its_last_line() -> None:
    """Monotonic time begins anew with the machine; it never makes a call negative or hours long."""
    lines = call(ring=4.0, talk=60.0)[:11]
    cut = Ended(call=lines[0].call, at=NOON + 500, mono=3.0, outcome=Outcome.CUT_BY_CRASH, by="box")  # type: ignore[union-attr]
    record = fold([*lines, cut])
    assert record.outcome == Outcome.CUT_BY_CRASH
    assert record.end_ms == round((lines[-1].mono - 5000) * 1000)


def transferred(*more: tuple[type, float, dict[str, str]]) -> list[Event]:
    """Return an answered call of 4 s ringing and 60 s of talk, with some lines put in at their seconds."""
    lines = call(ring=4.0, talk=60.0)
    name = lines[0].call  # type: ignore[union-attr]
    made = [kind(call=name, at=NOON + at, mono=5000 + at, **facts) for kind, at, facts in more]
    return sorted([*lines, *made], key=lambda line: line.mono)


def test_who_took_part_when_stays_right_across_a_transfer() -> None:
    """The agent holds, asks 8002, brings him in, leaves; a supervisor listens, then barges in."""
    record = fold(
        transferred(
            (TakesPart, 14.0, {"leg": "b1", "part": "hold"}),
            (LegDialled, 15.0, {"leg": "b2", "target": "8002"}),
            (TakesPart, 18.0, {"leg": "b2", "part": "consult"}),
            (TakesPart, 24.0, {"leg": "b1", "part": "talk"}),
            (Bridged, 24.0, {"leg": "b2"}),
            (LegDialled, 25.0, {"leg": "b3", "target": "8009"}),
            (TakesPart, 26.0, {"leg": "b3", "part": "listen"}),
            (LegEnded, 34.0, {"leg": "b1"}),
            (TakesPart, 36.0, {"leg": "b3", "part": "barge"}),
        )
    )
    agent = record.legs[0].target
    assert record.participants == (
        Participant("b1", agent, "talk", 4000, 14000),
        Participant("b1", agent, "hold", 14000, 24000),
        Participant("b2", "8002", "consult", 18000, 24000),
        Participant("b1", agent, "talk", 24000, 34000),
        Participant("b3", "8009", "listen", 26000, 36000),
        Participant("b2", "8002", "talk", 24000, 64000),
        Participant("b3", "8009", "barge", 36000, 64000),
    )
    assert (record.answered_by, record.talk_ms) == ("8002", 60000)


def test_ringing_for_a_blind_transfer_is_no_talk() -> None:
    """Talk time stops while the caller hears ringback and goes on with the next one."""
    record = fold(
        transferred(
            (Unbridged, 14.0, {"leg": "b1"}),
            (LegEnded, 14.0, {"leg": "b1"}),
            (LegDialled, 14.0, {"leg": "b2", "target": "8002"}),
            (Bridged, 24.0, {"leg": "b2"}),
        )
    )
    assert (record.answered_by, record.talk_ms, record.bridge_ms) == ("8002", 50000, 4000)


def test_who_joined_and_left_again_did_not_take_over() -> None:
    """After a talk of three the first agent counts as the one who answered."""
    record = fold(
        transferred(
            (LegDialled, 14.0, {"leg": "b2", "target": "8002"}),
            (Bridged, 24.0, {"leg": "b2"}),
            (LegEnded, 30.0, {"leg": "b2"}),
        )
    )
    assert (record.answered_by, record.talk_ms) == (record.legs[0].target, 60000)


def test_holding_and_returning_counts_talk_once() -> None:
    """Talk time is the sum of the times both were connected."""
    lines = call(ring=4.0, talk=60.0)
    name = lines[0].call  # type: ignore[union-attr]
    bridged = next(n for n, line in enumerate(lines) if type(line).__name__ == "Bridged")
    away = Unbridged(call=name, at=NOON + 14, mono=5014.0, leg="b1")
    back = msgspec.structs.replace(lines[bridged], at=NOON + 34, mono=5034.0)
    record = fold([*lines[: bridged + 1], away, back, *lines[bridged + 1 :]])
    assert (record.talk_ms, record.access_ms) == (40000, 60000)


def test_keys_are_kept_but_never_make_a_record_large() -> None:
    """Somebody leans on a key for an hour: the record stays small and keeps its end."""
    lines = call()
    keys = [Key(call=lines[0].call, at=NOON, mono=5001.0, leg="a", digit="5") for _ in range(10_000)]  # type: ignore[union-attr]
    record = fold([*lines[:3], *keys, *lines[3:]])
    assert record.keys == "5" * KEYS_KEPT
    assert len(record.timeline) == MOMENTS_KEPT + 1
    assert record.timeline[-1].what == "end"


def test_no_lines_make_no_record() -> None:
    """Marks alone are of no call."""
    with pytest.raises(ValueError, match="no events"):
        fold([Marks(at=1.0, mono=1.0, calls=["x"])])


@given(st.integers(1, 17), st.sampled_from(list(Outcome)), st.floats(0, 400), st.booleans())
def test_any_beginning_and_its_recovery_make_one_record(
    kept: int, outcome: Outcome, late: float, lost_first: bool
) -> None:
    """A crash may leave any first part of a call; with the line that recovery adds it is one sane record."""
    lines = call(outcome=outcome)[:kept]
    name = lines[0].call  # type: ignore[union-attr]
    if lost_first and len(lines) > 1:
        lines = lines[1:]
    last = lines[-1]
    cut = Ended(call=name, at=last.at + late, mono=last.mono + late, outcome=Outcome.CUT_BY_CRASH, by="box")
    record = fold([*lines, cut])
    assert isinstance(record, CallRecord)
    assert record.id == name
    assert 0 <= record.talk_ms <= record.access_ms <= record.end_ms
    assert record.timeline[-1].what == "end"
    assert record.talk_ms == 0 or record.answered_by or lost_first
    if not any(isinstance(line, Ended) for line in lines):
        assert record.outcome == Outcome.CUT_BY_CRASH
        assert fold(lines).outcome == Outcome.CUT_BY_CRASH
