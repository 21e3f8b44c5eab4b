"""Ask a caller how it was (服务评分)."""

from __future__ import annotations

from typing import Final

from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller
from b2bua.calls.party import expected_to_end
from b2bua.calls.ports import CallPorts

RATING_SECONDS: Final = 15.0
"""For the question and the answer."""
ASKED: Final = 2
_KEYS: Final = frozenset("12345")


async def rate(call: Call, caller: Caller, agent: str, ports: CallPorts) -> None:
    """Ask the caller to rate the service 1 to 5; who hangs up or keys nothing has not rated.

    The call is the agent's no more meanwhile: his desk is clear.
    """
    call.state, call.talking_to = CallState.RATING, ""
    caller.unbridge()
    caller.listen_for_keys(True)
    caller.keypad.take_typed()
    call.step("rate", agent)
    for _ in range(ASKED):
        key = await _ask(call, caller, "rate-service", ports)
        if key in _KEYS:
            call.rated(agent, int(key))
            break
        if not key:
            return
    await _say(call, caller, "rating-thanks" if key in _KEYS else "goodbye", ports)


async def _ask(call: Call, caller: Caller, name: str, ports: CallPorts) -> str:
    """Play a question, which a key cuts short; return the key, "" for none."""
    prompt = call.prompt(name, ports.directory)
    question = caller.endpoint.play((prompt,)) if prompt is not None else None
    if question is not None:
        question.addErrback(expected_to_end)
    try:
        return await caller.key_within(RATING_SECONDS, ports.clock)
    finally:
        if question is not None:
            question.cancel()


async def _say(call: Call, caller: Caller, name: str, ports: CallPorts) -> None:
    prompt = call.prompt(name, ports.directory)
    if prompt is not None:
        await caller.say((prompt,))
