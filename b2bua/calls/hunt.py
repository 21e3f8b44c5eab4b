"""Ring targets until somebody answers."""

from __future__ import annotations

from collections.abc import Sequence

from b2bua.calls.authorise import Authorised, NotAllowed, Payer, TooOften, authorise
from b2bua.calls.call import Call
from b2bua.calls.callee import Callee
from b2bua.calls.caller import Caller
from b2bua.calls.ports import CallPorts
from b2bua.calls.ring_round import Round
from b2bua.calls.ringback import Ringback
from domain.outcomes import Outcome, outcome_of_all
from domain.routing.order import Ordering, is_busy
from domain.routing.target import BoundNumber


class NotReached(Exception):
    """Nobody answered; ``outcome`` says why."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


async def hunt(
    call: Call,
    caller: Caller,
    ordering: Ordering,
    no_answer_seconds: float,
    payer: Payer,
    ports: CallPorts,
    heard: Ringback,
) -> Callee:
    """Ring round after round of targets; return who answered, his media connected.

    Each round has ``no_answer_seconds``, which only an answer stops. Raises NotReached.
    """
    if not ordering.rounds:
        raise NotReached(ordering.outcome)
    failures: list[Outcome] = []
    for targets in ordering.rounds:
        left = caller.early_media_left()
        if left is not None and left <= 0:
            break
        batch = _allowed(call, ports, targets, payer, failures)
        if not batch:
            continue
        sounding = heard.ring(batch)
        left = caller.early_media_left()
        seconds = no_answer_seconds if left is None else min(no_answer_seconds, left)
        ringing = Round(call, caller, batch, ports, record=call.records, ringback=sounding, open_to_all=True)
        answered = await ringing.run(seconds)
        if answered is not None:
            return answered
        failures += ringing.failures
    raise NotReached(outcome_of_all(failures))


def _allowed(
    call: Call, ports: CallPorts, targets: Sequence[BoundNumber], payer: Payer, failures: list[Outcome]
) -> list[Authorised]:
    """Get leave to ring these targets, just before they are rung: each leave counts as a leg."""
    allowed = []
    for target in targets:
        if is_busy(payer.tenant, target, ports.live):  # since the order was made
            call.step("busy-meanwhile", target.number)
            failures.append(Outcome.BUSY)
            continue
        try:
            allowed.append(authorise(ports, target, payer))
        except TooOften as refused:
            call.step("rung-too-often", str(refused))
            failures.append(Outcome.RUNG_TOO_OFTEN)
        except NotAllowed as refused:
            call.step("not-allowed", refused.noted)
    return allowed
