"""Missed and abandoned calls as things to do: merged by caller, claimed, called back, closed. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.outcomes import Outcome
from domain.refusal import NotPossible

CALLS_KEPT: Final = 20
"""Ids of calls that an item names, the latest ones; ``count`` counts all."""
BURST_SECONDS: Final = 600.0
"""A caller who tries again within this time after his last try is told of once."""

NOT_MISSED: Final = frozenset(
    {
        Outcome.ANSWERED,
        Outcome.NUMBER_UNKNOWN,
        Outcome.SUSPENDED,
        Outcome.NUMBER_IN_ARREARS,
        Outcome.NUMBER_MISUSED,
        Outcome.NUMBER_FROZEN,
        Outcome.NUMBER_RECLAIMED,
        Outcome.BAD_REQUEST,
        Outcome.ANNOUNCED,
        Outcome.REJECTED,
        Outcome.BLACKLISTED,
        Outcome.AREA_DENIED,
        Outcome.PIN_WRONG,
        Outcome.MENU_ENDED,
        Outcome.AGENT_NOT_REACHED,
        Outcome.AGENT_LEFT,
        Outcome.NOT_ALLOWED,
        Outcome.AGENT_CODE,
        Outcome.PICK_UP_REFUSED,
    }
)
"""Ends of calls that nobody needs to call back for: served, turned away on purpose, or none of a tenant's."""


def is_missed(outcome: str) -> bool:
    """Tell whether a call that reached nobody and ended so is one to call back for."""
    return outcome not in NOT_MISSED


class MissedState(StrEnum):
    """How far an item is."""

    OPEN = "open"
    CLAIMED = "claimed"
    CALLED_BACK = "called-back"
    CLOSED = "closed"


class Closed(StrEnum):
    """Why an item is closed."""

    BY_HAND = "by-hand"
    REACHED_US = "reached-us"
    """The same caller called again and was answered."""


class MissedCall(msgspec.Struct, frozen=True):
    """What a record says of one missed call."""

    id: str
    number: str
    caller: str
    at: float
    """UTC POSIX seconds of its end."""
    outcome: str
    message: bool = False
    """The caller left a voicemail; its id is the call's."""


class MissedItem(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The missed calls of one caller that nobody has dealt with yet. Times are UTC POSIX seconds."""

    id: str
    """Id of the first call."""
    number: str
    """The 400 number called last."""
    caller: str
    """Canonical digits; empty: withheld, and never merged."""
    first: float
    last: float
    outcome: str
    """How the last call ended."""
    count: int = 1
    calls: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    """Ids of the calls that left a voicemail."""
    state: MissedState = MissedState.OPEN
    claimed_by: str = ""
    claimed_at: float = 0.0
    tries: int = 0
    """Call-backs that reached nobody."""
    tried: str = ""
    """How the last of them ended."""
    called_back_by: str = ""
    called_back_at: float = 0.0
    closed: Closed | None = None
    closed_by: str = ""
    closed_at: float = 0.0
    note: str = ""

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to do something."""
        return self.state in (MissedState.OPEN, MissedState.CLAIMED)


def begun(call: MissedCall) -> MissedItem:
    """Make an item of a caller's first missed call."""
    return MissedItem(
        id=call.id,
        number=call.number,
        caller=call.caller,
        first=call.at,
        last=call.at,
        outcome=call.outcome,
        calls=(call.id,),
        messages=(call.id,) if call.message else (),
    )


def merged(item: MissedItem, call: MissedCall) -> MissedItem:
    """Add another call of the same caller; who had claimed the item keeps it."""
    return msgspec.structs.replace(
        item,
        number=call.number,
        last=max(item.last, call.at),
        outcome=call.outcome,
        count=item.count + 1,
        calls=(*item.calls, call.id)[-CALLS_KEPT:],
        messages=(*item.messages, call.id)[-CALLS_KEPT:] if call.message else item.messages,
    )


def claimed(item: MissedItem, by: str, at: float) -> MissedItem:
    """Let somebody take the item over; raises NotPossible when it is another's, or done."""
    if not item.is_open:
        raise NotPossible(f"{item.id} is {item.state} already", f"{item.id} 已处理")
    if item.state is MissedState.CLAIMED and item.claimed_by != by:
        raise NotPossible(
            f"{item.id} is claimed by {item.claimed_by}", f"{item.id} 已由 {item.claimed_by} 认领"
        )
    return msgspec.structs.replace(item, state=MissedState.CLAIMED, claimed_by=by, claimed_at=at)


def called_back(item: MissedItem, by: str, at: float, outcome: str) -> MissedItem:
    """Note a call-back: it reached the customer, or it is one more try."""
    if outcome != Outcome.ANSWERED:
        return msgspec.structs.replace(item, tries=item.tries + 1, tried=outcome)
    if item.state is MissedState.CLOSED:
        return item
    return msgspec.structs.replace(
        item, state=MissedState.CALLED_BACK, called_back_by=by, called_back_at=at, tried=outcome
    )


def closed(item: MissedItem, why: Closed, by: str, at: float, note: str = "") -> MissedItem:
    """Close the item; raises NotPossible when it is closed already."""
    if item.state is MissedState.CLOSED:
        raise NotPossible(f"{item.id} is closed already", f"{item.id} 已关闭")
    return msgspec.structs.replace(
        item, state=MissedState.CLOSED, closed=why, closed_by=by, closed_at=at, note=note or item.note
    )


class Notice(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing to tell people of (未接来电提醒); whoever sends it removes it from the outbox."""

    key: str
    """Names its cause, so that it is told once: ``missed:CALL-ID`` or ``message:CALL-ID``."""
    tenant: str
    item: str
    """The missed item."""
    number: str
    caller: str
    at: float
    outcome: str
    box: str = ""
    """The voicemail box of a message."""
    count: int = 1
    """Tries of one burst, merged while the notice waits."""
