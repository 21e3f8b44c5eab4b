"""After a crash both legs of each cut call are ended and its record is closed
(docs/call-flows/recovery.md)."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import msgspec
import pytest

from b2bua.media.spool import spool_path
from b2bua.recovery import Recovery, closing_lines, open_legs, spoken_until
from b2bua.sip.core import SipCore
from b2bua.sip.core_admission import SILENCE
from b2bua.sip.dialog import DialogState, Phase
from b2bua.sip.effects import Timed, Timer
from b2bua.sip.flow import Flow
from b2bua.sip.parse import parse_message
from b2bua.sip.uri import Uri
from domain.outcomes import Outcome
from storage.journal import Event, JournalWriter, OpenCall, open_calls
from storage.journal.events import (
    Answered,
    DialogNow,
    Ended,
    LegAnswered,
    LegDialled,
    LegEnded,
    Marks,
    MessageBegan,
    MessageEnded,
    Spooled,
    Started,
)
from tests.twins.journal import MemoryJournal

CALLER = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.2", 5070), "carrier")
PHONE = Flow("udp", ("127.0.0.1", 5060), ("127.0.0.3", 5080), "carrier")
VIA = "SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKinvite"


class Edge:
    """Keeps what the core sends and the timers it sets."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Flow]] = []
        self.timers: list[tuple[Timer, float]] = []

    def send(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Keep it."""
        self.sent.append((data, flow))

    def set_timer(self, owner: Timed, key: str, delay: float) -> Timer:
        """Keep it."""
        timer = Timer(owner, key)
        self.timers.append((timer, delay))
        return timer

    def reliable(self, flow: Flow) -> bool:
        """Speak UDP."""
        return False

    def sent_by(self, flow: Flow) -> tuple[str, int]:
        """Show the local address."""
        return flow.local

    def route(self, uri: Uri, flow: Flow, found: object) -> Flow:
        """Stay on the flow."""
        return flow

    def starts(self) -> list[str]:
        """Return method or status of what was sent."""
        return [data.split(b" SIP/2.0")[0].split(b"\r\n")[0].decode() for data, _ in self.sent]

    def fire(self) -> None:
        """Let half a second pass."""
        timers, self.timers = self.timers, []
        for timer, delay in timers:
            if timer.owner is not None and delay <= 0.5:
                timer.owner.on_timer(timer.key)


def make_core(edge: Edge) -> SipCore:
    """Make a core that nobody uses for anything else."""
    tokens = (f"token{number}" for number in itertools.count())
    return SipCore(edge, edge, None, lambda *_: SILENCE, fresh_token=lambda: next(tokens), random=lambda: 0.5)  # type: ignore[arg-type]


def dialog(phase: Phase, flow: Flow) -> bytes:
    """Picture a dialog."""
    return DialogState(
        phase=phase,
        call_id=f"id-{flow.remote[1]}",
        local="<sip:4001003721@127.0.0.1>;tag=ours",
        remote="<sip:peer@127.0.0.9>;tag=theirs",
        local_tag="ours",
        remote_tag="theirs",
        local_cseq=7,
        remote_cseq=1,
        target=f"sip:peer@{flow.remote[0]}:{flow.remote[1]}",
        flow=flow,
        vias=(VIA,),
        invite_cseq=1,
    ).to_json()


def lines(a: Phase | None, b: Phase | None, *, answered: bool, call: str = "01CALL") -> list[Event]:
    """Write the journal of a call that a crash cut."""
    times = {"call": call, "at": 1000.0, "mono": 10.0}
    events: list[Event] = [
        Started(
            **times,
            trunk="t",
            source="s",
            sip_call_id="i",
            called_raw="4",
            called="4",
            caller_raw="1",
            caller="1",
            record=True,
        )
    ]
    if b is not None:
        events.append(LegDialled(**times, leg="b1", target="010"))
        events.append(DialogNow(**times, leg="b1", state=msgspec.Raw(dialog(b, PHONE))))
    if a is not None:
        events.append(DialogNow(**times, leg="a", state=msgspec.Raw(dialog(a, CALLER))))
    if answered:
        events.append(Answered(call=call, at=1005.0, mono=15.0))
    return events


def cut(events: list[Event]) -> OpenCall:
    """Make the open call of these events, last marked at 1030."""
    return OpenCall("01CALL", events, None, 1030.0, 40.0)


def test_both_legs_of_a_talk_get_a_bye_which_is_repeated_until_answered() -> None:
    """In their dialogs: tags, Call-ID, a CSeq beyond any that may have been used."""
    edge, journal = Edge(), MemoryJournal()
    core = make_core(edge)
    recovery = Recovery(core, journal)
    recovery.run([cut(lines(Phase.CONFIRMED, Phase.CONFIRMED, answered=True))])
    assert sorted(edge.starts()) == ["BYE sip:peer@127.0.0.2:5070", "BYE sip:peer@127.0.0.3:5080"]
    for data, _ in edge.sent:
        message = parse_message(data)
        assert message.cseq.number > 7
        assert message.get("From") == "<sip:4001003721@127.0.0.1>;tag=ours"
        assert message.get("To") == "<sip:peer@127.0.0.9>;tag=theirs"
    edge.fire()
    assert len(edge.sent) == 4
    assert (recovery.calls, recovery.ended_legs) == (1, 2)


def test_the_record_is_closed_at_the_calls_last_mark() -> None:
    """No second more is charged than the box can vouch for."""
    journal = MemoryJournal()
    Recovery(make_core(Edge()), journal).run([cut(lines(Phase.CONFIRMED, Phase.CONFIRMED, answered=True))])
    assert journal.tags() == ["leg-end", "leg-end", "spool", "end"]
    (ended,) = journal.of(Ended)
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.CUT_BY_CRASH, "box", 200)
    assert (ended.at, ended.mono) == (1030.0, 40.0)


def test_an_unanswered_caller_gets_503_and_a_ringing_phone_a_cancel() -> None:
    """The INVITE transactions died with the process; their messages can still be made."""
    edge, journal = Edge(), MemoryJournal()
    Recovery(make_core(edge), journal).run([cut(lines(Phase.CALLED, Phase.CALLING, answered=False))])
    assert sorted(edge.starts()) == ["CANCEL sip:peer@127.0.0.3:5080", "SIP/2.0 503 Service Unavailable"]
    (cancel,) = [data for data, flow in edge.sent if flow == PHONE]
    assert VIA.encode() in cancel
    assert journal.of(Ended)[0].sip_status == 0
    before = len(edge.sent)
    edge.fire()
    assert len(edge.sent) == before + 2


def test_a_leg_that_was_over_already_gets_nothing() -> None:
    """Nor one that died before its first message."""
    events = lines(Phase.CONFIRMED, Phase.CONFIRMED, answered=True)
    events.append(LegEnded(call="01CALL", at=1, mono=1, leg="b1"))
    events.append(LegDialled(call="01CALL", at=1, mono=1, leg="b2", target="011"))
    legs = [(leg.leg, leg.dialogs == ()) for leg in open_legs(cut(events))]
    assert legs == [("a", False), ("b2", True)]
    edge = Edge()
    Recovery(make_core(edge), MemoryJournal()).run([cut(events)])
    assert edge.starts() == ["BYE sip:peer@127.0.0.2:5070"]


@pytest.mark.parametrize("picked_up", [False, True])
def test_every_phone_of_an_extension_that_rang_is_ended(picked_up: bool) -> None:
    """All get a CANCEL; once one was picked up the others have had theirs, and it gets the BYE."""
    second = Flow("udp", PHONE.local, ("127.0.0.4", 5082), "carrier")
    times = {"call": "01CALL", "at": 1000.0, "mono": 10.0}
    events = lines(Phase.CALLED, None, answered=False)
    for flow in (PHONE, second):
        events.append(LegDialled(**times, leg="b1", target="8001", is_extension=True))
        events.append(DialogNow(**times, leg="b1", state=msgspec.Raw(dialog(Phase.CALLING, flow))))
    if picked_up:
        events.append(DialogNow(**times, leg="b1", state=msgspec.Raw(dialog(Phase.CONFIRMED, second))))
        events.append(LegAnswered(**times, leg="b1"))
    edge, journal = Edge(), MemoryJournal()
    Recovery(make_core(edge), journal).run([cut(events)])
    ended = [line for line in edge.starts() if not line.startswith("SIP")]
    if picked_up:
        assert ended == ["BYE sip:peer@127.0.0.4:5082"]
    else:
        assert ended == ["CANCEL sip:peer@127.0.0.3:5080", "CANCEL sip:peer@127.0.0.4:5082"]
    assert journal.tags() == ["leg-end", "leg-end", "spool", "end"]


def test_one_unreadable_dialog_keeps_nobody_else_waiting() -> None:
    """It is logged; what was known of the dialog before counts, and the record is closed all the same."""
    events = lines(Phase.CONFIRMED, None, answered=True)
    events.append(DialogNow(call="01CALL", at=1, mono=1, leg="b1", state=msgspec.Raw(b'{"phase":"?"}')))
    edge, journal = Edge(), MemoryJournal()
    Recovery(make_core(edge), journal).run([cut(events)])
    assert edge.starts() == ["BYE sip:peer@127.0.0.2:5070"]
    assert journal.tags()[-1] == "end"


def test_a_spool_that_was_closed_is_not_closed_again() -> None:
    """The process died between the two last lines."""
    events = lines(None, None, answered=False)
    events.append(Spooled(call="01CALL", at=1, mono=1))
    assert [type(line) for line in closing_lines(cut(events))] == [LegEnded, Ended]


@pytest.mark.parametrize("died_again", [False, True])
def test_after_the_recovery_the_journal_has_no_open_call(tmp_path: Path, died_again: bool) -> None:
    """Whether or not the process died once more before it could write."""
    with JournalWriter(tmp_path) as writer:
        for event in lines(Phase.CONFIRMED, Phase.CONFIRMED, answered=True):
            writer.append(event)
        writer.append(Marks(at=1030.0, mono=40.0, calls=["01CALL"]))
    if died_again:
        with JournalWriter(tmp_path):
            pass
    calls = open_calls(tmp_path)
    with JournalWriter(tmp_path) as writer:
        Recovery(make_core(Edge()), writer).run(calls)
    assert [call.last_at for call in calls] == [1030.0]
    assert open_calls(tmp_path) == []


def test_a_call_back_has_no_customer_before_he_is_dialled() -> None:
    """Its first line says that nobody called: leg ``a`` is rung like the others."""
    start = Started(
        call="c", at=1.0, mono=1.0, trunk=None, source="", sip_call_id="", called_raw="", called="",
        caller_raw="", caller="13900001111", direction="callback",
    )  # fmt: skip
    agent = LegDialled(call="c", at=1.0, mono=1.0, leg="b1", target="8001", is_extension=True)
    cut = OpenCall("c", [start, agent], None, 1.0, 1.0)
    assert [leg.leg for leg in open_legs(cut)] == ["b1"]
    customer = LegDialled(call="c", at=2.0, mono=2.0, leg="a", target="13900001111", trunk="carrier")
    cut = OpenCall("c", [start, agent, customer], None, 2.0, 2.0)
    assert [leg.leg for leg in open_legs(cut)] == ["b1", "a"]
    assert [line.leg for line in closing_lines(cut) if isinstance(line, LegEnded)] == ["b1", "a"]


def test_the_message_of_a_call_that_is_not_recorded_is_handed_to_the_recorder() -> None:
    """Its spool is closed by a line, as that of a recorded call."""
    start = Started(
        call="c", at=1.0, mono=1.0, trunk="t", source="", sip_call_id="", called_raw="", called="",
        caller_raw="", caller="13900001111", record=False,
    )  # fmt: skip
    message = MessageBegan(
        call="c", at=2.0, mono=2.0, leg="a", box="service", tenant="acme", number="4001003721", caller="139"
    )
    kinds = [type(line) for line in closing_lines(OpenCall("c", [start, message], None, 5.0, 5.0))]
    assert kinds == [MessageEnded, LegEnded, Spooled, Ended]
    assert Spooled not in [type(line) for line in closing_lines(OpenCall("c", [start], None, 5.0, 5.0))]


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (1003.5, 3.5),  # four seconds are in the spool, of which no mark tells
        (None, 0.4),  # no spool: up to the last sign of life
        (900.0, 0.4),  # the clock was put back
        (5000.0, 6.4),  # or on: not longer than to the next mark, which did not come
    ],
)
def test_a_message_that_the_crash_cut_is_as_long_as_its_audio(written: float | None, seconds: float) -> None:
    """The last mark may be six seconds old: what was spoken since is no less a message."""
    begun = MessageBegan(
        call="c", at=1000.0, mono=50.0, leg="a", box="service", tenant="acme", number="4001003721",
        caller="139",
    )  # fmt: skip
    cut = OpenCall("c", [begun], None, 1000.4, 50.4)
    lines = closing_lines(cut, lambda call, leg: written if (call, leg) == ("c", "a") else None)
    (ended,) = [line for line in lines if isinstance(line, MessageEnded)]
    assert (ended.leg, ended.seconds, ended.kept) == ("a", seconds, seconds >= 1)
    over = MessageEnded(call="c", at=1000.2, mono=50.2, leg="a", seconds=0.2, kept=False)
    assert MessageEnded not in map(type, closing_lines(OpenCall("c", [begun, over], None, 1001.0, 51.0)))


def test_spools_tell_when_they_were_written(tmp_path: Path) -> None:
    """Of a call without one nothing is known."""
    path = spool_path(tmp_path, "01CALL", "a")
    path.parent.mkdir()
    path.write_bytes(b"")
    os.utime(path, (1003.5, 1003.5))
    assert spoken_until(tmp_path)("01CALL", "a") == 1003.5
    assert spoken_until(tmp_path)("01OTHER", "a") is None
