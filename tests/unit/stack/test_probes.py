"""OPTIONS to trunks: who is up, told without flapping."""

from __future__ import annotations

from types import SimpleNamespace

from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from b2bua.sip.flow import Flow
from b2bua.sip.message import Response
from b2bua.stack.resolver import Destination
from b2bua.stack.trunks.hops import TrunkHops
from b2bua.stack.trunks.probes import ANSWER_SECONDS, Prober
from b2bua.stack.trunks.table import TrunkTable
from domain.snapshot import BoxSnapshot, TrunkKind, TrunkSnapshot


class Peer:
    """A trunk's other end: what it answers, and what it was asked when."""

    def __init__(self, clock):
        self.clock = clock
        self.answers = {}
        self.asked = []

    def send(self, method, uri, flow, rows, user):
        """Take a request; answer as set."""
        self.asked.append((round(self.clock.seconds(), 1), method, uri, flow.remote[0], dict(rows)))
        status = self.answers.get(flow.remote[0], 200)
        if isinstance(status, Response):
            user.on_response(status)
        elif status == 503 and flow.remote[0] == "dead":
            user.on_no_response(503)
        elif status:
            user.on_response(Response(100, "Trying", []))
            user.on_response(Response(status, "X", []))


def make(*trunks, hosts=None):
    """Make a prober over trunks."""
    clock = Clock()
    states = []
    table = TrunkTable(lambda *state: states.append((round(clock.seconds(), 1), *state)))
    table.configure(BoxSnapshot(trunks=trunks))
    peer = Peer(clock)
    flows = SimpleNamespace(
        flow=lambda listener, transport, remote: Flow(transport, ("127.0.0.1", 5060), remote, listener)
    )
    resolver = SimpleNamespace(
        resolve=lambda target, transport: succeed(
            tuple([Destination(transport, one, 5060, target) for one in (hosts or {}).get(target, [target])])
        )
    )
    hops = TrunkHops(table, flows, resolver, None, clock.seconds)
    prober = Prober(
        table, hops, peer.send, lambda flow: ("box.example", 5060), clock, lambda: 0.5, lambda: "token"
    )
    return SimpleNamespace(clock=clock, table=table, peer=peer, prober=prober, states=states)


def run(made, seconds):
    """Let time pass in small steps."""
    made.clock.pump([0.25] * int(seconds * 4))


def end(made):
    """Stop, and see that nothing is pending."""
    made.prober.stop()
    assert not made.clock.getDelayedCalls()


def test_a_healthy_trunk_is_asked_at_its_interval():
    """The first within a second, then every 30; nobody is told anything."""
    made = make(TrunkSnapshot(name="a", target="192.0.2.1", trunk_number="010"))
    made.prober.configure()
    run(made, 95)
    assert [asked[0] for asked in made.peer.asked] == [0.5, 30.5, 60.5, 90.5]
    _, method, uri, _, rows = made.peer.asked[0]
    assert (method, uri) == ("OPTIONS", "sip:192.0.2.1")
    assert rows["Contact"] == "<sip:010@box.example:5060>"
    assert made.states == []
    end(made)


def test_silence_is_an_outage_within_seconds_and_recovery_takes_two_answers():
    """Down after two silent OPTIONS, up again after two good ones, each told once."""
    made = make(TrunkSnapshot(name="a", target="192.0.2.1"))
    made.peer.answers["192.0.2.1"] = 0
    made.prober.configure()
    run(made, 20)
    assert made.states == [(0.5 + ANSWER_SECONDS + 2.0 + ANSWER_SECONDS, "a", False, "no answer to OPTIONS")]
    made.peer.answers["192.0.2.1"] = 200
    run(made, 60)
    assert [state[2] for state in made.states] == [False, True]
    assert made.states[1][0] <= 40
    end(made)


def test_any_answer_but_overload_means_up():
    """404 or 405 to OPTIONS come from a peer that is alive."""
    made = make(TrunkSnapshot(name="a", target="192.0.2.1"))
    made.peer.answers["192.0.2.1"] = 404
    made.prober.configure()
    run(made, 200)
    assert made.states == []
    end(made)


def test_overload_with_retry_after_is_left_alone():
    """A 503 with Retry-After opens the circuit at once, and no OPTIONS comes before its time."""
    made = make(TrunkSnapshot(name="a", target="192.0.2.1"))
    made.peer.answers["192.0.2.1"] = Response(503, "Busy", [("Retry-After", "100 (maintenance)")])
    made.prober.configure()
    run(made, 99)
    assert len(made.peer.asked) == 1
    assert made.states == [(0.5, "a", False, "OPTIONS answered 503")]
    made.peer.answers["192.0.2.1"] = 200
    run(made, 20)
    assert [state[2] for state in made.states] == [False, True]
    end(made)


def test_one_of_several_addresses_is_enough():
    """A trunk with two addresses is up while one answers."""
    made = make(TrunkSnapshot(name="a", target="x"), hosts={"x": ["192.0.2.1", "192.0.2.2"]})
    made.peer.answers["192.0.2.1"] = 0
    made.prober.configure()
    run(made, 60)
    assert made.states == []
    assert {asked[3] for asked in made.peer.asked} == {"192.0.2.1", "192.0.2.2"}
    end(made)


def test_who_is_not_probed():
    """No interval, disabled, not registered: no OPTIONS."""
    made = make(
        TrunkSnapshot(name="a", target="192.0.2.1", options_seconds=0.0),
        TrunkSnapshot(name="b", target="192.0.2.2", enabled=False),
        TrunkSnapshot(name="c", target="192.0.2.3", kind=TrunkKind.REGISTER),
    )
    made.prober.configure()
    run(made, 100)
    assert made.peer.asked == []
    end(made)


def test_a_reload_adds_and_removes_probes():
    """New trunks are asked, removed ones left alone, without a restart."""
    made = make(TrunkSnapshot(name="a", target="192.0.2.1"))
    made.prober.configure()
    run(made, 1)
    made.table.configure(BoxSnapshot(trunks=(TrunkSnapshot(name="b", target="192.0.2.2"),)))
    made.prober.configure()
    run(made, 60)
    assert [asked[3] for asked in made.peer.asked] == ["192.0.2.1", "192.0.2.2", "192.0.2.2"]
    end(made)
