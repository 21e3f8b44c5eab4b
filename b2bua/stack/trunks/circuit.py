"""Whether a trunk may take calls: a circuit breaker with hysteresis. Pure; the time is an argument.

``UP``: calls go out. Two failures in a row, or a 503 with Retry-After, open the circuit. ``DOWN``: no calls
until the wait is over; it doubles each time the trunk fails again soon. ``TRYING``: probes (OPTIONS, or one
call at a time where there are none) must succeed twice in a row before calls go out again, so that a flapping
trunk stays out.
"""

from __future__ import annotations

from enum import StrEnum

FAILURES_TO_OPEN = 2
SUCCESSES_TO_CLOSE = 2
FIRST_WAIT = 5.0
LONGEST_WAIT = 60.0
STABLE_SECONDS = 120.0
"""A trunk that was up for so long starts again with the first wait."""
LONGEST_RETRY_AFTER = 600.0
"""A peer that asks for a day of peace gets so much."""


class CircuitState(StrEnum):
    """What the breaker says."""

    UP = "up"
    DOWN = "down"
    TRYING = "trying"


class Circuit:
    """The breaker of one trunk."""

    __slots__ = (
        "_failures",
        "_leave_alone_until",
        "_open_until",
        "_probing",
        "_successes",
        "_up_since",
        "_wait",
        "state",
        "why",
    )

    def __init__(self) -> None:
        self.state = CircuitState.UP
        self.why = ""
        """Why it opened, for people."""
        self._failures = 0
        self._successes = 0
        self._wait = FIRST_WAIT
        self._open_until = 0.0
        self._leave_alone_until = 0.0
        self._up_since: float | None = None
        self._probing = False

    def may_call(self, now: float, *, probed: bool) -> bool:
        """Tell whether a call may leave now.

        ``probed``: OPTIONS decide about recovery, so calls wait for them; otherwise, once the wait is over,
        one call at a time tries.
        """
        if self.state is CircuitState.UP:
            return True
        if probed or self._probing:
            return False
        return self.state is CircuitState.TRYING or now >= self._open_until

    def calling(self, now: float) -> None:
        """Note that a call leaves; in a circuit that is not up it is the probe."""
        if self.state is not CircuitState.UP:
            self.state = CircuitState.TRYING
            self._probing = True

    def probe_wait(self, now: float, usual: float) -> float:
        """Return the seconds until the next OPTIONS is due."""
        if self.state is CircuitState.UP:
            return min(usual, 2.0) if self._failures else usual
        if self.state is CircuitState.DOWN:
            return min(max(self._open_until - now, 1.0), LONGEST_RETRY_AFTER)
        return min(usual, 2.0)

    def success(self, now: float) -> bool:
        """Note an answer that shows the peer at work; True when the circuit just closed."""
        self._failures = 0
        self._probing = False
        if self.state is CircuitState.UP:
            if self._up_since is None:
                self._up_since = now
            elif now - self._up_since >= STABLE_SECONDS:
                self._wait = FIRST_WAIT
            return False
        if self.state is CircuitState.DOWN and now < self._open_until:
            return False
        self.state = CircuitState.TRYING
        self._successes += 1
        if self._successes < SUCCESSES_TO_CLOSE:
            return False
        self.state = CircuitState.UP
        self.why = ""
        self._up_since = now
        return True

    def failure(self, now: float, why: str, retry_after: float = 0.0) -> bool:
        """Note a 503, silence or refusal; True when the circuit just opened."""
        self._failures += 1
        self._successes = 0
        self._probing = False
        if self.state is CircuitState.UP:
            if self._failures < FAILURES_TO_OPEN and not retry_after:
                return False
            if self._up_since is not None and now - self._up_since >= STABLE_SECONDS:
                self._wait = FIRST_WAIT
            self._open(now, why, retry_after)
            return True
        if self.state is CircuitState.TRYING or now >= self._open_until:
            self._open(now, why, retry_after)
        return False

    def last_resort(self, now: float) -> bool:
        """Tell whether a call may be tried because no trunk is up: unless the peer asked for peace."""
        return now >= self._leave_alone_until

    def give_up_probe(self) -> None:
        """Note that the call that was the probe ended without telling anything (the caller hung up)."""
        self._probing = False

    def _open(self, now: float, why: str, retry_after: float) -> None:
        self.state = CircuitState.DOWN
        self.why = why
        self._open_until = now + max(self._wait, min(retry_after, LONGEST_RETRY_AFTER))
        if retry_after:
            self._leave_alone_until = self._open_until
        self._wait = min(self._wait * 2, LONGEST_WAIT)
        self._up_since = None
