"""Learn how the box is: its processes, its books, who may sign in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from b2bua.alarms import Alarm
from b2bua.control import Status
from b2bua.ledger.status import LedgerStatus
from b2bua.ledger.status import read_status as read_ledger
from b2bua.notices.status import read_status as read_notices
from b2bua.recorder.status import read_status as read_recorder
from domain.inspection.facts import BoxFacts, Facts, Operator, Ports, Trunk
from storage.backup_schedule import BackupState, read_state
from storage.data_directory import DataDirectory, Settings
from storage.models import Root
from storage.money.books import problems
from storage.offsite.state import OffsiteState, state_for
from storage.serving.snapshots import read_box
from webui.services import attention, live, operators
from webui.services.box import BoxServices
from webui.services.inspection import machine

SILENT_SECONDS: Final = 40.0
OWN_KEYS: Final = "inspection:"
"""Alarms that inspections raise themselves: they are no facts for the next one."""
SERVED: Final = (("tcp", 22, "SSH"), ("tcp", 80, "HTTP"), ("tcp", 443, "HTTPS"), ("udp", 323, "chrony"))
"""What the appliance's firewall role and time service open, besides SIP and audio."""


def gather(services: BoxServices, tell: machine.Tell = machine.unheard) -> Facts:
    """Learn everything; takes some seconds, so ``tell`` hears how far it is. Raises StoreDown."""
    now, facts = services.now(), machine.learn(services.data, tell)
    tell(machine.Step.BOX)
    return Facts(now, facts, box_facts(services))


def box_facts(services: BoxServices) -> BoxFacts:
    """Learn how the box is; raises StoreDown."""
    data, now = services.data, services.now()
    status = live.status(services)
    ledger, recorder = read_ledger(data), read_recorder(data)
    alarms = [each for each in live.alarms_beside(services, status) if not each.key.startswith(OWN_KEYS)]
    program = Path(sys.prefix)

    def read(root: Root) -> tuple[tuple[Operator, ...], tuple[str, ...], set[str]]:
        found = tuple(
            Operator(each.name, each.enabled, each.first, each.second_factor, each.seen)
            for each in operators.listed(root, now)
        )
        wrong = tuple(f"{tenant}: {why}".lstrip(": ") for tenant, why in problems(root))
        return found, wrong, set(attention.acknowledged(root, alarms))

    people, wrong, seen_to = services.read(read)
    return BoxFacts(
        version=program.name if (program / "complete").exists() else "development",
        declared=declared_ports(data.read_settings(), data),
        processes_down=_down(data, status, ledger, now),
        trunks=None if status is None else _trunks(status),
        guessing=None if status is None else _guessing(status.alarms),
        critical=None if status is None else _critical(alarms, seen_to),
        operators=people,
        **_backups(data, now),
        journal_lag=ledger.lag_bytes if ledger else None,
        journal_damaged=ledger.damaged_lines if ledger else 0,
        store_down=ledger.store_down if ledger else "",
        book_problems=wrong,
        recordings_failed=recorder.failed if recorder else None,
        recordings_lost=recorder.lost if recorder else 0,
    )  # fmt: skip


def declared_ports(settings: Settings, data: DataDirectory) -> tuple[Ports, ...]:
    """Return the ports that are meant to be heard by other machines."""
    found = [Ports(transport, port, port, purpose) for transport, port, purpose in SERVED]
    found.append(Ports("udp", *settings.rtp_ports, "RTP"))
    if settings.web:
        port = int(settings.web.rpartition(":")[2])
        found.append(Ports("tcp", port, port, "web"))
    for listener in settings.listeners_of(read_box(data)):
        for transport in listener.transports:
            port = listener.tls_port if transport == "tls" else listener.port
            found.append(Ports("udp" if transport == "udp" else "tcp", port, port, f"SIP {listener.name}"))
    return tuple(found)


def _backups(data: DataDirectory, now: float) -> dict[str, Any]:
    """Return what became of backups to a disk and off the machine; the younger one counts."""
    box = read_box(data)
    found: list[BackupState | OffsiteState] = []
    if box.backup is not None:
        state = read_state(data)
        found.append(state if state and state.to == box.backup.to else BackupState(box.backup.to, 0.0))
    drill = None
    if box.offsite is not None:
        offsite = state_for(data, box.offsite, now)
        found.append(offsite)
        drill = offsite.drill
    if not found:
        return {}
    return {
        "backup_to": ", ".join(each.to for each in found),
        "backup_at": max(each.good_at for each in found),
        "backup_error": "; ".join(each.error for each in found if each.error),
        "drill_at": drill.at if drill else 0.0,
        "drill_error": "; ".join(drill.faults[:3]) if drill else "",
    }


def _down(
    data: DataDirectory, status: Status | None, ledger: LedgerStatus | None, now: float
) -> tuple[str, ...]:
    recorder, notices = read_recorder(data), read_notices(data)
    up = {
        "b2bua": status is not None,
        "ledger": ledger is not None and now - ledger.at < SILENT_SECONDS,
        "recorder": recorder is not None and _runs(recorder.pid),
        "notices": notices is not None and _runs(notices.pid),
    }
    workers = [] if status is None else [f"media-{each.index}" for each in status.workers if not each.alive]
    return tuple([name for name, is_up in up.items() if not is_up] + workers)


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _trunks(status: Status) -> tuple[Trunk, ...]:
    return tuple(Trunk(each.name, each.state, each.detail) for each in status.trunks)


def _guessing(alarms: Sequence[Alarm]) -> tuple[str, ...]:
    return tuple(each.zh for each in alarms if each.key.startswith("guessing:"))


def _critical(alarms: Sequence[Alarm], seen_to: set[str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (each.zh, each.en) for each in alarms if each.severity == "critical" and each.key not in seen_to
    )
