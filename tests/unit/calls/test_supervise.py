"""Supervision: listen, whisper, barge in, take down; docs/call-flows/supervise.md."""

from __future__ import annotations

import pytest

from b2bua.calls.in_call import InCall
from b2bua.calls.refusal import NoG711, NotPossible
from b2bua.sdp import G722
from tests.twins.stage import sdp
from tests.unit.calls.talks import MUSIC, TalkStage


def supervise(stage: TalkStage, mode: str, extension: str = "8009") -> None:
    """Let root have an extension supervise the call."""
    InCall(stage.switchboard.calls).supervise(stage.live().id, extension, mode, "root")


@pytest.mark.parametrize(
    ("mode", "heard"),
    [
        ("listen", {"a": "b1", "b1": "a", "b2": "a b1"}),
        ("whisper", {"a": "b1", "b1": "a b2", "b2": "a b1"}),
        ("barge", {"a": "b1 b2", "b1": "a b2", "b2": "a b1"}),
    ],
)
def test_who_hears_whom(mode: str, heard: dict[str, str]) -> None:
    """Caller a, agent b1, supervisor b2; the record tells who, how and when."""
    stage = TalkStage()
    supervise(stage, mode)
    assert stage.rings() == ["8009"]
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.clock.advance(3)
    stage.answer("b2")
    assert stage.hears() == heard
    stage.clock.advance(5)
    stage.leg("b2").peer_hangs_up()
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    record = stage.record()
    (supervisor,) = [each for each in record.participants if each.leg == "b2"]
    assert (supervisor.who, supervisor.part, supervisor.from_ms, supervisor.until_ms) == (
        "8009",
        mode,
        3000,
        8000,
    )
    trail = [moment.detail for moment in record.timeline if "supervise" in moment.detail]
    assert trail == [f"supervise {mode} 8009 {what} by root" for what in ("asked", "begins", "ends")]
    assert record.answered_by == "8001"


def test_a_supervisor_changes_how_he_takes_part() -> None:
    """Without being rung again."""
    stage = TalkStage()
    supervise(stage, "listen")
    stage.answer("b2")
    supervise(stage, "barge")
    assert stage.hears() == {"a": "b1 b2", "b1": "a b2", "b2": "a b1"}
    supervise(stage, "listen")
    assert stage.hears() == {"a": "b1", "b1": "a", "b2": "a b1"}
    stage.leg("b1").peer_hangs_up()
    assert stage.leg("b2").over
    assert [part for part in stage.parts() if "b2" in part] == ["b2 listen", "b2 barge", "b2 listen"]
    stage.end()


def test_a_supervisor_stays_through_hold_consultation_and_transfer() -> None:
    """He hears whoever talks."""
    stage = TalkStage()
    supervise(stage, "listen")
    stage.answer("b2")
    stage.key("*4")
    assert stage.hears() == {"a": MUSIC[:8], "b1": "", "b2": "a b1"}
    stage.key("*4")
    stage.key("*28002#")
    stage.answer("b3")
    assert stage.hears() == {"a": MUSIC[:8], "b1": "b3", "b3": "b1", "b2": "a b1 b3"}
    stage.key("*2")
    assert stage.hears() == {"a": "b3", "b3": "a", "b2": "a b3"}
    stage.key("*18001#", "b3")
    assert stage.hears() == {"a": "ringback", "b2": "a"}
    stage.answer("b4")
    assert stage.hears() == {"a": "b4", "b4": "a", "b2": "a b4"}
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_supervisor_who_does_not_answer() -> None:
    """Nothing changes; the record says so."""
    stage = TalkStage()
    supervise(stage, "whisper")
    stage.clock.advance(30)
    assert stage.leg("b2").over
    assert "supervise-failed" in stage.steps()
    supervise(stage, "whisper")
    stage.caller.peer_hangs_up()
    assert stage.leg("b3").over
    stage.end()


def test_two_supervisors_do_not_hear_each_other() -> None:
    """Unless one barges in; a third one is too many."""
    stage = TalkStage()
    supervise(stage, "listen")
    stage.answer("b2")
    supervise(stage, "whisper", "8002")
    stage.answer("b3")
    assert stage.hears() == {"a": "b1", "b1": "a b3", "b2": "a b1", "b3": "a b1"}
    supervise(stage, "barge", "8002")
    assert stage.hears() == {"a": "b1 b3", "b1": "a b3", "b2": "a b1 b3", "b3": "a b1"}
    stage.caller.peer_hangs_up()
    stage.end()


def test_a_supervisor_falls_silent_or_cannot_be_heard() -> None:
    """He is let go, the talk goes on."""
    stage = TalkStage()
    supervise(stage, "listen")
    stage.answer("b2")
    stage.endpoint("b2").die()
    assert stage.leg("b2").over
    assert stage.hears() == {"a": "b1", "b1": "a"}
    stage.caller.peer_hangs_up()
    stage.end()


def test_what_cannot_be_mixed_is_not_supervised() -> None:
    """Two phones that speak G.722 with each other."""
    stage = TalkStage()
    stage.leg("b1").peer_reoffers(sdp(port=41002))
    negotiation = stage.live().talk.agent.negotiation  # type: ignore[union-attr]
    assert negotiation.codec == "PCMA"
    negotiation.remote = negotiation.remote.__class__("127.0.0.2", 4000, G722.name, 9)  # type: ignore[union-attr]
    with pytest.raises(NoG711):
        supervise(stage, "listen")
    assert stage.rings() == []
    stage.caller.peer_hangs_up()
    stage.end()


def test_there_must_be_a_talk() -> None:
    """While a phone rings there is nothing to listen to."""
    stage = TalkStage()
    stage.caller.peer_hangs_up()
    ringing = stage.call()
    with pytest.raises(NotPossible):
        supervise(stage, "listen")
    ringing.peer_cancels()
