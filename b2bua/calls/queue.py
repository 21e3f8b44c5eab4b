"""Let a caller wait in a queue until an agent answers (docs/call-flows/queue.md)."""

from __future__ import annotations

from typing import Final

from twisted.internet.defer import Deferred, gatherResults

from b2bua.calls.announce import announce
from b2bua.calls.call import Call, CallState
from b2bua.calls.callee import Callee
from b2bua.calls.caller import Caller
from b2bua.calls.converse import converse
from b2bua.calls.party import expected_to_end
from b2bua.calls.place import forget_places, keep_place
from b2bua.calls.ports import CallEnd, CallPorts, LegEnd
from b2bua.calls.queue_wait import Connected, Dismissed, Pressed, Wait
from b2bua.calls.rating import rate
from domain.acd.configuration import Queue
from domain.acd.effects import Reason
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination
from domain.voice import speech

OUTCOMES: Final = {
    Reason.FULL: Outcome.QUEUE_FULL,
    Reason.WAITED_TOO_LONG: Outcome.WAITED_TOO_LONG,
    Reason.NO_AGENTS: Outcome.NO_AGENTS,
    Reason.CLOSED: Outcome.QUEUE_CLOSED,
    Reason.GONE: Outcome.QUEUE_CLOSED,
}


async def wait_in_queue(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Let the caller wait with music until an agent answers, and talk with him."""
    assert call.tenant is not None
    floor = ports.floor.of(call.tenant)
    queue = floor.queue(name)
    if queue is None:
        call.step("no-such-queue", name)
        return await _end(call, caller, Reason.GONE, ports)
    await caller.answer()
    call.state = CallState.QUEUED
    caller.keypad.take_typed()
    forget_places(call, name, floor, ports)
    wait = Wait(call, caller, queue, floor, ports)
    caller.listen_for_keys(bool(queue.keys or queue.call_back_key))
    try:
        wait.enter()
        while True:
            result = await call.wait(wait.happening())
            match result:
                case Dismissed(reason=reason):
                    call.unqueued(reason.value)
                    return _instead(queue, reason) or await _end(call, caller, reason, ports)
                case Pressed(key=key) if key == queue.call_back_key:
                    end = await keep_place(call, caller, wait, floor, ports)
                    if end is not None:
                        return end
                case Pressed(key=key):
                    wait.leave(by_key=True)
                    call.unqueued("key")
                    return queue.keys[key]
                case Connected(agent=agent, callee=callee):
                    if await introduce(call, caller, callee, queue, agent, ports):
                        wait.close()
                        return await _talk(call, caller, callee, queue, agent, ports)
                    wait.wait_again(agent)
    finally:
        wait.close()


def _instead(queue: Queue, reason: Reason) -> Destination | None:
    match reason:
        case Reason.FULL | Reason.WAITED_TOO_LONG:
            return queue.overflow
        case Reason.NO_AGENTS:
            return queue.no_agents
        case _:
            return queue.closed


async def _end(call: Call, caller: Caller, reason: Reason, ports: CallPorts) -> CallEnd:
    outcome = OUTCOMES[reason]
    await announce(call, caller, outcome, ports)
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)


async def introduce(
    call: Call, caller: Caller, callee: Callee, queue: Queue, agent: str, ports: CallPorts
) -> bool:
    """Tell the agent where the call comes from (来源播报) and the caller who serves him (工号播报).

    Return whether the agent is still there.
    """
    to_agent = _addresses(call, speech.source_announcement(queue.source), ports)
    to_caller = _addresses(call, speech.agent_greeting(agent), ports) if queue.announce_agent else ()
    gone: Deferred[bool] = Deferred()

    def left(end: LegEnd) -> LegEnd:
        if not gone.called:
            gone.callback(False)
        return end

    def said(_: object) -> None:
        if not gone.called:
            gone.callback(True)

    callee.hung_up.addCallback(left)
    if to_caller:
        caller.hush()
    parts = ((callee, to_agent), (caller, to_caller))
    said_to = [party.endpoint.play(prompts) for party, prompts in parts if prompts]
    for sound in said_to:  # each by itself: gathered, a cancelled one would be an error of another name
        sound.addErrback(expected_to_end)
    gatherResults(said_to).addCallback(said)
    try:
        return await call.wait(gone)
    finally:
        for sound in said_to:
            sound.cancel()


def _addresses(call: Call, names: speech.Speech, ports: CallPorts) -> tuple[str, ...]:
    found = (call.prompt(name, ports.directory) for name in names)
    return tuple(address for address in found if address is not None)


async def _talk(
    call: Call, caller: Caller, callee: Callee, queue: Queue, agent: str, ports: CallPorts
) -> CallEnd:
    """Let them talk; when the agent has hung up, ask the caller how it was.

    After a transfer it is who talked last that he rates; somebody who is no agent is not rated.
    """
    first = callee.target
    end = await converse(call, caller, callee, ports)
    if queue.rating and end.caller_up and end.by is HungUpBy.ANSWERER:
        assert call.tenant is not None
        last = call.talking_to
        served = [agent] if last == first else ports.floor.of(call.tenant).agents_at(last)
        if served:
            await rate(call, caller, served[0], ports)
    return end
