"""Keep a caller's place in a queue after he has hung up, and call him back when it is his turn (排队回拨)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import msgspec
from twisted.logger import Logger

from b2bua.calls.authorise import NotAllowed, TooOften
from b2bua.calls.call import Call
from b2bua.calls.caller import Caller
from b2bua.calls.floor import TenantFloor
from b2bua.calls.ports import CallEnd, CallPorts
from b2bua.calls.refusal import NotBegun
from b2bua.calls.wishes import Wish, WishList
from domain.acd.configuration import Agent
from domain.acd.effects import Announce, Reason
from domain.customers.contact import Contact, ContactKind, can_be_called_back
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import TenantSnapshot

if TYPE_CHECKING:
    from b2bua.calls.call_back import CallBack, CallBackResult
    from b2bua.calls.queue_wait import Wait


OURS: Final = frozenset(
    {
        Outcome.TRUNK_DOWN,
        Outcome.OVER_BOX_LIMIT,
        Outcome.OVER_TENANT_LIMIT,
        Outcome.OVER_TRUNK_LIMIT,
        Outcome.RUNG_TOO_OFTEN,
        Outcome.INTERNAL_ERROR,
        Outcome.SHUTDOWN,
    }
)
"""Why a call-back fails for which neither agent nor customer can do anything: it is tried again."""
RETRY_SECONDS: Final = (60.0, 300.0, 900.0, 1800.0)
"""How long a place rests after each such failure; after one more it is closed."""
_log = Logger()

BeginCallBack = Callable[[Contact, str], "CallBack"]
"""Rings an agent's phone, then the customer; raises NotAllowed, or NotBegun while no calls are let in."""


async def keep_place(
    call: Call, caller: Caller, wait: Wait, floor: TenantFloor, ports: CallPorts
) -> CallEnd | None:
    """Note that the caller wants to be called back; None: he cannot be, and waits on."""
    contact = contact_of(call)
    if contact is None or not can_be_called_back(contact.caller):
        call.step("no-call-back", call.invitation.caller)
        caller.hear_then(_prompts(call, "not-done", ports), wait.play_music)
        return None
    wish = Wish(contact, wait.queue.name, wait.since)
    ports.wishes.put(wish)
    wait.step_aside()
    floor.keep(call.id, Place(wish, floor, ports))
    call.unqueued("call-back")
    call.step("call-back-wished", wait.queue.name)
    call.failed_with = Outcome.CALL_BACK_WISHED
    prompts = _prompts(call, "callback-registered", ports)
    if prompts:
        await caller.say(prompts)
    return CallEnd(outcome=Outcome.CALL_BACK_WISHED, by=HungUpBy.BOX)


def forget_places(call: Call, queue: str, floor: TenantFloor, ports: CallPorts) -> None:
    """Give up the places of a caller who has called again and waits himself."""
    assert call.tenant is not None
    if call.invitation.caller and not call.invitation.anonymous:
        for wish in ports.wishes.of_caller(call.tenant.id, call.invitation.caller):
            if wish.queue == queue:
                ports.wishes.remove(wish.contact.id)
                floor.leave(wish.contact.id, by_key=True)


def restore_places(tenant: TenantSnapshot, ports: CallPorts) -> None:
    """Let the places kept before a restart wait again."""
    floor = ports.floor.of(tenant)
    for queue in tenant.queues:
        for wish in ports.wishes.of_queue(tenant.id, queue.name):
            waited = max(0.0, ports.clock.utc() - wish.since)
            contact = wish.contact
            floor.keep_again(contact.id, queue.name, contact.caller, waited, Place(wish, floor, ports))


class Place:
    """Implements ``floor.Waiting`` for a caller who is not on the line."""

    def __init__(self, wish: Wish, floor: TenantFloor, ports: CallPorts) -> None:
        self._contact = wish.contact
        self._floor = floor
        self._ports = ports
        self._is_up = False
        """Whether he is being called back."""

    def offered(self, agent: Agent) -> None:
        """Call the customer back, the agent's phone first."""
        begin = self._ports.floor.begin_call_back
        if self._is_up:  # by another agent, who has logged out meanwhile
            self._floor.refused(self._contact.id, agent.name, missed=False)
            return
        if begin is None:
            self._close("nobody calls back")
            return
        try:
            one = begin(self._contact, agent.target)
        except TooOften:
            self._rest(Outcome.RUNG_TOO_OFTEN)
        except NotAllowed as refused:
            self._close(str(refused))
        except NotBegun as refused:
            self._rest(refused.outcome)
        else:
            self._is_up = True
            one.over.addCallback(self._over, agent.name)

    def _over(self, result: CallBackResult, agent: str) -> None:
        """Whom an agent has called back is served; a customer who did not answer is a missed call to do.

        Where the box itself could not ring one of them, the place rests and is tried again.
        """
        self._is_up = False
        why = result.why_not or result.outcome
        if why in OURS and not result.customer_reached:
            self._rest(why)
            return
        if not result.agent_reached:
            self._floor.refused(self._contact.id, agent)
            return
        self._wishes.remove(self._contact.id)
        if self._floor.answered(self._contact.id, agent):
            self._floor.talk_over(self._contact.id, agent)
        else:
            self._floor.leave(self._contact.id, by_key=True)

    @property
    def _wishes(self) -> WishList:
        return self._ports.wishes

    def _rest(self, why: Outcome) -> None:
        """Leave the queue for a while; after too many failures for good."""
        contact = self._contact
        wish = self._wishes.find(contact.id)
        if wish is None:  # he has called again, or was called back by hand
            self._floor.leave(contact.id, by_key=True)
        elif wish.tries >= len(RETRY_SECONDS):
            self._close(why.value)
        else:
            self._wishes.put(msgspec.structs.replace(wish, tries=wish.tries + 1))
            self._floor.leave(contact.id, by_key=True)
            self._ports.clock.after(RETRY_SECONDS[wish.tries]).addCallback(self._wait_again)

    def _wait_again(self, _: None) -> None:
        """Take the old place in the queue, if he still wishes to be called back."""
        contact, ports = self._contact, self._ports
        wish = self._wishes.find(contact.id)
        if wish is None:
            return
        if self._floor.queue(wish.queue) is None:
            self._close("the queue is gone")
            return
        waited = max(0.0, ports.clock.utc() - wish.since)
        self._floor.keep_again(contact.id, wish.queue, contact.caller, waited, self)

    def _close(self, why: str) -> None:
        """Give the place up; the caller stays in the list of missed calls, with what the last try came to."""
        _log.warn("place of {contact} in a queue is closed: {why}", contact=self._contact.id, why=why)
        self._wishes.remove(self._contact.id)
        self._floor.leave(self._contact.id, by_key=True)

    def withdrawn(self, agent: str) -> None:
        """Let the call-back that has begun go on; its end tells what became of it."""

    def told(self, news: Announce) -> None:
        """Nobody listens."""

    def dismissed(self, reason: Reason) -> None:
        """The queue is gone."""
        self._wishes.remove(self._contact.id)


def contact_of(call: Call) -> Contact | None:
    """Return the contact of a call that is up, so that a queue can keep its place; None without a caller."""
    if call.tenant is None or call.plan is None or call.invitation.anonymous or not call.invitation.caller:
        return None
    return Contact(call.id, call.tenant.id, call.plan.number, call.invitation.caller, ContactKind.QUEUE)


def _prompts(call: Call, name: str, ports: CallPorts) -> tuple[str, ...]:
    prompt = call.prompt(name, ports.directory)
    return () if prompt is None else (prompt,)
