"""备份 in the browser: what is set, what became of it, and asking for one at once."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from domain.refusal import NotPossible
from domain.snapshot import BackupPlan, OffsitePlan
from storage.backup_schedule import BackupAsks, BackupState, read_asks, write_asks
from storage.backup_schedule import read_state as read_nightly
from storage.models.web import AuditEntry
from storage.offsite.state import OffsiteState, drill_is_due
from storage.offsite.state import read_state as read_offsite
from webui.services.box import BoxServices

KINDS: Final = ("nightly", "offsite", "drill")


class Backups(NamedTuple):
    """How it stands with backups."""

    plan: BackupPlan | None
    nightly: BackupState | None
    """Of this plan; None: nothing was tried yet."""
    offsite_plan: OffsitePlan | None
    offsite: OffsiteState | None
    asks: BackupAsks
    waiting: frozenset[str]
    """Which of :data:`KINDS` were asked for and are not over."""


def look(services: BoxServices) -> Backups:
    """Tell how it stands."""
    box = services.read(lambda root: root.box.value)
    nightly, offsite = _of_plan(read_nightly(services.data), box.backup), None
    held = read_offsite(services.data)
    if held is not None and box.offsite is not None and held.to == box.offsite.to:
        offsite = held
    asks = read_asks(services.data)
    waiting = set()
    if box.backup is not None and asks.nightly > (nightly.tried_at if nightly else 0.0):
        waiting.add("nightly")
    if box.offsite is not None and asks.offsite > (offsite.tried_at if offsite else 0.0):
        waiting.add("offsite")
    if offsite is not None and drill_is_due(offsite, asks):
        waiting.add("drill")
    return Backups(box.backup, nightly, box.offsite, offsite, asks, frozenset(waiting))


def ask(services: BoxServices, kind: str, entry: AuditEntry) -> None:
    """Ask for one at once; raises NotPossible when it cannot be made, KeyError for none of ours."""
    if kind not in KINDS:
        raise KeyError(kind)
    now = look(services)
    if kind in now.waiting:
        raise NotPossible("It is under way already.", "已在进行中。")
    if (now.plan if kind == "nightly" else now.offsite_plan) is None:
        raise NotPossible("Say first where backups go.", "请先设置备份位置。")
    if kind == "drill" and (now.offsite is None or not now.offsite.good_at):
        raise NotPossible("There is no backup yet that could be restored.", "还没有可供恢复的备份。")
    services.audit(entry)
    write_asks(services.data, msgspec.structs.replace(now.asks, **{kind: services.now()}))


def _of_plan(state: BackupState | None, plan: BackupPlan | None) -> BackupState | None:
    return state if state is not None and plan is not None and state.to == plan.to else None
