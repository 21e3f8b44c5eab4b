"""Rounds of inspection, kept: begun, checked, answered, ended. Pages and commands do it here.

Every method raises ``NotPossible`` for what the rules refuse and ``StoreDown`` without a store; what a round
says of alarms is told anew after each change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import msgspec

from domain.inspection import round as rounds
from domain.inspection.catalogue import Layer, catalogue
from domain.inspection.checks import judge
from domain.inspection.concerns import day_at
from domain.inspection.facts import Facts
from domain.inspection.round import Photo, Plan, Round, State
from domain.inspection.verdict import Result
from domain.refusal import NotPossible
from storage.machine.inspection import tell_alarms
from storage.models import Root
from storage.models.web import AuditEntry
from storage.notices.outbox import new_id
from webui.services.box import BoxServices

MOST_DAYS: Final = 366


def require(services: BoxServices, *, under_way: bool) -> None:
    """Raise NotPossible at once for a look at the box that would be in vain."""
    latest = services.read(lambda root: root.inspection.latest())
    if under_way and (latest is None or latest.ended):
        raise NotPossible("No round is under way; begin one first.", "没有进行中的巡检，请先开始一轮。")
    if not under_way and latest is not None and not latest.ended:
        raise _under_way()


def begin(services: BoxServices, facts: Facts, entry: AuditEntry) -> Round:
    """Begin a round with what checks find; the one before must have ended."""
    now, points = services.now(), catalogue()

    def work(root: Root) -> Round:
        before = root.inspection.latest()
        if before is not None and not before.ended:
            raise _under_way()
        plan = root.inspection.plan.value
        due = (day_at(now) + timedelta(days=plan.days_to_do)).isoformat()
        made = rounds.begin(new_id(now), points, plan, due, before, now, entry.who)
        made = rounds.checked(made, points, _results(facts), facts.at)
        _keep(root, made, entry)
        return made

    return _told(services, services.change(work, "inspection begun"))


def check(services: BoxServices, facts: Facts, entry: AuditEntry) -> Round:
    """Judge facts into the round that is under way."""

    def judged(found: Round) -> Round:
        return rounds.checked(found, catalogue(), _results(facts), facts.at)

    return _change(services, entry, judged)


def begin_or_check(services: BoxServices, facts: Facts, entry: AuditEntry) -> Round:
    """Do the daily automatic part: into the open round, or into a new one when that is due."""

    def state(root: Root) -> tuple[Round | None, Plan]:
        return root.inspection.latest(), root.inspection.plan.value

    latest, plan = services.read(state)
    if latest is not None and not latest.ended:
        return check(services, facts, entry)
    if latest is None or services.now() - latest.ended >= plan.every_days * 86400.0 > 0:
        return begin(services, facts, entry)
    return _told(services, latest)


def answer(
    services: BoxServices, point: str, state: State, note: str, entry: AuditEntry, *, critical: bool = False
) -> Round:
    """Note what a technician found at a point."""
    at = services.now()
    after = msgspec.structs.replace(entry, after=f"{state}: {note}"[:400])
    return _change(
        services, after,
        lambda found: rounds.answered(found, point, state, note, at, entry.who, critical=critical),
    )  # fmt: skip


def close(services: BoxServices, point: str, remedy: str, entry: AuditEntry) -> Round:
    """Close a finding by what was done about it."""
    at, after = services.now(), msgspec.structs.replace(entry, after=remedy[:400])
    return _change(services, after, lambda found: rounds.closed(found, point, remedy, at, entry.who))


def assign(services: BoxServices, point: str, technician: str, due: str, entry: AuditEntry) -> Round:
    """Say who looks at a point, by which day."""
    day = _day(due)
    after = msgspec.structs.replace(entry, after=f"{technician} {day}".strip()[:200])
    return _change(services, after, lambda found: rounds.assigned(found, point, technician, day))


def attach(services: BoxServices, point: str, name: str, content: bytes, entry: AuditEntry) -> Round:
    """Keep a picture or a PDF as evidence of a point."""
    now = services.now()
    services.read(lambda root: _latest(root).item(point))
    filed = services.recordings.documents().add(content, now)
    photo = Photo(filed.id, name.strip()[-80:] or "photo", filed.type, filed.octets, entry.who, now)
    return _change(services, entry, lambda found: rounds.pictured(found, point, photo))


def end(services: BoxServices, entry: AuditEntry) -> Round:
    """End the round that is under way; refused while something is not answered."""
    at = services.now()
    return _change(services, entry, lambda found: rounds.ended(found, catalogue(), at, entry.who))


def set_plan(services: BoxServices, plan: Plan, entry: AuditEntry) -> None:
    """Say how often rounds are made, in how many days, and by whom."""
    if not (0 <= plan.every_days <= MOST_DAYS and 1 <= plan.days_to_do <= MOST_DAYS):
        raise NotPossible(
            f"Days are 0 to {MOST_DAYS} between rounds and 1 to {MOST_DAYS} for one.",
            f"周期为 0～{MOST_DAYS} 天，完成期限为 1～{MOST_DAYS} 天。",
        )
    kept = {
        layer: name.strip()[:40] for layer, name in plan.technicians.items()
        if layer in set(Layer) and name.strip()
    }  # fmt: skip
    wanted = msgspec.structs.replace(plan, technicians=kept)

    def work(root: Root) -> None:
        before = msgspec.json.encode(root.inspection.plan.value).decode()
        root.inspection.plan.value = wanted
        after = msgspec.json.encode(wanted).decode()
        root.web.note(msgspec.structs.replace(entry, before=before, after=after))

    services.change(work, "inspection plan")
    tell_alarms(services.data, services.database, services.now())


def find(services: BoxServices, id: str = "") -> Round:
    """Return a round, the latest for an empty id."""
    found: Round | None = services.read(
        lambda root: root.inspection.get(id) if id else root.inspection.latest()
    )
    if found is None:
        raise NotPossible("There is no such round of inspection.", "没有这一轮巡检。")
    return found


def _change(services: BoxServices, entry: AuditEntry, work: Callable[[Round], Round]) -> Round:
    def change(root: Root) -> Round:
        changed = work(_latest(root))
        _keep(root, changed, entry)
        return changed

    return _told(services, services.change(change, entry.action))


def _told(services: BoxServices, found: Round) -> Round:
    tell_alarms(services.data, services.database, services.now())
    return found


def _keep(root: Root, found: Round, entry: AuditEntry) -> None:
    root.inspection.put(found)
    root.web.note(entry)


def _under_way() -> NotPossible:
    return NotPossible("A round is under way; end it first.", "已有一轮巡检正在进行，请先结束它。")


def _latest(root: Root) -> Round:
    found: Round | None = root.inspection.latest()
    if found is None:
        raise NotPossible("No round has been begun yet.", "尚未开始巡检。")
    return found


def _results(facts: Facts) -> dict[str, tuple[Result, ...]]:
    return {point.id: judge(point.checks, facts) for point in catalogue().values() if point.checks}


def _day(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise NotPossible("A day is written 2026-11-30.", "日期格式应为 2026-11-30。") from None
