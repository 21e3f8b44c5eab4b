"""What the running processes say of themselves."""

from __future__ import annotations

from b2bua.alarms import Alarm
from b2bua.box_alarms import every_alarm
from b2bua.control import Status, ask_status
from storage.models import Root
from webui.services import accounts, agents
from webui.services.box import BoxServices
from webui.services.picture import Around
from webui.services.streams import Known


def status(services: BoxServices) -> Status | None:
    """Return the b2bua's status, or None when it does not answer."""
    return ask_status(services.data.control_socket, 2.0)


def alarms(services: BoxServices) -> list[Alarm]:
    """Return every alarm of the box, the worst first; a b2bua that does not answer is one."""
    return alarms_beside(services, status(services))


def alarms_beside(services: BoxServices, told: Status | None) -> list[Alarm]:
    """Return the same for who has asked for the status already."""
    found = every_alarm(services.data, told, services.now())
    return sorted(found, key=lambda alarm: (alarm.severity != "critical", -alarm.since))


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
