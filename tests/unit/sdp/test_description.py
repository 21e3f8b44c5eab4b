"""Session descriptions as carriers and phones really send them."""

from __future__ import annotations

import pytest

from b2bua.sdp import (
    PCMA,
    TELEPHONE_EVENT,
    Codec,
    Crypto,
    Direction,
    Media,
    Origin,
    SdpError,
    SessionDescription,
)
from b2bua.sdp.session import MAX_BYTES, MAX_LINES, MAX_MEDIA

KEY = bytes(range(30))
CARRIER = b"""v=0
o=- 1719999999 1719999999 IN IP4 10.20.30.40
s=SBC call
i=about it
c=IN IP4 10.20.30.40
b=AS:80
t=0 0
a=group:BUNDLE x
m=audio 30124 RTP/AVP 8 0 18 9 101 96
a=rtpmap:8 PCMA/8000
a=rtpmap:18 G729/8000
a=fmtp:18 annexb=no
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a=ptime:20
a=maxptime:40
a=rtcp:30125
a=sendonly
m=image 0 udptl t38
m=video 30130 RTP/AVP 31
c=IN IP6 2001:db8::1
a=inactive
""".replace(b"\n", b"\r\n")


def read(*lines: str) -> SessionDescription:
    """Read a description of these lines after its usual beginning."""
    return SessionDescription.parse(
        "\r\n".join(
            ["v=0", "o=- 1 1 IN IP4 10.0.0.1", "s=-", "c=IN IP4 10.0.0.1", "t=0 0", *lines, ""]
        ).encode()
    )


def test_a_description_is_read() -> None:
    """All of it, media section by section."""
    session = SessionDescription.parse(CARRIER)
    assert session.origin == Origin("-", "1719999999", "1719999999", "10.20.30.40")
    assert (session.name, session.connection) == ("SBC call", "10.20.30.40")
    assert session.attributes == (("group", "BUNDLE x"),)
    audio, image, video = session.media
    assert session.audio is audio
    assert (audio.kind, audio.port, audio.proto, audio.direction) == (
        "audio",
        30124,
        "RTP/AVP",
        Direction.SENDONLY,
    )
    assert [(codec.payload_type, codec.name) for codec in audio.codecs] == [
        (8, "PCMA"),
        (0, "PCMU"),
        (18, "G729"),
        (9, "G722"),
        (101, "telephone-event"),
        (96, ""),
    ]
    assert audio.codecs[2].fmtp == "annexb=no"
    assert [codec.name for codec in audio.speech] == ["PCMA", "PCMU", "G729", "G722"]
    assert audio.find_event(8000) == Codec(101, "telephone-event", fmtp="0-15")
    assert audio.find_event(16000) is None
    assert (audio.ptime, audio.rtcp, audio.attributes) == (20, "30125", (("maxptime", "40"),))
    assert (image.port, image.proto, image.formats, image.codecs) == (0, "udptl", ("t38",), ())
    assert not image.is_rtp
    assert (session.address_of(audio), session.address_of(video)) == ("10.20.30.40", "2001:db8::1")


def test_what_was_read_is_written_and_read_again() -> None:
    """Nothing is lost; lines stand in the order of RFC 8866."""
    session = SessionDescription.parse(CARRIER)
    written = session.encode()
    assert SessionDescription.parse(written) == session
    kinds = "".join(line[:1] for line in written.decode().split("\r\n"))
    assert kinds.startswith("vosicbtam")


@pytest.mark.parametrize(
    "change",
    [
        (b"\r\n", b"\n"),
        (b"t=0 0\r\n", b""),
        (b"s=SBC call\r\n", b""),
        (b"s=SBC call", b"s="),
        (b"a=ptime:20", b"a=ptime:20.0"),
        (b"a=ptime:20", b"a=ptime:20 "),
        (b"a=rtpmap:8 PCMA/8000", b"a=rtpmap:8  pcma/8000 "),
        (b"a=rtpmap:8 PCMA/8000\r\n", b""),
        (b"m=audio 30124 ", b"m=audio 30124/1 "),
        (b"a=maxptime:40", b"a=:"),
        (b"a=maxptime:40", b"a="),
        (b"a=maxptime:40", b"a=rtpmap:nonsense"),
        (b"a=maxptime:40", b"a=fmtp:300 x"),
        (b"a=maxptime:40", b"x=unknown"),
        (b"c=IN IP4 10.20.30.40", b"c=IN IP4 10.20.30.40/127"),
        (b"c=IN IP4 10.20.30.40", b"c=in ip4 10.20.30.40"),
        (b"a=inactive\r\n", b"a=inactive\r"),
        (b"m=image 0 udptl t38\r\n", b"m=image 0 udptl t38\r\n\r\n"),
    ],
)
def test_sloppy_descriptions_are_understood(change: tuple[bytes, bytes]) -> None:
    """Missing lines, lone line feeds, odd attributes, zeroes and blanks."""
    session = SessionDescription.parse(CARRIER.replace(*change))
    audio = session.audio
    assert audio is not None
    assert (audio.codecs[0].name.upper(), audio.ptime, audio.direction) == ("PCMA", 20, Direction.SENDONLY)
    assert session.address_of(audio) == "10.20.30.40"
    assert SessionDescription.parse(session.encode()) == session


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"o=- 1 1 IN IP4 h\r\nv=0\r\n",
        b"v=1\r\n",
        CARRIER.replace(b"30124", b"70000"),
        CARRIER.replace(b"30124", b"-1"),
        CARRIER.replace(b"m=audio 30124 RTP/AVP", b"m=audio RTP/AVP"),
        CARRIER.replace(b"IP4 10.20.30.40\r\nb", b"IP9 10.20.30.40\r\nb"),
        CARRIER.replace(b"IP4 10.20.30.40\r\nb", b"IP4 10.20.30.40 evil\r\nb"),
        CARRIER.replace(b"m=image", b"m =image"),
        CARRIER.replace(b"SBC call", b"SBC\rcall"),
        CARRIER.replace(b"SBC call", b"SBC\0call"),
        b"v=0\r\n" + b"a=x\r\n" * MAX_LINES,
        b"v=0\r\n" + b"m=audio 1 RTP/AVP 8\r\n" * (MAX_MEDIA + 1),
        b"v=0\r\na=" + b"x" * MAX_BYTES,
    ],
)
def test_what_would_make_us_guess_is_refused(body: bytes) -> None:
    """With a reason in our own words."""
    with pytest.raises(SdpError) as caught:
        SessionDescription.parse(body)
    assert caught.value.status == 400
    assert str(caught.value).isascii()


def test_unicode_line_ends_end_nothing() -> None:
    """No line is injected by what str.splitlines() would cut."""
    session = read("i=x\x0bm=audio 1 RTP/AVP 0", "i=x\x85\u2028m=audio 1 RTP/AVP 0")
    assert session.media == ()
    assert SessionDescription.parse(session.encode()) == session


def test_session_attributes_hold_for_sections_without_their_own() -> None:
    """Direction, packet time and keys may stand above all sections."""
    session = read(
        "a=recvonly", "a=ptime:30", f"a=crypto:{Crypto(1, 'AES_CM_128_HMAC_SHA1_80', KEY)}",
        "m=audio 4000 RTP/SAVP 8", "m=audio 4002 RTP/SAVP 8", "a=sendrecv", "a=ptime:10",
    )  # fmt: skip
    first, second = session.media
    assert (first.direction, first.ptime) == (Direction.RECVONLY, 30)
    assert (second.direction, second.ptime) == (Direction.SENDRECV, 10)
    assert first.crypto == second.crypto
    assert first.is_secure


def test_payload_types_are_counted_once_and_must_be_payload_types() -> None:
    """Repeated ones once; a section with others is opaque, no codec of it is used."""
    assert [codec.payload_type for codec in read("m=audio 1 RTP/AVP 8 8 0 8").media[0].codecs] == [8, 0]
    for formats in ("8 128", "8 x", "", "8 1234"):
        media = read(f"m=audio 1 RTP/AVP {formats}").media[0]
        assert media.codecs == ()
        assert read(f"m=audio 1 RTP/AVP {formats}") == read(f"m=audio 1 RTP/AVP {formats}")


def test_a_dynamic_type_may_be_one_we_know() -> None:
    """The name counts, not the number; a static number may be renamed."""
    media = read("m=audio 1 RTP/AVP 97 0", "a=rtpmap:97 pcma/8000/1", "a=rtpmap:0 L16/44100/2").media[0]
    assert media.codecs[0].same_format(PCMA)
    assert media.codecs[1] == Codec(0, "L16", 44100, 2)
    assert b"a=rtpmap:0 L16/44100/2" in SessionDescription(Origin(), (media,)).encode()


def test_keys_are_read_and_written() -> None:
    """RFC 4568: lifetime and MKI are kept, unusable lines are told apart."""
    line = f"1 AES_CM_128_HMAC_SHA1_80 inline:{'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd'}|2^20|1:4"
    crypto = Crypto.parse(line)
    assert crypto == Crypto(1, "AES_CM_128_HMAC_SHA1_80", KEY, "|2^20|1:4")
    assert str(crypto) == line
    assert not crypto.usable
    assert Crypto(2, "AES_CM_128_HMAC_SHA1_32", KEY, "|2^20").usable
    assert not Crypto(2, "AES_CM_128_HMAC_SHA1_32", KEY, "", " UNENCRYPTED_SRTP").usable
    assert not Crypto(2, "AEAD_AES_256_GCM", KEY).usable
    for bad in (
        "",
        "x",
        "1 AES_CM_128_HMAC_SHA1_80 inline:AAEC",
        "1 X inline:A",
        line.replace("inline", "uri"),
    ):
        assert Crypto.parse(bad) is None


def test_a_bad_key_line_is_kept_aside() -> None:
    """It is no key of ours, and no reason to refuse the call."""
    media = read("m=audio 1 RTP/SAVP 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:short").media[0]
    assert media.crypto == ()
    assert media.attributes == (("crypto", "1 AES_CM_128_HMAC_SHA1_80 inline:short"),)


def test_nothing_that_we_write_holds_line_ends() -> None:
    """An injected line is our own bug and crashes at once."""
    for text in ("a\r\nm=audio 1 RTP/AVP 0", "a\nb", "a\rb", "a\0b"):
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            SessionDescription(Origin(), name=text).encode()
        with pytest.raises(ValueError, match="CR, LF or NUL"):
            SessionDescription(Origin(), (Media("audio", 1, codecs=(Codec(8, text),)),)).encode()


def test_directions() -> None:
    """What an answer may say at most."""
    assert Direction.SENDONLY.mirrored is Direction.RECVONLY
    assert Direction.RECVONLY.mirrored is Direction.SENDONLY
    assert Direction.SENDRECV.mirrored is Direction.SENDRECV
    assert Direction.INACTIVE.mirrored is Direction.INACTIVE
    assert TELEPHONE_EVENT.is_event


def test_no_audio() -> None:
    """A refused stream is none."""
    assert read("m=audio 0 RTP/AVP 8", "m=video 4 RTP/AVP 31").audio is None
