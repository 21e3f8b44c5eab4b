"""对账: match a carrier's list of calls with ours, and tell the differences. Pure.

Calls match when caller and 400 number are the same and they began within some seconds of each other; of
several the nearest in time. Each call is matched once.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from enum import StrEnum
from typing import Final

import msgspec

START_SLACK: Final = 60.0
"""Seconds by which clocks and set-up may differ."""
SECONDS_SLACK: Final = 2
"""Seconds by which durations may differ: both sides round."""


class BilledCall(msgspec.Struct, frozen=True, array_like=True):
    """A call as one side has it."""

    name: str
    """Line of the carrier's file, or our call's id."""
    caller: str
    """Canonical digits; empty when withheld."""
    number: str
    """The 400 number; of legs out the number rung, and ``caller`` is empty: carriers bill what they were
    shown, or a number of their own."""
    start: float
    """UTC POSIX seconds."""
    seconds: float


class DifferenceKind(StrEnum):
    """What differs."""

    MISSING = "missing"
    """The carrier has it, we do not: we charged nobody for it."""
    EXTRA = "extra"
    """We have it, the carrier does not."""
    DURATION = "duration"


DIFFERENCE_WORDS: Final = {
    DifferenceKind.MISSING: ("运营商有、我方无", "the carrier's only"),
    DifferenceKind.EXTRA: ("我方有、运营商无", "ours only"),
    DifferenceKind.DURATION: ("时长不符", "durations differ"),
}


class Difference(msgspec.Struct, frozen=True):
    """One difference; one side is None where it has no such call."""

    kind: DifferenceKind
    theirs: BilledCall | None
    ours: BilledCall | None


class Side(StrEnum):
    """Whose calls a carrier's list bills."""

    INBOUND = "inbound"
    """Calls that the trunk brought, from their answer by the box."""
    OUTBOUND = "outbound"
    """Legs that left by the trunk, to bound numbers and call-backs, from their answer."""


SIDE_WORDS: Final = {Side.INBOUND: ("calls in", "呼入"), Side.OUTBOUND: ("legs out", "呼出")}


class Reconciled(msgspec.Struct, frozen=True):
    """What came out."""

    theirs: int
    ours: int
    matched: int
    """Calls that both have, those with another duration included."""
    their_seconds: float
    our_seconds: float
    differences: tuple[Difference, ...]
    """In the order of time."""


class Reconciliation(msgspec.Struct, frozen=True):
    """A comparison that was made, as its history keeps it."""

    id: str
    at: float
    """UTC POSIX seconds."""
    who: str
    trunk: str
    side: Side
    file: str
    first: float
    last: float
    """Start of the first and of the last call of the file."""
    apart: float
    longer: float
    """The seconds by which starts and durations were allowed to differ."""
    found: Reconciled
    """With the first :data:`MOST_KEPT` differences alone."""
    counts: dict[DifferenceKind, int]
    """Of all differences."""


MOST_KEPT: Final = 5000
"""Differences that are kept of a comparison; with more the wrong file or trunk was compared."""


def kept(found: Reconciled) -> tuple[Reconciled, dict[DifferenceKind, int]]:
    """Return what history keeps of a result, and how many differences of each kind there were."""
    counts = dict.fromkeys(DifferenceKind, 0)
    for each in found.differences:
        counts[each.kind] += 1
    return msgspec.structs.replace(found, differences=found.differences[:MOST_KEPT]), counts


def reconcile(
    theirs: Iterable[BilledCall],
    ours: Iterable[BilledCall],
    start_slack: float = START_SLACK,
    seconds_slack: float = SECONDS_SLACK,
) -> Reconciled:
    """Match both lists and return what differs."""
    groups: dict[tuple[str, str], tuple[list[BilledCall], list[BilledCall]]] = defaultdict(lambda: ([], []))
    for call in theirs:
        groups[call.caller, call.number][0].append(call)
    for call in ours:
        groups[call.caller, call.number][1].append(call)
    differences: list[Difference] = []
    matched = 0
    for left, right in groups.values():
        pairs = _pairs(left, right, start_slack)
        matched += sum(one is not None and other is not None for one, other in pairs)
        for one, other in pairs:
            if one is None:
                differences.append(Difference(DifferenceKind.EXTRA, None, other))
            elif other is None:
                differences.append(Difference(DifferenceKind.MISSING, one, None))
            elif abs(one.seconds - other.seconds) > seconds_slack:
                differences.append(Difference(DifferenceKind.DURATION, one, other))
    return Reconciled(
        sum(len(left) for left, _ in groups.values()),
        sum(len(right) for _, right in groups.values()),
        matched,
        sum(call.seconds for left, _ in groups.values() for call in left),
        sum(call.seconds for _, right in groups.values() for call in right),
        tuple(sorted(differences, key=lambda each: (each.theirs or each.ours).start)),  # type: ignore[union-attr]
    )


def _pairs(
    left: list[BilledCall], right: list[BilledCall], slack: float
) -> list[tuple[BilledCall | None, BilledCall | None]]:
    """Pair the calls of one caller to one number, the closest in time first."""
    right = sorted(right, key=lambda call: call.start)
    starts = [call.start for call in right]
    close = []
    for index, call in enumerate(left):
        at = bisect_left(starts, call.start - slack)
        while at < len(right) and starts[at] <= call.start + slack:
            close.append((abs(starts[at] - call.start), abs(right[at].seconds - call.seconds), index, at))
            at += 1
    mine: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, index, at in sorted(close):
        if index not in mine and at not in taken:
            mine[index] = at
            taken.add(at)
    pairs: list[tuple[BilledCall | None, BilledCall | None]] = [
        (call, right[mine[index]] if index in mine else None) for index, call in enumerate(left)
    ]
    return pairs + [(None, call) for at, call in enumerate(right) if at not in taken]
