"""Keep a caller's place in a queue after he has hung up, and call him back when it is his turn (排队回拨)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from b2bua.calls.authorise import NotAllowed
from b2bua.calls.call import Call
from b2bua.calls.caller import Caller
from b2bua.calls.floor import TenantFloor
from b2bua.calls.ports import CallEnd, CallPorts
from b2bua.calls.refusal import NotBegun
from b2bua.calls.wishes import Wish, WishList
from domain.acd.configuration import Agent
from domain.acd.effects import Announce, Reason
from domain.contact import Contact, ContactKind, can_be_called_back
from domain.outcomes import HungUpBy, Outcome
from domain.snapshot import TenantSnapshot

if TYPE_CHECKING:
    from b2bua.calls.call_back import CallBack, CallBackResult
    from b2bua.calls.queue_wait import Wait


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
            self._give_up()
            return
        try:
            one = begin(self._contact, agent.target)
        except NotAllowed:
            self._give_up()
        except NotBegun:  # the box takes no calls now; the scheduler tries again
            self._floor.refused(self._contact.id, agent.name, missed=False)
        else:
            self._is_up = True
            one.over.addCallback(self._over, agent.name)

    def _over(self, result: CallBackResult, agent: str) -> None:
        """Whom an agent has called back is served; a customer who did not answer is a missed call to do."""
        self._is_up = False
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

    def _give_up(self) -> None:
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
