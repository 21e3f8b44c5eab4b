"""The long way of a packet: everything that ``forward`` does not do in its few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from b2bua.media import g711, rtp
from b2bua.media.inlet import IRREGULAR
from b2bua.media.leg import G711, Leg
from b2bua.media.outlet import Outlet
from b2bua.media.rtp import HEADER, PAYLOAD, START, TIMESTAMP_MASK
from b2bua.media.spool import RECORD

if TYPE_CHECKING:
    from b2bua.media.dtmf_detector import DtmfDetector
    from b2bua.media.mixing import Voice
    from b2bua.media.speech_detector import SpeechDetector

JUMP = 2 * rtp.STAMPS
"""A sender's clock that leaves ours by so much (in 125 us) has been set anew."""


def receive(leg: Leg, length: int, stamp: int) -> None:
    """Take the packet at hand (``rtp.data``), which came from the leg's peer."""
    peer, inlet = leg.peer, leg.inlet
    inlet.settle()
    inlet.size = IRREGULAR
    if leg.crypto is not None:
        length = leg.crypto.unprotect(length)
    length = rtp.normalise(length)
    if peer is None or length < 0:
        inlet.unknown += 1
        return
    head, sequence, timestamp, ssrc = HEADER.unpack_from(rtp.data, START)
    payload_type = head & 0x7F
    if ssrc != inlet.ssrc:
        leg.events.reset()
    ahead = inlet.admit(sequence, ssrc, stamp)
    if ahead is None:
        return
    if inlet.spool is not None:
        RECORD.pack_into(rtp.data, 0, stamp, length)
        inlet.spool += rtp.records[length]
    if payload_type == peer.payload_type or (payload_type in g711.STATIC_TYPES and peer.codec in G711):
        inlet.measure(timestamp, stamp)
        if leg.voice is not None and ahead >= 0:
            speak(leg, leg.voice, payload_type, length)
        if leg.speech is not None and ahead >= 0:
            listen_for_speech(leg, leg.speech, payload_type, length, stamp)
        if leg.withholds and leg.detector is not None:
            silence_keys(leg, leg.detector, payload_type, length, ahead)
        if leg.target is not None:
            pass_on(leg, leg.target, ahead, head, timestamp, length, stamp)
        choose_way(leg, length)
        if leg.detector is not None and not leg.withholds and ahead >= 0:
            for key in leg.detector.feed(rtp.data[PAYLOAD : START + length], codec_of(leg, payload_type)):
                leg.in_band(key)
    elif payload_type == peer.event_payload_type:
        take_event(leg, ahead, head, timestamp, length, stamp)
    else:
        inlet.unknown += 1


def speak(leg: Leg, voice: Voice, payload_type: int, length: int) -> None:
    """Let the conference have the packet; what is no G.711 it cannot hear."""
    law = codec_of(leg, payload_type)
    if law in G711:
        voice.put(rtp.data[PAYLOAD : START + length], law)


def listen_for_speech(leg: Leg, speech: SpeechDetector, payload_type: int, length: int, stamp: int) -> None:
    """Tell when the peer begins to speak."""
    payload, law = rtp.data[PAYLOAD : START + length], codec_of(leg, payload_type)
    if leg.memo is not None:
        leg.memo.take(payload, law, stamp)
    if speech.take(payload, law, stamp):
        leg.on_speech(True)


def silence_keys(leg: Leg, detector: DtmfDetector, payload_type: int, length: int, ahead: int) -> None:
    """Hear keys before the packet is passed on, and blot their tones out."""
    law = codec_of(leg, payload_type)
    if ahead >= 0:
        for key in detector.feed(rtp.data[PAYLOAD : START + length], law):
            leg.in_band(key)
    if detector.sounding:
        rtp.data[PAYLOAD : START + length] = G711[law] * (length - rtp.HEADER_LENGTH)


def codec_of(leg: Leg, payload_type: int) -> str:
    """Return what audio of this payload type is; who negotiated one law of G.711 may send the other."""
    codec = leg.peer.codec if leg.peer is not None else ""
    return g711.STATIC_TYPES.get(payload_type, codec) if codec in G711 else codec


def take_event(leg: Leg, ahead: int, head: int, timestamp: int, length: int, stamp: int) -> None:
    """Report the key; pass the event on to who negotiated events."""
    payload = rtp.data[PAYLOAD : START + length]
    key = leg.events.take(payload, timestamp, head > 0x807F)
    if key is not None:
        leg.on_key(key)
    if leg.withholds:
        return
    target, inlet = leg.target, leg.inlet
    far = leg.far.peer if leg.far is not None else None
    if target is None or far is None or far.event_payload_type is None:
        return
    if ahead < 0:
        pass_late(leg, target, far.event_payload_type, ahead, payload, timestamp)
        return
    if target.source is inlet and inlet.mapped_from >= 0:
        target.sequence = (target.sequence + ahead) & rtp.SEQUENCE_MASK
    else:
        adopt(leg, target, timestamp, stamp)
    outgoing = (timestamp + inlet.offset) & TIMESTAMP_MASK
    target.write_event(far.event_payload_type, head & 0x80 != 0, outgoing, payload, stamp)


def pass_on(leg: Leg, target: Outlet, ahead: int, head: int, timestamp: int, length: int, stamp: int) -> None:
    """Send a packet of audio on; ``ahead`` as ``Inlet.admit`` says."""
    inlet = leg.inlet
    payload = rtp.data[PAYLOAD : START + length]
    law = codec_of(leg, head & 0x7F)
    theirs = leg.far.peer.codec if leg.far and leg.far.peer else ""
    if law in G711 and law != theirs:
        payload = payload.translate(g711.translation(law, theirs))
    if ahead < 0:
        pass_late(leg, target, target.head & 0x7F, ahead, payload, timestamp)
        return
    align(leg, target, ahead, timestamp, stamp)
    if head & 0x80:
        target.marker = True
    outgoing = (timestamp + inlet.offset) & TIMESTAMP_MASK
    if law in G711 and (target.pending or len(payload) != target.step):
        target.write_stream(payload, outgoing, stamp)
    else:
        target.write(payload, outgoing, stamp)


def align(leg: Leg, target: Outlet, ahead: int, timestamp: int, stamp: int) -> None:
    """Keep the stream unbroken where the sender changes or sets his clock anew; leave gaps for losses."""
    inlet = leg.inlet
    if target.source is inlet and inlet.mapped_from >= 0:
        passed = (stamp - target.stamp) * inlet.scale
        apart = (timestamp + inlet.offset - target.timestamp - passed) & TIMESTAMP_MASK
        if min(apart, 0x100000000 - apart) < JUMP * inlet.scale:
            if not target.pending:
                target.sequence = (target.sequence + ahead) & rtp.SEQUENCE_MASK
            return
    adopt(leg, target, timestamp, stamp)


def adopt(leg: Leg, target: Outlet, timestamp: int, stamp: int) -> None:
    """Let the leg's stream go on where the one before it stopped."""
    inlet = leg.inlet
    inlet.offset = target.begin(inlet, stamp) - timestamp
    inlet.mapped_from = inlet.next - 1


def pass_late(
    leg: Leg, target: Outlet, payload_type: int, ahead: int, payload: bytearray, timestamp: int
) -> None:
    """Send on a packet that others have overtaken, if its place in the stream is still known."""
    inlet = leg.inlet
    if target.source is inlet and inlet.next + ahead >= inlet.mapped_from >= 0 and not target.pending:
        outgoing = (timestamp + inlet.offset) & TIMESTAMP_MASK
        target.write_late(payload_type, -ahead - 1, payload, outgoing)


def choose_way(leg: Leg, length: int) -> None:
    """Let packets like the one just taken go the short way, where there is nothing else to do with them."""
    if not leg.direct:
        return
    inlet, target = leg.inlet, leg.target
    if target is not None:
        if target.source is not inlet or target.pending:
            return
        if leg.peer is not None and leg.peer.codec in G711 and length - rtp.HEADER_LENGTH != target.step:
            return
        inlet.shift = target.sequence - inlet.next + 1
    inlet.out = target
    inlet.size = length
