"""Listeners: what is open, how we are called there, what a reload does."""

from __future__ import annotations

import socket

import msgspec
import pytest
import pytest_twisted
from twisted.internet import reactor

from b2bua.sip.flow import Flow
from b2bua.stack.strangers import Gate
from b2bua.stack.transport import TransportFailed
from b2bua.stack.transports.listeners import Listeners, ListenFailed
from domain.snapshot import ListenerSnapshot
from tests.unit.stack.net import Remembering, options, until


def make(receiver=None):
    """Make listeners that hear everybody."""
    gate = Gate(lambda: 0.0, lambda host: True, phones=False)
    return Listeners(reactor, receiver or Remembering(), lambda name: gate)


def local(listeners, name="carrier", transport="udp"):
    """Give where a listener listens."""
    return listeners.flow(name, transport, ("", 0)).local


@pytest_twisted.inlineCallbacks
def test_udp_and_tcp_on_both_families():
    """One listener for each address; each speaks what it is told to."""
    receiver = Remembering()
    listeners = make(receiver)
    listeners.configure(
        [ListenerSnapshot(name="four", port=0), ListenerSnapshot(name="six", bind="::1", port=0)]
    )
    assert sorted(listeners.counts()) == [("four", "tcp"), ("four", "udp"), ("six", "tcp"), ("six", "udp")]
    for name in ("four", "six"):
        here = local(listeners, name)
        family = socket.AF_INET6 if ":" in here[0] else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as peer:
            peer.sendto(options(name), here)
            yield until(lambda name=name: any(flow.listener == name for _, flow in receiver.messages))
    assert listeners.flow("four", "tls", ("127.0.0.1", 5061)) is None
    assert listeners.flow("none", "udp", ("127.0.0.1", 5060)) is None
    yield listeners.close()
    assert not listeners.counts()


@pytest_twisted.inlineCallbacks
def test_what_we_are_called():
    """The advertised address, else the bound one (IPv6 in brackets), with the real port."""
    listeners = make()
    listeners.configure(
        [
            ListenerSnapshot(name="nat", port=0, advertise="box.example", transports=("udp",)),
            ListenerSnapshot(name="six", bind="::1", port=0, transports=("udp",)),
            ListenerSnapshot(name="all", bind="0.0.0.0", port=0, transports=("udp",)),
        ]
    )
    for name, host in (("nat", "box.example"), ("six", "[::1]"), ("all", "127.0.0.1")):
        remote = ("::1", 5060) if name == "six" else ("127.0.0.9", 5060)
        flow = listeners.flow(name, "udp", remote)
        assert listeners.sent_by(flow) == (host, local(listeners, name)[1])
        assert not listeners.reliable(flow)
    yield listeners.close()


@pytest_twisted.inlineCallbacks
def test_a_reload_moves_only_what_has_moved():
    """A new advertised address keeps the sockets; a new port opens anew, on the very same address."""
    listeners = make()
    snapshot = ListenerSnapshot(name="carrier", port=0)
    listeners.configure([snapshot])
    here, there = local(listeners), local(listeners, transport="tcp")
    yield listeners.configure([msgspec.structs.replace(snapshot, advertise="other.example")])
    assert local(listeners) == here
    flow = listeners.flow("carrier", "udp", ("127.0.0.1", 5060))
    assert listeners.sent_by(flow)[0] == "other.example"
    pinned = msgspec.structs.replace(snapshot, port=there[1], transports=("tcp",))
    yield listeners.configure([pinned])
    assert local(listeners, transport="tcp") == there
    with pytest.raises(TransportFailed):
        listeners.send(options(), flow)
    yield listeners.configure([msgspec.structs.replace(pinned, transports=("tcp", "udp"))])
    assert local(listeners, transport="tcp") == there
    yield listeners.close()


@pytest_twisted.inlineCallbacks
def test_an_address_that_is_taken_names_the_listener():
    """The message says which listener and why; the others stay open."""
    listeners = make()
    listeners.configure([ListenerSnapshot(name="one", port=0, transports=("udp",))])
    port = local(listeners, "one")[1]
    with pytest.raises(ListenFailed, match="two"):
        listeners.configure(
            [
                ListenerSnapshot(name="one", port=0, transports=("udp",)),
                ListenerSnapshot(name="two", port=port, transports=("udp",)),
            ]
        )
    assert list(listeners.counts()) == [("one", "udp")]
    for wrong in ({"bind": "nohost"}, {"transports": ("ws",)}):
        with pytest.raises(ListenFailed):
            make().configure([ListenerSnapshot(name="bad", port=0, **wrong)])
    yield listeners.close()


def test_an_unknown_flow_is_an_error_of_the_message():
    """A call whose listener was removed fails alone."""
    with pytest.raises(TransportFailed):
        make().send(options(), Flow("udp", ("127.0.0.1", 1), ("127.0.0.1", 2), "gone"))
