"""Let who picked up press 1 before the call is his (docs/call-flows/press-1.md)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from twisted.internet.defer import Deferred

from b2bua.calls.callee import Callee
from b2bua.calls.party import expected_to_end
from b2bua.calls.ports import CallPorts, LegEnd

ACCEPT_KEY: Final = "1"
PROMPT: Final = "accept-call"


class Acceptance:
    """One who picked up and is asked to press 1; tells once whether he did, unless it is stopped before."""

    def __init__(
        self, callee: Callee, ports: CallPorts, accepted: Callable[[], None], not_accepted: Callable[[], None]
    ) -> None:
        self._callee = callee
        self._ports = ports
        self._accepted = accepted
        self._not_accepted = not_accepted
        self._timer: Deferred[None] | None = None
        self._open = True

    def ask(self, seconds: float) -> None:
        """Play the prompt over and over until 1 is pressed, he hangs up, or the time is over."""
        callee = self._callee
        callee.call.step("asked-to-accept", callee.leg_id)
        callee.hear_music(callee.call.prompt(PROMPT, self._ports.directory))
        callee.listen_for_keys(True)
        callee.keypad.listen(self._pressed)
        callee.hung_up.addCallback(self._hung_up)
        self._timer = self._ports.clock.after(seconds)
        self._timer.addCallbacks(lambda _: self._tell("not-accepted", self._not_accepted), expected_to_end)
        self._timer.addErrback(callee.call.fault)

    def stop(self) -> None:
        """Ask no more; nothing is told from now on."""
        if not self._open:
            return
        self._open = False
        self._callee.keypad.stop()
        self._callee.listen_for_keys(False)
        self._callee.hush()
        if self._timer is not None:
            self._timer.cancel()

    def _pressed(self, digit: str) -> None:
        if digit == ACCEPT_KEY:
            self._tell("accepted", self._accepted)

    def _hung_up(self, end: LegEnd) -> LegEnd:
        self._tell("not-accepted", self._not_accepted)
        return end

    def _tell(self, step: str, outcome: Callable[[], None]) -> None:
        if self._open:
            self.stop()
            self._callee.call.step(step, self._callee.leg_id)
            outcome()
