"""Offer and answer: codecs, hold, refused streams, encryption."""

from __future__ import annotations

import pytest

from b2bua.sdp import (
    G722,
    G729,
    PCMA,
    PCMU,
    TELEPHONE_EVENT,
    Codec,
    Crypto,
    Direction,
    NoCommonCodec,
    SdpError,
    SessionDescription,
    is_hold,
    make_answer,
    make_offer,
    negotiate,
)

OURS = (PCMA, PCMU, TELEPHONE_EVENT)
KEY = bytes(range(30))
OTHER_KEY = bytes(range(30, 60))


def read(*lines: str, connection: str = "10.9.9.9") -> SessionDescription:
    """Read a peer's description with these media lines."""
    c = [f"c=IN {'IP6' if ':' in connection else 'IP4'} {connection}"] if connection else []
    return SessionDescription.parse(
        "\r\n".join(["v=0", "o=- 1 1 IN IP4 h", "s=-", *c, "t=0 0", *lines]).encode()
    )


def answer(offer: SessionDescription, **kwargs: object) -> SessionDescription:
    """Answer from 10.0.0.1:4000 with our codecs."""
    made = make_answer(offer, "10.0.0.1", 4000, OURS, session_id=7, **kwargs)  # type: ignore[arg-type]
    assert SessionDescription.parse(made.encode()) == made
    return made


def test_we_offer_g711_and_keys() -> None:
    """PCMA first, then PCMU, 20 ms, telephone-event 101."""
    offer = make_offer("10.0.0.1", 4000, OURS, session_id=7, version=2)
    assert offer.encode().decode() == (
        "v=0\r\no=- 7 2 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 8 0 101\r\n"
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
        "a=ptime:20\r\na=sendrecv\r\n"
    )
    assert b"IN IP6 2001:db8::1" in make_offer("2001:db8::1", 4000, OURS, session_id=7).encode()
    assert SessionDescription.parse(offer.encode()) == offer


def test_our_answer_has_one_codec_and_the_offers_numbers() -> None:
    """Our preference decides, the offer's payload types are used."""
    offer = read(
        "m=audio 30000 RTP/AVP 0 97 110",
        "a=rtpmap:97 pcma/8000",
        "a=rtpmap:110 telephone-event/8000",
        "a=ptime:30",
    )
    made = answer(offer)
    audio = made.media[0]
    assert [(codec.payload_type, codec.name) for codec in audio.codecs] == [
        (97, "pcma"),
        (110, "telephone-event"),
    ]
    agreed = negotiate(made, offer)
    assert (agreed.codec, agreed.clock_rate) == ("PCMA", 8000)
    assert (agreed.payload_type, agreed.local_payload_type) == (97, 97)
    assert (agreed.event_payload_type, agreed.local_event_payload_type) == (110, 110)
    assert (agreed.host, agreed.port, agreed.ptime) == ("10.9.9.9", 30000, 30)
    assert (agreed.sending, agreed.receiving) == (True, True)


def test_the_answers_order_decides_when_we_offered() -> None:
    """A peer that answers with several codecs means its first; it may number them otherwise."""
    offer = make_offer("10.0.0.1", 4000, OURS, session_id=7)
    agreed = negotiate(offer, read("m=audio 30000 RTP/AVP 0 8 96", "a=rtpmap:96 telephone-event/8000"))
    assert (agreed.codec, agreed.payload_type, agreed.local_payload_type) == ("PCMU", 0, 0)
    assert (agreed.event_payload_type, agreed.local_event_payload_type) == (96, 101)


def test_without_telephone_event_on_both_sides_there_is_none() -> None:
    """Keys then come in-band."""
    offer = read("m=audio 30000 RTP/AVP 8")
    made = answer(offer)
    assert [codec.name for codec in made.media[0].codecs] == ["PCMA"]
    assert negotiate(made, offer).event_payload_type is None
    with_event = read("m=audio 30000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000")
    made = make_answer(with_event, "10.0.0.1", 4000, (PCMA,), session_id=1)
    assert [codec.name for codec in made.media[0].codecs] == ["PCMA"]
    assert negotiate(made, with_event).local_event_payload_type is None


def test_telephone_event_follows_the_codecs_clock() -> None:
    """Of events at 8000 and 48000 Hz the one of the codec is meant."""
    offer = read(
        "m=audio 30000 RTP/AVP 100 101 8",
        "a=rtpmap:100 telephone-event/48000",
        "a=rtpmap:101 telephone-event/8000",
    )
    assert answer(offer).media[0].codecs[1].payload_type == 101


def test_all_other_streams_are_refused_in_their_places() -> None:
    """Video, fax and a second audio stream get port 0."""
    offer = read(
        "m=video 30002 RTP/AVP 31 34",
        "m=audio 30000 RTP/AVP 8",
        "m=image 30004 udptl t38",
        "m=audio 30006 RTP/AVP 8",
    )
    made = answer(offer)
    assert [(media.kind, media.port) for media in made.media] == [
        ("video", 0),
        ("audio", 4000),
        ("image", 0),
        ("audio", 0),
    ]
    assert made.media[0].codecs[0].payload_type == 31
    assert made.media[2].formats == ("t38",)
    assert negotiate(made, offer).port == 30000
    assert negotiate(offer, made).port == 4000


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("m=video 30002 RTP/AVP 31",),
        ("m=audio 0 RTP/AVP 8",),
        ("m=audio 30000 RTP/AVP 18",),
        ("m=audio 30000 RTP/AVP 8", "a=rtpmap:8 L16/8000"),
        ("m=audio 30000 RTP/AVP 8", "a=rtpmap:8 PCMA/16000"),
        ("m=audio 30000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"),
        ("m=audio 30000 RTP/AVP 13",),
        ("m=audio 30000 RTP/AVP 96",),
        ("m=audio 30000 UDP/TLS/RTP/SAVPF 8",),
        ("m=audio 30000 RTP/SAVP 8", f"a=crypto:{Crypto(1, 'AES_CM_128_HMAC_SHA1_80', KEY)}"),
    ],
)
def test_what_has_nothing_for_us_is_refused_with_488(lines: tuple[str, ...]) -> None:
    """No audio, no codec of ours, encryption we were not asked for."""
    with pytest.raises(NoCommonCodec) as caught:
        answer(read(*lines))
    assert caught.value.status == 488


def test_an_offer_without_address_is_refused() -> None:
    """There is nowhere to send to."""
    with pytest.raises(NoCommonCodec):
        answer(read("m=audio 30000 RTP/AVP 8", connection=""))


@pytest.mark.parametrize(
    ("offered", "answered", "sending", "receiving"),
    [
        ("sendrecv", Direction.SENDRECV, True, True),
        ("sendonly", Direction.RECVONLY, False, True),
        ("recvonly", Direction.SENDONLY, True, False),
        ("inactive", Direction.INACTIVE, False, False),
    ],
)
def test_hold_is_mirrored(offered: str, answered: Direction, sending: bool, receiving: bool) -> None:
    """Who holds us gets nothing but may send his music."""
    offer = read("m=audio 30000 RTP/AVP 8", f"a={offered}")
    made = answer(offer)
    assert made.media[0].direction is answered
    agreed = negotiate(made, offer)
    assert (agreed.sending, agreed.receiving) == (sending, receiving)
    assert is_hold(offer) == (not sending)
    theirs = negotiate(offer, made)
    assert (theirs.sending, theirs.receiving) == (receiving, sending)


@pytest.mark.parametrize("address", ["0.0.0.0", "::"])
def test_the_old_hold_is_a_hold(address: str) -> None:
    """c=0.0.0.0, of RFC 2543 phones."""
    offer = read("m=audio 30000 RTP/AVP 8", connection=address)
    assert is_hold(offer)
    made = answer(offer)
    assert made.media[0].direction is Direction.RECVONLY
    assert negotiate(made, offer).sending is False


def test_we_can_hold_too() -> None:
    """Our offer or answer may want less than the peer's."""
    offer = read("m=audio 30000 RTP/AVP 8")
    made = answer(offer, direction=Direction.SENDONLY)
    assert made.media[0].direction is Direction.SENDONLY
    assert negotiate(made, offer).receiving is False
    held = make_offer("10.0.0.1", 4000, OURS, session_id=7, direction=Direction.INACTIVE)
    agreed = negotiate(held, read("m=audio 30000 RTP/AVP 8", "a=inactive"))
    assert (agreed.sending, agreed.receiving) == (False, False)
    assert not is_hold(read("m=video 1 RTP/AVP 31"))


def test_encryption_by_sdes() -> None:
    """Suite and tag of the offer, each side its own key."""
    offer = make_offer("10.9.9.9", 30000, OURS, session_id=1, srtp_key=KEY)
    assert offer.media[0].proto == "RTP/SAVP"
    made = answer(offer, srtp_key=OTHER_KEY)
    assert made.media[0].crypto == (Crypto(1, "AES_CM_128_HMAC_SHA1_80", OTHER_KEY),)
    agreed = negotiate(made, offer)
    assert agreed.srtp_suite == "AES_CM_128_HMAC_SHA1_80"
    assert (agreed.srtp_local_key, agreed.srtp_remote_key) == (OTHER_KEY, KEY)
    back = negotiate(offer, made)
    assert (back.srtp_local_key, back.srtp_remote_key) == (KEY, OTHER_KEY)


def test_the_first_usable_suite_is_taken() -> None:
    """What we do not speak is passed over."""
    offer = read(
        "m=audio 30000 RTP/SAVP 8",
        "a=crypto:1 AEAD_AES_256_GCM inline:AAEC",
        f"a=crypto:2 {str(Crypto(2, 'AES_CM_128_HMAC_SHA1_80', KEY))[2:]} UNENCRYPTED_SRTP",
        f"a=crypto:{Crypto(3, 'AES_CM_128_HMAC_SHA1_32', KEY, '|2^20')}",
    )
    made = answer(offer, srtp_key=OTHER_KEY)
    assert made.media[0].crypto == (Crypto(3, "AES_CM_128_HMAC_SHA1_32", OTHER_KEY),)
    assert negotiate(made, offer).srtp_suite == "AES_CM_128_HMAC_SHA1_32"


def test_a_plain_offer_gets_a_plain_answer_even_if_we_could_encrypt() -> None:
    """The offer decides."""
    made = answer(read("m=audio 30000 RTP/AVP 8"), srtp_key=KEY)
    assert made.media[0].proto == "RTP/AVP"
    assert made.media[0].crypto == ()


@pytest.mark.parametrize(
    ("local", "remote"),
    [
        (("m=audio 1 RTP/AVP 8",), ("m=audio 0 RTP/AVP 8",)),
        (("m=audio 1 RTP/AVP 8",), ()),
        (("m=audio 1 RTP/AVP 8",), ("m=video 1 RTP/AVP 31",)),
        (("m=audio 1 RTP/AVP 8",), ("m=audio 1 RTP/AVP 0",)),
        (("m=audio 1 RTP/AVP 8",), ("m=audio 1 RTP/SAVP 8",)),
        (("m=audio 1 RTP/SAVP 8",), ("m=audio 1 RTP/SAVP 8",)),
    ],
)
def test_where_nothing_was_agreed_on_there_is_nothing_to_connect(
    local: tuple[str, ...], remote: tuple[str, ...]
) -> None:
    """An answer that fits nothing of our offer ends the call."""
    with pytest.raises(NoCommonCodec):
        negotiate(read(*local), read(*remote))


@pytest.mark.parametrize("address", ["host.example.com", "224.0.0.1", "255.255.255.255", "ff02::1", ""])
def test_media_goes_to_unicast_addresses_only(address: str) -> None:
    """Neither names nor groups nor everybody."""
    with pytest.raises(SdpError):
        negotiate(read("m=audio 1 RTP/AVP 8"), read("m=audio 1 RTP/AVP 8", connection=address))


def test_other_codecs_can_be_passed_through() -> None:
    """G.729 and G.722 where both legs have them."""
    offer = read("m=audio 30000 RTP/AVP 18 9 8", "a=fmtp:18 annexb=yes")
    made = make_answer(offer, "10.0.0.1", 4000, (G729, G722, PCMA), session_id=1)
    assert made.media[0].codecs == (Codec(18, "G729", fmtp="annexb=no"),)
    assert negotiate(made, offer).codec == "G729"


def test_packet_times_stay_within_reason() -> None:
    """1 ms or 9 s a packet would be an attack."""
    for ptime, used in ((1, 10), (9000, 200), (40, 40)):
        remote = read("m=audio 30000 RTP/AVP 8", f"a=ptime:{ptime}")
        assert negotiate(make_offer("10.0.0.1", 1, OURS, session_id=1), remote).ptime == used


def test_sections_with_thousands_of_codecs_cost_no_more_than_their_lines() -> None:
    """128 payload types are all there are, however many are listed."""
    numbers = " ".join(str(number % 128) for number in range(9000))
    maps = [f"a=rtpmap:{number % 128} X{number}/8000" for number in range(1500)]
    offer = read(f"m=audio 30000 RTP/AVP {numbers}", *maps)
    assert len(offer.media[0].codecs) == 128
    with pytest.raises(NoCommonCodec):
        answer(offer)
