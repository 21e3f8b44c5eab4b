"""A bridged leg's packets: the short way does what the long way does, and the peer's stream stays whole."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from b2bua.media import g711
from b2bua.media.spool import RECORD, RECORD_LENGTH
from tests.unit.media.legs import Script, bridged, fields, hear, leg, packet

ALAW, ULAW = b"\xd5" * 160, b"\xff" * 160
ODDITIES = st.sampled_from(
    ["next"] * 12
    + ["lost", "lost three", "late", "twice", "early", "jump", "marker", "short", "silence", "source", "far"]
)


def arrivals(oddities: list[str], payload_type: int = 8) -> list[tuple[int, bytes]]:
    """Make (stamp, packet) as a sender with these oddities would send them."""
    sequence, timestamp, stamp, ssrc = 65500, 0xFFFFF000, 100_000, 7
    made: list[tuple[int, bytes]] = []
    for number, oddity in enumerate(oddities):
        size = 160
        stamp += 160
        if oddity == "lost":
            sequence, timestamp = sequence + 1, timestamp + 160
        elif oddity == "lost three":
            sequence, timestamp = sequence + 3, timestamp + 480
        elif oddity == "early":
            stamp -= 90
        elif oddity == "jump":
            timestamp += 1_000_000
        elif oddity == "silence":
            stamp, timestamp = stamp + 8000, timestamp + 8000
        elif oddity == "source":
            ssrc += 1
        elif oddity == "far":
            sequence += 20_000
        elif oddity == "short":
            size = 80
        payload = bytes((number + each) & 0xFF for each in range(size))
        data = packet(
            sequence, timestamp, payload, payload_type=payload_type, marker=oddity == "marker", ssrc=ssrc
        )
        made += [(stamp, data)] * (2 if oddity == "twice" else 1)
        if oddity == "late" and len(made) > 1:
            made[-1], made[-2] = (made[-2][0], made[-1][1]), (made[-1][0], made[-2][1])
        sequence, timestamp = sequence + 1, timestamp + size
    return made


@given(st.lists(ODDITIES, min_size=1, max_size=60), st.sampled_from(["PCMA", "PCMU", "PCMA 30 ms", "G729"]))
def test_the_short_way_and_the_long_way_do_the_same(oddities: list[str], far_end: str) -> None:
    """Whatever arrives: same packets to the peer, same recording, same figures."""
    codec = far_end.split()[0]
    outcomes = []
    for short in (True, False):
        near_codec, near_type = ("G729", 18) if codec == "G729" else ("PCMA", 8)
        near, far = bridged(leg(near_codec, near_type), leg(codec, 18, ptime=30 if " 30" in far_end else 20))
        near.inlet.spool = bytearray()
        if short:
            Script(near.inlet, arrivals(oddities, near_type)).run()
        else:
            for stamp, data in arrivals(oddities, near_type):
                hear(near, data, stamp)
        near.settle()
        inlet, outlet = near.inlet, far.outlet
        outcomes.append(
            [
                far.sent,
                bytes(inlet.spool),
                inlet.total,
                inlet.lost,
                inlet.jitter,
                inlet.duplicates,
                outlet.packets,
                outlet.octets,
                outlet.timestamp,
                outlet.sequence,
            ]
        )
    assert outcomes[0] == outcomes[1]


@given(st.lists(ODDITIES, min_size=1, max_size=60), st.sampled_from(["PCMA", "PCMU"]))
def test_a_peer_never_sees_a_sequence_number_twice(oddities: list[str], codec: str) -> None:
    """Numbers grow by what was lost, late ones fill their own gap."""
    near, far = bridged(leg(), leg(codec, 8))
    Script(near.inlet, arrivals(oddities)).run()
    numbers = [fields(sent)[2] for sent in far.sent]
    assert len(set(numbers)) == len(numbers)


def test_packets_in_order_take_the_short_way() -> None:
    """After its first packet a plain stream never leaves the loop."""
    near, far = bridged(leg(), leg())
    Script(near.inlet, [(1000 + 160 * each, packet(each, 160 * each)) for each in range(3)]).run()
    assert near.inlet.size == 172
    assert near.inlet.out is far.outlet
    assert [fields(sent)[:3] for sent in far.sent] == [(8, True, 1001), (8, False, 1002), (8, False, 1003)]


def test_alaw_becomes_mulaw() -> None:
    """Each leg hears its own law, by the short and the long way."""
    near, far = bridged(leg(), leg("PCMU", 0))
    Script(near.inlet, [(1000 + 160 * each, packet(each, 160 * each, ALAW)) for each in range(3)]).run()
    assert [fields(sent)[0] for sent in far.sent] == [0, 0, 0]
    assert {fields(sent)[4] for sent in far.sent} == {ALAW.translate(g711.ALAW_TO_ULAW)}


def test_the_recording_holds_what_was_sent_not_what_was_passed_on() -> None:
    """The spool has the sender's own header and law."""
    near, _ = bridged(leg(), leg("PCMU", 0))
    near.inlet.spool = bytearray()
    data = [packet(each, 160 * each, bytes([each]) * 160) for each in range(3)]
    Script(near.inlet, [(1000 + 160 * each, one) for each, one in enumerate(data)]).run()
    spooled = bytes(near.inlet.spool)
    for each, one in enumerate(data):
        at = each * (RECORD_LENGTH + 172)
        assert RECORD.unpack_from(spooled, at) == (1000 + 160 * each, 172)
        assert spooled[at + RECORD_LENGTH : at + RECORD_LENGTH + 172] == one


def test_the_stream_stays_one_when_its_source_changes() -> None:
    """After a transfer the peer sees the same SSRC, the next number, a marker, and time that went on."""
    first, far = bridged(leg(), leg())
    hear(first, packet(10, 0), 1000)
    second = leg()
    second.bridge(far)
    hear(second, packet(5000, 777_000, ssrc=9), 1000 + 800)
    before, after = (fields(sent) for sent in far.sent)
    assert after[1:4] == (True, before[2] + 1, before[3] + 800)
    assert {sent[8:12] for sent in far.sent} == {b"\xfe\xed\xbe\xef"}


def test_losses_are_passed_on() -> None:
    """A gap in what came is a gap in what goes, so that the peer conceals it."""
    near, far = bridged(leg(), leg())
    for sequence in (1, 2, 5):
        hear(near, packet(sequence, 160 * sequence), 160 * sequence)
    assert [fields(sent)[2] for sent in far.sent] == [1001, 1002, 1005]
    assert near.inlet.lost == 2


def test_packet_times_are_changed() -> None:
    """30 ms from one side becomes 20 ms for the other: three packets of two."""
    near, far = bridged(leg(ptime=30), leg())
    audio = bytes(range(240)) + bytes(range(240))
    hear(near, packet(1, 0, audio[:240]), 1000)
    hear(near, packet(2, 240, audio[240:]), 1240)
    assert b"".join(fields(sent)[4] for sent in far.sent) == audio
    assert [len(sent) for sent in far.sent] == [172, 172, 172]
    times = [fields(sent)[3] for sent in far.sent]
    assert [after - before for before, after in pairwise(times)] == [160, 160]


def test_a_loss_between_packet_times_does_not_shift_the_audio() -> None:
    """What follows a gap keeps its own time."""
    near, far = bridged(leg(ptime=30), leg())
    hear(near, packet(1, 0, b"\x01" * 240), 1000)
    hear(near, packet(3, 480, b"\x03" * 240), 1480)
    hear(near, packet(4, 720, b"\x04" * 240), 1720)
    first = fields(far.sent[0])[3]
    heard = {fields(sent)[3] - first: fields(sent)[4] for sent in far.sent}
    assert heard[160] == b"\x01" * 80
    assert heard[480] == b"\x03" * 160


def test_other_codecs_pass_between_legs_that_share_them() -> None:
    """G.729 comes through unchanged under the other side's payload type."""
    near, far = bridged(leg("G729", 18), leg("G729", 96))
    hear(near, packet(1, 0, b"x" * 20, payload_type=18), 1000)
    assert fields(far.sent[0])[::4] == (96, b"x" * 20)


def test_codecs_that_do_not_match_are_not_passed() -> None:
    """A peer never gets audio he did not negotiate."""
    near, far = bridged(leg("G729", 18), leg("PCMA", 8))
    hear(near, packet(1, 0, b"x" * 20, payload_type=18), 1000)
    assert far.sent == []


def test_extensions_and_padding_are_taken_off() -> None:
    """A header extension, a contributing source and padding do not reach the peer."""
    near, far = bridged(leg(), leg())
    plain = packet(1, 0, b"")
    odd = bytes([0x80 | 0x20 | 0x10 | 1]) + plain[1:] + b"CSRC" + b"\xbe\xde\x00\x01abcd" + ALAW + b"\0\0\x03"
    hear(near, odd, 1000)
    assert fields(far.sent[0])[4] == ALAW


@given(st.binary(max_size=200))
def test_no_octets_from_a_peer_can_hurt(data: bytes) -> None:
    """Whatever the peer's address sends is counted, dropped or passed on."""
    near, far = bridged(leg(event_payload_type=101), leg(event_payload_type=96))
    near.inlet.spool = bytearray()
    hear(near, data, 1000)
    hear(near, b"\x80" + data, 2000)
    hear(near, b"\x90\x08" + data, 3000)
    assert all(len(sent) >= 12 for sent in far.sent)


def test_a_leg_on_hold_hears_nothing() -> None:
    """``sending=False``: nothing is sent, and nothing is counted as sent; then the stream goes on in time."""
    near, far = bridged(leg(), leg())
    hear(near, packet(1, 0), 1000)
    far.connect(far.peer.__class__("192.0.2.1", 4000, "PCMA", 8, sending=False), 1100)
    hear(near, packet(2, 160), 1160)
    hear(near, packet(3, 320), 1320)
    far.connect(far.peer.__class__("192.0.2.1", 4000, "PCMA", 8), 1400)
    hear(near, packet(4, 480), 1480)
    assert [fields(sent)[1:4] for sent in far.sent] == [(True, 1001, 50160), (True, 1002, 50640)]
    assert far.outlet.packets == 2
