"""Phones that may answer for a 400 number, one by one and in groups."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.days.schedule import Schedule
from domain.routing.destination import Destination

MOST_WEIGHT: Final = 100


class TargetKind(StrEnum):
    """What a bound number is (绑定号码)."""

    LANDLINE = "landline"
    MOBILE = "mobile"
    PHS = "phs"
    EXTENSION = "extension"
    PBX = "pbx"
    """The tenant's own exchange or call centre (中继线), on a trunk of its own with so many channels."""


class RingStrategy(StrEnum):
    """In which order targets are rung."""

    SEQUENTIAL = "sequential"
    """顺序: as they stand."""
    SIMULTANEOUS = "simultaneous"
    """同振: all at once."""
    ROTATING = "rotating"
    """轮循: each call begins one further on."""
    LEAST_RECENT = "least-recent"
    """最久未用: whose phone was rung longest ago comes first."""
    LONGEST_IDLE = "longest-idle"
    """最长空闲: who ended his last talk longest ago comes first."""
    WEIGHTED = "weighted"
    """按权重: who comes first is shared out by weight; a weight of 0 comes last."""


class BoundNumber(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phone that may answer for a 400 number."""

    number: str
    """Digits of a phone (as dialled nationally, e.g. ``01061234567``, ``13900001111``) or an extension's
    name."""
    kind: TargetKind = TargetKind.MOBILE
    label: str = ""
    job_number: str = ""
    """工号, spoken to the caller by later editions."""
    enabled: bool = True
    schedule: Schedule | None = None
    """When it may be rung; None: always."""
    weight: int = 1
    """0 to 100; its share where targets are weighted."""
    confirm_seconds: int = 0
    """Seconds in which who picks up must press 1 to accept; 0: nobody is asked."""
    skip_busy: bool = True
    """Not rung while it talks in another call through the box."""
    trunk: str = ""
    """The trunk a PBX is reached by; no other kind has one."""
    channels: int = 1
    """Calls that a PBX takes at a time."""
    ringback: str | None = None
    """Content address of what the caller hears while it is rung alone (企业彩铃); None: as its group says."""

    def line(self, tenant: str) -> str:
        """Return by what name its use is counted: a telephone is one telephone, whoever bound it."""
        if self.kind is TargetKind.PBX:
            return f"{self.trunk}/{self.number}"
        return f"{tenant}/{self.number}" if self.kind is TargetKind.EXTENSION else self.number


class TargetGroup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phones rung together as one destination (``group:NAME``)."""

    name: str
    targets: tuple[BoundNumber, ...] = ()
    strategy: RingStrategy = RingStrategy.SEQUENTIAL
    no_answer_seconds: float = 25.0
    otherwise: Destination | None = None
    """Where the call goes when nobody of the group answers; None: it ends with an announcement."""
    ringback: str | None = None
    """Content address of what callers hear meanwhile (企业彩铃); None: as the 400 number says."""
