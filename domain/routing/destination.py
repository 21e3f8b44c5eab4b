"""Where a call may be sent within a tenant: the one vocabulary of routes, menus, queues and overflows."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec


class DestinationKind(StrEnum):
    """What kind of thing answers."""

    BOUND = "bound"
    """The bound numbers of the 400 number that was dialled."""
    GROUP = "group"
    FLOW = "flow"
    """A published voice menu."""
    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    NUMBER = "number"
    """Another 400 number of the tenant, with all its rules."""
    EXTENSION = "extension"
    ANNOUNCEMENT = "announcement"
    """A prompt (its content address, or the name of a system prompt), then the end of the call."""
    HANG_UP = "hang-up"


NAMELESS = frozenset({DestinationKind.BOUND, DestinationKind.HANG_UP})
"""Kinds of which there is one, so that no name follows."""

_FORM = re.compile(r"([a-z-]+)(?::([A-Za-z0-9][A-Za-z0-9._-]{0,79}))?", re.ASCII)


class Destination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One destination, written ``kind:name``: ``queue:service``, ``group:sales``, ``hang-up``."""

    kind: DestinationKind
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Read the written form; raises ValueError when it is none."""
        found = _FORM.fullmatch(text)
        if found is None:
            raise ValueError(f"no destination: {text!r}")
        kind = DestinationKind(found[1])
        if (found[2] is None) is not (kind in NAMELESS):
            raise ValueError(f"a name is {'not ' if kind in NAMELESS else ''}needed: {text!r}")
        return cls(kind, found[2] or "")

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)
