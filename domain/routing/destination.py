"""Where a call may be sent within a tenant: the one vocabulary of routes, menus, queues and overflows."""

from __future__ import annotations

import re
from enum import StrEnum

import msgspec

from domain.names import as_named, is_name


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

_ADDRESS = re.compile(r"[0-9a-f]{64}", re.ASCII)


class Destination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One destination, written ``kind:name``: ``queue:service``, ``group:sales``, ``hang-up``."""

    kind: DestinationKind
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Read the written form, its name as names are kept; raises ValueError when it is none."""
        kind_of, colon, rest = text.partition(":")
        kind, name = DestinationKind(kind_of), as_named(rest)
        if bool(colon) is (kind in NAMELESS):
            raise ValueError(f"a name is {'not ' if kind in NAMELESS else ''}needed: {text!r}")
        if colon and not is_name(name) and _ADDRESS.fullmatch(name) is None:
            raise ValueError(f"no destination: {text!r}")
        return cls(kind, name)

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)
