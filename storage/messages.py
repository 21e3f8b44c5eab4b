"""Find messages, newest first."""

from __future__ import annotations

from typing import Final

import msgspec

from storage.recordings import RecordingFacts, Recordings

MARKS: Final = ("heard", "done")
"""What may have been done about a message; without any it is new."""


class MessageFilter(msgspec.Struct, frozen=True):
    """Which messages; empty or None: any. Times are UTC POSIX seconds."""

    tenant: str = ""
    box: str = ""
    number: str = ""
    caller: str = ""
    mark: str | None = None
    """``new``, or one of :data:`MARKS`."""
    since: float = 0.0
    until: float | None = None

    def takes(self, facts: RecordingFacts) -> bool:
        """Tell whether a message is wanted."""
        return (
            self.tenant in ("", facts.tenant)
            and self.box in ("", facts.box)
            and self.number in ("", facts.number)
            and self.caller in ("", facts.caller)
            and (self.mark is None or self.mark == (facts.mark or "new"))
            and facts.at >= self.since
            and (self.until is None or facts.at < self.until)
        )


def newest_first(messages: Recordings, wanted: MessageFilter, limit: int = 0) -> list[RecordingFacts]:
    """Return the latest messages that are wanted; ``limit`` 0: all."""
    found = [facts for facts in messages.iterate() if wanted.takes(facts)]
    found.reverse()
    return found[:limit] if limit else found
