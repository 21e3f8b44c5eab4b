"""What of an inspection is an alarm: open findings, rows past their day, a round that is due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import Final

import msgspec

from domain.inspection.catalogue import Point
from domain.inspection.round import Finding, Plan, Round, State

DAY: Final = 86400.0
BEIJING: Final = timezone(timedelta(hours=8))


class Concern(msgspec.Struct, frozen=True):
    """An alarm, as ``b2bua.alarms.Alarm`` writes it."""

    key: str
    severity: str
    """``warning`` or ``critical``."""
    zh: str
    en: str
    since: float


def day_at(at: float) -> date:
    """Return the day in Beijing of UTC POSIX seconds."""
    return datetime.fromtimestamp(at, BEIJING).date()


def concerns(latest: Round | None, plan: Plan, points: Mapping[str, Point], now: float) -> list[Concern]:
    """Return what somebody should know; nothing before the first round, whose time the operator chooses."""
    if latest is None:
        return []
    found = [
        _of_finding(item.point, item.finding, points)
        for item in latest.items
        if item.finding is not None and item.finding.is_open
    ]
    if latest.ended:
        due = latest.ended + plan.every_days * DAY
        if plan.every_days and now >= due:
            days = int((now - due) // DAY)
            found.append(
                Concern(
                    "inspection:due", "warning", f"该做新一轮巡检了（已到期 {days} 天）",
                    f"An inspection is due, for {days} days", due,
                )
            )  # fmt: skip
        return found
    today = day_at(now).isoformat()
    late = [item for item in latest.items if item.state is State.OPEN and item.due and item.due < today]
    if late:
        names = [points[item.point] for item in late if item.point in points]
        first = min(item.due for item in late)
        since = datetime.combine(date.fromisoformat(first), datetime.min.time(), BEIJING).timestamp() + DAY
        found.append(
            Concern(
                "inspection:overdue", "warning",
                f"{len(late)} 个巡检项已过期限：{'、'.join(each.zh for each in names[:3])}",
                f"{len(late)} points are past their day: {', '.join(each.en for each in names[:3])}", since,
            )
        )  # fmt: skip
    return found


def _of_finding(name: str, finding: Finding, points: Mapping[str, Point]) -> Concern:
    point = points.get(name)
    zh, en = (point.zh, point.en) if point else (name, name)
    return Concern(
        f"inspection:{name}", "critical" if finding.critical else "warning",
        f"巡检发现（{zh}）：{finding.zh}", f"Inspection, {en}: {finding.en}", finding.at,
    )  # fmt: skip
