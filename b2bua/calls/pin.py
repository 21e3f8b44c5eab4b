"""Ask a caller for the PIN before he is connected (专用密码; docs/call-flows/pin.md)."""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller
from b2bua.calls.ports import CallPorts

TRIES: Final = 3
FIRST_SECONDS: Final = 10.0
"""For the first digit, counted from the end of the prompt."""
NEXT_SECONDS: Final = 5.0
"""Between digits."""
HASH_SECONDS: Final = 1.0
"""For the # after the last digit."""
MOST_DIGITS: Final = 16


async def ask_pin(call: Call, caller: Caller, pin: str, ports: CallPorts) -> bool:
    """Ask up to three times; tell whether the right digits came.

    Digits end with #, or when no more come. They are heard while the prompt
    plays, and nobody finds them in the record.
    """
    await caller.answer()
    call.state = CallState.PIN
    caller.hush()
    caller.listen_for_keys(True)
    caller.keypad.secret = True
    try:
        for attempt in range(TRIES):
            digits = await _collect(call, caller, "wrong-pin" if attempt else "enter-pin", len(pin), ports)
            if compare_digest(digits, pin):
                call.step("pin", "right")
                return True
            call.step("pin", "wrong" if digits else "nothing keyed")
    finally:
        caller.keypad.secret = False
        caller.listen_for_keys(False)
    return False


async def _collect(call: Call, caller: Caller, prompt: str, length: int, ports: CallPorts) -> str:
    """Play a prompt until the first digit, then take digits."""
    digits = await _first(call, caller, prompt, ports)
    if digits == "#":
        return ""
    while digits and len(digits) < MOST_DIGITS:
        whole = len(digits) >= length
        key = await caller.key_within(HASH_SECONDS if whole else NEXT_SECONDS, ports.clock)
        if key in ("", "#"):
            break
        digits += key
    return digits


async def _first(call: Call, caller: Caller, prompt: str, ports: CallPorts) -> str:
    """Return the first digit, "" when none comes: the prompt may take its time before the wait begins."""
    address = call.prompt(prompt, ports.directory)
    if address is None or caller.keypad.typed:
        return await caller.key_within(FIRST_SECONDS, ports.clock)
    return await caller.key_during(address, FIRST_SECONDS, ports.clock)
