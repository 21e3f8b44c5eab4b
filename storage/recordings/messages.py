"""Which messages somebody wants to see; ``storage.recordings.search`` finds them."""

from __future__ import annotations

from typing import Final

import msgspec

from storage.recordings import RecordingFacts

MARKS: Final = ("heard", "done")
"""What may have been done about a message; without any it is new."""


class MessageFilter(msgspec.Struct, frozen=True):
    """Which messages; empty or None: any. Times are UTC POSIX seconds, of the calls."""

    tenant: str = ""
    box: str = ""
    number: str = ""
    caller: str = ""
    mark: str | None = None
    """``new``, or one of :data:`MARKS`."""
    since: float = 0.0
    until: float | None = None

    def takes(self, facts: RecordingFacts) -> bool:
        """Tell whether a message is wanted, its time aside."""
        return (
            self.tenant in ("", facts.tenant)
            and self.box in ("", facts.box)
            and self.number in ("", facts.number)
            and self.caller in ("", facts.caller)
            and (self.mark is None or self.mark == (facts.mark or "new"))
        )
