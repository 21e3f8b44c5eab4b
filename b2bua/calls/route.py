"""Carry the route plan of a number into a call: decide, keep why, turn away or ask the PIN."""

from __future__ import annotations

from collections.abc import Iterable

from b2bua.calls.announce import announce
from b2bua.calls.call import Call
from b2bua.calls.caller import Caller
from b2bua.calls.pin import ask_pin
from b2bua.calls.ports import CallEnd, CallPorts
from domain.days.calendar import LocalMoment
from domain.outcomes import HungUpBy, Outcome
from domain.routing.decide import Decision, decide
from domain.routing.destination import Destination
from domain.routing.reasons import Reason, written


def decide_route(call: Call, ports: CallPorts) -> Decision:
    """Decide where the call goes by the plan of the number in force, and keep it with the call."""
    assert call.tenant is not None
    assert call.plan is not None
    assert call.facts is not None
    decision = decide(call.tenant, call.plan, call.facts, ports.live)
    ports.live.take_turn(decision.turn)
    call.vip = call.vip or decision.vip
    if decision.explains:
        note_reasons(call, "routed", decision.reasons)
    return decision


async def admit(call: Call, caller: Caller, decision: Decision, ports: CallPorts) -> CallEnd | Destination:
    """Return where an admitted caller goes; ask the PIN before, where one is needed."""
    if decision.to is None:
        assert decision.refusal is not None
        await announce(call, caller, decision.refusal, ports)
        return CallEnd(outcome=decision.refusal, by=HungUpBy.BOX)
    assert call.plan is not None
    if decision.needs_pin and not await ask_pin(call, caller, call.plan.pin, ports):
        await announce(call, caller, Outcome.PIN_WRONG, ports)
        return CallEnd(outcome=Outcome.PIN_WRONG, by=HungUpBy.BOX)
    return decision.to


def moment(call: Call, ports: CallPorts) -> LocalMoment:
    """Return the moment now, by the calendar of the call's tenant."""
    tenant = call.tenant.id if call.tenant is not None else None
    return ports.directory.facts.calendar_of(tenant).at(ports.clock.utc())


def note_reasons(call: Call, step: str, reasons: Iterable[Reason]) -> None:
    """Keep in the record why; ``box400 records`` shows it in words."""
    call.step(step, written(reasons))
