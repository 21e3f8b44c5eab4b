"""A flow being walked without a call: events in, what came out is kept."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.days.calendar import BEIJING, Calendar
from domain.flow.checker import check
from domain.flow.dialling import DialPlan
from domain.flow.document import FlowDocument
from domain.flow.interpreter import is_secret, start, step
from domain.flow.problems import FlowProblem
from domain.flow.reading import as_document
from domain.flow.steps import (
    Action,
    Begun,
    CarryOn,
    End,
    Event,
    Expired,
    Key,
    Leave,
    Played,
    PlayPrompts,
    State,
    Surroundings,
)
from domain.places.place import Place
from domain.routing.destination import Destination

MONDAY_MORNING = 1_795_399_200.0
"""2026-11-23 10:00 in Beijing."""
AROUND = Surroundings(
    when=Calendar().at(MONDAY_MORNING),
    call="CALL",
    flow="main",
    caller="13900001111",
    number="4001003721",
    place=Place("024", "辽宁", "沈阳", "移动"),
    region="东北",
    dial=DialPlan(("8001", "8002", "801", "9")),
)
assert AROUND.when.at.tzinfo is BEIJING


def flow(nodes: dict[str, Any], start: str | None = None) -> FlowDocument:
    """Make a document of plain nodes; the first one is its start."""
    return as_document({"start": start or next(iter(nodes)), "nodes": nodes})


class World:
    """What a tenant has besides the flow: everything but what is named as missing."""

    def __init__(self, *missing: str, extensions: tuple[str, ...] = ("8001",)) -> None:
        self.missing = missing
        self.dial = DialPlan(extensions)

    def has_prompt(self, name: str) -> bool:
        """Look among what is missing."""
        return name not in self.missing

    def has_destination(self, destination: Destination) -> bool:
        """Look among what is missing."""
        return str(destination) not in self.missing


def problems(document: FlowDocument, world: World | None = None, name: str = "main") -> list[tuple[str, str]]:
    """Check a flow; return node and code of each problem, whose words must be there in both languages."""
    found: tuple[FlowProblem, ...] = check(document, world or World(), name)
    for problem in found:
        assert problem.line("en")
        assert problem.line("zh")
        assert "{" not in problem.text("zh")
    return [(problem.node, problem.code) for problem in found]


class Walk:
    """A call in a flow."""

    def __init__(self, document: FlowDocument, *, typed: str = "", **around: Any) -> None:
        self.flow = document
        self.around = msgspec.structs.replace(AROUND, **around)
        self.state: State = start(self.around, typed)
        self.action: Action = CarryOn()
        """What is going on: never CarryOn once begun."""
        self.notes: list[str] = []
        self.tell(Begun())

    def tell(self, event: Event) -> Action:
        """Let something happen; returns the action that came of it."""
        result = step(self.flow, self.state, event, self.around)
        self.state = result.state
        self.notes += [f"{note.name} {note.detail}".rstrip() for note in result.notes]
        if not isinstance(result.action, CarryOn):
            self.action = result.action
        return result.action

    def press(self, keys: str) -> Action:
        """Press keys one after the other."""
        for key in keys:
            self.tell(Key(key))
        return self.action

    def play_out(self) -> Action:
        """Let the prompt end."""
        assert isinstance(self.action, PlayPrompts)
        return self.tell(Played())

    def wait(self) -> Action:
        """Let prompt and listening time end without a key."""
        if isinstance(self.action, PlayPrompts):
            self.tell(Played())
        return self.tell(Expired())

    @property
    def secret(self) -> bool:
        """Whether a key pressed now is masked."""
        return is_secret(self.flow, self.state)

    @property
    def path(self) -> list[str]:
        """The nodes entered."""
        return [note.removeprefix("menu ") for note in self.notes if note.startswith("menu ")]

    def end(self) -> str:
        """Return where the call went."""
        match self.action:
            case Leave(destination):
                return str(destination)
            case End(outcome):
                return outcome.value
        raise AssertionError(f"not over: {self.action}")
