"""SRTP by SDES: both ways, against forgery, and after a worker was replaced."""

from __future__ import annotations

import secrets

import pytest

from b2bua.media import rtp
from b2bua.media.srtp import Crypto
from tests.unit.media.legs import bridged, fields, hear, leg, packet

SUITES = ["AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"]


def pair(suite: str) -> tuple[Crypto, Crypto]:
    """Return both ends of an encrypted leg: ours and the peer's."""
    one, two = secrets.token_bytes(30), secrets.token_bytes(30)
    return Crypto(one, two, suite), Crypto(two, one, suite)


def opened(crypto: Crypto, data: bytes) -> bytes:
    """Decrypt in the worker's buffer."""
    rtp.inbox[: len(data)] = data
    length = crypto.unprotect(len(data))
    return b"" if length < 0 else bytes(rtp.packets[length])


@pytest.mark.parametrize("suite", SUITES)
def test_packets_and_reports_pass_both_ways(suite: str) -> None:
    """What one end encrypts the other reads, and nobody else."""
    ours, theirs = pair(suite)
    plain = packet(1, 160)
    assert opened(theirs, ours.protect(plain)) == plain
    assert opened(ours, theirs.protect(plain)) == plain
    assert plain[12:] not in ours.protect(packet(2, 320))
    report = b"\x80\xc9\x00\x01\x00\x00\x00\x07"
    assert theirs.unprotect_rtcp(ours.protect_rtcp(report)) == report


@pytest.mark.parametrize("suite", SUITES)
def test_forged_and_replayed_packets_are_refused(suite: str) -> None:
    """And counted."""
    ours, theirs = pair(suite)
    good = theirs.protect(packet(1, 160))
    forged = bytes([*good[:-1], good[-1] ^ 1])
    assert opened(ours, forged) == b""
    assert opened(ours, good) != b""
    assert opened(ours, good) == b""
    assert opened(ours, b"\x80") == b""
    assert opened(ours, packet(2, 320)) == b""
    assert ours.unprotect_rtcp(b"short") == ours.unprotect_rtcp(bytes(40)) == b""
    assert ours.refused == 4


def test_a_replacement_finds_how_often_the_peers_numbers_wrapped() -> None:
    """RFC 3711 3.3.1: after half an hour the count is not zero, and no packet tells it."""
    peers, our_key = secrets.token_bytes(30), secrets.token_bytes(30)
    theirs = Crypto(peers, our_key, SUITES[0])
    sent = b""
    for index in range(1, 2 * 65536 + 40_000, 1000):
        sent = theirs.protect(packet(index, 160 * index))
    fresh = Crypto(our_key, peers, SUITES[0])
    assert opened(fresh, sent) == b""
    replacement = Crypto(our_key, peers, SUITES[0], restored=True)
    assert opened(replacement, sent) != b""
    following = packet(index + 1, 160 * index)
    assert opened(replacement, theirs.protect(following)) == following


def test_a_replacement_does_not_search_for_ever() -> None:
    """Packets with a wrong key cost a bounded effort."""
    crypto = Crypto(bytes(30), bytes(30), SUITES[0], restored=True)
    for index in range(8):
        assert opened(crypto, Crypto(b"x" * 30, bytes(30), SUITES[0]).protect(packet(index, 0))) == b""
    assert crypto.refused == 8


def test_each_leg_is_encrypted_for_itself() -> None:
    """A phone with SRTP talks to a trunk without; the recording is in plain."""
    mine, phones = secrets.token_bytes(30), secrets.token_bytes(30)
    keys = {"srtp_local_key": mine, "srtp_remote_key": phones, "srtp_suite": SUITES[0]}
    phone, trunk = bridged(leg(**keys), leg())
    phone.inlet.spool = bytearray()
    end = Crypto(phones, mine, SUITES[0])
    hear(phone, end.protect(packet(1, 160, b"phone" * 32)), 1000)
    hear(trunk, packet(5, 160, b"trunk" * 32), 1000)
    assert fields(trunk.sent[0])[4] == b"phone" * 32
    assert b"phone" in bytes(phone.inlet.spool)


def test_keys_said_again_do_not_start_the_count_anew() -> None:
    """A re-INVITE repeats its keys; new ones are taken."""
    keys = {"srtp_local_key": bytes(30), "srtp_remote_key": b"1" * 30, "srtp_suite": SUITES[0]}
    one = leg(**keys)
    first = one.crypto
    assert one.peer is not None
    one.connect(one.peer, 2000)
    assert one.crypto is first
    other = leg(**{**keys, "srtp_remote_key": b"2" * 30})
    assert other.peer is not None
    one.connect(other.peer, 3000)
    assert one.crypto is not first
