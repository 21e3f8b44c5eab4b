"""Find recordings, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Protocol

import msgspec

from storage.recordings import RecordingFacts, Recordings
from storage.records.call_id import ulid_bytes, ulid_text

FIRST_WINDOW: Final = 3_600_000
"""Milliseconds of calls that are looked at first; more where they are few, fewer where they are many."""
FEW: Final = 100
MANY: Final = 2000


class Filter(Protocol):
    """Which of them somebody wants."""

    @property
    def since(self) -> float:
        """UTC POSIX seconds; of calls that began then or later."""

    @property
    def until(self) -> float | None:
        """Of calls that began before."""

    def takes(self, facts: RecordingFacts) -> bool:
        """Tell whether one is wanted, its time aside."""


class Wanted(msgspec.Struct, frozen=True):
    """Which recordings; None or empty: any."""

    tenant: str | None = None
    number: str = ""
    caller: str = ""
    """With a ``*`` at the end, callers that begin so."""
    answerer: str = ""
    since: float = 0.0
    """UTC POSIX seconds; of calls that began then or later."""
    until: float | None = None
    """Of calls that began before."""
    held: bool = False
    """Only those under legal hold."""

    def takes(self, facts: RecordingFacts) -> bool:
        """Tell whether a recording is wanted, its time aside."""
        return (
            (self.tenant is None or facts.tenant == self.tenant)
            and (not self.number or facts.number == self.number)
            and (not self.caller or self._takes_caller(facts.caller))
            and (not self.answerer or self.answerer in facts.answerers)
            and (not self.held or bool(facts.hold))
        )

    def _takes_caller(self, caller: str) -> bool:
        if self.caller.endswith("*"):
            return caller.startswith(self.caller[:-1])
        return caller == self.caller


def newest(recordings: Recordings, wanted: Filter) -> Iterator[RecordingFacts]:
    """Yield what is wanted, the newest call first; raises ``StoreDown``.

    Trees are read forward only, so the time before a moment is read window by window.
    """
    span = recordings.span()
    if span is None:
        return
    oldest, last = (_milliseconds(each) for each in span)
    oldest = max(oldest, round(wanted.since * 1000))
    end = last + 1 if wanted.until is None else min(last + 1, round(wanted.until * 1000))
    window = FIRST_WINDOW
    while end > oldest:
        begin = max(oldest, end - window)
        found = list(recordings.iterate(_last_id_before(begin), _last_id_before(end) + "~"))
        for facts in reversed(found):
            if wanted.takes(facts):
                yield facts
        if len(found) < FEW:
            window *= 2
        elif len(found) > MANY:
            window = max(1000, window // 2)
        end = begin


def _milliseconds(call: str) -> int:
    data = ulid_bytes(call)
    return 0 if data is None else int.from_bytes(data[:6], "big")


def _last_id_before(milliseconds: int) -> str:
    """Return the highest id of a call that began before; "" before all."""
    if milliseconds <= 0:
        return ""
    return ulid_text((milliseconds - 1).to_bytes(6, "big") + b"\xff" * 10)
