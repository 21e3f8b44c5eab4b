"""Whatever happens in a talk, in whatever order: nobody hears what he must not, and nothing is left.

A model of chance: agents press codes, phones answer, refuse, hold, refer, hang up, supervisors come and go.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from b2bua.calls.in_call import InCall
from b2bua.calls.refusal import NotPossible
from b2bua.recorder.timeline import course
from storage.journal.events import Ended, Event, Started
from storage.records.fold import fold
from tests.twins.legs import MemoryInboundLeg, MemoryOutboundLeg
from tests.twins.stage import an_invitation, sdp
from tests.unit.calls.talks import TalkStage

CODES = ("*18002#", "*28002#", "*28009#", "*2", "*0", "*3", "*4", "5", "*", "*1", "#", "*19001#")
EXTENSIONS = ("8001", "8002", "8009", "9001")
HEARD_BY_CALLER = {"talk", "barge"}


class Life:
    """One call and everything that may happen to it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.stage = TalkStage(no_answer_seconds=15.0, busy_tone_seconds=2.0)
        self.first = self.stage.live()
        self.lines: list[MemoryInboundLeg] = []
        self.phones: dict[str, MemoryInboundLeg] = {}
        """Phones that took somebody's place, by the leg they are."""
        self.story: list[str] = []

    def up(self) -> list[MemoryOutboundLeg]:
        return [leg for leg in self.stage.dialler.legs if leg.up]

    def ringing(self) -> list[MemoryOutboundLeg]:
        return [leg for leg in self.stage.dialler.legs if not leg.up and not leg.over]

    def step(self) -> None:
        """Let one thing happen."""
        happenings: list[Callable[[], object]] = [
            self.keys, self.keys, self.answers, self.answers, self.refuses, self.hangs_up, self.holds,
            self.supervises, self.waits, self.refers, self.second_line, self.line_ends, self.operator,
            self.falls_silent, self.picks_up, self.phone_ends,
        ]  # fmt: skip
        happening = self.chance.choice(happenings)
        self.story.append(happening.__name__)  # type: ignore[attr-defined]
        happening()

    def some(self, legs: list[MemoryOutboundLeg]) -> MemoryOutboundLeg | None:
        return self.chance.choice(legs) if legs else None

    def keys(self) -> None:
        leg = self.some(self.up())
        if leg is not None:
            code = self.chance.choice(CODES)
            self.story.append(f"{leg.id} {code}")
            for key in code:
                self.stage.endpoint(leg.id).press(key)

    def answers(self) -> None:
        leg = self.some(self.ringing())
        if leg is not None:
            leg.peer_answers(sdp(port=41000 + 2 * int(leg.id[1:])))

    def refuses(self) -> None:
        leg = self.some(self.ringing())
        if leg is not None:
            leg.peer_refuses(self.chance.choice((486, 480, 603, 503)))

    def hangs_up(self) -> None:
        leg = self.some(self.up())
        if leg is not None and self.chance.random() < 0.4:
            leg.peer_hangs_up()

    def holds(self) -> None:
        legs = ["a", *(leg.id for leg in self.up())]
        if not self.stage.caller.over:
            self.stage.holds(self.chance.choice(legs), self.chance.random() < 0.5)

    def supervises(self) -> None:
        mode = self.chance.choice(("listen", "whisper", "barge"))
        self.wish(
            lambda wishes: wishes.supervise(self.first.id, self.chance.choice(("8009", "8002")), mode, "x")
        )

    def operator(self) -> None:
        wish = self.chance.choice(("hold", "resume"))
        self.wish(lambda wishes: getattr(wishes, wish)(self.first.id, "x"))

    def wish(self, ask: Callable[[InCall], object]) -> None:
        try:
            ask(InCall(self.stage.switchboard.calls))
        except NotPossible:
            self.story.append("refused")

    def waits(self) -> None:
        self.stage.clock.advance(self.chance.choice((1, 4, 16)))

    def refers(self) -> None:
        leg = self.some(self.up())
        if leg is not None:
            others = [None, *self.lines, *self.up()]
            leg.peer_refers(self.chance.choice(("8002", "9001")), replaces=self.chance.choice(others))

    def second_line(self) -> None:
        if len(self.lines) < 3:
            line = MemoryInboundLeg(
                an_invitation("8002", offer=sdp(port=45000), trunk=None, extension="8001"), self.stage.log
            )
            self.lines.append(line)
            self.stage.switchboard.arrive(line)

    def line_ends(self) -> None:
        for line in self.lines:
            if not line.over:
                line.peer_hangs_up() if line.up else line.peer_cancels()

    def falls_silent(self) -> None:
        leg = self.some(self.up())
        if leg is not None and self.chance.random() < 0.2:
            self.stage.endpoint(leg.id).die()

    def picks_up(self) -> None:
        leg = self.some(self.up() + self.ringing())
        if leg is not None and self.chance.random() < 0.4:
            phone = MemoryInboundLeg(
                an_invitation(
                    "x", offer=sdp(port=46000), trunk=None, extension=self.chance.choice(EXTENSIONS)
                ),
                self.stage.log,
            )
            phone.replaces = leg
            self.stage.switchboard.arrive(phone)
            if phone.up:
                self.phones[self.stage.media.endpoints[-1].leg] = phone

    def phone_ends(self) -> None:
        phone = self.chance.choice([*self.phones.values(), None])
        if phone is not None and phone.up and self.chance.random() < 0.4:
            phone.peer_hangs_up()

    def check(self) -> None:
        """Nobody hears what he must not."""
        stage = self.stage
        assert stage.switchboard.counts.faults == 0
        talk = self.first.talk
        if talk is None:
            return
        parts = {leg: part for leg, part in talk._parts.items() if part}
        up = {leg.id for leg in self.up()} | {leg for leg, phone in self.phones.items() if phone.up}
        for leg in ("a", *up):
            heard = stage.endpoint(leg).hears()
            assert leg not in heard
            for other in heard - {"a", "second"}:
                part = parts.get(other, "")
                told = f"{leg}, {parts.get(leg)}, hears {other}, {part}"
                assert other in up, f"{leg} hears {other}, who has left"
                assert leg != "a" or part in HEARD_BY_CALLER, told
                assert part != "listen", told
                assert part != "whisper" or parts.get(leg) not in ("listen", "whisper", "barge"), told
            if "a" in heard:
                assert parts[leg] not in ("hold", "consult"), f"{leg}, {parts[leg]}, hears a caller on hold"


@pytest.mark.parametrize("block", range(8))
def test_any_course_of_a_talk(block: int) -> None:
    """120 talks of up to 40 happenings in each block; each is over without a trace when the caller leaves."""
    for seed in range(block * 120, block * 120 + 120):
        life = Life(seed)
        try:
            live(life)
        except BaseException:
            print(seed, life.story)
            raise


def live(life: Life) -> None:
    """Live one call to its end and look at what it leaves."""
    stage = life.stage
    for _ in range(life.chance.randrange(5, 40)):
        if stage.caller.over:
            break
        life.step()
        life.check()
    if not stage.caller.over:
        stage.caller.peer_hangs_up()
    life.line_ends()
    stage.clock.advance(40)
    assert not stage.switchboard.calls
    assert not stage.media.open_endpoints()
    assert not stage.clock.pending()
    assert all(leg.over for leg in stage.dialler.legs)
    assert all(line.over for line in (*life.lines, *life.phones.values()))
    assert stage.endpoint("a").keys.strip("5*1#0243") == ""
    calls = [event.call for event in stage.journal.of(Started)]
    assert len(stage.journal.of(Ended)) == len(calls)
    events: list[Event] = [event for event in stage.journal.events if getattr(event, "call", "") == calls[0]]
    record = fold(events)
    assert record.answered_by
    assert 0 <= record.talk_ms <= record.access_ms
    ends: dict[str, int] = {}
    for each in sorted(record.participants, key=lambda each: (each.leg, each.from_ms, each.until_ms)):
        assert ends.get(each.leg, 0) <= each.from_ms <= each.until_ms <= record.end_ms
        ends[each.leg] = each.until_ms
    spans = course(events).spans
    kept = {each.leg for each in record.participants if each.part in HEARD_BY_CALLER}
    assert {span.leg for span in spans} <= kept
