"""Who may send to a leg."""

from __future__ import annotations

import pytest

from b2bua.media.latch import SILENCE, WINDOW, Latch, looks_translated

NAMED = ("203.0.113.5", 4000)
OTHER_PORT = ("203.0.113.5", 4002)
STRANGER = ("198.51.100.9", 4000)


def test_the_address_in_sdp_is_the_peers_from_any_port() -> None:
    """The first port he sends from is the one answered to."""
    latch = Latch(NAMED, open_to_others=False, now=0.0)
    assert latch.admits(OTHER_PORT, 1.0, 0.0)
    assert latch.source == OTHER_PORT


def test_strangers_are_refused() -> None:
    """Before the peer spoke and after."""
    latch = Latch(NAMED, open_to_others=False, now=0.0)
    assert not latch.admits(STRANGER, 0.1, 0.0)
    assert latch.admits(NAMED, 0.2, 0.0)
    assert not latch.admits(STRANGER, 0.3, 0.2)
    assert not latch.admits(STRANGER, 100.0, 0.2)


def test_behind_nat_the_first_sender_is_taken_within_the_window() -> None:
    """Afterwards only he may send."""
    latch = Latch(("10.0.0.5", 4000), open_to_others=True, now=0.0)
    assert latch.admits(STRANGER, 1.0, 0.0)
    assert latch.source == STRANGER
    assert not latch.admits(("198.51.100.77", 9), 2.0, 1.9)
    late = Latch(("10.0.0.5", 4000), open_to_others=True, now=0.0)
    assert not late.admits(STRANGER, WINDOW + 1, 0.0)


def test_the_address_in_sdp_takes_over_from_an_earlier_sender() -> None:
    """Who guessed the port first cannot keep out the peer that SDP names."""
    latch = Latch(("10.0.0.5", 4000), open_to_others=True, now=0.0)
    assert latch.admits(STRANGER, 1.0, 0.0)
    assert latch.admits(("10.0.0.5", 4000), 1.5, 1.4)
    assert latch.source == ("10.0.0.5", 4000)
    assert not latch.admits(STRANGER, 1.6, 1.5)


def test_a_nat_may_rebind_once_the_old_port_is_silent() -> None:
    """Same address, another port: only after silence."""
    latch = Latch(NAMED, open_to_others=False, now=0.0)
    assert latch.admits(NAMED, 1.0, 0.0)
    assert not latch.admits(OTHER_PORT, 1.1, 1.09)
    assert latch.admits(OTHER_PORT, 1.1 + SILENCE, 1.1)
    assert latch.source == OTHER_PORT


@pytest.mark.parametrize(
    "host", ["10.1.2.3", "192.168.0.9", "172.16.5.5", "100.64.1.1", "fd00::5", "0.0.0.0"]
)
def test_private_addresses_look_translated(host: str) -> None:
    """They mean nothing on the other side of a NAT."""
    assert looks_translated(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "127.0.0.2", "::1", "2001:4860::8"])
def test_public_addresses_and_loopback_do_not(host: str) -> None:
    """They are what they say."""
    assert not looks_translated(host)


def test_a_host_name_says_nothing() -> None:
    """A worker looks nothing up."""
    assert looks_translated("phone.example")
