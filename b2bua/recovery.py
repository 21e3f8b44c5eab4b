"""After a crash: close the calls it cut at their last mark, and end both legs of each.

No carrier may go on billing a dead line, so the messages go first; the last lines follow in the same turn.
Should the process die in between, the next start does it all again, which harms nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import msgspec
from twisted.logger import Logger

from b2bua.calls.course import CALL_BACK, TEST
from b2bua.calls.ports import Journal
from b2bua.calls.switchboard import MARK_SECONDS
from b2bua.media.spool import spool_path
from b2bua.sip.core import SipCore
from b2bua.sip.dialog import DialogState, Phase, decode_state
from domain.outcomes import HungUpBy, Outcome
from storage.journal import Event, OpenCall
from storage.journal.events import (
    Answered,
    DialogNow,
    Ended,
    LegAnswered,
    LegDialled,
    LegEnded,
    MessageBegan,
    MessageEnded,
    Spooled,
    Started,
)

SHORTEST_MESSAGE: Final = 1.0
"""Seconds from which on a message that a crash cut is kept."""

_log = Logger()


class OpenLeg(NamedTuple):
    """A leg of a cut call that nobody has ended."""

    call: str
    leg: str
    dialogs: tuple[DialogState, ...]
    """One for each phone that rings; empty when the process died between the journal's line and the first
    message."""


def open_legs(call: OpenCall) -> list[OpenLeg]:
    """Return the legs of a cut call that are still up, with what their ending needs; the caller first."""
    legs: dict[str, dict[str, DialogState]] = {}
    for event in call.events:
        match event:
            case Started(direction=direction):
                if direction not in (CALL_BACK, TEST):  # whose leg a is dialled later, if at all
                    legs["a"] = {}
            case LegDialled(leg=leg, is_extension=forks):
                # All phones of an extension ring at once, trunks one after the other.
                if not forks or leg not in legs:
                    legs[leg] = {}
            case DialogNow(leg=leg, state=raw):
                state = _state(call.id, raw)
                if state is not None:
                    legs.setdefault(leg, {})[state.call_id] = state
            case LegAnswered(leg=leg):
                legs[leg] = _confirmed(legs.get(leg, {}))
            case LegEnded(leg=leg):
                legs.pop(leg, None)
            case _:
                pass
    return [OpenLeg(call.id, leg, tuple(dialogs.values())) for leg, dialogs in legs.items()]


def _confirmed(dialogs: dict[str, DialogState]) -> dict[str, DialogState]:
    """Leave out who only rang when another phone of the leg was picked up: he was told before."""
    up = {name: state for name, state in dialogs.items() if state.phase is Phase.CONFIRMED}
    return up or dialogs


def _state(call: str, state: msgspec.Raw) -> DialogState | None:
    try:
        return decode_state(bytes(state))
    except msgspec.DecodeError as error:
        _log.error("call {call}: unreadable dialog in the journal: {error}", call=call, error=error)
        return None


SpokenUntil = Callable[[str, str], float | None]
"""Gives when the audio of a call's leg was last written, UTC POSIX seconds; None: there is none."""


def unspoken(call: str, leg: str) -> None:
    """Know of no audio."""


def spoken_until(spool: Path) -> SpokenUntil:
    """Return what looks into the spools of cut calls."""

    def look(call: str, leg: str) -> float | None:
        try:
            return spool_path(spool, call, leg).stat().st_mtime
        except OSError:
            return None

    return look


def _cut_message(call: OpenCall, spoken: SpokenUntil) -> Iterator[Event]:
    """Yield the end of a message that somebody was leaving: its audio tells more than the last mark."""
    begun: MessageBegan | None = None
    for event in call.events:
        if isinstance(event, MessageBegan | MessageEnded):
            begun = event if isinstance(event, MessageBegan) else None
    if begun is not None:
        known = call.last_mono - begun.mono
        written = spoken(call.id, begun.leg)
        # Who sets the clock makes no message longer than one that the next mark would have named.
        seconds = known if written is None else min(max(known, written - begun.at), known + MARK_SECONDS)
        yield MessageEnded(
            call=call.id, at=call.last_at, mono=call.last_mono, leg=begun.leg, seconds=round(seconds, 3),
            kept=seconds >= SHORTEST_MESSAGE, why="crash",
        )  # fmt: skip


def closing_lines(call: OpenCall, spoken: SpokenUntil = unspoken) -> list[Event]:
    """Make the lines that close a cut call, dated by its last sign of life."""
    at, mono = call.last_at, call.last_mono
    lines: list[Event] = [
        *_cut_message(call, spoken),
        *(LegEnded(call=call.id, at=at, mono=mono, leg=each.leg, reason="crash") for each in open_legs(call)),
    ]
    recorded = any(
        isinstance(event, MessageBegan) or (isinstance(event, Started) and event.record)
        for event in call.events
    )
    if recorded and not any(isinstance(event, Spooled) for event in call.events):
        lines.append(Spooled(call=call.id, at=at, mono=mono))
    answered = any(isinstance(event, Answered) for event in call.events)
    lines.append(
        Ended(
            call=call.id,
            at=at,
            mono=mono,
            outcome=Outcome.CUT_BY_CRASH.value,
            by=HungUpBy.BOX.value,
            sip_status=200 if answered else 0,
        )
    )
    return lines


class TraceBelongs(Protocol):
    """Where the trace learns whose messages those of a SIP Call-ID are."""

    def belongs(self, call_id: str, call: str, leg: str) -> None:
        """Note it."""


class Recovery:
    """Ends what a crash left; ``ended_legs`` counts the messages sent."""

    def __init__(
        self,
        core: SipCore,
        journal: Journal,
        trace: TraceBelongs | None = None,
        spoken: SpokenUntil = unspoken,
    ) -> None:
        self.calls = 0
        self.ended_legs = 0
        self._core = core
        self._journal = journal
        self._trace = trace
        self._spoken = spoken

    def run(self, calls: Iterable[OpenCall]) -> None:
        """End the legs and close the records; the listeners must be open, new calls not yet taken."""
        for call in calls:
            self.calls += 1
            for leg in open_legs(call):
                for dialog in leg.dialogs:
                    self._end(leg, dialog)
            for line in closing_lines(call, self._spoken):
                self._journal.append(line)
        if self.calls:
            _log.warn(
                "{calls} calls were cut by a crash, {legs} legs ended", calls=self.calls, legs=self.ended_legs
            )

    def _end(self, leg: OpenLeg, dialog: DialogState) -> None:
        if self._trace is not None:
            self._trace.belongs(dialog.call_id, leg.call, leg.leg)
        try:
            self._core.end_orphan(dialog)
            self.ended_legs += 1
        except Exception:  # one leg that cannot be ended keeps none of the others
            _log.failure("call {call}: leg {leg} cannot be ended", call=leg.call, leg=leg.leg)
