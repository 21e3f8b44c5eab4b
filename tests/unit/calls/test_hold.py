"""Hold: by the agent's phone, by star code, by the caller; docs/call-flows/hold.md."""

from __future__ import annotations

import gc
import weakref

from tests.unit.calls.talks import MUSIC, TalkStage

HELD = MUSIC[:8]


def test_the_agent_keys_star_4() -> None:
    """The caller hears music and the agent nothing, until *4 again; the caller hears no keys."""
    stage = TalkStage()
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.key("*4")
    assert stage.hears() == {"a": HELD, "b1": ""}
    assert stage.live().state == "held"
    stage.key("*4")
    assert stage.hears() == {"a": "b1", "b1": "a"}
    assert stage.live().state == "talking"
    assert stage.endpoint("a").keys == ""
    stage.caller.peer_hangs_up()
    assert stage.parts() == ["b1 talk", "b1 hold", "b1 talk"]
    assert stage.record().outcome == "answered"


def test_keys_that_are_no_code_reach_the_caller() -> None:
    """At once, or when it is clear that no code comes."""
    stage = TalkStage()
    stage.key("5")
    assert stage.endpoint("a").keys == "5"
    stage.key("*")
    assert stage.endpoint("a").keys == "5"
    stage.clock.advance(4)
    assert stage.endpoint("a").keys == "5*"
    stage.key("*9")
    assert stage.endpoint("a").keys == "5**9"
    stage.caller.peer_hangs_up()
    stage.end()


def test_keys_by_info_are_star_codes_as_well() -> None:
    """And the caller gets what is none."""
    stage = TalkStage()
    stage.leg("b1").peer_keys("*47")
    assert stage.hears()["a"] == HELD
    assert stage.endpoint("a").keys == ""
    stage.leg("b1").peer_keys("*47")
    assert stage.endpoint("a").keys == "7"
    stage.caller.peer_hangs_up()
    stage.end()


def test_the_caller_has_no_star_codes() -> None:
    """His keys go to the agent as they are."""
    stage = TalkStage()
    stage.caller.peer_keys("*18002#*4")
    stage.key("*4", "a")
    assert stage.hears() == {"a": "b1", "b1": "a"}
    assert stage.endpoint("b1").keys == "*18002#*4"
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    stage.end()


def test_in_band_keys_are_listened_for_and_withheld() -> None:
    """From the agent's leg only."""
    stage = TalkStage()
    assert stage.endpoint("b1").listening
    assert stage.endpoint("b1").withholding
    assert not stage.endpoint("a").withholding
    stage.caller.peer_hangs_up()
    stage.end()


def test_the_agents_phone_holds() -> None:
    """re-INVITE sendonly: the caller hears music until sendrecv comes."""
    stage = TalkStage()
    stage.holds("b1")
    assert stage.hears() == {"a": HELD, "b1": ""}
    stage.holds("b1", False)
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    assert stage.parts() == ["b1 talk", "b1 hold", "b1 talk"]
    assert stage.steps().count("hold") == 1
    stage.end()


def test_the_caller_holds() -> None:
    """The agent hears music; the record says who held."""
    stage = TalkStage()
    stage.holds("a")
    assert stage.hears() == {"a": "", "b1": HELD}
    stage.holds("a", False)
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    record = stage.record()
    assert [(each.leg, each.part) for each in record.participants] == [("a", "hold"), ("b1", "talk")]


def test_a_phone_that_sends_nothing_while_it_holds_is_not_lost() -> None:
    """Most phones are silent then; once it has taken the call back it must send again."""
    for leg in ("a", "b1"):
        stage = TalkStage()
        stage.holds(leg)
        stage.endpoint(leg).die()
        stage.holds(leg, False)
        assert stage.hears() == {"a": "b1", "b1": "a"}
        stage.endpoint(leg).die()
        assert stage.end().outcome == "media-lost"


def test_talk_time_goes_on_through_hold() -> None:
    """Hold is part of the talk; the record tells how long it was."""
    stage = TalkStage()
    stage.clock.advance(10)
    stage.key("*4")
    stage.clock.advance(20)
    stage.key("*4")
    stage.clock.advance(5)
    stage.leg("b1").peer_hangs_up()
    record = stage.record()
    assert record.talk_ms == 35000
    assert [(each.part, each.until_ms - each.from_ms) for each in record.participants] == [
        ("talk", 10000),
        ("hold", 20000),
        ("talk", 5000),
    ]


def test_the_box_has_music_for_tenants_without() -> None:
    """The shipped one, or what the operator has put in its place."""
    stage = TalkStage(music=None)
    stage.box_music("s" * 64)
    stage.key("*4")
    assert stage.hears()["a"] == "s" * 8
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_caller_on_hold_hangs_up() -> None:
    """Nothing is left."""
    stage = TalkStage()
    stage.key("*4")
    stage.caller.peer_hangs_up()
    assert stage.end().outcome == "answered"
    assert stage.end().by == "caller"


def test_an_agent_hangs_up_on_a_caller_on_hold() -> None:
    """The call ends."""
    stage = TalkStage()
    stage.key("*4")
    stage.leg("b1").peer_hangs_up()
    assert stage.end().by == "answerer"


def test_a_code_that_is_not_complete_when_the_call_ends() -> None:
    """No timer is left."""
    stage = TalkStage()
    stage.key("*180")
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_talk_is_freed_at_once() -> None:
    """Without waiting for the garbage collector, as everything of a call."""
    gc.disable()
    try:
        stage = TalkStage()
        talk = weakref.ref(stage.live().talk)
        assert talk() is not None
        stage.key("*28002#")
        stage.answer("b2")
        stage.key("*3")
        stage.caller.peer_hangs_up()
        assert talk() is None
    finally:
        gc.enable()
