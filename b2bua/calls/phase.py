"""Where a talk stands."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from b2bua.calls.course import CallState


class Phase(StrEnum):
    """Where a talk stands."""

    TALK = "talk"
    HOLD = "hold"
    """The agent has put the caller on hold by star code or command."""
    ASKING = "asking"
    """A colleague's phone rings; the caller hears music."""
    CONSULT = "consult"
    """Agent and colleague talk; the caller hears music."""
    THREE_WAY = "three-way"
    TRANSFER = "transfer"
    """The caller waits for somebody else to answer."""


STATES: Final = {
    Phase.TALK: CallState.TALKING,
    Phase.HOLD: CallState.HELD,
    Phase.ASKING: CallState.CONSULTING,
    Phase.CONSULT: CallState.CONSULTING,
    Phase.THREE_WAY: CallState.TALKING,
    Phase.TRANSFER: CallState.TRANSFERRING,
}

CONSULTING: Final = frozenset({Phase.ASKING, Phase.CONSULT, Phase.THREE_WAY})
"""A colleague was rung for the agent, or talks with him."""

NOT_NOW: Final[dict[Phase, tuple[str, str]]] = {
    Phase.TALK: ("the caller and the agent are talking", "主叫与坐席正在通话"),
    Phase.HOLD: ("the caller is on hold", "主叫正在保持中"),
    Phase.ASKING: ("a colleague's phone is being rung", "正在呼叫同事"),
    Phase.CONSULT: ("the agent is talking with a colleague", "坐席正在咨询同事"),
    Phase.THREE_WAY: ("it is a three-way call", "正在三方通话"),
    Phase.TRANSFER: ("the caller is being transferred", "正在转接主叫"),
}
"""Why something cannot be done in a phase, in English and Chinese."""
