"""Leaving a message (docs/call-flows/voicemail.md)."""

from __future__ import annotations

import msgspec
import pytest

from b2bua.sdp import G722
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.snapshot import NumberPlan, TenantSnapshot
from domain.voice.voicemail import Voicemail
from storage.journal.events import MessageBegan, MessageEnded, Spooled
from storage.records.fold import fold
from tests.twins.directory import SHIPPED
from tests.twins.legs import MemoryInboundLeg
from tests.twins.media import Asked
from tests.twins.stage import CALLER, NUMBER, Stage, a_plan, sdp

BOX = Voicemail("service", review=False)
REVIEWED = Voicemail("service")


def a_box(box: Voicemail = BOX, *, record: bool = True, quota: int = 1000) -> Stage:
    """Set a box up whose calls go to voicemail; prompts last a second each."""
    plan = a_plan(entry=Destination.parse(f"voicemail:{BOX.name}"), record=record)
    tenant = TenantSnapshot("acme", "Acme", numbers=(plan,), voicemails=(box,), message_quota=quota)
    stage = Stage(plan, tenant=tenant)
    stage.directory.shipped = SHIPPED
    return stage


def after_the_tone(stage: Stage) -> MemoryInboundLeg:
    """Call, and wait until the tone is over."""
    caller = stage.call()
    stage.clock.advance(1)
    assert stage.endpoint("a").playing == ("beep",)
    stage.clock.advance(1)
    assert stage.endpoint("a").hearing_speech
    return caller


def message(stage: Stage) -> MessageEnded:
    """Return the one message's last line."""
    (line,) = stage.journal.of(MessageEnded)
    return line


def test_a_message_is_ended_by_the_key() -> None:
    """Greeting, tone, message, '#', 留言已保存, BYE."""
    stage = a_box()
    caller = stage.call()
    assert caller.up
    assert stage.endpoint("a").playing == ("leave-message",)
    stage.clock.advance(1)
    stage.clock.advance(1)
    stage.endpoint("a").speak()
    stage.clock.advance(10)
    stage.endpoint("a").press("#")
    assert stage.endpoint("a").playing == ("message-saved", "goodbye")
    stage.clock.advance(2)
    ended = stage.end()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.MESSAGE_LEFT, HungUpBy.BOX, 200)
    (began,) = stage.journal.of(MessageBegan)
    assert (began.box, began.tenant, began.number, began.caller) == ("service", "acme", NUMBER, CALLER)
    assert (message(stage).kept, message(stage).why, message(stage).seconds) == (True, "key", 9.8)
    record = fold(stage.journal.events)
    assert (record.message, record.message_ms) == ("service", 9800)


def test_silence_ends_a_message_and_is_cut_off() -> None:
    """Half a second of it is left."""
    stage = a_box()
    after_the_tone(stage)
    assert stage.endpoint("a").silence == 5.0
    stage.endpoint("a").speak()
    stage.clock.advance(12)
    stage.endpoint("a").speak(False)
    stage.clock.advance(2)
    assert stage.end().outcome == Outcome.MESSAGE_LEFT
    assert (message(stage).why, message(stage).seconds) == ("silence", 7.5)


def test_who_hangs_up_has_left_a_message() -> None:
    """The usual way to end one."""
    stage = a_box()
    caller = after_the_tone(stage)
    stage.endpoint("a").speak()
    stage.clock.advance(3)
    caller.peer_hangs_up()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.MESSAGE_LEFT, HungUpBy.CALLER)
    assert (message(stage).kept, message(stage).seconds) == (True, 3.0)


@pytest.mark.parametrize(("seconds", "speaks"), [(0.5, True), (3.0, False)])
def test_who_says_nothing_has_left_none(seconds: float, speaks: bool) -> None:
    """Shorter than a second, or silence."""
    stage = a_box()
    caller = after_the_tone(stage)
    if speaks:
        stage.endpoint("a").speak()
    stage.clock.advance(seconds)
    caller.peer_hangs_up()
    assert stage.end().outcome == Outcome.NO_MESSAGE
    assert not message(stage).kept
    assert fold(stage.journal.events).message == ""


def test_who_hangs_up_during_the_greeting_has_left_none() -> None:
    """No message was begun."""
    stage = a_box()
    caller = stage.call()
    caller.peer_hangs_up()
    assert stage.end().outcome == Outcome.NO_MESSAGE
    assert not stage.journal.of(MessageBegan)


def test_a_message_has_a_longest_length() -> None:
    """180 s, then it is saved."""
    stage = a_box()
    after_the_tone(stage)
    stage.endpoint("a").speak()
    stage.clock.advance(180)
    assert stage.endpoint("a").playing == ("message-saved", "goodbye")
    stage.clock.advance(2)
    assert stage.end().outcome == Outcome.MESSAGE_LEFT
    assert (message(stage).why, message(stage).seconds) == ("full", 180.0)


@pytest.mark.parametrize("key", ["*", "1"])
def test_a_message_can_be_said_again(key: str) -> None:
    """The tone again; only the last one is kept."""
    stage = a_box()
    after_the_tone(stage)
    stage.endpoint("a").speak()
    stage.clock.advance(4)
    stage.endpoint("a").press(key)
    assert stage.endpoint("a").playing == ("beep",)
    stage.clock.advance(1)
    stage.endpoint("a").speak()
    stage.clock.advance(6)
    stage.endpoint("a").press("#")
    stage.clock.advance(2)
    assert stage.end().outcome == Outcome.MESSAGE_LEFT
    assert [line.kept for line in stage.journal.of(MessageEnded)] == [False, True]
    assert fold(stage.journal.events).message_ms == 5800


def test_the_greeting_may_be_cut_short() -> None:
    """Any key goes on to the tone."""
    stage = a_box()
    stage.call()
    stage.endpoint("a").press("#")
    assert stage.endpoint("a").playing == ("beep",)
    stage.clock.advance(1)
    stage.endpoint("a").speak()
    stage.clock.advance(3)
    stage.endpoint("a").press("#")
    stage.clock.advance(2)
    assert stage.end().outcome == Outcome.MESSAGE_LEFT


def test_too_short_a_message_is_asked_for_again() -> None:
    """Up to five tries, then the call ends."""
    stage = a_box()
    after_the_tone(stage)
    for tries in range(5):
        stage.endpoint("a").press("#")
        assert stage.endpoint("a").playing == ("message-too-short",)
        stage.clock.advance(1)
        if tries < 4:
            stage.clock.advance(1)
    assert stage.end().outcome == Outcome.NO_MESSAGE


def test_a_box_has_a_greeting_of_its_own() -> None:
    """An uploaded prompt, or one that the tenant named."""
    stage = a_box(msgspec.structs.replace(BOX, greeting="ab" * 32))
    caller = stage.call()
    assert stage.endpoint("a").playing == ("ab" * 32,)
    caller.peer_hangs_up()
    stage.end()


def test_a_call_that_is_not_recorded_leaves_a_message_all_the_same() -> None:
    """Its spool begins after the tone, and is told to the recorder."""
    stage = a_box(record=False)
    caller = after_the_tone(stage)
    assert stage.endpoint("a").spooled
    assert Asked("record") in stage.endpoint("a").asked
    stage.endpoint("a").speak()
    stage.clock.advance(3)
    caller.peer_hangs_up()
    stage.end()
    assert len(stage.journal.of(Spooled)) == 1
    record = fold(stage.journal.events)
    assert (record.message, record.recorded) == ("service", False)


def test_a_full_mailbox_says_so() -> None:
    """Unanswered, so that nobody pays for it; or the call goes on elsewhere."""
    stage = a_box()
    ports = stage.switchboard.ports
    object.__setattr__(ports, "messages_full", lambda tenant: tenant.id == "acme")
    stage.call()
    assert stage.endpoint("a").playing == ("mailbox-full",)
    stage.clock.advance(2)
    ended = stage.end()
    assert (ended.outcome, ended.sip_status) == (Outcome.MAILBOX_FULL, 480)


def test_a_full_mailbox_may_lead_elsewhere() -> None:
    """As its box says; so does a disk that is too full to record."""
    stage = a_box(msgspec.structs.replace(BOX, otherwise=Destination.parse("bound")))
    stage.recording_allowed = False
    stage.call()
    assert stage.leg("b1").id == "b1"
    stage.leg("b1").peer_refuses(486)
    stage.clock.advance(5)
    assert stage.end().outcome == Outcome.BUSY


def test_a_box_that_is_gone_ends_the_call() -> None:
    """Its configuration changed while the call was on its way."""
    plan: NumberPlan = a_plan(entry=Destination.parse("voicemail:gone"))
    stage = Stage(plan, tenant=TenantSnapshot("acme", "Acme", numbers=(plan,)))
    stage.call()
    assert stage.end().outcome == Outcome.NOTHING_BOUND


def test_who_speaks_no_g711_leaves_no_message() -> None:
    """Rather than one that nobody can hear: the call goes on, or is in the list of missed calls."""
    stage = a_box()
    box = stage.directory.box
    phones = tuple([msgspec.structs.replace(each, codecs=("G722",)) for each in box.extensions])
    stage.directory.box = msgspec.structs.replace(box, extensions=phones)
    stage.call(extension="8001", offer=sdp(40000, G722))
    ended = stage.end()
    assert ended.outcome == Outcome.NO_COMMON_CODEC
    assert not stage.journal.of(MessageBegan)
    assert "no-message-codec" in stage.steps()


# -- heard and said again before it is saved -------------------------------------------------------


def reviewed(seconds: float = 10.0) -> Stage:
    """Leave a message and end it by '#'; the box asks what to do with it."""
    stage = a_box(REVIEWED)
    after_the_tone(stage)
    speak(stage, seconds)
    assert stage.endpoint("a").playing == ("message-review",)
    return stage


def speak(stage: Stage, seconds: float) -> None:
    """Say something after the tone, then press '#'."""
    stage.endpoint("a").speak()
    stage.clock.advance(seconds)
    stage.endpoint("a").press("#")


def saved(stage: Stage, *lengths: float) -> None:
    """Make sure that the call ended with a message kept, the last one of these."""
    assert stage.endpoint("a").playing == ("message-saved", "goodbye")
    stage.clock.advance(2)
    assert stage.end().outcome == Outcome.MESSAGE_LEFT
    assert [line.seconds for line in stage.journal.of(MessageEnded) if line.kept] == list(lengths)
    assert fold(stage.journal.events).message_ms == round(lengths[-1] * 1000)


@pytest.mark.parametrize("key", ["#", "5", ""])
def test_a_message_is_saved(key: str) -> None:
    """By '#', by any other key, or by doing nothing for five seconds."""
    stage = reviewed()
    if key:
        stage.endpoint("a").press(key)
    else:
        stage.clock.advance(1)
        stage.clock.advance(5)
    saved(stage, 9.8)


def test_the_caller_hears_his_message_first() -> None:
    """2: exactly what will be saved; then he is asked again, and may cut it short by the next key."""
    stage = reviewed()
    stage.endpoint("a").press("2")
    assert stage.endpoint("a").asked[-1] == Asked("play-back", 9.8)
    stage.clock.advance(9.8)
    assert stage.endpoint("a").playing == ("message-review",)
    stage.endpoint("a").press("2")
    stage.clock.advance(3)
    stage.endpoint("a").press("#")
    saved(stage, 9.8)
    assert stage.steps().count("message-heard") == 2


def test_the_caller_says_it_again() -> None:
    """1 or *, also while he hears it: the later message is the one that is kept."""
    stage = reviewed()
    stage.endpoint("a").press("2")
    stage.clock.advance(2)
    stage.endpoint("a").press("1")
    assert stage.endpoint("a").playing == ("beep",)
    stage.clock.advance(1)
    speak(stage, 4)
    stage.endpoint("a").press("#")
    saved(stage, 9.8, 3.8)


@pytest.mark.parametrize("when", ["menu", "beep", "again"])
def test_who_hangs_up_has_left_what_he_said_last(when: str) -> None:
    """While he is asked, before he speaks again, or having said nothing then."""
    stage = a_box(REVIEWED)
    caller = after_the_tone(stage)
    speak(stage, 10)
    if when != "menu":
        stage.endpoint("a").press("1")
    if when == "again":
        stage.clock.advance(1)
        stage.clock.advance(2)
    caller.peer_hangs_up()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.MESSAGE_LEFT, HungUpBy.CALLER)
    assert fold(stage.journal.events).message_ms == 9800


def test_nobody_listens_for_ever() -> None:
    """After five times it is saved."""
    stage = reviewed()
    for _ in range(5):
        stage.endpoint("a").press("2")
    stage.clock.advance(9.8)
    saved(stage, 9.8)
