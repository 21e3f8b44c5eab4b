"""Test calls: hear a menu before it is published, try a trunk (docs/call-flows/test-call.md)."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from b2bua.calls.authorise import Authorised, NotAllowed, Payer, authorise, authorise_test
from b2bua.calls.call import Call, CallState
from b2bua.calls.callee import Callee
from b2bua.calls.caller import caller_of
from b2bua.calls.ports import CallEnd, CallPorts, Invitation, LegEnd
from b2bua.calls.ring_round import Round
from b2bua.calls.serve import serve
from b2bua.calls.switchboard import Switchboard
from domain.calling.caller import canonical_caller
from domain.flow.document import Flow
from domain.outcomes import HungUpBy, Outcome, outcome_of_all
from domain.routing.destination import Destination, DestinationKind

TESTER: Final = "a"
"""The leg of who tests a menu: to the menu he is the caller."""
TESTER_SECONDS: Final = 30.0
TRUNK_SECONDS: Final = 45.0
HEARD_SECONDS: Final = 5.0
"""How long a trunk's tone is heard when there is no prompt."""
PROMPT: Final = "welcome"
MOST_AT_ONCE: Final = 4
"""Test calls of the box that are up: a person clicks, a machine gone wrong waits in vain."""


def try_menu(switchboard: Switchboard, tenant: str, number: str, phone: str, flow: Flow) -> Call:
    """Ring a registered target of a 400 number and lead it through a menu that only this call knows.

    Where the menu sends the call on, it goes on as any other, by the configuration in force. Raises
    NotAllowed, NotBegun.
    """
    ports = switchboard.ports
    _few(switchboard)
    to = authorise(ports, phone, Payer(tenant, number), shows=number)
    call, _ = switchboard.begin(_invitation(number, phone), partial(_lead, to=to, flow=flow, ports=ports))
    return call


def try_trunk(switchboard: Switchboard, trunk: str, to: str, shows: str) -> Call:
    """Ring a number by one trunk and play something when it is answered.

    Raises NotAllowed, NotBegun.
    """
    _few(switchboard)
    target = authorise_test(switchboard.ports, trunk, to, shows)
    ringing = partial(_ring, trunk=trunk, to=target, ports=switchboard.ports)
    return switchboard.begin_unpaid(_invitation(to, shows), ringing)


def _few(switchboard: Switchboard) -> None:
    up = sum(call.invitation.test for call in switchboard.calls.values())
    if up >= MOST_AT_ONCE:
        raise NotAllowed(f"{up} test calls are up", f"已有 {up} 个测试呼叫正在进行")


def _invitation(called: str, caller: str) -> Invitation:
    return Invitation(
        trunk=None, extension=None, listener="", called_raw=called, called=called, caller_raw=caller,
        caller=caller, caller_display="", caller_class=canonical_caller(caller).kind, anonymous=False,
        sip_call_id="", source="", user_agent="", offer=None, test=True,
    )  # fmt: skip


async def _lead(call: Call, *, to: Authorised, flow: Flow, ports: CallPorts) -> CallEnd:
    """Ring who tests, and lead him through the menu."""
    assert call.tenant is not None
    others = tuple(each for each in call.tenant.flows if each.name != flow.name)
    call.tenant = msgspec.structs.replace(call.tenant, flows=(*others, flow))
    call.step("test", f"flow:{flow.name}")
    tester = await _picked_up(call, to, TESTER_SECONDS, ports, leg=TESTER)
    if tester is None:
        return CallEnd(outcome=call.failed_with or Outcome.NO_ANSWER, by=HungUpBy.BOX)
    call.answered()
    call.sip_status = 200
    tester.hung_up.addCallback(call.caller_left)
    caller = caller_of(call, tester, ports)
    return await serve(call, caller, Destination(DestinationKind.FLOW, flow.name), ports)


async def _ring(call: Call, *, trunk: str, to: Authorised, ports: CallPorts) -> CallEnd:
    """Ring the number, play a prompt to it, and hang up."""
    call.step("test", f"trunk {trunk}")
    reached = await _picked_up(call, to, TRUNK_SECONDS, ports)
    if reached is None:
        return CallEnd(outcome=call.failed_with or Outcome.NO_ANSWER, by=HungUpBy.BOX)
    reached.hung_up.addCallback(partial(_left, call))
    call.answered()
    call.bridged(reached.leg_id, to.target.number)
    prompt = call.prompt(PROMPT, ports.directory)
    if prompt is None:
        await reached.sound("ringback", HEARD_SECONDS, ports.clock)
    else:
        await reached.say((prompt,))
    return CallEnd(outcome=Outcome.ANSWERED, by=HungUpBy.BOX)


async def _picked_up(
    call: Call, to: Authorised, seconds: float, ports: CallPorts, leg: str | None = None
) -> Callee | None:
    call.state = CallState.RINGING
    ringing = Round(call, None, [to], ports, record=call.records, ringback=None, leg=leg)
    found = await ringing.run(seconds)
    if found is None:
        call.failed_with = outcome_of_all(ringing.failures)
    return found


def _left(call: Call, end: LegEnd) -> LegEnd:
    """End the call when who was rung hangs up before the prompt is over: the trunk works all the same."""
    call.cut(CallEnd(outcome=Outcome.ANSWERED, by=HungUpBy.ANSWERER if end.by_peer else HungUpBy.BOX))
    return end
