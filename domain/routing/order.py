"""In which order the phones of a group are rung, and which not at all."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.days.calendar import LocalMoment
from domain.days.schedule import is_open_at
from domain.outcomes import Outcome
from domain.routing.live import LiveFacts
from domain.routing.reasons import Reason
from domain.routing.target import BoundNumber, RingStrategy, TargetGroup, TargetKind
from domain.routing.turns import sequence


class Ordering(msgspec.Struct, frozen=True):
    """Rounds of phones: those of one round ring together, the next round when nobody of it answered."""

    rounds: tuple[tuple[BoundNumber, ...], ...]
    reasons: tuple[Reason, ...]
    """Why so; empty when all ring just as they stand."""
    outcome: Outcome
    """What it means when nobody can be rung."""
    turn: str = ""
    """What was shared out, to be counted by who rings them; empty: nothing."""

    @property
    def explains(self) -> bool:
        """Whether the record needs a word on it: not when all ring as the group itself says."""
        plain = Reason("strategy", {"strategy": str(RingStrategy.SIMULTANEOUS)})
        return any(reason != plain for reason in self.reasons)

    @property
    def targets(self) -> tuple[BoundNumber, ...]:
        """Everybody who rings, in order."""
        return tuple(target for batch in self.rounds for target in batch)


def order(
    tenant: str, group: TargetGroup, live: LiveFacts, when: LocalMoment, remembered: str | None = None
) -> Ordering:
    """Arrange a group's phones for one call.

    Left out are those that are switched off, off duty, known to talk, or full. ``remembered`` answered the
    caller last time and is rung first, alone, when he is there.
    """
    reasons: list[Reason] = []
    free = [target for target in group.targets if _is_free(tenant, target, live, when, reasons)]
    busy = any(reason.code in ("skip-busy", "skip-channels") for reason in reasons)
    turn = ""
    if len(free) > 1:
        free, turn = _arranged(tenant, group, free, live)
        if group.strategy is not RingStrategy.SEQUENTIAL:
            reasons.insert(0, Reason("strategy", {"strategy": str(group.strategy)}))
    rounds: list[tuple[BoundNumber, ...]]
    known = next((target for target in free if target.number == remembered), None)
    if known is not None:
        reasons.append(Reason("remembered", {"target": known.number}))
        free = [target for target in free if target is not known]
    if group.strategy is RingStrategy.SIMULTANEOUS:
        rounds = [tuple(free)] if free else []
    else:
        rounds = [(target,) for target in free]
    if known is not None:
        rounds.insert(0, (known,))
    outcome = Outcome.BUSY if busy else Outcome.NOTHING_BOUND
    return Ordering(tuple(rounds), tuple(reasons), outcome, turn)


def is_busy(tenant: str, target: BoundNumber, live: LiveFacts) -> bool:
    """Tell whether a phone is known not to take another call."""
    use = live.use(target.line(tenant))
    if target.kind is TargetKind.PBX:
        return use.engaged >= target.channels
    return target.skip_busy and use.talking > 0


def _is_free(
    tenant: str, target: BoundNumber, live: LiveFacts, when: LocalMoment, reasons: list[Reason]
) -> bool:
    if not target.enabled:
        reasons.append(Reason("skip-off", {"target": target.number}))
    elif target.schedule is not None and not is_open_at(target.schedule, when):
        reasons.append(Reason("skip-hours", {"target": target.number}))
    elif is_busy(tenant, target, live):
        facts = {"target": target.number}
        if target.kind is TargetKind.PBX:
            reasons.append(Reason("skip-channels", {**facts, "channels": str(target.channels)}))
        else:
            reasons.append(Reason("skip-busy", facts))
    else:
        return True
    return False


def _arranged(
    tenant: str, group: TargetGroup, free: list[BoundNumber], live: LiveFacts
) -> tuple[list[BoundNumber], str]:
    """Return the free phones in order, and what was shared out."""
    key = f"{tenant}/{group.name}/{group.strategy}"
    match group.strategy:
        case RingStrategy.ROTATING:
            first = live.turn(key) % len(group.targets)
            begun = _from(group.targets, first)
            return [target for target in begun if target in free], key
        case RingStrategy.WEIGHTED:
            return _by_weight(free, live.turn(key)), key
        case RingStrategy.LEAST_RECENT:
            return sorted(free, key=lambda target: live.use(target.line(tenant)).rung), ""
        case RingStrategy.LONGEST_IDLE:
            return sorted(free, key=lambda target: live.use(target.line(tenant)).idle_since), ""
    return free, ""


def _from(targets: Sequence[BoundNumber], first: int) -> list[BoundNumber]:
    return [*targets[first:], *targets[:first]]


def _by_weight(free: list[BoundNumber], turn: int) -> list[BoundNumber]:
    heavy = sorted(free, key=lambda target: -target.weight)
    turns = sequence(tuple(target.weight for target in free))
    if not turns:
        return heavy
    first = free[turns[turn % len(turns)]]
    return [first, *(target for target in heavy if target is not first)]
