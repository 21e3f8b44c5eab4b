"""Test calls through a trunk: begin one, and tell how it goes."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from b2bua.control import AskCalls, Begun, Calls, TryTrunk
from domain.contact import can_be_called_back
from domain.refusal import NotPossible
from domain.snapshot import TrunkSnapshot
from storage.models import Root
from storage.models.web import AuditEntry
from storage.records import CallRecord, LegRecord, MediaRecord
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


def begin(services: BoxServices, trunk: TrunkSnapshot, to: str, entry: AuditEntry) -> str:
    """Ring a number by a trunk; return the call's id. It is noted before anybody is rung.

    Raises NotPossible for a number that may not be rung, ControlDown, ControlFailed, StoreDown.
    """
    number = _BETWEEN.sub("", to)
    if not can_be_called_back(number):
        raise NotPossible(
            f"{to!r} cannot be rung: a number within China, as 13900001111 or 01061234567",
            f"不能呼叫 {to!r}：请填写国内号码，如 13900001111 或 01061234567",
        )
    shows = services.read(lambda root: _shown(root, trunk))
    services.audit(entry)
    return services.ask(TryTrunk(trunk.name, number, shows), Begun).call


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


def _shown(root: Root, trunk: TrunkSnapshot) -> str:
    """Return the 400 number that a trunk without a number of its own shows; empty: there is none."""
    if trunk.trunk_number:
        return trunk.trunk_number
    numbers = (number for tenant in root.tenants.values() for number in tenant.numbers)
    return str(next(numbers, ""))
