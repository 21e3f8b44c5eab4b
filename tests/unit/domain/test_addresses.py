"""Which addresses a tenant's menu may reach."""

from __future__ import annotations

import pytest

from domain.addresses import may_be_asked, networks_of


@pytest.mark.parametrize(
    "host", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_may_be_asked(host: str) -> None:
    """IPv4, IPv6, and IPv4 within IPv6."""
    assert may_be_asked(host, ())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.200.3.4", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
        "100.64.0.1", "192.0.0.8", "198.18.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255",
        "240.0.0.1",        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1",
        "::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::1",
        "localhost", "8.8.8.8.example", "", "fe80::1%eth0", "0x7f.1", "127.1",
    ],
)  # fmt: skip
def test_nothing_of_the_box_and_its_networks_may_be_asked(host: str) -> None:
    """Loopback, private, link-local (cloud metadata too), shared, multicast, in any disguise; no names."""
    assert not may_be_asked(host, ())


def test_the_operator_may_allow_networks() -> None:
    """And nothing beside them."""
    allowed = networks_of(("192.168.7.0/24", "fd00:7::/32"))
    assert may_be_asked("192.168.7.9", allowed)
    assert may_be_asked("::ffff:192.168.7.9", allowed)
    assert may_be_asked("fd00:7::1", allowed)
    assert not may_be_asked("192.168.8.9", allowed)
