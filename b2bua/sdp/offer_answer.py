"""Offer and answer with one audio stream (RFC 3264)."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache

import msgspec

from b2bua.sdp.crypto import SUITES, Crypto
from b2bua.sdp.errors import NoCommonCodec, SdpError
from b2bua.sdp.media import Codec, Direction, Media
from b2bua.sdp.session import Origin, SessionDescription

_PROTOS = frozenset({"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"})
DEFAULT_SUITE = "AES_CM_128_HMAC_SHA1_80"


class Negotiated(msgspec.Struct, frozen=True):
    """What local and remote description agree on for the audio stream."""

    codec: str
    """Encoding name in upper case."""
    clock_rate: int
    payload_type: int
    """What we send: the remote's number."""
    local_payload_type: int
    """What we receive: our number."""
    event_payload_type: int | None
    """telephone-event towards the remote, None where either side has none."""
    local_event_payload_type: int | None
    host: str
    """Where the remote wants its media: an IP literal without brackets."""
    port: int
    ptime: int
    """Milliseconds a packet towards the remote."""
    sending: bool
    """Whether we may send to it."""
    receiving: bool
    """Whether we expect anything from it."""
    srtp_suite: str = ""
    srtp_local_key: bytes = b""
    """Key of what we send; empty for plain RTP."""
    srtp_remote_key: bytes = b""


def make_offer(
    host: str,
    port: int,
    codecs: Sequence[Codec],
    *,
    session_id: int,
    version: int = 1,
    direction: Direction = Direction.SENDRECV,
    srtp_key: bytes | None = None,
    ptime: int = 20,
) -> SessionDescription:
    """Offer one audio stream at ``host`` (IP literal without brackets) and ``port``.

    ``codecs`` stand in order of preference, telephone-event among them. ``srtp_key`` (30 octets)
    makes it RTP/SAVP.
    """
    media = Media(
        "audio",
        port,
        "RTP/AVP" if srtp_key is None else "RTP/SAVP",
        tuple(codecs),
        direction=direction,
        ptime=ptime,
        crypto=() if srtp_key is None else (Crypto(1, DEFAULT_SUITE, srtp_key),),
    )
    return SessionDescription(Origin("-", str(session_id), str(version), host), (media,), host)


def make_answer(
    offer: SessionDescription,
    host: str,
    port: int,
    codecs: Sequence[Codec],
    *,
    session_id: int,
    version: int = 1,
    direction: Direction = Direction.SENDRECV,
    srtp_key: bytes | None = None,
    ptime: int = 20,
) -> SessionDescription:
    """Answer with exactly one speech codec, ours of highest preference, and telephone-event if both have it.

    Payload types are the offer's. ``direction`` is the most we want; the answer mirrors the offer within
    it. All other streams are refused with port 0, in their places. Raises NoCommonCodec.
    """
    chosen = _choose(offer, codecs, secure=srtp_key is not None)
    if chosen is None:
        raise NoCommonCodec("no audio stream of the offer can be accepted")
    accepted, codec = chosen
    events = [event for ours in codecs if ours.is_event for event in [accepted.find_event(codec.clock_rate)]]
    answered = [codec]
    if events and events[0] is not None:
        ours = next(ours for ours in codecs if ours.is_event)
        answered.append(Codec(events[0].payload_type, events[0].name, events[0].clock_rate, 1, ours.fmtp))
    mirrored = effective_direction(offer, accepted).mirrored
    audio = Media(
        "audio",
        port,
        accepted.proto,
        tuple(answered),
        direction=Direction.of(mirrored.sends and direction.sends, mirrored.receives and direction.receives),
        ptime=ptime,
        crypto=_answer_crypto(accepted, srtp_key),
    )
    media = tuple([audio if section is accepted else _refused(section) for section in offer.media])
    return SessionDescription(Origin("-", str(session_id), str(version), host), media, host)


def _choose(
    offer: SessionDescription, codecs: Sequence[Codec], *, secure: bool
) -> tuple[Media, Codec] | None:
    for media in offer.media:
        if media.kind != "audio" or not media.port or media.proto not in _PROTOS:
            continue
        if offer.address_of(media) is None:
            continue
        if media.is_secure and not (secure and any(crypto.usable for crypto in media.crypto)):
            continue
        for ours in codecs:
            if ours.is_event:
                continue
            for theirs in media.speech:
                if theirs.same_format(ours):
                    return media, Codec(
                        theirs.payload_type, theirs.name, theirs.clock_rate, theirs.channels, ours.fmtp
                    )
    return None


def _answer_crypto(accepted: Media, key: bytes | None) -> tuple[Crypto, ...]:
    if not accepted.is_secure or key is None:
        return ()
    offered = next(crypto for crypto in accepted.crypto if crypto.usable)
    return (Crypto(offered.tag, offered.suite, key[: SUITES[offered.suite]]),)


def _refused(media: Media) -> Media:
    """Refuse a stream: same kind, transport and formats, port 0 (RFC 3264 6)."""
    return Media(media.kind, 0, media.proto, media.codecs[:1], media.formats)


def effective_direction(description: SessionDescription, media: Media) -> Direction:
    """Return a section's direction; an address of 0.0.0.0 means that its owner wants nothing (RFC 3264
    8.4)."""
    if is_unspecified(description.address_of(media)):
        return Direction.of(media.direction.sends, False)
    return media.direction


def is_unspecified(address: str | None) -> bool:
    """Tell whether an address is 0.0.0.0 or ``::``."""
    return address in ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def is_hold(description: SessionDescription) -> bool:
    """Tell whether its sender wants to hear nothing: hold, old or new style."""
    audio = description.audio
    return audio is not None and not effective_direction(description, audio).receives


def negotiate(local: SessionDescription, remote: SessionDescription) -> Negotiated:
    """Work out the audio stream of a completed exchange, whichever side offered.

    Raises NoCommonCodec, or SdpError when the remote's address is no unicast IP literal.
    """
    for ours, theirs in zip(local.media, remote.media, strict=False):
        if ours.kind == "audio" and theirs.kind == "audio" and ours.port and theirs.port:
            return _agree(local, ours, remote, theirs)
    raise NoCommonCodec("no audio stream was accepted")


def _agree(local: SessionDescription, ours: Media, remote: SessionDescription, theirs: Media) -> Negotiated:
    codec, mine = _common(ours, theirs)
    event, my_event = theirs.find_event(codec.clock_rate), ours.find_event(codec.clock_rate)
    if event is None or my_event is None:
        event = my_event = None
    direction = effective_direction(remote, theirs)
    wanted = effective_direction(local, ours)
    suite, local_key, remote_key = _keys(ours, theirs)
    return Negotiated(
        codec=codec.name.upper(),
        clock_rate=codec.clock_rate,
        payload_type=codec.payload_type,
        local_payload_type=mine.payload_type,
        event_payload_type=event.payload_type if event else None,
        local_event_payload_type=my_event.payload_type if my_event else None,
        host=_media_host(remote, theirs),
        port=theirs.port,
        ptime=min(max(theirs.ptime or 20, 10), 200),
        sending=direction.receives and wanted.sends,
        receiving=direction.sends and wanted.receives,
        srtp_suite=suite,
        srtp_local_key=local_key,
        srtp_remote_key=remote_key,
    )


def _common(ours: Media, theirs: Media) -> tuple[Codec, Codec]:
    # Our answers hold one codec only; of a remote answer with several its order decides.
    mine = ours.speech
    for codec in theirs.speech:
        for candidate in mine:
            if candidate.same_format(codec):
                return codec, candidate
    raise NoCommonCodec("no codec in common")


def _keys(ours: Media, theirs: Media) -> tuple[str, bytes, bytes]:
    if ours.is_secure != theirs.is_secure:
        raise NoCommonCodec("one side is encrypted, the other is not")
    if not ours.is_secure:
        return "", b"", b""
    for mine in ours.crypto:
        for its in theirs.crypto:
            if its.tag == mine.tag and its.suite == mine.suite and its.usable:
                return its.suite, mine.key, its.key
    raise NoCommonCodec("no encryption in common")


def _media_host(description: SessionDescription, media: Media) -> str:
    address = description.address_of(media)
    if address is None:
        raise SdpError("no connection address")
    wrong = _why_no_unicast(address)
    if wrong:
        raise SdpError(wrong)
    return address


@lru_cache(4096)
def _why_no_unicast(address: str) -> str:
    """Say what is wrong with a media address; empty when it is a unicast IP literal."""
    try:
        literal = ipaddress.ip_address(address)
    except ValueError:
        return "the connection address is no IP address"
    if literal.is_multicast or address == "255.255.255.255":
        return "the connection address is no unicast address"
    return ""
