"""Whose request is it: trunks by their networks, lines and ports; a reload disturbs nobody."""

from __future__ import annotations

import msgspec
import pytest

from b2bua.sip.flow import Flow
from b2bua.sip.message import Request
from b2bua.stack.trunks.sources import SourceTable
from b2bua.stack.trunks.table import TrunkTable
from domain.snapshot import BoxSnapshot, TrunkKind, TrunkSnapshot


def flow(host, port=5060, listener="carrier"):
    """Make a flow from a peer."""
    return Flow("udp", ("127.0.0.1", 5060), (host, port), listener)


def invite(user="4001003721"):
    """Make an INVITE to a user."""
    return Request("INVITE", f"sip:{user}@box", [])


def table(*trunks):
    """Make a table in force."""
    made = TrunkTable()
    made.configure(BoxSnapshot(trunks=trunks))
    return made


def name(found):
    """Name a trunk, or None."""
    return None if found is None else found.name


def test_the_longest_network_wins():
    """A single address inside another trunk's network is its own trunk."""
    made = table(
        TrunkSnapshot(name="wide", sources=("192.0.2.0/24",)),
        TrunkSnapshot(name="one", sources=("192.0.2.7",)),
        TrunkSnapshot(name="six", sources=("2001:db8::/32",)),
    )
    assert name(made.identify(invite(), flow("192.0.2.7"))) == "one"
    assert name(made.identify(invite(), flow("192.0.2.8"))) == "wide"
    assert name(made.identify(invite(), flow("2001:db8:1::5"))) == "six"
    assert made.identify(invite(), flow("198.51.100.1")) is None


def test_a_trunk_is_known_on_its_listener_only():
    """The carrier's address means nothing on the office network."""
    made = table(TrunkSnapshot(name="a", sources=("192.0.2.0/24",), listener="carrier"))
    assert made.identify(invite(), flow("192.0.2.1", listener="office")) is None
    assert not made.is_source("office", "192.0.2.1")
    assert made.is_source("carrier", "192.0.2.1")


def test_trunks_behind_one_address():
    """The line that is called decides, then the port, then the order."""
    made = table(
        TrunkSnapshot(name="first", sources=("192.0.2.1",), target="192.0.2.1:5060"),
        TrunkSnapshot(name="port", sources=("192.0.2.1",), target="192.0.2.1:5080"),
        TrunkSnapshot(name="line", sources=("192.0.2.1",), kind=TrunkKind.REGISTER, username="8610880@ims"),
    )
    assert name(made.identify(invite("8610880"), flow("192.0.2.1", 9999))) == "line"
    assert name(made.identify(invite(), flow("192.0.2.1", 5080))) == "port"
    assert name(made.identify(invite(), flow("192.0.2.1", 9999))) == "first"
    assert name(made.identify(Request("INVITE", "::", []), flow("192.0.2.1", 9999))) == "first"


def test_a_disabled_trunk_is_a_stranger():
    """Switched off means silence."""
    made = table(TrunkSnapshot(name="off", sources=("192.0.2.1",), enabled=False))
    assert made.identify(invite(), flow("192.0.2.1")) is None


def test_a_trunk_without_sources_is_known_by_its_target():
    """A literal target at once, a name when it was resolved."""
    made = table(
        TrunkSnapshot(name="a", target="192.0.2.1:5080"), TrunkSnapshot(name="b", target="b.example")
    )
    changed = []
    made.on_sources = lambda: changed.append(1)
    assert name(made.identify(invite(), flow("192.0.2.1"))) == "a"
    assert made.identify(invite(), flow("192.0.2.2")) is None
    made.note_resolved(made.get("b"), frozenset({"192.0.2.2"}))
    assert changed
    assert name(made.identify(invite(), flow("192.0.2.2"))) == "b"


def test_a_reload_keeps_health_and_calls():
    """A changed limit does not forget calls in progress; a changed target starts afresh."""
    old = TrunkSnapshot(name="a", target="192.0.2.1", channels=10)
    made = table(old)
    trunk = made.get("a")
    assert trunk.begin_call(0.0, 0)
    trunk.circuit.failure(0, "x")
    trunk.circuit.failure(0, "x")
    made.configure(BoxSnapshot(trunks=(msgspec.structs.replace(old, channels=1),)))
    assert made.get("a") is trunk
    assert not trunk.begin_call(0.0, 0)
    assert trunk.circuit.state == "down"
    made.configure(BoxSnapshot(trunks=(msgspec.structs.replace(old, target="192.0.2.2"),)))
    moved = made.get("a")
    assert moved is not trunk
    assert moved.calls_out == 1
    assert moved.circuit.state == "up"


def test_a_wrong_network_changes_nothing():
    """A reload with a mistake is refused as a whole."""
    made = table(TrunkSnapshot(name="a", sources=("192.0.2.1",)))
    with pytest.raises(ValueError, match="nonsense"):
        made.configure(BoxSnapshot(trunks=(TrunkSnapshot(name="b", sources=("nonsense",)),)))
    assert name(made.identify(invite(), flow("192.0.2.1"))) == "a"


def test_limits():
    """Channels count calls both ways; the rate is a token bucket."""
    trunk = table(TrunkSnapshot(name="a", channels=3)).get("a")
    assert trunk.has_room(2)
    assert trunk.begin_call(0.0, 2)
    assert not trunk.has_room(2)
    assert not trunk.begin_call(0.0, 2)
    trunk.end_call()
    trunk.end_call()
    assert trunk.calls_out == 0
    rated = table(TrunkSnapshot(name="a", calls_per_second=2.0)).get("a")
    assert [rated.begin_call(0.0, 0) for _ in range(3)] == [True, True, False]
    assert rated.begin_call(0.6, 0)


def test_sources_with_junk():
    """What is no address is nobody's."""
    assert SourceTable([("192.0.2.0/24", "a")]).find("not an address") == ()
    assert SourceTable([("fe80::/10", "a")]).find("fe80::1%eth0") == ("a",)
    assert SourceTable([("192.0.2.5/24", "a")]).find("192.0.2.200") == ("a",)
