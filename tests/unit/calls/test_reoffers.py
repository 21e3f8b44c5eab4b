"""Hold, resume and new addresses inside a call are answered by the box itself (RFC 3264, RFC 3261 14)."""

from __future__ import annotations

from b2bua.sdp import G729, PCMA, PCMU, TELEPHONE_EVENT, Direction
from tests.twins.legs import MemoryInboundLeg, MemoryOutboundLeg
from tests.twins.stage import Stage, sdp


def talking(stage: Stage) -> tuple[MemoryInboundLeg, MemoryOutboundLeg]:
    """Set a call up."""
    caller = stage.call()
    leg = stage.leg("b1")
    leg.peer_answers(sdp(41000))
    return caller, leg


def test_the_caller_holds_and_resumes() -> None:
    """Held: nothing is sent to him and nothing is expected. Each change has a new version, one session id."""
    stage = Stage()
    caller, _ = talking(stage)
    before = caller.descriptions[-1]
    held = caller.peer_reoffers(sdp(40000, direction=Direction.SENDONLY, version=2))
    assert held is not None
    assert held.media[0].direction is Direction.RECVONLY
    remote = stage.endpoint("a").remote
    assert remote is not None
    assert not remote.sending
    resumed = caller.peer_reoffers(sdp(40000, version=3))
    assert resumed is not None
    assert resumed.media[0].direction is Direction.SENDRECV
    versions = [int(each.origin.version) for each in (before, held, resumed)]
    assert versions == [1, 2, 3]
    assert {each.origin.session_id for each in (before, held, resumed)} == {before.origin.session_id}
    remote = stage.endpoint("a").remote
    assert remote is not None
    assert remote.sending
    caller.peer_hangs_up()


def test_a_repeated_offer_gets_the_same_answer_with_the_same_version() -> None:
    """A session refresh changes nothing (RFC 4028)."""
    stage = Stage()
    caller, _ = talking(stage)
    assert caller.peer_reoffers(sdp(40000)) == caller.descriptions[-1]
    caller.peer_hangs_up()


def test_the_answerer_moves_to_another_address() -> None:
    """Media follows; the caller's leg hears nothing of it."""
    stage = Stage()
    caller, leg = talking(stage)
    sent = len(stage.sent())
    assert leg.peer_reoffers(sdp(45000, host="127.0.0.9", version=2)) is not None
    remote = stage.endpoint("b1").remote
    assert remote is not None
    assert (remote.host, remote.port) == ("127.0.0.9", 45000)
    assert len(stage.sent()) == sent
    caller.peer_hangs_up()


def test_a_reoffer_keeps_the_codec_while_it_is_offered() -> None:
    """Even when the peer now prefers another one."""
    stage = Stage()
    caller, _ = talking(stage)
    answer = caller.peer_reoffers(sdp(40000, PCMU, PCMA, TELEPHONE_EVENT, version=2))
    assert answer is not None
    assert [codec.name for codec in answer.media[0].speech] == ["PCMA"]
    changed = caller.peer_reoffers(sdp(40000, PCMU, version=3))
    assert changed is not None
    assert [codec.name for codec in changed.media[0].speech] == ["PCMU"]
    caller.peer_hangs_up()


def test_a_reoffer_without_a_codec_in_common_is_refused_and_the_call_goes_on() -> None:
    """488; the media stays as it was."""
    stage = Stage()
    caller, leg = talking(stage)
    before = stage.endpoint("a").remote
    assert caller.peer_reoffers(sdp(40000, G729, version=2)) is None
    assert stage.endpoint("a").remote == before
    assert leg.up
    caller.peer_hangs_up()


def test_a_reinvite_without_sdp_gets_our_offer_and_its_answer_counts() -> None:
    """Late re-offer."""
    stage = Stage()
    caller, leg = talking(stage)
    assert leg.on_offer_wanted is not None
    assert leg.on_answer is not None
    offer = leg.on_offer_wanted()
    assert offer.media[0].port == stage.endpoint("b1").port
    assert offer.media[0].codecs[0].name == "PCMA"
    leg.on_answer(sdp(46000))
    remote = stage.endpoint("b1").remote
    assert remote is not None
    assert remote.port == 46000
    caller.peer_hangs_up()
    assert stage.end().outcome == "answered"


def test_an_answer_to_our_late_offer_that_fits_nothing_ends_that_call() -> None:
    """There is no way to refuse an answer but BYE."""
    stage = Stage()
    _, leg = talking(stage)
    assert leg.on_offer_wanted is not None
    assert leg.on_answer is not None
    leg.on_offer_wanted()
    leg.on_answer(sdp(46000, G729))
    assert stage.end().outcome == "no-common-codec"
