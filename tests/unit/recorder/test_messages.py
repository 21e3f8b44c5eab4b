"""From the caller's spool to the voicemail he left (docs/call-flows/voicemail.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from storage.journal.events import Answered, Ended, Event, MessageBegan, MessageEnded, Spooled, Started
from storage.serving.message_counts import read_counts
from tests.unit.recorder.box import Box, call_name, write_spool
from tests.unit.recorder.calls import BEGIN, found_at, sent


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    """Return a box without calls."""
    box = Box(tmp_path)
    yield box
    box.close()


def leave(
    box: Box,
    number: int = 1,
    *,
    record: bool = False,
    messages: tuple[tuple[float, float, bool], ...] = ((2.0, 2.0, True),),
    outcome: str = "message-left",
    spooled: bool = True,
) -> str:
    """Let a caller speak from second 1 to 4; ``messages``: start, length, kept."""
    name = call_name(number)
    write_spool(box.data.spool, name, "a", sent(box.left, 1.0), closed=spooled)

    def when(seconds: float) -> dict[str, float]:
        return {"at": 1.7e9 + seconds, "mono": BEGIN + seconds}

    events: list[Event] = [
        Started(
            call=name, trunk="t", source="", sip_call_id="x", called_raw="4001003721", called="4001003721",
            caller_raw="13900001111", caller="13900001111", tenant="acme", number="4001003721",
            record=record, **when(0.0),
        ),
        Answered(call=name, **when(0.5)),
    ]  # fmt: skip
    for start, seconds, kept in messages:
        events.append(
            MessageBegan(
                call=name, leg="a", box="service", tenant="acme", number="4001003721", caller="13900001111",
                **when(start),
            )
        )  # fmt: skip
        events.append(MessageEnded(call=name, leg="a", seconds=seconds, kept=kept, **when(start + seconds)))
    if spooled:
        events.append(Spooled(call=name, **when(4.0)))
    events.append(Ended(call=name, outcome=outcome, by="caller", **when(4.0)))
    box.journal(events)
    return name


def heard(box: Box, name: str) -> np.ndarray:
    """Return a message's sound."""
    sound, rate = soundfile.read(box.recordings.messages().path(name), dtype="int16")
    assert rate == 8000
    return np.asarray(sound)


def test_a_message_is_what_was_said_after_the_tone(box: Box) -> None:
    """One channel, from the tone to its end; the call itself is not recorded, so nothing else is kept."""
    name = leave(box)
    assert box.recorder.step() == 1
    facts = box.recordings.messages().check(name)
    assert (facts.tenant, facts.number, facts.caller, facts.box) == (
        "acme",
        "4001003721",
        "13900001111",
        "service",
    )
    assert (facts.at, facts.seconds, facts.mark) == (1.7e9 + 2.0, 2.0, "")
    sound = heard(box, name)
    assert sound.shape == (16000,)
    assert found_at(sound, box.left[8000:16000])[0] == 0.0
    assert box.recordings.total().count == 0
    assert box.spooled() == []
    box.settle(1)
    assert read_counts(box.data) == {"acme": 1}


def test_a_recorded_call_has_both(box: Box) -> None:
    """The whole call as a recording, and the message apart."""
    name = leave(box, record=True)
    box.settle(1)
    assert box.recordings.check(name).seconds == 3.5
    assert box.recordings.messages().check(name).seconds == 2.0
    assert box.spooled() == []


def test_only_the_last_one_is_kept_of_what_was_said_again(box: Box) -> None:
    """And none of what was taken back or was too short."""
    again = leave(box, 1, messages=((1.2, 0.5, False), (2.5, 1.0, True)))
    none = leave(box, 2, messages=((1.2, 0.5, False),), outcome="no-message")
    box.settle(1)
    assert found_at(heard(box, again), box.left[12000:20000])[0] == 0.0
    assert box.recordings.messages().known((again, none)) == {again}
    assert box.spooled() == []


def test_a_message_that_a_crash_cut_is_kept(box: Box) -> None:
    """As far as it was spoken; the spool may hold more than the journal says."""
    name = leave(box, outcome="cut-by-crash", spooled=False)
    box.settle(5)
    assert box.recordings.messages().check(name).seconds == pytest.approx(2.0, abs=0.05)


def test_a_recorder_that_died_after_the_commit_doubles_nothing(box: Box) -> None:
    """The next one finds the message and removes the spool."""
    name = leave(box, record=True)
    unsteady = box.database
    unsteady.after = KeyboardInterrupt()  # type: ignore[attr-defined]
    with pytest.raises(KeyboardInterrupt):
        box.recorder.step()
    unsteady.after = None  # type: ignore[attr-defined]
    box.recorder.close()
    box.new_recorder()
    box.settle(2)
    assert box.recordings.messages().total().count == 1
    assert box.recordings.check(name).seconds == 3.5
    assert box.spooled() == []


def test_what_was_deleted_is_told_to_the_b2bua(box: Box) -> None:
    """A tenant whose quota was used up can be left messages again within half a minute."""
    name = leave(box)
    box.settle(1)
    box.recordings.messages().delete([name])
    box.settle(35)
    assert read_counts(box.data) == {}


def test_a_message_is_marked(box: Box) -> None:
    """By whom and when."""
    name = leave(box)
    box.settle(1)
    facts = box.recordings.messages().mark(name, "heard", "8001", 1.8e9)
    assert box.recordings.messages().facts(name) == facts
    assert (facts.mark, facts.marked_by, facts.marked_at) == ("heard", "8001", 1.8e9)
