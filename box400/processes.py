"""What the processes of a box are doing, as they tell and as the kernel sees them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec

from b2bua.alarms import Alarm, read_alarms
from b2bua.box_alarms import alarms_beside
from b2bua.control import Status, ask_status
from b2bua.ledger.status import LedgerStatus
from b2bua.ledger.status import read_status as read_ledger
from b2bua.notices.status import NoticesStatus
from b2bua.notices.status import read_status as read_notices
from b2bua.recorder.status import RecorderStatus
from b2bua.recorder.status import read_status as read_recorder
from storage.backup_schedule import BackupState, read_state
from storage.data_directory import DataDirectory
from storage.offsite.state import OffsiteState, state_for
from storage.serving.snapshots import read_box

_TICKS = os.sysconf("SC_CLK_TCK")


class ProcessState(msgspec.Struct, frozen=True):
    """One process of the box."""

    name: str
    """``run``, ``store``, ``ledger``, ``notices``, ``recorder``, ``b2bua``, ``media-0`` and so on."""
    up: bool
    pid: int = 0
    memory_kib: int = 0
    """Proportional set size: memory shared with others is counted in parts, so that the sum is true."""
    uptime_seconds: float = 0.0
    detail: str = ""


class BoxStatus(msgspec.Struct, frozen=True):
    """The whole box as it is now."""

    data: str
    up: bool
    """Whether it serves calls."""
    processes: list[ProcessState]
    memory_kib: int
    b2bua: Status | None
    ledger: LedgerStatus | None
    recorder: RecorderStatus | None
    alarms: list[Alarm]
    notices: NoticesStatus | None = None
    backup: BackupState | None = None
    """What became of the scheduled backups; None where none are configured."""
    offsite: OffsiteState | None = None
    """The same of the encrypted ones off the machine."""


def box_status(data: DataDirectory) -> BoxStatus:
    """Ask every process of the box; whoever does not answer is down."""
    b2bua = ask_status(data.control_socket)
    ledger, recorder, notices = read_ledger(data), read_recorder(data), read_notices(data)
    store = _store_file(data)
    processes = [
        _process("run", _pid_in(data.run / "box.lock"), "box400"),
        _process("store", store.get("pid", 0), "storage", "; ".join(store.get("damage", ()))),
        _process("ledger", ledger.pid if ledger else 0, "b2bua.ledger", _ledger_detail(ledger)),
        _process("recorder", recorder.pid if recorder else 0, "b2bua.recorder", _recorder_detail(recorder)),
        _process("notices", notices.pid if notices else 0, "b2bua.notices", _notices_detail(notices)),
        _process("b2bua", b2bua.pid if b2bua else 0, "b2bua", _b2bua_detail(b2bua)),
    ]
    if b2bua is not None:
        processes += [
            _process(f"media-{each.index}", each.pid, "", f"{each.endpoints} endpoints")
            for each in b2bua.workers
        ]
    if data.read_settings().web:
        processes.append(_process("webui", _pid_in(data.web_pid), "webui"))
    spare = _process("b2bua-spare", _pid_in(data.spare_pid), "--standby")
    processes += [spare] if spare.up else []
    alarms = b2bua.alarms if b2bua is not None else read_alarms(data.alarms_file)
    alarms = [*alarms, *alarms_beside(data)]
    return BoxStatus(
        data=str(data.root),
        up=b2bua is not None,
        processes=processes,
        memory_kib=sum(process.memory_kib for process in processes),
        b2bua=b2bua,
        ledger=ledger,
        recorder=recorder,
        alarms=sorted(alarms, key=lambda alarm: alarm.since),
        notices=notices,
        backup=_backup(data),
        offsite=_offsite(data),
    )


def _backup(data: DataDirectory) -> BackupState | None:
    plan = read_box(data).backup
    state = read_state(data)
    if plan is None:
        return None
    return state if state is not None and state.to == plan.to else BackupState(plan.to, 0.0)


def _offsite(data: DataDirectory) -> OffsiteState | None:
    plan = read_box(data).offsite
    return state_for(data, plan, 0.0) if plan is not None else None


def _store_file(data: DataDirectory) -> dict[str, Any]:
    try:
        content: dict[str, Any] = msgspec.json.decode((data.run / "store.json").read_bytes())
    except FileNotFoundError:
        return {}
    return content


def _pid_in(file: Path) -> int:
    """Return the process id that a file tells; 0 without one."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return 0
    return int(text) if text.isdecimal() else 0


def _ledger_detail(status: LedgerStatus | None) -> str:
    return "" if status is None else f"{status.waiting} records waiting, {status.open_calls} calls open"


def _recorder_detail(status: RecorderStatus | None) -> str:
    return "" if status is None else f"{status.backlog} calls to compose, {status.made} made"


def _notices_detail(status: NoticesStatus | None) -> str:
    return (
        "" if status is None else f"{status.under_way} under way, {status.sent} sent, {status.failed} failed"
    )


def _b2bua_detail(status: Status | None) -> str:
    return "" if status is None else f"{status.calls} calls, {status.registrations} registrations"


def _process(name: str, pid: int, module: str, detail: str = "") -> ProcessState:
    """Look at a process; a pid that now belongs to another program counts as down."""
    proc = Path(f"/proc/{pid}")
    try:
        if not pid or module.encode() not in (proc / "cmdline").read_bytes():
            return ProcessState(name, up=False)
        return ProcessState(
            name,
            up=True,
            pid=pid,
            memory_kib=_pss(proc),
            uptime_seconds=round(_uptime(proc), 1),
            detail=detail,
        )
    except (FileNotFoundError, ProcessLookupError):
        return ProcessState(name, up=False)


def _pss(proc: Path) -> int:
    """Return the proportional set size; 0 where we may not look (another user's process)."""
    try:
        lines = (proc / "smaps_rollup").read_text().splitlines()
    except PermissionError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _uptime(proc: Path) -> float:
    after_name = (proc / "stat").read_text().rpartition(")")[2].split()
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(after_name[19]) / _TICKS
