"""Supervisors dial in by star code; docs/call-flows/supervise.md."""

from __future__ import annotations

import msgspec
import pytest

from domain.outcomes import Outcome
from storage.journal.events import Ended, Started
from storage.records.fold import fold
from storage.records.record import CallRecord
from storage.records.rows import row_of
from tests.twins.directory import SHIPPED
from tests.twins.legs import MemoryInboundLeg
from tests.unit.calls.talks import TalkStage


class SupervisedStage(TalkStage):
    """A talk of 8001, 工号 66; extension 8009 may supervise, 8002 may not."""

    def __init__(self) -> None:
        super().__init__()
        box = self.directory.box
        phones = tuple(
            msgspec.structs.replace(each, supervisor=each.name in ("8009", "9001")) for each in box.extensions
        )
        self.directory.box = msgspec.structs.replace(box, extensions=phones)
        self.directory.shipped = SHIPPED

    def dials(self, code: str, extension: str = "8009") -> MemoryInboundLeg:
        """Let a phone dial a code."""
        return self.call(code, extension=extension)

    def records(self) -> list[CallRecord]:
        """Return the records of all calls, over by now."""
        assert not self.switchboard.calls
        assert not self.media.open_endpoints()
        calls = [event.call for event in self.journal.of(Started)]
        return [fold([e for e in self.journal.events if getattr(e, "call", "") == call]) for call in calls]


@pytest.mark.parametrize("agent", ["66", "8001"])
@pytest.mark.parametrize(
    ("code", "mode", "heard"),
    [
        ("*55", "listen", {"a": {"b1"}, "b1": {"a"}, "b2": {"a", "b1"}}),
        ("*56", "whisper", {"a": {"b1"}, "b1": {"a", "b2"}, "b2": {"a", "b1"}}),
        ("*57", "barge", {"a": {"b1", "b2"}, "b1": {"a", "b2"}, "b2": {"a", "b1"}}),
    ],
)
def test_a_supervisor_dials_in(code: str, mode: str, heard: dict[str, set[str]], agent: str) -> None:
    """To a job number or an extension; both records say what was done and by whom."""
    stage = SupervisedStage()
    phone = stage.dials(code + agent)
    call = next(iter(stage.switchboard.calls))
    assert phone.up
    assert {leg: stage.media.leg(leg, call).hears() for leg in heard} == heard
    stage.clock.advance(3)
    phone.peer_hangs_up()
    assert {leg: stage.media.leg(leg, call).hears() for leg in ("a", "b1")} == {"a": {"b1"}, "b1": {"a"}}
    stage.caller.peer_hangs_up()
    talk, line = stage.records()
    trail = [moment.detail for moment in talk.timeline if "supervise" in moment.detail]
    assert trail == [
        f"supervise {mode} 8009 {what} by extension 8009" for what in ("asked", "begins", "ends")
    ]
    assert [(each.who, each.part) for each in talk.participants if each.leg == "b2"] == [("8009", mode)]
    assert talk.answered_by == "8001"
    assert (line.direction, line.outcome, line.tenant) == ("supervision", "answered", "acme")
    assert row_of(line).direction == "supervision"


def test_he_is_let_go_with_the_talk() -> None:
    """BYE when the caller has hung up."""
    stage = SupervisedStage()
    phone = stage.dials("*5566")
    stage.caller.peer_hangs_up()
    assert phone.over
    assert [record.hung_up_by for record in stage.records()] == ["caller", "box"]


@pytest.mark.parametrize(
    ("code", "extension", "why"),
    [
        ("*5566", "8002", "this extension may not supervise"),
        ("*5577", "8009", "nobody talks in this call now"),
        ("*5599", "8009", "is no extension, job number"),
        ("*55", "8009", "is no extension, job number"),
        ("*5566", "9001", "is no extension, job number"),
    ],
)
def test_what_is_not_done(code: str, extension: str, why: str) -> None:
    """Not by just any phone, not for who does not talk, never for another tenant: "not done" is said."""
    stage = SupervisedStage()
    phone = stage.dials(code, extension)
    line = list(stage.switchboard.calls)[-1]
    assert phone.up
    assert stage.media.leg("a", line).playing == ("not-done",)
    stage.clock.advance(2)
    assert phone.over
    stage.caller.peer_hangs_up()
    talk, refused = stage.records()
    assert refused.outcome == Outcome.AGENT_CODE
    assert any(why in moment.detail for moment in refused.timeline)
    assert [leg.leg for leg in talk.legs] == ["b1"]
    assert stage.journal.of(Ended)[0].call == refused.id


def test_no_more_than_two_supervise() -> None:
    """And none twice."""
    stage = SupervisedStage()
    phones = [stage.dials("*5566"), stage.dials("*5766")]
    stage.clock.advance(2)
    assert [phone.over for phone in phones] == [False, True]
    stage.caller.peer_hangs_up()
    assert len(stage.records()) == 3
