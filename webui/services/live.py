"""What the running processes say of themselves."""

from __future__ import annotations

from b2bua.alarms import Alarm, Severity
from b2bua.control import AskStatus, ControlDown, ControlFailed, Status
from b2bua.ledger.status import read_status as read_ledger
from b2bua.notices.status import read_status as read_notices
from b2bua.recorder.status import read_status as read_recorder
from storage.models import Root
from webui.services import accounts, agents
from webui.services.box import BoxServices
from webui.services.picture import Around
from webui.services.streams import Known


def status(services: BoxServices) -> Status | None:
    """Return the b2bua's status, or None when it does not answer."""
    try:
        return services.ask(AskStatus(), Status, timeout=2.0)
    except (ControlDown, ControlFailed):
        return None


def alarms(services: BoxServices) -> list[Alarm]:
    """Return every alarm of the box, the worst first; a b2bua that does not answer is one."""
    found = dict(_told(services)) | {alarm.key: alarm for alarm in _beside(services)}
    return sorted(found.values(), key=lambda alarm: (alarm.severity != "critical", -alarm.since))


def _told(services: BoxServices) -> list[tuple[str, Alarm]]:
    told = status(services)
    if told is None:
        down = Alarm(
            "b2bua", Severity.CRITICAL, "信令进程无应答：来电无法接通",
            "The SIP process does not answer: no calls", services.now(),
        )  # fmt: skip
        return [("b2bua", down)]
    return [(alarm.key, alarm) for alarm in told.alarms]


def _beside(services: BoxServices) -> list[Alarm]:
    told = (read_ledger(services.data), read_recorder(services.data), read_notices(services.data))
    return [alarm for status in told if status is not None for alarm in status.alarms]


def look_at(services: BoxServices, sessions: frozenset[str]) -> Known:
    """Tell the streams which sessions are alive, and the names of tenants; raises StoreDown."""
    now = services.now()

    def read(root: Root) -> tuple[Known, list[str]]:
        names = {name: tenant.config.value.name for name, tenant in root.tenants.items()}
        alive = frozenset(each for each in sessions if accounts.session_of(root, each, now))
        return Known(alive, Around(names, agents.masks(root))), agents.watched(root, alive, now)

    known, used = services.read(read)
    if used:
        services.change(lambda root: _touch(root, used, now), "sessions")
    return known


def _touch(root: Root, sessions: list[str], now: float) -> None:
    for each in sessions:
        accounts.touch(root, each, now)
