"""Star codes that an agent dials from his extension: ``*51`` login, ``*52`` logout, ``*53`` pause, ``*54``
resume."""

from __future__ import annotations

from typing import Final

from b2bua.calls.call import Call
from b2bua.calls.caller import receive_caller
from b2bua.calls.floor import TenantFloor
from b2bua.calls.negotiation import SdpError
from b2bua.calls.ports import CallEnd, CallPorts, InboundLeg, Invitation, MediaUnavailable
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import ExtensionSnapshot, TenantSnapshot

CODES: Final = {"*51": "login", "*52": "logout", "*53": "pause", "*54": "resume"}


def extension_of(invitation: Invitation, ports: CallPorts) -> ExtensionSnapshot | None:
    """Return the extension that calls, or None when a trunk does."""
    if invitation.extension is None:
        return None
    extensions = ports.directory.box.extensions
    return next((each for each in extensions if each.account == invitation.extension), None)


def dialling_tenant(invitation: Invitation, ports: CallPorts) -> TenantSnapshot | None:
    """Return the tenant whose extension dials a star code; None when none does, or he has no agents."""
    if invitation.called not in CODES:
        return None
    extension = extension_of(invitation, ports)
    floor = ports.floor.tenants.get(extension.tenant) if extension is not None else None
    return floor.tenant if floor is not None else None


async def obey(call: Call, leg: InboundLeg, ports: CallPorts) -> CallEnd:
    """Set the state of who sits at the phone, say whether it was done, and hang up."""
    call.failed_with = Outcome.AGENT_CODE
    try:
        caller = await receive_caller(call, leg, ports, record=False)
        await caller.answer()
        what = CODES[call.invitation.called]
        agents = set_agents(call, what, ports)
        call.step("agent-code", f"{what} {' '.join(agents)}".rstrip())
        prompt = call.prompt("done" if agents else "not-done", ports.directory)
        if prompt is not None:
            await caller.say((prompt,))
    except SdpError:
        return CallEnd(outcome=Outcome.NO_COMMON_CODEC, by=HungUpBy.BOX)
    except MediaUnavailable:
        return CallEnd(outcome=Outcome.OVER_BOX_LIMIT, by=HungUpBy.BOX)
    return CallEnd(outcome=Outcome.AGENT_CODE, by=HungUpBy.BOX)


def set_agents(call: Call, what: str, ports: CallPorts) -> list[str]:
    """Set whoever sits at the phone that calls; return their job numbers."""
    extension = extension_of(call.invitation, ports)
    if extension is None or call.tenant is None:
        return []
    floor = ports.floor.of(call.tenant)
    agents = floor.agents_at(extension.name)
    for agent in agents:
        set_agent(floor, agent, what)
    return agents


def set_agent(floor: TenantFloor, agent: str, what: str, reason: str = "") -> bool:
    """Log an agent in or out, pause him or end his pause; False for anything else.

    Raises KeyError for one who is not there.
    """
    match what:
        case "login":
            floor.log_in(agent)
        case "logout":
            floor.log_out(agent)
        case "pause":
            floor.pause(agent, reason)
        case "resume":
            floor.resume(agent)
        case _:
            return False
    return True
