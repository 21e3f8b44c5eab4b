"""Where a call is forwarded that the phones did not take (遇忙前转, 无应答前转)."""

from __future__ import annotations

from collections.abc import Sequence

from domain.days.calendar import LocalMoment
from domain.days.schedule import is_open_at
from domain.outcomes import Outcome
from domain.routing.live import LiveFacts
from domain.routing.order import is_busy
from domain.routing.plan import MOST_FORWARDS, RoutePlan
from domain.routing.reasons import Reason
from domain.routing.target import BoundNumber


def next_forward(
    tenant: str, routing: RoutePlan, rung: Sequence[str], failure: Outcome, live: LiveFacts, when: LocalMoment
) -> tuple[BoundNumber, Reason] | None:
    """Return the next forward number and why; None: no more are to be rung in this call.

    ``rung`` are the forward numbers of this call so far, ``failure`` is what became of the last try. Each is
    rung once, :data:`MOST_FORWARDS` at most, so that this ends.
    """
    if len(rung) >= MOST_FORWARDS:
        return None
    busy = failure is Outcome.BUSY
    for target in routing.when_busy if busy else routing.when_no_answer:
        if target.number in rung or not target.enabled or is_busy(tenant, target, live):
            continue
        if target.schedule is not None and not is_open_at(target.schedule, when):
            continue
        facts = {"target": target.number, "count": str(len(rung) + 1), "most": str(MOST_FORWARDS)}
        return target, Reason("forward-busy" if busy else "forward-no-answer", facts)
    return None
