"""Lead a caller through a voice menu (docs/call-flows/menu.md); ``domain.flow`` decides what happens next."""

from __future__ import annotations

from collections import deque
from typing import Final

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from b2bua.calls.announce import announce
from b2bua.calls.call import Call, CallState
from b2bua.calls.caller import Caller
from b2bua.calls.party import expected_to_end
from b2bua.calls.ports import CallEnd, CallPorts
from b2bua.calls.web import WebError, WebReply, WebRequest
from domain.flow.answers import fields_of
from domain.flow.document import Flow, Percentage
from domain.flow.interpreter import is_secret, start, step
from domain.flow.steps import (
    Action,
    Ask,
    Begun,
    End,
    Event,
    Expired,
    Key,
    Leave,
    Listen,
    Played,
    PlayPrompts,
    State,
    Surroundings,
    WebAnswered,
    WebFailed,
)
from domain.outcomes import HungUpBy, Outcome
from domain.routing.destination import Destination, DestinationKind

_JSON: Final = msgspec.json.Encoder(order="deterministic")
_BEFORE: Final = (CallState.ARRIVED, CallState.WELCOME)
"""Where a caller's keys are meant for the menu that follows."""


async def follow_flow(call: Call, caller: Caller, name: str, ports: CallPorts) -> CallEnd | Destination:
    """Lead the caller through a flow of the tenant; it stays the version that was in force when he called."""
    flow = _flow(call, name)
    if flow is None:
        call.step("no-such-flow", name)
        return await _end(call, caller, Outcome.MENU_BROKEN, ports)
    typed = caller.keypad.take_typed() if call.state in _BEFORE else ""
    await caller.answer()
    call.state = CallState.MENU
    call.step("flow", f"{name} v{flow.version}")
    visit = _Visit(call, caller, flow, ports)
    last = await visit.walk(typed)
    if isinstance(last, Leave):
        return last.destination
    return await _end(call, caller, last.outcome, ports)


def begins_secret(call: Call, to: Destination | None) -> bool:
    """Tell whether keys pressed before a call comes to a destination may be digits that nobody shall read."""
    if to is None or to.kind is not DestinationKind.FLOW:
        return False
    flow = _flow(call, to.name)
    return flow is not None and is_secret(flow, State())


def _flow(call: Call, name: str) -> Flow | None:
    assert call.tenant is not None
    return next((flow for flow in call.tenant.flows if flow.name == name), None)


async def _end(call: Call, caller: Caller, outcome: Outcome, ports: CallPorts) -> CallEnd:
    if outcome is not Outcome.MENU_ENDED:
        await announce(call, caller, outcome, ports)
    return CallEnd(outcome=outcome, by=HungUpBy.BOX)


class _Visit:
    """A caller in a flow: carries out what the interpreter wants and tells it what happens."""

    def __init__(self, call: Call, caller: Caller, flow: Flow, ports: CallPorts) -> None:
        assert call.tenant is not None
        assert call.plan is not None
        assert call.facts is not None
        self._call = call
        self._caller = caller
        self._flow = flow
        self._ports = ports
        self._tenant = call.tenant
        self._calendar = ports.directory.facts.calendar_of(call.tenant.id)
        self._known = Surroundings(
            when=call.facts.when,
            call=call.id,
            flow=flow.name,
            caller=call.invitation.caller,
            number=call.plan.number,
            place=call.facts.place,
            region=call.facts.region,
            dial=ports.directory.dial_plan(call.tenant, call.plan),
        )
        self._dividing = [name for name, node in flow.nodes.items() if isinstance(node, Percentage)]
        self._events: deque[Event] = deque()
        self._awaited: Deferred[None] | None = None
        self._going: list[Deferred[None]] = []
        """What the interpreter waits for; the end of anything else tells it nothing."""

    async def walk(self, typed: str) -> Leave | End:
        """Go through the flow from its start."""
        caller, keypad = self._caller, self._caller.keypad
        caller.hush()
        caller.listen_for_keys(True)
        keypad.listen(lambda digit: self._tell(Key(digit)))
        state = start(self._known, typed)
        self._events.append(Begun())
        try:
            while True:
                state, action = self._step(state, await self._next())
                if isinstance(action, Leave | End):
                    return action
                keypad.secret = is_secret(self._flow, state)
                self._carry_out(action)
        except CancelledError:
            self._call.step("left-menu", state.node)
            raise
        finally:
            self._quiet()
            keypad.stop()
            keypad.secret = False
            caller.listen_for_keys(False)

    def _step(self, state: State, event: Event) -> tuple[State, Action]:
        ports = self._ports
        around = msgspec.structs.replace(
            self._known,
            when=self._calendar.at(ports.clock.utc()),
            turns={name: ports.live.turn(self._turn(name)) for name in self._dividing},
        )
        result = step(self._flow, state, event, around)
        for name in result.divided:
            ports.live.take_turn(self._turn(name))
        for note in result.notes:
            self._call.step(note.name, note.detail)
        return result.state, result.action

    def _turn(self, node: str) -> str:
        return f"{self._tenant.id}/flow {self._flow.name}/{node}"

    # -- what happens --------------------------------------------------------------------------------

    async def _next(self) -> Event:
        if not self._events:
            self._awaited = Deferred()
            await self._call.wait(self._awaited)
        return self._events.popleft()

    def _tell(self, event: Event) -> None:
        self._events.append(event)
        awaited, self._awaited = self._awaited, None
        if awaited is not None:
            awaited.callback(None)

    # -- what is wanted ------------------------------------------------------------------------------

    def _carry_out(self, action: Action) -> None:
        match action:
            case PlayPrompts(prompts):
                self._quiet()
                self._play(prompts)
            case Listen(seconds):
                self._quiet()
                self._await(self._ports.clock.after(seconds), Expired())
            case Ask():
                self._quiet()
                self._ask(action)

    def _quiet(self) -> None:
        """Stop what is played, timed or asked; nothing of it is told any more."""
        going, self._going = self._going, []
        for each in going:
            each.cancel()

    def _await(self, wish: Deferred[None], event: Event) -> None:
        """Tell an event when a wish comes true, unless something else was wanted meanwhile."""
        self._going.append(wish)

        def true(_: None) -> None:
            if wish in self._going:
                self._tell(event)

        wish.addCallback(self._call.guard(true)).addErrback(expected_to_end)

    def _play(self, prompts: tuple[str, ...]) -> None:
        addresses = []
        for name in prompts:
            address = self._call.prompt(name, self._ports.directory)
            if address is None:
                self._call.step("no-prompt", name)
            else:
                addresses.append(address)
        if addresses:
            self._await(self._caller.endpoint.play(tuple(addresses)), Played())
        else:
            self._tell(Played())

    def _ask(self, ask: Ask) -> None:
        if ask.prompts:
            self._play(ask.prompts)
        request = WebRequest(
            tenant=self._tenant.id,
            url=ask.url,
            body=_JSON.encode(ask.body),
            secret=self._tenant.web_secret,
            seconds=ask.seconds,
        )
        asked: Deferred[None] = Deferred(lambda _: wish.cancel())
        wish = self._ports.web.post(request)
        self._going.append(asked)

        def answered(reply: WebReply) -> None:
            self._answer(asked, WebAnswered(reply.status, fields_of(reply.body)))

        def failed(failure: Failure) -> None:
            failure.trap(WebError, CancelledError)
            if isinstance(failure.value, WebError):
                self._answer(asked, WebFailed(failure.value.reason, failure.value.again))

        asked.addErrback(expected_to_end)
        wish.addCallbacks(answered, failed).addErrback(self._call.fault)

    def _answer(self, asked: Deferred[None], event: Event) -> None:
        if asked in self._going:
            self._going.remove(asked)
            self._tell(event)
