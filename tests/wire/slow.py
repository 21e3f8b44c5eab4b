"""Scenarios that take as long as their RFC says: each runs in a thread of its own, all at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from tests.wire.leg import Leg
from tests.wire.message import Address, Rows, Sip
from tests.wire.peer import UdpPeer

CAN_TIMER = [("Supported", "timer")]


class Scene:
    """A carrier, a gateway behind a trunk of its own, and the number that leads there."""

    def __init__(self, index: int, box: Address, caller_host: str, gateway_host: str) -> None:
        self.number = f"40010039{index:02}"
        self.caller = f"136{index:08}"
        self.carrier = UdpPeer((caller_host, 0), box)
        self.gateway = UdpPeer((gateway_host, 6000 + index), box)

    def call(self, rows: Rows = ()) -> Leg:
        """Bring a call."""
        return Leg.calls(self.carrier, self.number, self.caller, rows)

    def bridge(self, rows: Rows = (), answer: Rows = ()) -> tuple[Leg, Leg, Sip]:
        """Bring a call that is answered; returns the box's 200, too."""
        caller = self.call(rows)
        callee = Leg.rung(self.gateway)
        callee.answer(answer)
        return caller, callee, caller.up()

    def pause(self, seconds: float, *talking: Leg) -> None:
        """Let time pass; both talk now and then, or the box would take them for dead."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            for leg in talking:
                leg.talk()
            self.carrier.listen(min(0.2, left))
            self.gateway.listen(0)

    def request(self, leg: Leg, method: str, seconds: float, *talking: Leg) -> Sip:
        """Wait for a request of the box, and let both talk meanwhile."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = leg.peer.find(
                lambda one: not one.status and one.method == method and one.call_id == leg.call_id
            )
            if found is not None:
                return found
            self.pause(0.2, *talking)
        raise AssertionError(f"no {method} within {seconds:g} s")

    def close(self) -> None:
        """Close the sockets."""
        self.carrier.close()
        self.gateway.close()


Scenario = Callable[[Scene], Leg]
"""Plays its part and returns the caller's leg, by whose Call-ID the record is found."""


class Scenarios:
    """Runs them."""

    def __init__(self) -> None:
        self.all: dict[str, Scenario] = {}
        self._pool: ThreadPoolExecutor | None = None
        self._results: dict[str, Future[Leg]] = {}

    def __call__(self, scenario: Scenario) -> Scenario:
        """Enter a scenario; a decorator."""
        self.all[scenario.__name__] = scenario
        return scenario

    def start(self, make_scene: Callable[[int], Scene]) -> None:
        """Begin all."""
        self._pool = ThreadPoolExecutor(len(self.all))

        def play(index: int, scenario: Scenario) -> Leg:
            scene = make_scene(index)
            try:
                return scenario(scene)
            finally:
                scene.close()

        for index, (name, scenario) in enumerate(self.all.items()):
            self._results[name] = self._pool.submit(play, index, scenario)

    def result(self, name: str) -> Leg:
        """Wait for one."""
        return self._results[name].result(150)

    def end(self) -> None:
        """Wait for all."""
        if self._pool is not None:
            self._pool.shutdown()


def configuration(count: int) -> str:
    """Write the YAML of a box with a trunk, a tenant and a number for each scenario.

    The carrier's and every other trunk ask for session timers of 90 s, the least there may be.
    """
    trunks = [
        "  demo-carrier:",
        '    sources: ["@CARRIER@"]',
        '    target: "@GATEWAY@:5080"',
        "    session_seconds: 90",
        "    options_seconds: 0",
    ]
    tenants = []
    for index in range(count):
        trunks += [
            f"  way-{index}:",
            "    inbound: false",
            f'    target: "@GATEWAY@:{6000 + index}"',
            "    session_seconds: 90",
            "    options_seconds: 0",
        ]
        tenants += [
            f"  tenant-{index}:",
            f"    outbound_trunks: [way-{index}]",
            "    numbers:",
            f'      "40010039{index:02}":',
            '        bound: [{number: "13900001111", skip_busy: false}]',
            "        no_answer_seconds: 90",
        ]
    return "\n".join(["box: {announcements: false}", "trunks:", *trunks, "tenants:", *tenants, ""])
