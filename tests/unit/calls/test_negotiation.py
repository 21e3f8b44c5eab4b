"""Which codecs a leg speaks, SRTP keys both ways, session ids and versions."""

from __future__ import annotations

import pytest

from b2bua.calls.negotiation import Negotiation, SdpError, wants_srtp
from b2bua.sdp import G722, PCMA, PCMU, Codec
from tests.twins.clock import MemoryClock
from tests.twins.media import MemoryEndpoint, MemoryRelay
from tests.twins.stage import sdp

OPUS = Codec(96, "opus", 48000, 2)


def negotiation(*codecs: str, srtp: bool = False) -> Negotiation:
    """Make one for a fresh endpoint."""
    relay = MemoryRelay(MemoryClock())
    endpoint = MemoryEndpoint(relay, "c", "b1", "carrier", 20000, False, srtp)
    return Negotiation(endpoint, codecs, srtp=srtp, randomness=lambda length: b"\1" * length)


def test_the_trunks_order_of_codecs_decides_the_answer() -> None:
    """Whatever the caller prefers."""
    _, remote = negotiation("PCMU", "PCMA").answer(sdp(1, PCMA, PCMU))
    assert remote.codec == "PCMU"


def test_a_passed_through_codec_is_offered_alone() -> None:
    """Nothing can be made of another one: we do not transcode it."""
    offer = negotiation("PCMA", "PCMU", "G722").offer("G722")
    assert [codec.name for codec in offer.media[0].speech] == ["G722"]


def test_codecs_we_do_not_know_are_left_out() -> None:
    """A trunk may name what only another edition speaks."""
    offer = negotiation("PCMA", "EVS").offer(None)
    assert [codec.name for codec in offer.media[0].codecs] == ["PCMA", "telephone-event"]


def test_a_codec_that_is_passed_through_is_never_exchanged_for_another_in_a_reoffer() -> None:
    """The other leg speaks it too and would hear noise."""
    ours = negotiation("G722", "PCMA")
    ours.answer(sdp(1, G722, PCMA))
    with pytest.raises(SdpError):
        ours.answer(sdp(1, PCMA))
    assert ours.codec == "G722"


def test_the_peers_number_for_a_dynamic_payload_type_is_used() -> None:
    """Opus is 96 for him, 111 for us."""
    _, remote = negotiation("OPUS").answer(sdp(1, OPUS))
    assert (remote.codec, remote.payload_type, remote.clock_rate) == ("OPUS", 96, 48000)


def test_srtp_keys_go_both_ways() -> None:
    """Ours in the answer, his in what the media gets (RFC 4568)."""
    offer = sdp(1, PCMA, key=b"k" * 30)
    assert wants_srtp(offer)
    ours = negotiation("PCMA", srtp=True)
    answer, remote = ours.answer(offer)
    assert answer.media[0].is_secure
    assert remote.srtp_remote_key == b"k" * 30
    assert len(remote.srtp_local_key) == 30
    assert remote.srtp_suite == "AES_CM_128_HMAC_SHA1_80"


def test_plain_rtp_is_no_answer_to_an_encrypted_offer() -> None:
    """It is refused instead."""
    with pytest.raises(SdpError):
        negotiation("PCMA").answer(sdp(1, PCMA, key=b"k" * 30))


def test_our_offer_answered_encrypted_gives_the_keys() -> None:
    """The other direction: we offer."""
    ours, theirs = negotiation("PCMA", srtp=True), negotiation("PCMA", srtp=True)
    answer, _ = theirs.answer(ours.offer(None))
    remote = ours.accept(answer)
    assert remote.srtp_remote_key
    assert remote.srtp_local_key
    assert not wants_srtp(None)
