"""Tell a caller why he is not connected."""

from __future__ import annotations

from b2bua.calls.call import Call
from b2bua.calls.caller import Caller
from b2bua.calls.ports import CallPorts
from domain.outcomes import VERDICTS, Outcome


async def announce(call: Call, caller: Caller, outcome: Outcome, ports: CallPorts) -> None:
    """Tell the caller why he is not connected: a system prompt where one fits, else busy tone if he was
    answered."""
    call.failed_with = outcome
    verdict = VERDICTS[outcome]
    prompt = announcement_of(call, outcome, ports)
    if prompt is not None and caller.open_early_media():
        call.step("announce", verdict.announcement or "")
        await caller.say((prompt,))
    elif caller.answered:
        assert call.plan is not None
        await caller.sound("busy", call.plan.busy_tone_seconds, ports.clock)


def announcement_of(call: Call, outcome: Outcome, ports: CallPorts) -> str | None:
    """Return the prompt that tells a caller of this outcome; None: none is wanted."""
    name, box = VERDICTS[outcome].announcement, ports.directory.box
    if name is None or not (box.announcements or name in box.system_prompts):
        return None
    return call.prompt(name, ports.directory)
