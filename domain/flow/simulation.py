"""Walk a flow without a call: which nodes a caller comes to who presses certain keys. Pure."""

from __future__ import annotations

from typing import NamedTuple

from domain.flow.document import FlowDocument
from domain.flow.interpreter import start, step
from domain.flow.steps import (
    Ask,
    Begun,
    End,
    Event,
    Expired,
    Key,
    Leave,
    Listen,
    Note,
    Played,
    PlayPrompts,
    Surroundings,
    WebAnswered,
    WebFailed,
)
from domain.outcomes import Outcome
from domain.routing.destination import Destination


class Course(NamedTuple):
    """How a simulated call went."""

    notes: list[Note]
    """Everything a record would keep, with ``play`` and ``ask`` for what was heard and asked."""
    end: Destination | Outcome


def simulate(
    flow: FlowDocument, around: Surroundings, keys: str, answer: WebAnswered | WebFailed | None = None
) -> Course:
    """Walk a flow; each key is pressed when the flow listens (prompts are heard out), then none.

    Every web request gets ``answer``, by default a time-out.
    """
    notes: list[Note] = []
    left = list(keys)
    state = start(around)
    event: Event = Begun()
    while True:
        result = step(flow, state, event, around)
        state = result.state
        notes += result.notes
        match result.action:
            case Leave(destination):
                return Course(notes, destination)
            case End(outcome):
                return Course(notes, outcome)
            case PlayPrompts(prompts):
                notes.append(Note("play", " ".join(prompts)))
                event = Played()
            case Ask(url):
                notes.append(Note("ask", url))
                event = answer or WebFailed("timeout")
            case Listen() if left:
                notes.append(Note("key", left[0]))
                event = Key(left.pop(0))
            case _:
                event = Expired()
