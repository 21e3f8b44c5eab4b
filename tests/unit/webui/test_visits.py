"""How often one subscriber may use what is there for strangers."""

from __future__ import annotations

from webui.services.throttle import BY_ADDRESS, Throttle
from webui.services.visits import Visits, subscriber


def test_a_subscriber_of_ipv6_is_one_however_many_addresses_he_has() -> None:
    """He has 2^64: a question from each would fill the disk, a password from each never be refused."""
    visits = Visits(lambda: 0.0)
    asked = [visits.take("ask", f"2001:db8:1:2::{n:x}") for n in range(20)]
    assert asked == [True] * 5 + [False] * 15
    assert visits.take("ask", "2001:db8:1:3::1")
    throttle = Throttle(lambda: 0.0)
    for n in range(BY_ADDRESS):
        throttle.wrong(f"tenant:{n}", f"2001:db8:1:2::{n:x}")
    assert throttle.wait("tenant:another", "2001:db8:1:2::ffff") > 0
    assert throttle.wait("tenant:another", "2001:db8:1:3::1") == 0


def test_addresses_of_ipv4_are_each_their_own() -> None:
    """Also written as IPv6; what is no address stands for itself."""
    assert subscriber("192.0.2.7") == subscriber("::ffff:192.0.2.7") == "192.0.2.7"
    assert subscriber("192.0.2.8") != subscriber("192.0.2.7")
    assert subscriber("fe80::1%eth0") == subscriber("fe80::2%eth0") == "fe80::/64"
    assert subscriber("") == ""
