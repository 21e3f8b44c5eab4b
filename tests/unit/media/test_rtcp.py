"""RTCP and the figures behind it (RFC 3550)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.media import rtcp
from b2bua.media.inlet import Inlet
from b2bua.media.quality import estimate, mean_opinion, rating
from b2bua.media.reporting import INTERVAL, Reporting
from tests.unit.media.legs import hear, leg, packet

WORD = st.integers(0, 0xFFFFFFFF)
BLOCKS = st.builds(
    rtcp.Block, WORD, st.integers(0, 255), st.integers(-0x800000, 0x7FFFFF), WORD, WORD, WORD, WORD
)
SENDERS = st.builds(rtcp.SenderInfo, st.integers(0, 2**64 - 1), WORD, WORD, WORD)


@given(WORD, st.none() | SENDERS, st.lists(BLOCKS, max_size=3), st.binary(max_size=60))
def test_what_is_composed_is_parsed(
    ssrc: int, sender: rtcp.SenderInfo | None, blocks: list[rtcp.Block], cname: bytes
) -> None:
    """Reports come back whole from a compound packet, whose length is in whole words."""
    compound = rtcp.report(ssrc, sender, tuple(blocks)) + rtcp.description(ssrc, cname) + rtcp.goodbye(ssrc)
    assert len(compound) % 4 == 0
    assert rtcp.parse(compound) == [rtcp.Report(ssrc, sender, tuple(blocks))]


@given(st.binary(max_size=200))
def test_no_octets_break_the_parser(data: bytes) -> None:
    """Hostile RTCP is worth nothing, and does no harm."""
    for start in (b"", b"\x81\xc8\x00\x0c", b"\x9f\xc9\x00\x10"):
        assert isinstance(rtcp.parse(start + data), list)


def test_the_round_trip_of_the_standard_example() -> None:
    """RFC 3550 figure 2: 6.125 s."""
    assert rtcp.round_trip(0xB7108000, 0xB7052000, 0x00054000) == 6.125


def test_a_round_trip_needs_a_report_of_ours_and_is_never_negative() -> None:
    """LSR zero: nothing heard yet. A peer whose clock runs fast gives zero."""
    assert rtcp.round_trip(1000, 0, 0) is None
    assert rtcp.round_trip(1000, 990, 20) == 0.0


def test_ntp_time() -> None:
    """1 January 1970 is 2,208,988,800 s after 1900; the middle is seconds and their 65536ths."""
    assert rtcp.ntp_time(0.5) == 2_208_988_800 << 32 | 1 << 31
    assert rtcp.middle(0x0123456789ABCDEF) == 0x456789AB


def test_jitter_of_a_known_arrival() -> None:
    """A.8: J += (|D| - J) / 16."""
    near = leg()
    for number, late in enumerate([0, 16, 0, 16]):
        hear(near, packet(number, 160 * number), 1000 + 160 * number + late)
    expected = 0.0
    for _ in range(3):
        expected += (16 - expected) / 16
    assert near.inlet.jitter / 16 == pytest.approx(expected, abs=0.5)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=60, unique=True), st.integers(0, 0xFFFF))
def test_losses_are_expected_less_received(numbers: list[int], start: int) -> None:
    """A.3, over a wrap of the numbers; an order a little mixed changes nothing."""
    ordered = sorted(numbers)
    near = leg()
    for number in ordered:
        hear(near, packet(start + number, 160 * number), 1000 + 160 * number)
    assert near.inlet.total == len(ordered)
    assert near.inlet.lost == ordered[-1] - ordered[0] + 1 - len(ordered)


def test_duplicates_do_not_hide_losses() -> None:
    """One lost, one doubled: one lost."""
    near = leg()
    for number in (1, 2, 2, 4):
        hear(near, packet(number, 160 * number), 1000 + 160 * number)
    assert (near.inlet.lost, near.inlet.total, near.inlet.duplicates) == (1, 3, 1)


def test_a_jump_is_believed_when_the_next_packet_confirms_it() -> None:
    """A.1: one stray number is dropped; two in a row are a sender who started anew."""
    inlet = Inlet(leg())
    assert inlet.admit(100, 7, 1) == 0
    assert inlet.admit(40_000, 7, 2) is None
    assert inlet.admit(101, 7, 3) == 0
    assert inlet.admit(50_000, 7, 4) is None
    assert inlet.admit(50_001, 7, 5) == 0
    assert inlet.lost == 0


def test_a_report_tells_loss_and_the_peers_last_report() -> None:
    """Fraction since the last report, total, highest number, LSR and DLSR."""
    near = leg()
    reporting = Reporting(0)
    sender = rtcp.SenderInfo(0x1111222233334444, 5, 6, 7)
    reporting.hear(rtcp.report(7, sender, ()), near.outlet, 8000, 1000.0)
    for number in (65534, 65535, 65536, 65538):
        hear(near, packet(number, 160 * (number - 65534)), 1000 + 160 * (number - 65534))
    (told,) = rtcp.parse(reporting.compose(near.inlet, near.outlet, 16_000, 1001.0))
    assert told.sender is None
    assert told.blocks == (rtcp.Block(7, 256 // 5, 1, 65538, 0, 0x22223333, 65536),)
    assert INTERVAL // 2 <= reporting.due - 16_000 <= INTERVAL * 3 // 2
    (again,) = rtcp.parse(reporting.compose(near.inlet, near.outlet, 24_000, 1002.0))
    assert (again.blocks[0].fraction_lost, again.blocks[0].lost) == (0, 1)


def test_a_sender_report_ties_our_clock_to_the_stream() -> None:
    """Packets, octets, and the timestamp that belongs to the moment of the report."""
    near = leg()
    near.outlet.write(bytes(160), 5000, 800)
    (told,) = rtcp.parse(Reporting(0).compose(near.inlet, near.outlet, 1000, 0.0))
    assert told == rtcp.Report(near.outlet.ssrc, rtcp.SenderInfo(2_208_988_800 << 32, 5200, 1, 160), ())


def test_the_peers_report_gives_the_round_trip() -> None:
    """Our report at 100.0 s, held for half a second there, back at 100.7 s: 0.2 s on the way."""
    near = leg()
    reporting = Reporting(0)
    ours = rtcp.middle(rtcp.ntp_time(100.0))
    block = rtcp.Block(near.outlet.ssrc, 0, 0, 0, 0, ours, 32768)
    reporting.hear(rtcp.report(7, None, (block,)), near.outlet, 0, 100.7)
    assert reporting.round_trip == pytest.approx(0.2, abs=0.001)
    stranger = block._replace(ssrc=1, delay=0)
    reporting.hear(rtcp.report(7, None, (stranger,)), near.outlet, 0, 100.7)
    assert reporting.round_trip == pytest.approx(0.2, abs=0.001)


def test_a_description_ends_with_a_null_item() -> None:
    """6.5: the list of items is ended by at least one null octet, on a word's boundary."""
    for length in range(8):
        found = rtcp.description(1, b"x" * length)
        assert found[-1] == 0
        assert struct.unpack_from("!H", found, 2)[0] * 4 + 4 == len(found)


@pytest.mark.parametrize(
    ("r", "mos"),
    [(93.2, 4.41), (90, 4.34), (80, 4.03), (70, 3.60), (60, 3.10), (50, 2.58), (0, 1.0), (100, 4.5)],
)
def test_mos_of_published_ratings(r: float, mos: float) -> None:
    """G.107 annex B, table B.1."""
    assert mean_opinion(r) == pytest.approx(mos, abs=0.01)


def test_ratings_fall_with_delay_and_loss() -> None:
    """G.107: no impairment below; 150 ms cost 3.6; G.711 with concealment loses a little at 1 % (G.113)."""
    assert rating(0, 0) == 93.2
    assert rating(150, 0) == pytest.approx(89.6)
    assert rating(0, 1) == pytest.approx(93.2 - 95 / 26.1)
    assert rating(0, 0, "G729") == pytest.approx(82.2)
    assert 0 <= rating(2000, 100) <= rating(400, 5) < rating(200, 5)


def test_an_estimate_needs_packets() -> None:
    """None for a leg that never spoke."""
    assert estimate(0, 0, 0.0, None, "PCMA") is None
    perfect = estimate(1000, 0, 0.0, None, "PCMA")
    poor = estimate(900, 100, 30.0, 300.0, "PCMA")
    assert perfect is not None
    assert poor is not None
    assert 4.3 < perfect < 4.5
    assert 1.0 < poor < 3.5
