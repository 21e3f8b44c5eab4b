"""The configuration in force: snapshots read from files, so that calls are served with the store down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from domain.calling.facts import FactsInForce
from domain.flow.dialling import DialPlan
from domain.flow.extensions import dial_plan_of
from domain.places.places import shipped_places
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from domain.voice.prompts import PromptBook
from storage.data_directory import DataDirectory
from storage.serving.places import TableKind, read_places, table_path


class Versions(NamedTuple):
    """What is in force after a reading."""

    box: int
    tenants: dict[str, int]
    errors: dict[str, str]
    """File name -> why it was not taken; what was in force before stays."""


class FileDirectory:
    """Implements ``calls.ports.Directory`` on the snapshot files.

    A file that cannot be read or is wrong leaves what it held before in force. Values are frozen, so a call
    keeps the ones it began with.
    """

    def __init__(self, data: DataDirectory, shipped: Mapping[str, str] | None = None) -> None:
        """``shipped``: name -> content address of the prompts that come with the product."""
        self.box = BoxSnapshot()
        self._shipped = shipped or {}
        self._book = PromptBook(self.box, (), self._shipped)
        self._places = shipped_places()
        self.facts = FactsInForce(self._places, self.box, ())
        self._dial_plans: dict[str, DialPlan] = {}
        self._data = data
        self._tenants: dict[str, TenantSnapshot] = {}
        self._numbers: dict[str, tuple[TenantSnapshot, NumberPlan]] = {}
        self._trunks: dict[str, TrunkSnapshot] = {}
        self._stamps: dict[Path, tuple[int, int, int]] = {}
        self.versions = Versions(0, {}, {})

    def find(self, number: str) -> tuple[TenantSnapshot, NumberPlan] | None:
        """Return who owns a 400 number and its plan, or None."""
        return self._numbers.get(number)

    def trunk(self, name: str) -> TrunkSnapshot | None:
        """Return a trunk by name."""
        return self._trunks.get(name)

    def dial_plan(self, tenant: TenantSnapshot, plan: NumberPlan) -> DialPlan:
        """Return the extensions and job numbers that callers of a number may dial; made once a reload."""
        found = self._dial_plans.get(plan.number)
        if found is None:
            found = self._dial_plans[plan.number] = dial_plan_of(self.box, tenant, plan)
        return found

    def prompt(self, tenant: str | None, name: str) -> str | None:
        """Return the content address of a prompt, or None when there is none."""
        return self._book.find(tenant, name)

    def tenant(self, name: str) -> TenantSnapshot | None:
        """Return a tenant by id."""
        return self._tenants.get(name)

    def tenants(self) -> tuple[TenantSnapshot, ...]:
        """Return every tenant in force."""
        return tuple(self._tenants.values())

    def reload(self) -> Versions:
        """Read what has changed and put it in force, for calls from now on."""
        errors: dict[str, str] = {}
        self._reload_box(errors)
        self._reload_tenants(errors)
        self._reload_places(errors)
        self.facts = FactsInForce(self._places, self.box, self._tenants.values())
        self._dial_plans.clear()
        self._book = PromptBook(self.box, self._tenants.values(), self._shipped)
        self.versions = Versions(
            self.box.version, {name: tenant.version for name, tenant in self._tenants.items()}, errors
        )
        return self.versions

    def _reload_box(self, errors: dict[str, str]) -> None:
        path = self._data.box_snapshot
        try:
            if not self._changed(path):
                return
            self.box = msgspec.json.decode(path.read_bytes(), type=BoxSnapshot)
        except FileNotFoundError:
            return
        except (OSError, msgspec.DecodeError) as error:
            errors[path.name] = str(error)
            self._stamps.pop(path, None)
            return
        self._trunks = {trunk.name: trunk for trunk in self.box.trunks}

    def _reload_tenants(self, errors: dict[str, str]) -> None:
        kept: dict[str, TenantSnapshot] = {}
        for path in sorted(self._data.tenant_snapshots.glob("*.json")):
            before = self._tenants.get(path.stem)
            try:
                if before is not None and not self._changed(path):
                    kept[path.stem] = before
                    continue
                self._changed(path)
                kept[path.stem] = msgspec.json.decode(path.read_bytes(), type=TenantSnapshot)
            except FileNotFoundError:
                continue
            except (OSError, msgspec.DecodeError) as error:
                errors[path.name] = str(error)
                self._stamps.pop(path, None)
                if before is not None:
                    kept[path.stem] = before
        self._tenants = kept
        self._numbers = {plan.number: (tenant, plan) for tenant in kept.values() for plan in tenant.numbers}

    def _reload_places(self, errors: dict[str, str]) -> None:
        paths = [table_path(self._data, kind) for kind in TableKind]
        changed = [self._comes_or_goes(path) for path in paths]  # each of them, for its stamp
        if not any(changed):
            return
        try:
            self._places = read_places(self._data)
        except (OSError, ValueError) as error:
            errors["places"] = str(error)
            for path in paths:
                self._stamps.pop(path, None)

    def _comes_or_goes(self, path: Path) -> bool:
        """Whether a file that need not be there is another one than before, or has gone."""
        try:
            return self._changed(path)
        except FileNotFoundError:
            return self._stamps.pop(path, None) is not None

    def _changed(self, path: Path) -> bool:
        """Whether the file is another one than was read last; files are replaced whole, so inode and time
        tell."""
        facts = path.stat()
        stamp = (facts.st_ino, facts.st_mtime_ns, facts.st_size)
        if self._stamps.get(path) == stamp:
            return False
        self._stamps[path] = stamp
        return True
