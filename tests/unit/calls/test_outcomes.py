"""Every way a call can end: its end reason in the record, its SIP answer or announcement."""

from __future__ import annotations

import msgspec
import pytest
from twisted.internet.defer import Deferred

from b2bua.calls.ports import LegEnd
from b2bua.sdp import G729
from domain.outcomes import VERDICTS, HungUpBy, Outcome
from domain.snapshot import (
    BoundNumber,
    BoxSnapshot,
    NumberPlan,
    TenantSnapshot,
    TenantState,
    TrunkSnapshot,
)
from storage.journal.events import LegEnded, Started
from tests.twins.directory import SHIPPED
from tests.twins.legs import MemoryInboundLeg
from tests.twins.stage import NUMBER, TARGETS, Stage, a_plan, an_invitation, sdp

WELCOME = "11" * 32
PROMPT = "44" * 32
PACKS = {"lady": {"busy": "lady-busy"}, "boy": {"busy": "boy-busy"}}


def outcome(stage: Stage) -> Outcome:
    """Return how the only call ended, after checking that nothing is left of it."""
    return Outcome(stage.end().outcome)


def refusal(stage: Stage, caller: MemoryInboundLeg, wanted: Outcome) -> None:
    """Check the SIP answer and the record of a call that was refused."""
    verdict = VERDICTS[wanted]
    assert caller.final == (verdict.sip_status, verdict.sip_reason)
    assert outcome(stage) is wanted
    ended = stage.end()
    assert (ended.sip_status, ended.by) == (verdict.sip_status, HungUpBy.BOX)
    assert stage.journal.of(LegEnded)[-1].leg == "a"


def test_answered() -> None:
    """Somebody picked up."""
    stage = Stage()
    caller = stage.call()
    stage.leg("b1").peer_answers(sdp())
    caller.peer_hangs_up()
    assert outcome(stage) is Outcome.ANSWERED


def test_busy_everywhere() -> None:
    """486 to the caller."""
    stage = Stage(a_plan(*TARGETS[:2]))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    stage.leg("b2").peer_refuses(486)
    refusal(stage, caller, Outcome.BUSY)


def test_busy_everywhere_after_the_answer_sounds_busy_tone() -> None:
    """Whoever was greeted already hears busy tone and gets a BYE."""
    stage = Stage(a_plan(welcome=WELCOME, busy_tone_seconds=3))
    stage.call()
    stage.clock.advance(1)
    stage.leg("b1").peer_refuses(486)
    assert stage.endpoint("a").playing == ("busy",)
    stage.clock.advance(3)
    assert stage.sent()[-1] == "a BYE"
    ended = stage.end()
    assert (ended.outcome, ended.sip_status) == (Outcome.BUSY, 200)


def test_busy_everywhere_is_announced_where_there_is_a_prompt() -> None:
    """In early media: the caller pays nothing for it."""
    stage = Stage(box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), system_prompts={"busy": PROMPT}))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    assert stage.endpoint("a").playing == (PROMPT,)
    assert stage.sent()[-1] == "a 183"
    stage.clock.advance(1)
    refusal(stage, caller, Outcome.BUSY)


@pytest.mark.parametrize(
    ("box", "tenant_pack", "played"),
    [
        (BoxSnapshot(), "", "busy"),
        (BoxSnapshot(prompt_pack="lady", prompt_packs=PACKS), "", "lady-busy"),
        (BoxSnapshot(prompt_pack="lady", prompt_packs=PACKS), "boy", "boy-busy"),
        (BoxSnapshot(announcements=False), "", None),
    ],
)
def test_the_reason_is_told_in_the_tenants_voice(
    box: BoxSnapshot, tenant_pack: str, played: str | None
) -> None:
    """The shipped voice unless another was chosen; nothing where the operator wants no announcements."""
    box = msgspec.structs.replace(box, trunks=(TrunkSnapshot(name="carrier-a"),))
    plan = a_plan()
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,), prompt_pack=tenant_pack)
    stage = Stage(plan, tenant=tenant, box=box, shipped=SHIPPED)
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    if played is not None:
        assert stage.endpoint("a").playing == (played,)
        stage.clock.advance(1)
    refusal(stage, caller, Outcome.BUSY)


def test_a_flood_of_wrong_numbers_takes_a_tenth_of_the_lines() -> None:
    """The others are refused at once, so that real callers find a line; told again when it is over."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), max_calls=30)
    stage = Stage(box=box, shipped=SHIPPED, durations={"number-unknown": 5.0})
    callers = [stage.call("4009999999") for _ in range(8)]
    assert [caller.final is None for caller in callers] == [True] * 3 + [False] * 5
    assert stage.steps().count("no-announcement") == 5
    real = stage.call()
    stage.leg("b1").peer_answers(sdp())
    real.peer_hangs_up()
    stage.clock.advance(5)
    assert all(caller.final == (404, "Not Found") for caller in callers)
    again = stage.call("4009999999")
    assert again.final is None
    stage.clock.advance(5)
    assert again.final == (404, "Not Found")


def test_whoever_hangs_up_during_the_announcement_was_told_the_reason() -> None:
    """The record keeps busy, and that the caller hung up."""
    stage = Stage(box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), system_prompts={"busy": PROMPT}))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    caller.peer_cancels()
    ended = stage.end()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.BUSY, HungUpBy.CALLER, 487)


def test_nobody_answers() -> None:
    """480 after the no-answer time of every phone."""
    stage = Stage(a_plan(*TARGETS[:2], no_answer_seconds=20))
    caller = stage.call()
    stage.clock.advance(20)
    stage.clock.advance(20)
    refusal(stage, caller, Outcome.NO_ANSWER)


def test_nobody_answers_while_one_is_busy() -> None:
    """A phone that rang in vain outweighs a busy one."""
    stage = Stage(a_plan(*TARGETS[:2], no_answer_seconds=20))
    caller = stage.call()
    stage.leg("b1").peer_refuses(486)
    stage.clock.advance(20)
    refusal(stage, caller, Outcome.NO_ANSWER)


def test_the_caller_gives_up_in_the_welcome() -> None:
    """He was answered, so it is a BYE."""
    stage = Stage(a_plan(welcome=WELCOME))
    stage.call().peer_hangs_up()
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.GAVE_UP_WELCOME, HungUpBy.CALLER)
    assert ended.sip_status == 200


def test_the_caller_gives_up_while_phones_ring() -> None:
    """CANCEL: the phones stop, and nothing else is sent to him."""
    stage = Stage()
    caller = stage.call()
    stage.leg("b1").peer_progresses(180)
    caller.peer_cancels()
    assert stage.sent() == [f"b1 INVITE {TARGETS[0]}", "a 180", "b1 CANCEL"]
    ended = stage.end()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.GAVE_UP_RINGING, HungUpBy.CALLER, 487)


def test_the_caller_gives_up_before_anything_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The media worker has not even given a port."""
    stage = Stage()
    waiting: list[Deferred[object]] = []

    def slow(*_: object, **__: object) -> Deferred[object]:
        waiting.append(Deferred())
        return waiting[-1]

    monkeypatch.setattr(stage.media, "open", slow)
    caller = stage.call()
    assert waiting
    caller.peer_cancels()
    assert outcome(stage) is Outcome.GAVE_UP_EARLY


def test_an_unknown_number() -> None:
    """404, with a record that belongs to no tenant."""
    stage = Stage()
    caller = stage.call("4009999999")
    refusal(stage, caller, Outcome.NUMBER_UNKNOWN)
    (started,) = stage.journal.of(Started)
    assert (started.called, started.tenant, started.number) == ("4009999999", None, None)


def test_an_unknown_number_is_announced_where_there_is_a_prompt() -> None:
    """ "The number you dialled is not in service", unanswered and unrecorded."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), system_prompts={"number-unknown": PROMPT})
    stage = Stage(box=box)
    caller = stage.call("4009999999")
    assert stage.endpoint("a").playing == (PROMPT,)
    assert not stage.endpoint("a").spooled
    stage.clock.advance(1)
    assert caller.final == (404, "Not Found")
    assert "spool" not in stage.journal.tags()
    assert outcome(stage) is Outcome.NUMBER_UNKNOWN


def test_nothing_bound() -> None:
    """A number whose phones are all switched off."""
    plan = NumberPlan(number=NUMBER, bound=(BoundNumber(number=TARGETS[0], enabled=False),))
    stage = Stage(plan)
    refusal(stage, stage.call(), Outcome.NOTHING_BOUND)


def test_a_suspended_tenant() -> None:
    """欠费停机: 403."""
    plan = a_plan()
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(plan,), state=TenantState.SUSPENDED)
    stage = Stage(plan, tenant=tenant)
    refusal(stage, stage.call(), Outcome.SUSPENDED)


def test_a_suspended_number() -> None:
    """One number of an active tenant."""
    stage = Stage(a_plan(active=False))
    refusal(stage, stage.call(), Outcome.SUSPENDED)


def test_a_number_in_arrears() -> None:
    """欠费停机 of one number: its own end reason."""
    plan = a_plan()
    halted = {NUMBER: Outcome.NUMBER_IN_ARREARS}
    stage = Stage(plan, tenant=TenantSnapshot(id="acme", name="Acme", numbers=(plan,), halted=halted))
    refusal(stage, stage.call(), Outcome.NUMBER_IN_ARREARS)


def test_a_number_that_was_reclaimed() -> None:
    """Nobody has it any more: 410, not a number that never was."""
    stage = Stage(a_plan())
    box = msgspec.structs.replace(stage.directory.box, reclaimed=("4009990000",))
    stage.directory.box = box
    refusal(stage, stage.call(called="4009990000"), Outcome.NUMBER_RECLAIMED)


def test_over_the_tenants_limit() -> None:
    """The call before goes on; after its end there is room again."""
    plan = a_plan()
    stage = Stage(plan, tenant=TenantSnapshot(id="acme", name="Acme", numbers=(plan,), max_calls=1))
    first = stage.call()
    second = stage.call()
    assert second.final == (486, "Busy Here")
    assert first.final is None
    first.peer_cancels()
    third = stage.call()
    assert third.final is None
    third.peer_cancels()


def test_over_the_trunks_channels() -> None:
    """503, so that the carrier tries another way in."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a", channels=1),))
    stage = Stage(box=box)
    first = stage.call()
    second = stage.call()
    assert second.final == (503, "Service Unavailable")
    first.peer_cancels()


def test_over_the_trunks_rate() -> None:
    """So many new calls a second and no more; a second later it goes on."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a", calls_per_second=2),))
    stage = Stage(box=box)
    calls = [stage.call() for _ in range(3)]
    assert [call.final for call in calls] == [None, None, (503, "Service Unavailable")]
    stage.clock.advance(0.5)
    late = stage.call()
    assert late.final is None
    for call in (*calls[:2], late):
        call.peer_cancels()


def test_over_the_boxs_limit() -> None:
    """No more than the box is made for."""
    stage = Stage(box=BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a"),), max_calls=1))
    first = stage.call()
    assert stage.call().final == (503, "Service Unavailable")
    first.peer_cancels()


def test_no_media_port_is_free() -> None:
    """The same answer as over the box's limit."""
    stage = Stage()
    stage.media.full = True
    refusal(stage, stage.call(), Outcome.OVER_BOX_LIMIT)


def test_every_outbound_trunk_is_down() -> None:
    """503 to the caller."""
    stage = Stage()
    stage.dialler.down = {"carrier-a", "carrier-b"}
    refusal(stage, stage.call(), Outcome.TRUNK_DOWN)


def test_the_target_refuses() -> None:
    """Declined, not found: not busy and not silent."""
    stage = Stage()
    caller = stage.call()
    stage.leg("b1").peer_refuses(603)
    refusal(stage, caller, Outcome.REFUSED_BY_TARGET)


@pytest.mark.parametrize("leg", ["a", "b1"])
def test_audio_is_lost(leg: str) -> None:
    """Nothing arrives for the dead-media time: both legs get a BYE."""
    stage = Stage()
    stage.call()
    stage.leg("b1").peer_answers(sdp())
    stage.endpoint(leg).die()
    assert set(stage.sent()[-2:]) == {"a BYE", "b1 BYE"}
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.MEDIA_LOST, HungUpBy.BOX)


def test_no_codec_in_common() -> None:
    """488."""
    stage = Stage()
    refusal(stage, stage.call(offer=sdp(40000, G729)), Outcome.NO_COMMON_CODEC)


def test_a_bad_request_that_the_stack_refused() -> None:
    """It leaves a record as well."""
    stage = Stage()
    stage.switchboard.refused(an_invitation(), 420, "Bad Extension")
    ended = stage.end()
    assert (ended.outcome, ended.sip_status) == (Outcome.BAD_REQUEST, 420)
    assert stage.journal.tags() == ["start", "leg-end", "end"]


def test_an_operator_takes_the_call_down() -> None:
    """Both legs get a BYE; who did it is in the record."""
    stage = Stage()
    stage.call()
    stage.leg("b1").peer_answers(sdp())
    assert stage.switchboard.take_down(stage.live().id)
    assert not stage.switchboard.take_down("no such call")
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.CUT_BY_OPERATOR, HungUpBy.BOX)
    assert set(stage.sent()[-2:]) == {"a BYE", "b1 BYE"}


def test_the_box_is_shut_down() -> None:
    """Calls in progress end with BYE, new ones get 503, and all have a record."""
    stage = Stage()
    talking = stage.call()
    stage.leg("b1").peer_answers(sdp())
    ringing = stage.call()
    emptied: list[None] = []
    stage.switchboard.drain().addCallback(emptied.append)
    assert emptied == [None]
    assert talking.over
    assert ringing.final == (503, "Service Unavailable")
    assert stage.call().final == (503, "Service Unavailable")
    assert [end.outcome for end in stage.journal.events if hasattr(end, "outcome")] == [Outcome.SHUTDOWN] * 3


def test_our_own_mistake_ends_that_call_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """500, a record, a log line with the call's id, a count."""
    stage = Stage()
    healthy = stage.call()
    stage.leg("b1").peer_answers(sdp())

    def broken(*_: object) -> object:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(stage.dialler, "dial", broken)
    hurt = stage.call()
    assert hurt.final == (500, "Server Internal Error")
    assert healthy.up
    assert stage.switchboard.counts.faults == 1
    assert not [each for each in stage.media.open_endpoints() if each.call != stage.live().id]
    healthy.peer_hangs_up()
    assert [end.outcome for end in stage.journal.events if hasattr(end, "outcome")] == [
        Outcome.INTERNAL_ERROR,
        Outcome.ANSWERED,
    ]


def test_a_call_that_cannot_be_journalled_is_not_connected() -> None:
    """Those up go on; a new one would be lost to the record."""
    stage = Stage()
    before = stage.call()
    stage.journal.failing = True
    assert stage.call().final == (500, "Server Internal Error")
    stage.leg("b1").peer_answers(sdp())
    assert before.up
    before.peer_hangs_up()


def test_every_outcome_has_its_words_and_its_sip_answer() -> None:
    """One table for record, wire and people."""
    assert set(VERDICTS) == set(Outcome)
    for verdict in VERDICTS.values():
        assert verdict.zh
        assert verdict.en
        assert 200 <= verdict.sip_status < 700


def test_a_trunks_channels_are_shared_by_calls_in_and_out() -> None:
    """What goes out by the trunk counts too."""
    from b2bua.calls.admission import Admission
    from tests.twins.directory import MemoryDirectory

    directory = MemoryDirectory(
        BoxSnapshot(trunks=(TrunkSnapshot(name="carrier-a", channels=2),)),
        TenantSnapshot(id="acme", name="Acme", numbers=(a_plan(),)),
    )
    admission = Admission(lambda trunk: 1)
    assert admission.ask(directory, an_invitation(), 0.0).refusal is None
    admission.enter("acme", "carrier-a")
    assert admission.ask(directory, an_invitation(), 0.0).refusal is Outcome.OVER_TRUNK_LIMIT
    admission.leave("acme", "carrier-a")
    assert admission.ask(directory, an_invitation(), 0.0).refusal is None


@pytest.mark.parametrize("where", ["reoffer", "key", "progress"])
def test_our_own_mistake_in_a_callback_ends_that_call_too(
    where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the stack calls is part of the call's flow."""
    stage = Stage()
    caller = stage.call()
    leg = stage.leg("b1")
    if where != "progress":
        leg.peer_answers(sdp())

    def broken(*_: object) -> object:
        raise RuntimeError("a mistake")

    endpoint = stage.endpoint("a") if where == "reoffer" else stage.media
    if where == "reoffer":
        monkeypatch.setattr(endpoint, "connect", broken)
        assert caller.peer_reoffers(sdp(40002, version=2)) is None
    elif where == "key":
        monkeypatch.setattr(stage.endpoint("b1"), "send_keys", broken)
        caller.peer_keys("1")
    else:
        monkeypatch.setattr(caller, "ring", broken)
        leg.peer_progresses(180)
    assert outcome(stage) is Outcome.INTERNAL_ERROR


def test_a_caller_who_left_before_his_call_was_taken_in_costs_no_port() -> None:
    """His CANCEL was faster than we."""
    stage = Stage()
    leg = MemoryInboundLeg(an_invitation(offer=sdp()), stage.log)
    leg.peer_cancels()
    stage.switchboard.arrive(leg)
    assert outcome(stage) is Outcome.GAVE_UP_EARLY


@pytest.mark.parametrize(
    ("status", "expected"), [(0, Outcome.GAVE_UP_RINGING), (488, Outcome.NO_COMMON_CODEC)]
)
def test_a_callers_leg_that_the_box_itself_ended(status: int, expected: Outcome) -> None:
    """His session ran out, or he owed the answer to a late offer: nobody hung up but the box."""
    stage = Stage()
    stage.call().ended.callback(LegEnd(by_peer=False, status=status, reason="SIP;cause=408"))
    assert outcome(stage) is expected
    assert stage.end().by == "box"


def test_a_callees_leg_that_the_box_itself_ended() -> None:
    """The session of who answered ran out."""
    stage = Stage()
    stage.call()
    leg = stage.leg("b1")
    leg.peer_answers(sdp())
    leg.ended.callback(LegEnd(by_peer=False, status=0, reason="SIP;cause=408"))
    assert outcome(stage) is Outcome.ANSWERED
    assert stage.end().by == "box"


def test_our_own_mistake_while_a_call_is_taken_in_ends_it() -> None:
    """A call that has its first line in the journal has its last one, too."""

    class Unwritable(MemoryInboundLeg):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "on_dialog" and value is not None:
                raise RuntimeError("a mistake")
            super().__setattr__(name, value)

    stage = Stage()
    stage.switchboard.arrive(Unwritable(an_invitation(offer=sdp()), stage.log))
    assert outcome(stage) is Outcome.INTERNAL_ERROR
    assert stage.switchboard.calls == {}


def test_a_codec_that_the_other_leg_does_not_speak_is_no_common_codec() -> None:
    """The caller speaks G.722 only, the trunk does not."""
    from b2bua.sdp import G722

    box = BoxSnapshot(
        trunks=(TrunkSnapshot(name="carrier-a", codecs=("PCMA", "G722")), TrunkSnapshot(name="carrier-b"))
    )
    plan = a_plan()
    stage = Stage(
        plan,
        tenant=TenantSnapshot(id="acme", name="Acme", numbers=(plan,), outbound_trunks=("carrier-b",)),
        box=box,
    )
    refusal(stage, stage.call(offer=sdp(40000, G722)), Outcome.NO_COMMON_CODEC)
