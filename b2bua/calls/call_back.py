"""Call somebody back: the agent's phone first, then the customer (docs/call-flows/call-back.md)."""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Final

import msgspec
from twisted.internet.defer import Deferred

from b2bua.calls.authorise import Authorised, NotAllowed, Payer, authorise, authorise_call_back
from b2bua.calls.call import Call, CallState
from b2bua.calls.callee import Callee
from b2bua.calls.converse import converse
from b2bua.calls.ports import CallBackFacts, CallEnd, CallPorts, Invitation, LegEnd
from b2bua.calls.refusal import NotBegun
from b2bua.calls.ring_round import Round
from b2bua.calls.switchboard import Switchboard
from domain.calling.caller import canonical_caller
from domain.customers.contact import Contact
from domain.outcomes import HungUpBy, Outcome, outcome_of_all

CUSTOMER: Final = "a"
"""The customer's leg; record and recording treat him as the caller, though he is rung."""
AGENT_SECONDS: Final = 25.0
CUSTOMER_SECONDS: Final = 45.0
MOST_TRIES: Final = 5
"""Call-backs of one contact within :data:`TRIES_WITHIN`."""
TRIES_WITHIN: Final = 3600.0


class CallBackResult(msgspec.Struct, frozen=True):
    """What became of a call-back, once it is over."""

    call: str
    outcome: Outcome
    """``answered`` when the two have talked; otherwise why not."""
    agent_reached: bool
    """The agent's phone was answered."""
    customer_reached: bool
    why_not: Outcome | None = None
    """Why the one of them who was rung last was not reached."""


class CallBack:
    """A call-back that is up."""

    def __init__(self, contact: Contact, agent: str) -> None:
        self.contact = contact
        self.agent = agent
        self.call = ""
        """The call's id; ``Switchboard.take_down`` ends it."""
        self.agent_reached = False
        self.customer_reached = False
        self.why_not: Outcome | None = None
        self.over: Deferred[CallBackResult] = Deferred()
        """Fires when the call is closed, however it went."""


class CallBacks:
    """Begins call-backs; the only way by which the box itself begins a call."""

    def __init__(self, switchboard: Switchboard) -> None:
        self._switchboard = switchboard
        self._ports = switchboard.ports
        self._up: dict[str, CallBack] = {}
        """Contact -> its call-back."""
        self._tries: dict[str, deque[float]] = {}

    def begin(self, contact: Contact, agent: str, *, agent_seconds: float = AGENT_SECONDS) -> CallBack:
        """Ring the agent (an extension or a bound number of the tenant), then the customer.

        Raises NotAllowed for a contact or an agent that may not be rung, while the contact is being called
        back, and after :data:`MOST_TRIES` within an hour; NotBegun when no call is let in now.
        """
        if contact.id in self._up:
            raise NotAllowed(f"{contact.id} is being called back", f"{contact.id} 正在回拨中")
        payer = Payer(tenant=contact.tenant, number=contact.number)
        tries = self._recent_tries(contact.id)
        if len(tries) >= MOST_TRIES:
            raise NotAllowed(
                f"{contact.id} was called back {MOST_TRIES} times within an hour",
                f"{contact.id} 一小时内已回拨 {MOST_TRIES} 次",
            )
        to_agent = authorise(self._ports, agent, payer)
        to_customer = authorise_call_back(self._ports, contact, payer)
        one = CallBack(contact, agent)
        self._up[contact.id] = one
        try:
            call, over = self._switchboard.begin(
                _invitation(one),
                partial(
                    _ring_both,
                    one=one,
                    to_agent=to_agent,
                    to_customer=to_customer,
                    agent_seconds=agent_seconds,
                    ports=self._ports,
                ),
            )
        except NotBegun:
            del self._up[contact.id]
            raise
        one.call = call.id
        tries.append(self._ports.clock.mono())
        over.addCallback(self._ended, one)
        return one

    def _ended(self, end: CallEnd, one: CallBack) -> None:
        del self._up[one.contact.id]
        result = CallBackResult(one.call, end.outcome, one.agent_reached, one.customer_reached, one.why_not)
        one.over.callback(result)
        if one.customer_reached:
            self._give_up_place(one.contact)

    def _give_up_place(self, contact: Contact) -> None:
        """Let a customer who was reached wait no longer; a queue that had him called has done so already."""
        found = self._ports.directory.find(contact.number)
        if self._ports.wishes.remove(contact.id) is not None and found is not None:
            self._ports.floor.of(found[0]).leave(contact.id, by_key=True)

    def _recent_tries(self, contact: str) -> deque[float]:
        since = self._ports.clock.mono() - TRIES_WITHIN
        for name, tries in list(self._tries.items()):
            while tries and tries[0] < since:
                tries.popleft()
            if not tries:
                del self._tries[name]
        return self._tries.setdefault(contact, deque())


def _invitation(one: CallBack) -> Invitation:
    contact = one.contact
    return Invitation(
        trunk=None,
        extension=None,
        listener="",
        called_raw=contact.number,
        called=contact.number,
        caller_raw=contact.caller,
        caller=contact.caller,
        caller_display="",
        caller_class=canonical_caller(contact.caller).kind,
        anonymous=False,
        sip_call_id="",
        source="",
        user_agent="",
        offer=None,
        call_back=CallBackFacts(contact.id, one.agent),
    )


async def _ring_both(
    call: Call,
    *,
    one: CallBack,
    to_agent: Authorised,
    to_customer: Authorised,
    agent_seconds: float,
    ports: CallPorts,
) -> CallEnd:
    """Ring the agent, tell him, ring the customer, and let them talk."""
    call.state = CallState.RINGING
    call.step("call-back", str(one.contact.kind))
    ringing = Round(call, None, [to_agent], ports, record=call.records, ringback=None)
    agent = await ringing.run(agent_seconds)
    if agent is None:
        one.why_not = outcome_of_all(ringing.failures)
        call.step("not-reached", one.why_not.value)
        return CallEnd(outcome=Outcome.AGENT_NOT_REACHED, by=HungUpBy.BOX)
    one.agent_reached = True
    agent.hung_up.addCallback(partial(_agent_left, call))
    prompt = call.prompt("calling-back", ports.directory)
    if prompt is not None:
        await agent.say((prompt,))
    agent.hear_ringback(None)
    ringing = Round(call, agent, [to_customer], ports, record=call.records, ringback=None, leg=CUSTOMER)
    customer = await ringing.run(CUSTOMER_SECONDS)
    if customer is None:
        one.why_not = outcome_of_all(ringing.failures)
        return await _say_why(call, agent, one.why_not, ports)
    one.customer_reached = True
    call.answered()
    call.sip_status = 200
    agent.hush()
    customer.hung_up.addCallback(call.caller_left)
    return await converse(call, customer, agent, ports)


def _agent_left(call: Call, end: LegEnd) -> LegEnd:
    """End the call when the agent hangs up before the customer is there."""
    if call.talking_mono is None:
        outcome = call.failed_with or Outcome.AGENT_LEFT
        call.cut(CallEnd(outcome=outcome, by=HungUpBy.ANSWERER if end.by_peer else HungUpBy.BOX))
    return end


async def _say_why(call: Call, agent: Callee, outcome: Outcome, ports: CallPorts) -> CallEnd:
    """Tell the agent that the customer was not reached."""
    call.failed_with = outcome
    assert call.plan is not None
    await agent.sound("busy", call.plan.busy_tone_seconds, ports.clock)
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)
