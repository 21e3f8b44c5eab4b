"""The destinations that are phones: the bound numbers of a 400 number, a group of targets, one extension."""

from __future__ import annotations

from b2bua.calls.announce import announce
from b2bua.calls.authorise import Payer
from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller
from b2bua.calls.converse import converse
from b2bua.calls.hunt import NotReached, hunt
from b2bua.calls.ports import CallEnd, CallPorts
from domain.destination import Destination
from domain.flow.extensions import dialled_target
from domain.outcomes import HungUpBy
from domain.snapshot import BoundNumber, TargetGroup, TargetKind


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
    """Ring targets and let the caller talk with who answers; say where the call goes when nobody did."""
    assert call.tenant is not None
    assert call.plan is not None
    start_ringback(call, caller, call.plan.ringback)
    payer = Payer(tenant=call.tenant.id, number=call.plan.number)
    try:
        callee = await hunt(call, caller, group, payer, ports, ringback=call.plan.ringback)
    except NotReached as failure:
        caller.hush()
        if group.otherwise is not None:
            call.step("not-reached", failure.outcome.value)
            return group.otherwise
        await announce(call, caller, failure.outcome, ports)
        return CallEnd(outcome=failure.outcome, by=HungUpBy.BOX)
    return await converse(call, caller, callee, ports)


def start_ringback(call: Call, caller: Caller, ringback: str | None) -> None:
    """Let the caller hear that it rings.

    Answered callers hear it from the box. Others hear the tenant's ringback as early media, and without one
    their own network's tone, started by 180 when the first phone rings.
    """
    call.state = CallState.RINGING
    if caller.answered or (ringback is not None and caller.open_early_media()):
        call.step("ringback")
        caller.hear_ringback(ringback)
