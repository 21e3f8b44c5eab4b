"""Whole calls between three real stacks over a network that loses, doubles, delays and reorders."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from b2bua.calls.ports import LegEnd
from b2bua.stack.legs_inbound import SipInboundLeg
from tests.flows.box import Box, answer
from tests.flows.network import Network

PATIENT = 32.0


@dataclass
class Tally:
    """What came of the calls."""

    sent: int = 0
    """Messages on the wire."""
    answered: int = 0
    acknowledged: int = 0
    ends: list[LegEnd] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def play(calls: int, *, seed: int, loss: float, duplicates: float, jitter: float) -> Tally:
    """Place calls through a box, one each 50 ms; each rings, is answered, talks and is hung up by
    either side."""
    network = Network(seed=seed, loss=loss, duplicates=duplicates, delay=0.005, jitter=jitter, keep_log=False)
    phone, box, target = [Box(network, (f"10.0.0.{n}", 5060)) for n in (1, 2, 3)]
    phone.hops.list = [phone.hop(box.address, "box", failover_seconds=PATIENT)]
    box.hops.list = [box.hop(target.address, "target")]
    tally = Tally()
    clock = network.clock

    def pick_up(leg: SipInboundLeg) -> None:
        if leg.is_over or leg.invitation.offer is None:
            return
        leg.answer(answer(leg.invitation.offer)).addCallbacks(acknowledged, lambda failure: None)
        if len(target.legs) % 2:
            clock.callLater(5.0, leg.hang_up)

    def acknowledged(_: object) -> None:
        tally.acknowledged += 1

    def ring(leg: SipInboundLeg) -> None:
        leg.ring()
        clock.callLater(1.0, pick_up, leg)

    def call() -> None:
        leg = phone.dial()

        def picked_up(_: object) -> None:
            tally.answered += 1
            clock.callLater(6.0, leg.hang_up)

        leg.answered.addCallbacks(picked_up, lambda failure: tally.failures.append(str(failure.value)))
        leg.ended.addCallback(tally.ends.append)

    target.on_leg = ring
    for n in range(calls):
        clock.callLater(n * 0.05, call)
    network.idle_until_quiet(calls * 0.05 + 400.0)
    assert network.clock.getDelayedCalls() == []
    for stack in (phone, box, target):
        endpoint = stack.driver.core.endpoint
        assert stack.driver.faults == 0
        assert endpoint.dialogs == {}
        assert endpoint.transactions.servers == endpoint.transactions.clients == {}
        assert len(stack.driver.timers) == 0
        assert len(stack.legs) == (0 if stack is phone else len(stack.ends))
    tally.sent = network.sent
    return tally


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_calls_survive_loss_doubles_and_jitter(seed: int) -> None:
    """5 % loss, 2 % doubles, 30 ms jitter: every call is answered, acknowledged and ended, 1,000 of 1,000."""
    tally = play(250, seed=seed, loss=0.05, duplicates=0.02, jitter=0.03)
    assert tally.failures == []
    assert tally.answered == tally.acknowledged == len(tally.ends) == 250


def test_most_calls_survive_a_very_bad_network() -> None:
    """20 % loss: at least 99 % of the calls are answered, and all of them come to an end."""
    tally = play(500, seed=5, loss=0.2, duplicates=0.02, jitter=0.03)
    assert tally.answered >= 495
    assert len(tally.ends) == 500


def test_a_perfect_network_needs_no_retransmission() -> None:
    """Without loss a bridged call whose phone rings at once is 13 messages and not one more."""
    tally = play(10, seed=6, loss=0.0, duplicates=0.0, jitter=0.0)
    assert tally.answered == 10
    assert tally.sent == 130
