"""A round of inspection: each control point, who looks, what was found, what became of it. Pure values.

A point is *open* until it is answered. Automatic points answer themselves; a finding of theirs closes itself
when a later check is good. A finding that is still there when a round ends goes on in the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import msgspec

from domain.inspection.catalogue import Point
from domain.inspection.verdict import Result, Verdict, worst
from domain.refusal import NotPossible

AUTOMATIC: Final = "automatic"
"""Who answers for automatic checks."""
MOST_TEXT: Final = 500
MOST_PHOTOS: Final = 10


class State(StrEnum):
    """How a point stands."""

    OPEN = "open"
    GOOD = "good"
    FINDING = "finding"
    CLOSED = "closed"
    """There was a finding; it has been remedied."""
    NOT_HERE = "not-here"
    """It does not apply to this place."""


class Photo(msgspec.Struct, frozen=True):
    """Evidence: a picture or a PDF, kept beside the recordings."""

    id: str
    name: str
    type: str
    bytes: int
    by: str
    at: float


class Finding(msgspec.Struct, frozen=True):
    """What was wrong; times are UTC POSIX seconds."""

    zh: str
    en: str
    """What a technician wrote stands in both."""
    critical: bool
    at: float
    by: str
    closed_at: float = 0.0
    closed_by: str = ""
    remedy: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it waits for its remedy."""
        return not self.closed_at


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """A control point in a round."""

    point: str
    state: State = State.OPEN
    technician: str = ""
    due: str = ""
    """Day, ``2026-11-30``."""
    results: tuple[Result, ...] = ()
    note: str = ""
    photos: tuple[Photo, ...] = ()
    finding: Finding | None = None
    done_at: float = 0.0
    done_by: str = ""


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often, by when, by whom."""

    every_days: int = 30
    """0: no reminders."""
    days_to_do: int = 7
    technicians: dict[str, str] = {}
    """Layer -> who looks."""


class Round(msgspec.Struct, frozen=True):
    """One round."""

    id: str
    began: float
    by: str
    items: tuple[Item, ...]
    checked_at: float = 0.0
    """When facts were last judged."""
    ended: float = 0.0
    ended_by: str = ""

    def item(self, point: str) -> Item:
        """Return the row of a point; raises NotPossible."""
        for item in self.items:
            if item.point == point:
                return item
        raise NotPossible(
            f"There is no control point {point} in this round.", f"本轮巡检没有控制点 {point}。"
        )

    def counts(self) -> dict[State, int]:
        """Return how many points stand how."""
        return {state: sum(item.state is state for item in self.items) for state in State}

    @property
    def done(self) -> int:
        """How many points are answered."""
        return sum(item.state is not State.OPEN for item in self.items)


def begin(
    id: str, points: Mapping[str, Point], plan: Plan, due: str, before: Round | None, at: float, by: str
) -> Round:
    """Begin a round; findings that are open go on."""
    carried = {} if before is None else {item.point: item.finding for item in before.items}
    items = []
    for point in points.values():
        finding = carried.get(point.id)
        still = finding is not None and finding.is_open
        items.append(
            Item(
                point.id, State.FINDING if still else State.OPEN,
                plan.technicians.get(point.layer, "") if point.manual else "",
                due if point.manual else "", finding=finding if still else None,
            )
        )  # fmt: skip
    return Round(id, at, by, tuple(items))


def checked(
    round: Round, points: Mapping[str, Point], results: Mapping[str, tuple[Result, ...]], at: float
) -> Round:
    """Put the results of checks into an open round; what people answered stays."""
    _require_open(round)
    items = tuple(
        _judged(item, points[item.point], results[item.point], at) if results.get(item.point) else item
        for item in round.items
    )
    return msgspec.structs.replace(round, items=items, checked_at=at)


def _judged(item: Item, point: Point, results: tuple[Result, ...], at: float) -> Item:
    item = msgspec.structs.replace(item, results=results)
    verdict, finding = worst(results), item.finding
    own = finding is None or finding.by == AUTOMATIC
    if verdict in (Verdict.BAD, Verdict.WARN):
        if not own or item.done_by not in ("", AUTOMATIC):
            return item
        first = next(each for each in results if each.verdict is verdict)
        since = finding.at if finding is not None and finding.is_open else at
        found = Finding(first.zh, first.en, verdict is Verdict.BAD, since, AUTOMATIC)
        return msgspec.structs.replace(
            item, state=State.FINDING, finding=found, done_at=at, done_by=AUTOMATIC
        )
    if finding is not None and finding.is_open and own and verdict is Verdict.GOOD:
        closed = msgspec.structs.replace(finding, closed_at=at, closed_by=AUTOMATIC)
        return msgspec.structs.replace(
            item, state=State.CLOSED, finding=closed, done_at=at, done_by=AUTOMATIC
        )
    if verdict is Verdict.GOOD and not point.manual and item.state is State.OPEN:
        return msgspec.structs.replace(item, state=State.GOOD, done_at=at, done_by=AUTOMATIC)
    return item


def answered(
    round: Round, point: str, state: State, note: str, at: float, by: str, *, critical: bool = False
) -> Round:
    """Note what a technician found; raises NotPossible."""
    item = _open_item(round, point)
    note = _text(note)
    if state not in (State.GOOD, State.FINDING, State.NOT_HERE):
        raise NotPossible("Say whether it is in order.", "请选择巡检结果。")
    if state in (State.FINDING, State.NOT_HERE) and not note:
        raise NotPossible("Write what was found.", "请填写说明。")
    if state is State.GOOD and item.finding is not None and item.finding.is_open:
        raise NotPossible("Close its finding first: say what was done.", "请先关闭发现的问题并填写处理情况。")
    finding = Finding(note, note, critical, at, by) if state is State.FINDING else item.finding
    return _with(
        round, msgspec.structs.replace(
            item, state=state, note=note, finding=finding, done_at=at, done_by=by
        )
    )  # fmt: skip


def closed(round: Round, point: str, remedy: str, at: float, by: str) -> Round:
    """Close a finding by what was done about it; raises NotPossible."""
    item = _open_item(round, point)
    remedy = _text(remedy)
    if item.finding is None or not item.finding.is_open:
        raise NotPossible("There is no open finding here.", "此项没有待处理的问题。")
    if not remedy:
        raise NotPossible("Write what was done about it.", "请填写处理情况。")
    finding = msgspec.structs.replace(item.finding, closed_at=at, closed_by=by, remedy=remedy)
    return _with(
        round, msgspec.structs.replace(item, state=State.CLOSED, finding=finding, done_at=at, done_by=by)
    )


def assigned(round: Round, point: str, technician: str, due: str) -> Round:
    """Say who looks, and by which day (``2026-11-30``, or empty); raises NotPossible."""
    item = _open_item(round, point)
    return _with(round, msgspec.structs.replace(item, technician=_text(technician)[:40], due=due))


def pictured(round: Round, point: str, photo: Photo) -> Round:
    """Put evidence to a point; raises NotPossible."""
    item = _open_item(round, point)
    if len(item.photos) >= MOST_PHOTOS:
        raise NotPossible(f"A point has {MOST_PHOTOS} files at most.", f"每项最多 {MOST_PHOTOS} 个附件。")
    return _with(round, msgspec.structs.replace(item, photos=(*item.photos, photo)))


def ended(round: Round, points: Mapping[str, Point], at: float, by: str) -> Round:
    """End a round in which everything is answered; raises NotPossible naming what is not."""
    _require_open(round)
    left = [points[item.point] for item in round.items if item.state is State.OPEN and item.point in points]
    if left:
        zh, en = "、".join(each.zh for each in left[:5]), ", ".join(each.en for each in left[:5])
        if len(left) > 5:
            zh, en = f"{zh} 等", f"{en} ..."
        raise NotPossible(
            f"{len(left)} points are not answered yet: {en}", f"还有 {len(left)} 项未完成：{zh}。"
        )
    return msgspec.structs.replace(round, ended=at, ended_by=by)


def _text(text: str) -> str:
    text = text.strip()
    if len(text) > MOST_TEXT:
        raise NotPossible(f"A text has {MOST_TEXT} characters at most.", f"文字最多 {MOST_TEXT} 个字。")
    return text


def _require_open(round: Round) -> None:
    if round.ended:
        raise NotPossible("This round has ended.", "本轮巡检已结束。")


def _open_item(round: Round, point: str) -> Item:
    _require_open(round)
    return round.item(point)


def _with(round: Round, item: Item) -> Round:
    return msgspec.structs.replace(
        round, items=tuple(item if each.point == item.point else each for each in round.items)
    )
