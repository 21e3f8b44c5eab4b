"""Test calls through a trunk: begin one, and tell how it goes."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from b2bua.control import AskCalls, Begun, Calls, TryTrunk
from domain.customers.contact import can_be_called_back
from domain.refusal import NotPossible
from domain.snapshot import TrunkSnapshot
from storage.models import Root
from storage.models.web import AuditEntry
from storage.records.record import CallRecord, LegRecord, MediaRecord
from webui.services.box import BoxServices

_BETWEEN: Final = re.compile(r"[\s()（）-]+")


class Progress(NamedTuple):
    """How a test call goes, or went."""

    call: str
    state: str
    """Of a call that is up; empty: it is over."""
    record: CallRecord | None
    """Once it is stored."""

    @property
    def leg(self) -> LegRecord | None:
        """The leg that was rung, None when none left the box."""
        return self.record.legs[0] if self.record is not None and self.record.legs else None

    @property
    def media(self) -> MediaRecord | None:
        """What was measured of its audio."""
        return self.record.media[0] if self.record is not None and self.record.media else None


class NotShown(NotPossible):
    """A number that a test call may not show."""


def own_numbers(root: Root, trunk: TrunkSnapshot) -> list[str]:
    """Return what a trunk without a number of its own may show: its landing numbers, then 400 numbers."""
    owners = [root.tenants[trunk.tenant]] if trunk.tenant in root.tenants else root.tenants.values()
    return [*trunk.landing_numbers, *(str(number) for tenant in owners for number in tenant.numbers)]


def suggested(trunk: TrunkSnapshot) -> str:
    """Return the number that such a trunk shows if nobody says another; empty: nothing speaks for one."""
    if trunk.username.isascii() and trunk.username.isdigit():
        return trunk.username
    return next(iter(trunk.landing_numbers)) if len(trunk.landing_numbers) == 1 else ""


def begin(services: BoxServices, trunk: TrunkSnapshot, to: str, shows: str, entry: AuditEntry) -> str:
    """Ring a number by a trunk; return the call's id. It is noted before anybody is rung.

    ``shows``: the number shown by a trunk that has none of its own. Raises NotShown for one that is not
    ours, NotPossible for a number that may not be rung, ControlDown, ControlFailed, StoreDown.
    """
    number = _BETWEEN.sub("", to)
    if not can_be_called_back(number):
        raise NotPossible(
            f"{to!r} cannot be rung: a number within China, as 13900001111 or 01061234567",
            f"不能呼叫 {to!r}：请填写国内号码，如 13900001111 或 01061234567",
        )
    shown = trunk.trunk_number or _BETWEEN.sub("", shows)
    known = {trunk.trunk_number, suggested(trunk)}
    if not shown or (
        shown not in known and shown not in services.read(lambda root: own_numbers(root, trunk))
    ):
        raise NotShown(
            f"{shows!r} cannot be shown: write a landing number of this trunk or a 400 number of this box",
            f"不能显示 {shows!r}：请填写本线路的落地号或本系统的 400 号码",
        )
    services.audit(entry)
    return services.ask(TryTrunk(trunk.name, number, shown), Begun).call


def progress(services: BoxServices, trunk: str, call: str) -> Progress | None:
    """Tell how a test call of a trunk goes; None: there is none. Raises ControlDown, ControlFailed."""
    record = services.read(lambda root: root.records.find(call, None))
    if record is not None:
        return Progress(call, "", record) if _is_test(record, trunk) else None
    up = services.ask(AskCalls(), Calls, timeout=2.0).calls
    state = next((each.state for each in up if each.call == call), "")
    return Progress(call, state, None)


def _is_test(record: CallRecord, trunk: str) -> bool:
    return record.direction == "test" and any(
        moment.what == "step" and moment.detail == f"test trunk {trunk}" for moment in record.timeline
    )
