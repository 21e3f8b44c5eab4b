"""The test call of the first setup: what arrived last, by the word of the SIP process and of the records."""

from __future__ import annotations

from typing import NamedTuple

from b2bua.control import AskCalls, Calls, ControlDown, ControlFailed
from storage.models import Root
from storage.records.query import Filter, page
from webui.services.box import BoxServices


class Trial(NamedTuple):
    """A call as the wizard shows it."""

    caller: str
    """Empty: withheld."""
    number: str
    at: float
    """UTC POSIX seconds of its beginning."""
    up: bool
    state: str
    """What it does while it is up, its outcome afterwards."""
    who: str
    """Who rings or answered."""
    talk_seconds: float


def last_call(services: BoxServices) -> Trial | None:
    """Return the call that is up, else the last one on record; raises StoreDown."""
    try:
        up = services.ask(AskCalls(), Calls, timeout=2.0).calls
    except (ControlDown, ControlFailed):
        up = []
    if up:
        call = up[-1]
        at = services.now() - call.seconds
        return Trial(call.caller, call.number, at, True, call.state, call.who, call.talk_seconds or 0.0)

    def read(root: Root) -> Trial | None:
        found = page(root, Filter(), 1).found
        if not found:
            return None
        row = found[0].row
        return Trial(
            row.caller,
            row.number,
            row.start_ms / 1000,
            False,
            row.outcome,
            row.answered_by,
            row.talk_ms / 1000,
        )

    return services.read(read)
