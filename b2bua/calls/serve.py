"""Walk a call from destination to destination until somebody talks with the caller or the call ends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from b2bua.calls.announce import announce
from b2bua.calls.call import Call
from b2bua.calls.caller import Caller
from b2bua.calls.menu import follow_flow
from b2bua.calls.ports import CallEnd, CallPorts
from b2bua.calls.queue import wait_in_queue
from b2bua.calls.ring_targets import ring_bound, ring_extension, ring_group
from b2bua.calls.route import admit, decide_route
from b2bua.calls.voicemail import take_message
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination, DestinationKind

MOST_DESTINATIONS: Final = 20
"""Destinations a call may be sent to; more is a circle."""

Service = Callable[[Call, Caller, str, CallPorts], Awaitable[CallEnd | Destination]]
"""Serves a call at the destination of a name: returns its end, or where it goes next. A caller who hangs up
is CancelledError wherever it waits."""


async def serve(call: Call, caller: Caller, destination: Destination, ports: CallPorts) -> CallEnd:
    """Send a call to a destination, and on to where that one sends it."""
    for _ in range(MOST_DESTINATIONS):
        if destination.kind is not DestinationKind.BOUND:
            call.step("to", str(destination))
        result = await SERVICES[destination.kind](call, caller, destination.name, ports)
        if isinstance(result, CallEnd):
            return result
        destination = result
    await announce(call, caller, Outcome.ROUTED_IN_CIRCLES, ports)
    return CallEnd(outcome=Outcome.ROUTED_IN_CIRCLES, by=HungUpBy.BOX)


async def _announcement(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd:
    """Play a prompt to its end, then end the call."""
    if caller.open_early_media():
        await caller.say((call.prompt(name, ports.directory) or name,))
    return CallEnd(outcome=Outcome.ANNOUNCED, by=HungUpBy.BOX)


async def _hang_up(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd:
    return CallEnd(outcome=Outcome.REJECTED, by=HungUpBy.BOX)


async def _number(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Go on as if another 400 number of the tenant had been dialled; who is charged stays."""
    found = ports.directory.find(name)
    if found is None or call.tenant is None or found[0].id != call.tenant.id:
        call.step("no-such-number", name)
        return CallEnd(outcome=Outcome.NUMBER_UNKNOWN, by=HungUpBy.BOX)
    halted = call.tenant.halted.get(name)
    if halted is not None:
        await announce(call, caller, halted, ports)
        return CallEnd(outcome=halted, by=HungUpBy.BOX)
    call.plan = found[1]
    return await admit(call, caller, decide_route(call, ports), ports)


SERVICES: Final[dict[DestinationKind, Service]] = {
    DestinationKind.BOUND: ring_bound,
    DestinationKind.GROUP: ring_group,
    DestinationKind.FLOW: follow_flow,
    DestinationKind.EXTENSION: ring_extension,
    DestinationKind.VOICEMAIL: take_message,
    DestinationKind.ANNOUNCEMENT: _announcement,
    DestinationKind.HANG_UP: _hang_up,
    DestinationKind.NUMBER: _number,
    DestinationKind.QUEUE: wait_in_queue,
}
"""One service for each kind of destination; provisioning takes no kind that is not here."""
