"""Answering a call to a 400 number, from the INVITE to the record (docs/call-flows/answer-call.md)."""

from __future__ import annotations

from domain.outcomes import HungUpBy, Outcome
from domain.places.place import Place
from domain.snapshot import AnswerPolicy
from storage.journal.events import Answered, Bridged, Key, LegEnded, MediaMeasured, Started
from tests.twins.stage import CALLER, NUMBER, TARGETS, Stage, a_plan, sdp

WELCOME = "11" * 32
NOTICE = "22" * 32
RINGBACK = "33" * 32


def test_the_whole_call_in_order_each_journal_line_before_the_message_it_allows() -> None:
    """A caller dials, a phone rings, somebody picks up, they talk, the caller hangs up."""
    stage = Stage()
    caller = stage.call()
    leg = stage.leg("b1")
    leg.peer_progresses(180)
    leg.peer_answers(sdp(41000))
    stage.clock.advance(30)
    caller.peer_hangs_up()
    assert stage.log == [
        "journal start",
        "journal dial b1",
        "journal dialog b1",
        f"b1 INVITE {TARGETS[0]}",
        "journal dialog b1",
        "journal prog b1",
        "journal dialog a",
        "a 180",
        "journal dialog b1",
        "b1 ACK",
        "journal leg-ans b1",
        "journal answer",
        "journal dialog a",
        "a 200",
        "journal bridge b1",
        "journal leg-end a",
        "journal leg-end b1",
        "b1 BYE",
        "journal media a",
        "journal media b1",
        "journal spool",
        "journal end",
    ]
    ended = stage.end()
    assert (ended.outcome, ended.by, ended.sip_status) == (Outcome.ANSWERED, HungUpBy.CALLER, 200)
    assert ended.mono == 30


def test_the_record_knows_who_called_whom() -> None:
    """The first line tells the caller, the number, the tenant, and that the call is recorded."""
    stage = Stage()
    stage.call().peer_cancels()
    (started,) = stage.journal.of(Started)
    assert (started.caller, started.number, started.tenant) == (CALLER, NUMBER, "acme")
    assert (started.trunk, started.source, started.record) == ("carrier-a", "127.0.0.2:5070", True)
    assert len(started.call) == 26
    assert (started.caller_class, started.caller_header) == ("mobile", "From")
    assert started.place == Place("0991", "新疆", "乌鲁木齐", "移动")


def test_media_is_bridged_with_the_same_codec_on_both_legs() -> None:
    """The leg's offer begins with the codec chosen for the caller, so that nothing is transcoded."""
    from b2bua.sdp import PCMU

    stage = Stage()
    stage.call(offer=sdp(40000, PCMU))
    leg = stage.leg("b1")
    assert [codec.name for codec in leg.offer.media[0].speech] == ["PCMU", "PCMA"]
    leg.peer_answers(sdp(41000, PCMU))
    caller, callee = stage.endpoint("a"), stage.endpoint("b1")
    assert caller.bridged is callee
    assert caller.remote is not None
    assert callee.remote is not None
    assert caller.remote.codec == callee.remote.codec == "PCMU"
    assert (caller.remote.port, callee.remote.port) == (40000, 41000)
    assert caller.record


def test_the_answerer_hangs_up_and_the_caller_gets_a_bye() -> None:
    """Who hung up is in the record."""
    stage = Stage()
    stage.call()
    stage.leg("b1").peer_answers(sdp())
    stage.leg("b1").peer_hangs_up()
    assert stage.sent()[-1] == "a BYE"
    ended = stage.end()
    assert (ended.outcome, ended.by) == (Outcome.ANSWERED, HungUpBy.ANSWERER)
    ends = [(line.leg, line.by_peer) for line in stage.journal.of(LegEnded)]
    assert ends == [("b1", True), ("a", False)]


def test_with_a_welcome_the_caller_is_answered_at_once_and_then_hears_ringback() -> None:
    """Notice, welcome, ringback, in this order; nobody is rung before the welcome is over."""
    plan = a_plan(welcome=WELCOME, recording_notice=NOTICE)
    stage = Stage(plan, durations={WELCOME: 4.0, NOTICE: 2.0})
    stage.call()
    assert stage.sent() == ["a 200"]
    assert stage.endpoint("a").playing == (NOTICE,)
    stage.clock.advance(2)
    assert stage.endpoint("a").playing == (WELCOME,)
    assert not stage.dialler.legs
    stage.clock.advance(4)
    assert stage.endpoint("a").playing == ("ringback",)
    stage.leg("b1").peer_progresses(180)
    stage.leg("b1").peer_answers(sdp())
    assert stage.sent() == ["a 200", f"b1 INVITE {TARGETS[0]}", "b1 ACK"]
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    assert stage.steps() == ["notice", "welcome", "ringback"]
    (answered,), (bridged,) = stage.journal.of(Answered), stage.journal.of(Bridged)
    assert (answered.mono, bridged.mono) == (0, 6)
    stage.leg("b1").peer_hangs_up()
    stage.end()


def test_no_notice_is_played_when_the_call_is_not_recorded() -> None:
    """The notice says that the call is recorded; on a full disk it is not."""
    stage = Stage(a_plan(recording_notice=NOTICE))
    stage.recording_allowed = False
    caller = stage.call()
    assert not caller.up
    assert stage.steps() == []
    assert not stage.endpoint("a").spooled
    caller.peer_cancels()
    assert "spool" not in stage.journal.tags()


def test_answer_at_once_without_any_prompt_plays_the_ring_tone() -> None:
    """The policy alone can ask for it."""
    stage = Stage(a_plan(answer=AnswerPolicy.AT_ONCE))
    caller = stage.call()
    assert caller.up
    assert stage.endpoint("a").playing == ("ringback",)
    caller.peer_hangs_up()
    assert stage.end().outcome == Outcome.GAVE_UP_RINGING


def test_a_ringback_prompt_is_early_media_and_the_answer_stays_the_same() -> None:
    """企业彩铃 costs the caller nothing: 183, and the same description in 200."""
    stage = Stage(a_plan(ringback=RINGBACK))
    caller = stage.call()
    assert stage.endpoint("a").playing == (RINGBACK,)
    stage.leg("b1").peer_progresses(180)
    stage.leg("b1").peer_answers(sdp())
    assert [line for line in stage.sent() if line.startswith("a")] == ["a 183", "a 200"]
    assert caller.descriptions[0] == caller.descriptions[1]
    assert [asked.verb for asked in stage.endpoint("a").asked].count("connect") == 1
    caller.peer_hangs_up()
    stage.end()


def test_early_media_ends_at_the_trunks_bound() -> None:
    """After 60 s of early media nobody is rung any longer: carriers cut it there."""
    stage = Stage(a_plan(*TARGETS, ringback=RINGBACK, no_answer_seconds=25))
    caller = stage.call()
    stage.clock.advance(25)
    stage.clock.advance(25)
    stage.clock.advance(10)
    assert caller.final == (480, "Temporarily Unavailable")
    assert len(stage.dialler.legs) == 3
    assert stage.end().outcome == Outcome.NO_ANSWER


def test_keys_pressed_during_the_welcome_are_journalled() -> None:
    """By RFC 4733 or in-band through the media, and by SIP INFO."""
    stage = Stage(a_plan(welcome=WELCOME))
    caller = stage.call()
    stage.endpoint("a").press("1")
    caller.peer_keys("2#")
    assert [(key.leg, key.digit) for key in stage.journal.of(Key)] == [("a", "1"), ("a", "2"), ("a", "#")]
    caller.peer_hangs_up()
    stage.end()


def test_in_band_keys_are_heard_only_where_rfc_4733_was_not_negotiated() -> None:
    """And only while the welcome plays."""
    from b2bua.sdp import PCMA

    stage = Stage(a_plan(welcome=WELCOME))
    caller = stage.call(offer=sdp(40000, PCMA))
    assert stage.endpoint("a").listening
    stage.clock.advance(1)
    assert not stage.endpoint("a").listening
    caller.peer_hangs_up()
    other = Stage(a_plan(welcome=WELCOME))
    other.call().peer_hangs_up()
    assert "listen" not in [asked.verb for asked in other.endpoint("a").asked]


def test_a_key_by_sip_info_reaches_the_other_side_as_media() -> None:
    """INFO does not cross a bridge by itself; RFC 4733 does."""
    stage = Stage()
    caller = stage.call()
    stage.leg("b1").peer_answers(sdp())
    caller.peer_keys("5")
    stage.leg("b1").peer_keys("6")
    assert (stage.endpoint("b1").keys, stage.endpoint("a").keys) == ("5", "6")
    caller.peer_hangs_up()


def test_a_late_offer_is_answered_in_the_ack() -> None:
    """The caller sends no SDP: ours goes out in 200, his comes in the ACK; then the two are bridged."""
    stage = Stage()
    caller = stage.call(late_offer=True, acknowledges=False)
    caller.late_answer = sdp(42000)
    stage.leg("b1").peer_answers(sdp())
    assert stage.endpoint("a").bridged is None
    caller.peer_acknowledges()
    remote = stage.endpoint("a").remote
    assert remote is not None
    assert remote.port == 42000
    assert stage.endpoint("a").bridged is stage.endpoint("b1")
    caller.peer_hangs_up()
    assert stage.end().outcome == Outcome.ANSWERED


def test_a_late_offer_answered_with_nothing_we_speak_ends_the_call() -> None:
    """The caller's answer in the ACK refuses the audio."""
    from b2bua.sdp import G729

    stage = Stage()
    caller = stage.call(late_offer=True)
    caller.acknowledges = False
    caller.late_answer = sdp(42000, G729)
    stage.leg("b1").peer_answers(sdp())
    caller.peer_acknowledges()
    assert stage.sent()[-2:] == ["b1 BYE", "a BYE"]
    assert stage.end().outcome == Outcome.NO_COMMON_CODEC


def test_the_final_media_figures_of_both_legs_are_in_the_journal() -> None:
    """Loss, jitter and the rest come from the media worker at the end."""
    from b2bua.calls.ports import MediaStats

    stage = Stage()
    caller = stage.call()
    stage.leg("b1").peer_answers(sdp())
    stage.endpoint("a").stats = MediaStats(packets_in=1500, lost=3, jitter_ms=2.5, mos=4.2)
    caller.peer_hangs_up()
    measured = {line.leg: line for line in stage.journal.of(MediaMeasured)}
    assert (measured["a"].packets_in, measured["a"].lost, measured["a"].mos) == (1500, 3, 4.2)
    assert set(measured) == {"a", "b1"}


def test_an_extension_of_the_box_calls_too() -> None:
    """A call from a registered phone leaves the same record."""
    stage = Stage()
    caller = stage.call(extension="8001")
    stage.leg("b1").peer_answers(sdp())
    caller.peer_hangs_up()
    (started,) = stage.journal.of(Started)
    assert (started.trunk, started.extension) == (None, "8001")
    assert stage.end().outcome == Outcome.ANSWERED
