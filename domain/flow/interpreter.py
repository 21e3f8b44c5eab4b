"""What happens next in a voice menu: ``step(flow, state, event, around)``. Pure and deterministic.

Every action that waits ends by itself (prompts have an end, listening and asking have their time), and nodes
entered without a key are counted, so no call stays in a menu for ever whatever its flow says.
"""

from __future__ import annotations

from typing import Final

from domain.flow import document as doc
from domain.flow.branching import branch
from domain.flow.dialling import DialPlan
from domain.flow.digits import are_right
from domain.flow.document import FlowDocument
from domain.flow.speaking import spoken
from domain.flow.steps import (
    CARRY_ON,
    Action,
    Ask,
    Begun,
    End,
    Event,
    Expired,
    Key,
    Leave,
    Listen,
    Note,
    Phase,
    Played,
    PlayPrompts,
    State,
    Step,
    Surroundings,
    WebAnswered,
    WebFailed,
)
from domain.flow.variables import BUILT_IN, LONGEST, filled
from domain.outcomes import Outcome
from domain.routing.destination import Destination, DestinationKind

MOST_NODES: Final = 500
"""Nodes a call may enter in one flow."""
MOST_IDLE: Final = 100
"""Nodes it may enter without a key."""
MOST_TYPED: Final = 32
MASK: Final = "x"
NO_DIALLING: Final = DialPlan()


def start(around: Surroundings, typed: str = "", variables: dict[str, str] | None = None) -> State:
    """Return the state before :class:`Begun`. ``typed``: keys pressed before the flow began."""
    place = around.place
    built_in = {
        "caller": around.caller,
        "number": around.number,
        "area_code": place.area_code,
        "province": place.province,
        "city": place.city,
        "region": around.region,
    }
    return State(typed=typed[:MOST_TYPED], variables={**(variables or {}), **built_in})


def step(flow: FlowDocument, state: State, event: Event, around: Surroundings) -> Step:
    """Return what follows from an event. An event that nobody waits for changes nothing."""
    walk = _Walk(flow, state, around)
    action = walk.take(event)
    return Step(walk.state(), tuple(walk.notes), action, tuple(walk.divided))


def is_secret(flow: FlowDocument, state: State) -> bool:
    """Tell whether a key pressed now may belong to digits that nobody shall read."""
    return _wants_secret(flow, state.node or flow.start, set())


def _wants_secret(flow: FlowDocument, name: str, seen: set[str]) -> bool:
    node = flow.nodes.get(name)
    if node is None or name in seen:
        return False
    seen.add(name)
    if isinstance(node, doc.Asking):
        return isinstance(node, doc.Collect) and node.secret
    return any(_wants_secret(flow, target, seen) for _, target, _ in doc.leads(node))


class _Walk:
    """One step being taken; the fields are those of State."""

    def __init__(self, flow: FlowDocument, state: State, around: Surroundings) -> None:
        self.flow = flow
        self.around = around
        self.notes: list[Note] = []
        self.divided: list[str] = []
        self.name = state.node
        self.phase = state.phase
        self.keys = state.keys
        self.typed = state.typed
        self.tries = state.tries
        self.variables = state.variables
        self.digits = state.digits
        self.swallow = state.swallow
        self.entered = state.entered
        self.idle = state.idle

    def state(self) -> State:
        return State(
            self.name, self.phase, self.keys, self.typed, self.tries, self.variables, self.digits,
            self.swallow, self.entered, self.idle,
        )  # fmt: skip

    def take(self, event: Event) -> Action:
        node = self.flow.nodes.get(self.name)
        match event:
            case Begun():
                return self.enter(self.flow.start) if self.phase is Phase.STARTING else CARRY_ON
            case Key():
                return self.pressed(node, event.digit)
            case Played():
                return self.played(node)
            case Expired() if self.phase is Phase.LISTENING and isinstance(node, doc.Asking):
                self.swallow = ""
                return self.complete(node) if self.keys else self.failed(node, wrong=False)
            case WebAnswered() if self.phase is Phase.ASKING and isinstance(node, doc.Request):
                return self.answered(node, event)
            case WebFailed() if self.phase is Phase.ASKING and isinstance(node, doc.Request):
                return self.unanswered(node, event)
        return CARRY_ON

    # -- nodes -------------------------------------------------------------------------------------

    def enter(self, name: str) -> Action:
        """Go to a node, and on through those that wait for nothing."""
        while True:
            self.entered += 1
            self.idle += 1
            node = self.flow.nodes.get(name)
            if self.entered > MOST_NODES or self.idle > MOST_IDLE:
                return self.end(Outcome.ROUTED_IN_CIRCLES)
            if node is None:
                self.note("menu-no-node", name)
                return self.end(Outcome.MENU_BROKEN)
            self.name, self.keys, self.tries = name, "", 0
            self.note("menu", name)
            match node:
                case doc.Play():
                    action = self.play(node.prompts, Phase.PLAYING)
                    if action is not None and not (self.typed and node.interruptible):
                        return action
                    name = node.next
                case doc.Menu() | doc.Dial() | doc.Collect():
                    return self.ask(node, node.prompts)
                case doc.Set():
                    if node.variable not in BUILT_IN:
                        self.set(node.variable, filled(node.value, self.variables))
                    name = node.next
                case doc.Request():
                    self.tries = 1
                    return self.request(node, node.prompts)
                case doc.Go():
                    return self.leave(node)
                case doc.HangUp():
                    return self.play(node.prompts, Phase.PLAYING) or self.end(Outcome.MENU_ENDED)
                case _:
                    turn = self.around.turns.get(name, 0) + self.divided.count(name)
                    if isinstance(node, doc.Percentage):
                        self.divided.append(name)
                    name = branch(node, self.variables, self.around, turn)

    def leave(self, node: doc.Go) -> Action:
        try:
            destination = node.destination
        except ValueError:
            self.note("menu-no-destination", node.to)
            return self.end(Outcome.MENU_BROKEN)
        self.phase = Phase.OVER
        return Leave(destination)

    def play(self, prompts: tuple[str, ...], phase: Phase) -> PlayPrompts | None:
        """Begin prompts; None when there are none to be heard."""
        said = spoken(prompts, self.variables)
        if not said:
            return None
        self.phase = phase
        return PlayPrompts(said)

    def played(self, node: doc.Node | None) -> Action:
        if self.phase is Phase.PLAYING and isinstance(node, doc.Play):
            return self.enter(node.next)
        if self.phase is Phase.PLAYING and isinstance(node, doc.HangUp):
            return self.end(Outcome.MENU_ENDED)
        if self.phase is Phase.PROMPTING and isinstance(node, doc.Asking):
            return self.feed(node) if self.typed else self.listen(node.first_key_seconds)
        return CARRY_ON

    def end(self, outcome: Outcome) -> End:
        self.phase = Phase.OVER
        return End(outcome)

    # -- keys --------------------------------------------------------------------------------------

    def pressed(self, node: doc.Node | None, digit: str) -> Action:
        self.idle = 0
        swallowed, self.swallow = self.swallow == digit, ""
        if swallowed or self.phase is Phase.OVER:
            return CARRY_ON
        if isinstance(node, doc.Asking) and (self.phase is Phase.LISTENING or node.interruptible):
            return self.keyed(node, digit)
        self.typed = (self.typed + digit)[:MOST_TYPED]
        if self.phase is Phase.PLAYING and isinstance(node, doc.Play) and node.interruptible:
            return self.enter(node.next)
        return CARRY_ON

    def ask(self, node: doc.Asking, prompts: tuple[str, ...]) -> Action:
        """Ask for keys, or take those that were typed ahead."""
        if self.typed:
            return self.feed(node)
        return self.play(prompts, Phase.PROMPTING) or self.listen(node.first_key_seconds)

    def feed(self, node: doc.Asking) -> Action:
        """Take keys that were typed ahead, as many as this node wants."""
        while True:
            digit, self.typed = self.typed[0], self.typed[1:]
            self.idle = 0
            action = self.keyed(node, digit)
            if not self.typed or not isinstance(action, Listen):
                return action

    def listen(self, seconds: float) -> Listen:
        self.phase = Phase.LISTENING
        return Listen(seconds)

    def keyed(self, node: doc.Asking, digit: str) -> Action:
        """Take one key at a node that asks for keys."""
        if isinstance(node, doc.Collect):
            return self.collect(node, digit)
        dial = self.dial_plan(node)
        if not dial.numbers:
            self.keys = digit
            return self.complete(node)
        if digit == "#" and self.keys:
            return self.complete(node)
        self.keys += digit
        if self.keys not in dial.beginnings:
            known = self.keys in dial.numbers or self.keys in node.keys
            # At a menu the first key alone is judged; a number is judged after all its digits.
            wrong_key = isinstance(node, doc.Menu) and len(self.keys) == 1
            if known or wrong_key or len(self.keys) >= dial.longest:
                return self.complete(node)
        return self.listen(node.inter_digit_seconds)

    def dial_plan(self, node: doc.Menu | doc.Dial) -> DialPlan:
        """Return what can be dialled at a node."""
        return self.around.dial if isinstance(node, doc.Dial) or node.extensions else NO_DIALLING

    def collect(self, node: doc.Collect, digit: str) -> Action:
        if digit == node.terminator:
            return self.complete(node)
        if digit not in "0123456789" and not (digit == "*" and node.rule is doc.Rule.ID_CARD):
            self.keys = ""  # * and # mean: begin anew
            return self.listen(node.first_key_seconds)
        self.keys += digit
        if len(self.keys) >= node.most:
            self.swallow = node.terminator
            return self.complete(node)
        return self.listen(node.inter_digit_seconds)

    def complete(self, node: doc.Asking) -> Action:
        """Judge what was keyed at a node."""
        keys = self.keys
        if isinstance(node, doc.Collect):
            if not are_right(keys, node):
                return self.failed(node, wrong=True)
            self.digits = keys
            self.set(node.variable, keys)
            return self.enter(node.next)
        if keys in self.dial_plan(node).numbers:
            self.note("menu-dialled", keys)
            self.phase = Phase.OVER
            return Leave(Destination(DestinationKind.EXTENSION, keys))
        if keys in node.keys:
            if isinstance(node, doc.Menu):
                self.note("menu-chose", f"{self.name} {keys}")
            return self.enter(node.keys[keys])
        return self.failed(node, wrong=True)

    def failed(self, node: doc.Asking, *, wrong: bool) -> Action:
        """Ask again, or give the caller up."""
        secret = isinstance(node, doc.Collect) and node.secret
        keys = MASK * len(self.keys) if secret else self.keys
        self.note("menu-wrong-key" if wrong else "menu-no-key", f"{self.name} {keys}".rstrip())
        self.keys = self.typed = ""
        self.tries += 1
        if self.tries > node.retries:
            if node.default is not None:
                return self.enter(node.default)
            return self.end(Outcome.MENU_WRONG_KEYS if wrong else Outcome.MENU_NO_KEY)
        return self.ask(node, (*(node.wrong_key_prompts if wrong else node.no_key_prompts), *node.prompts))

    # -- web ---------------------------------------------------------------------------------------

    def request(self, node: doc.Request, prompts: tuple[str, ...]) -> Ask:
        around = self.around
        self.phase = Phase.ASKING
        body: dict[str, object] = {
            "call": around.call,
            "flow": around.flow,
            "node": self.name,
            "caller": around.caller,
            "number": around.number,
            "digits": self.digits,
            "variables": self.variables,
        }
        return Ask(node.url, body, node.seconds, spoken(prompts, self.variables))

    def answered(self, node: doc.Request, answer: WebAnswered) -> Action:
        status = str(answer.status)
        good = 200 <= answer.status < 300
        if status not in node.statuses and answer.status >= 500:
            return self.unanswered(node, WebFailed(f"status {status}"))
        fields = answer.fields or {}
        for variable, field in node.save.items():
            if field in fields and variable not in BUILT_IN:
                self.set(variable, fields[field])
        target = node.statuses.get(status)
        if target is None and good:
            if node.field and answer.fields is None:
                return self.unanswered(node, WebFailed("no JSON object", again=False))
            target = node.cases.get(fields.get(node.field, "")) or node.next
        self.note("web", f"{self.name} {status}")
        return self.enter(target or node.default)

    def unanswered(self, node: doc.Request, failure: WebFailed) -> Action:
        self.note("web-failed", f"{self.name} {failure.reason}")
        if failure.again and self.tries <= node.retries:
            self.tries += 1
            return self.request(node, ())
        return self.enter(node.default)

    # -- the rest ----------------------------------------------------------------------------------

    def set(self, variable: str, value: str) -> None:
        self.variables = {**self.variables, variable: value[:LONGEST]}

    def note(self, name: str, detail: str = "") -> None:
        self.notes.append(Note(name, detail))
