"""What goes into the interpreter of voice menus and what comes out: state, events, actions. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from domain.days.calendar import LocalMoment
from domain.flow.dialling import DialPlan
from domain.outcomes import Outcome
from domain.places.place import UNKNOWN, Place
from domain.routing.destination import Destination


class Phase(StrEnum):
    """What a call in a menu waits for."""

    STARTING = "starting"
    PLAYING = "playing"
    """The end of a prompt that asks for nothing."""
    PROMPTING = "prompting"
    """The end of a prompt, or a key."""
    LISTENING = "listening"
    """A key."""
    ASKING = "asking"
    """The answer of a web server."""
    OVER = "over"


class State(msgspec.Struct, frozen=True):
    """Where a call is in a flow."""

    node: str = ""
    phase: Phase = Phase.STARTING
    keys: str = ""
    """Keyed at this node so far."""
    typed: str = ""
    """Keyed ahead of the node that will want it."""
    tries: int = 0
    """Failures at this node, or requests sent."""
    variables: dict[str, str] = {}
    digits: str = ""
    """What the last collecting node collected."""
    swallow: str = ""
    """A terminator that is ignored when it comes next: digits were complete without it."""
    entered: int = 0
    """Nodes entered in all."""
    idle: int = 0
    """Nodes entered since the last key."""


class Surroundings(msgspec.Struct, frozen=True):
    """What the interpreter is told of the call and the moment; fresh with each event."""

    when: LocalMoment
    call: str = ""
    flow: str = ""
    caller: str = ""
    """Canonical digits; empty when withheld."""
    number: str = ""
    """The 400 number."""
    place: Place = UNKNOWN
    region: str = ""
    dial: DialPlan = DialPlan()
    turns: Mapping[str, int] = {}
    """By the id of a node that divides callers: how many it has divided before."""


# -- events --------------------------------------------------------------------------------------------


class Begun(msgspec.Struct, frozen=True):
    """The call has come to the flow; the first event."""


class Key(msgspec.Struct, frozen=True):
    """The caller pressed a key."""

    digit: str


class Played(msgspec.Struct, frozen=True):
    """What was to be played has ended."""


class Expired(msgspec.Struct, frozen=True):
    """The time to listen is over."""


class WebAnswered(msgspec.Struct, frozen=True):
    """A web server answered."""

    status: int
    fields: dict[str, str] | None
    """Fields of the answer, those within others as ``outer.inner``; None: it was no JSON object."""


class WebFailed(msgspec.Struct, frozen=True):
    """A web server did not answer, or not within bounds."""

    reason: str
    again: bool = True
    """Whether asking again may help."""


Event = Begun | Key | Played | Expired | WebAnswered | WebFailed


# -- actions -------------------------------------------------------------------------------------------


class PlayPrompts(msgspec.Struct, frozen=True):
    """Play prompts instead of what is played; tell :class:`Played` at their end. Keys are told meanwhile."""

    prompts: tuple[str, ...]


class Listen(msgspec.Struct, frozen=True):
    """Play nothing; tell the next key, or :class:`Expired` after so many seconds."""

    seconds: float


class Ask(msgspec.Struct, frozen=True):
    """Send JSON to a web server; tell what came of it."""

    url: str
    body: dict[str, object]
    seconds: float
    prompts: tuple[str, ...] = ()
    """Played meanwhile."""


class Leave(msgspec.Struct, frozen=True):
    """Send the call to a destination; the flow is over."""

    destination: Destination


class End(msgspec.Struct, frozen=True):
    """End the call."""

    outcome: Outcome


class CarryOn(msgspec.Struct, frozen=True):
    """Let what was asked last go on."""


CARRY_ON: Final = CarryOn()

Action = PlayPrompts | Listen | Ask | Leave | End | CarryOn


class Note(msgspec.Struct, frozen=True):
    """A step of the call's course, for the journal."""

    name: str
    detail: str = ""


class Step(msgspec.Struct, frozen=True):
    """What follows from an event."""

    state: State
    notes: tuple[Note, ...]
    action: Action
    divided: tuple[str, ...] = ()
    """Ids of the nodes that have divided callers, once for each time: their turns are taken."""
