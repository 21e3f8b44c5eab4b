"""The destinations that are phones: the bound numbers of a 400 number, a group of targets, one extension."""

from __future__ import annotations

from b2bua.calls.announce import announce
from b2bua.calls.authorise import Payer
from b2bua.calls.call import Call, CallState
from b2bua.calls.callee import Callee
from b2bua.calls.caller import Caller
from b2bua.calls.converse import converse
from b2bua.calls.hunt import NotReached, hunt
from b2bua.calls.ports import CallEnd, CallPorts
from b2bua.calls.ringback import Ringback
from b2bua.calls.route import moment, note_reasons
from domain.flow.extensions import dialled_target
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.routing.forwards import next_forward
from domain.routing.order import Ordering, order
from domain.routing.simulate import memory_of
from domain.routing.target import BoundNumber, TargetGroup, TargetKind
from domain.snapshot import NumberPlan


async def ring_bound(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Ring the bound numbers of the number in force; ``name`` is empty."""
    plan = call.plan
    assert plan is not None
    group = TargetGroup(plan.number, plan.bound, plan.strategy, plan.no_answer_seconds, plan.otherwise)
    return await ring(call, caller, group, ports)


async def ring_group(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Ring a group of the tenant."""
    assert call.tenant is not None
    group = next((group for group in call.tenant.groups if group.name == name), TargetGroup(name))
    return await ring(call, caller, group, ports)


async def ring_extension(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Ring one extension, or who has a job number (总机/分机)."""
    assert call.tenant is not None
    assert call.plan is not None
    found = dialled_target(ports.directory.box, call.tenant, call.plan, name)
    target = found or BoundNumber(number=name, kind=TargetKind.EXTENSION)
    group = TargetGroup(name, (target,), no_answer_seconds=call.plan.no_answer_seconds)
    return await ring(call, caller, group, ports)


async def ring(call: Call, caller: Caller, group: TargetGroup, ports: CallPorts) -> CallEnd | Destination:
    """Ring targets, then the forward numbers, and let the caller talk with who answers; say where the call
    goes when nobody did."""
    assert call.plan is not None
    call.state = CallState.RINGING
    heard = Ringback(call, caller, group.ringback or call.plan.ringback, ports)
    try:
        callee = await _reach(call, caller, group, heard, ports)
    except NotReached as failure:
        caller.hush()
        if group.otherwise is not None:
            call.step("not-reached", failure.outcome.value)
            return group.otherwise
        await announce(call, caller, failure.outcome, ports)
        return CallEnd(outcome=failure.outcome, by=HungUpBy.BOX)
    _remember(call, callee, ports)
    return await converse(call, caller, callee, ports)


async def _reach(call: Call, caller: Caller, group: TargetGroup, heard: Ringback, ports: CallPorts) -> Callee:
    """Return who answered, of the group or of the forward numbers; raises NotReached."""
    assert call.tenant is not None
    assert call.plan is not None
    assert call.facts is not None
    tenant, plan = call.tenant, call.plan
    payer = Payer(tenant=tenant.id, number=plan.number)
    remembered = memory_of(plan, call.facts, ports.live)
    ordering = order(tenant.id, group, ports.live, moment(call, ports), remembered)
    ports.live.take_turn(ordering.turn)
    if ordering.explains:
        note_reasons(call, "ring-order", ordering.reasons)
    while True:
        try:
            return await hunt(call, caller, ordering, group.no_answer_seconds, payer, ports, heard)
        except NotReached as failure:
            forward = _forward(call, plan, failure.outcome, ports)
            if forward is None:
                raise
            ordering = forward


def _forward(call: Call, plan: NumberPlan, failure: Outcome, ports: CallPorts) -> Ordering | None:
    """Return the next forward number to ring (遇忙前转, 无应答前转), or None."""
    assert call.tenant is not None
    if plan.routing is None:
        return None
    found = next_forward(
        call.tenant.id, plan.routing, call.forwards, failure, ports.live, moment(call, ports)
    )
    if found is None:
        return None
    target, reason = found
    call.forwards.append(target.number)
    note_reasons(call, "forward", (reason,))
    return Ordering(((target,),), (reason,), failure)


def _remember(call: Call, callee: Callee, ports: CallPorts) -> None:
    """Keep who answered, where callers are to reach him first next time (来电转接记忆)."""
    plan, facts = call.plan, call.facts
    assert plan is not None
    assert facts is not None
    if plan.routing is not None and plan.routing.memory_days:
        ports.live.remember(plan.number, facts.caller.canonical, callee.target, ports.clock.utc())
