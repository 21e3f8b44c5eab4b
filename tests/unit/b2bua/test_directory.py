"""The configuration in force comes from snapshot files, so that calls are served with the store down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from b2bua.directory import FileDirectory
from domain.calling.caller import canonical_caller
from domain.days.calendar import BEIJING, DayKind, Entered, EnteredDay
from domain.places.place import Place
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from storage.data_directory import DataDirectory, write_atomically
from storage.serving.places import TableKind, forget_table, import_table, table_path


def written(tmp_path: Path) -> tuple[DataDirectory, FileDirectory]:
    """Make a data directory with one tenant, and a directory on it."""
    data = DataDirectory(tmp_path)
    data.create()
    write_box(data, 1)
    write_tenant(data, "acme", 1, "4001003721")
    return data, FileDirectory(data)


def write_box(data: DataDirectory, version: int) -> None:
    """Write box.json."""
    box = BoxSnapshot(trunks=(TrunkSnapshot(name=f"trunk-{version}"),), version=version)
    write_atomically(data.box_snapshot, msgspec.json.encode(box))


def write_tenant(data: DataDirectory, name: str, version: int, number: str) -> None:
    """Write a tenant's file."""
    tenant = TenantSnapshot(id=name, name=name, numbers=(NumberPlan(number=number),), version=version)
    write_atomically(data.tenant_snapshots / f"{name}.json", msgspec.json.encode(tenant))


def test_numbers_and_trunks_are_found(tmp_path: Path) -> None:
    """After the first reading."""
    _, directory = written(tmp_path)
    assert directory.find("4001003721") is None
    versions = directory.reload()
    assert (versions.box, versions.tenants, versions.errors) == (1, {"acme": 1}, {})
    found = directory.find("4001003721")
    assert found is not None
    assert (found[0].id, found[1].number) == ("acme", "4001003721")
    assert directory.trunk("trunk-1") is not None
    assert directory.trunk("other") is None


def test_a_change_is_in_force_after_reload_and_says_its_version(tmp_path: Path) -> None:
    """New number, new tenant, one gone."""
    data, directory = written(tmp_path)
    directory.reload()
    write_tenant(data, "acme", 2, "4001003722")
    write_tenant(data, "other", 1, "4006000000")
    write_box(data, 2)
    assert directory.find("4001003721") is not None
    versions = directory.reload()
    assert (versions.box, versions.tenants) == (2, {"acme": 2, "other": 1})
    assert directory.find("4001003721") is None
    assert directory.find("4001003722") is not None
    (data.tenant_snapshots / "other.json").unlink()
    assert directory.reload().tenants == {"acme": 2}
    assert directory.find("4006000000") is None


def test_a_broken_file_leaves_what_was_in_force(tmp_path: Path) -> None:
    """And is named with its error, again at each reading until it is right."""
    data, directory = written(tmp_path)
    directory.reload()
    (data.tenant_snapshots / "acme.json").write_bytes(b'{"id": "acme"')
    data.box_snapshot.write_bytes(b"[]")
    for _ in range(2):
        versions = directory.reload()
        assert set(versions.errors) == {"acme.json", "box.json"}
        assert directory.find("4001003721") is not None
        assert directory.trunk("trunk-1") is not None
    write_tenant(data, "acme", 3, "4001003721")
    write_box(data, 3)
    assert directory.reload().errors == {}


def test_without_any_files_the_defaults_hold(tmp_path: Path) -> None:
    """A fresh machine: one listener, nobody to call."""
    data = DataDirectory(tmp_path)
    data.create()
    directory = FileDirectory(data)
    assert directory.reload().errors == {}
    assert directory.box.listeners[0].name == "carrier"


def test_imported_places_and_entered_days_are_in_force_after_reload(tmp_path: Path) -> None:
    """The next call is from where the newer table says, on a day that is what the operator entered."""
    data, directory = written(tmp_path)
    directory.reload()
    caller = canonical_caller("14000001111")
    may_1 = datetime(2027, 5, 1, 12, tzinfo=BEIJING)
    assert directory.facts.of(caller, "acme", may_1).place == Place()
    assert not directory.facts.of(caller, None, may_1).when.today.known
    import_table(
        data, "# date: 2026-11-01\nsegment,area_code,province,city,carrier\n1400000,0755,广东,深圳,广电"
    )
    entered = {"2027-05-01": EnteredDay(Entered.HOLIDAY, "劳动节")}
    moved = {"广东": "大湾区"}
    box = BoxSnapshot(calendar=entered, region_groups=moved, version=2)
    write_atomically(data.box_snapshot, msgspec.json.encode(box))
    theirs = {"2027-05-01": EnteredDay(Entered.WORKDAY)}
    tenant = TenantSnapshot(id="acme", name="acme", days=theirs, version=2)
    write_atomically(data.tenant_snapshots / "acme.json", msgspec.json.encode(tenant))
    assert directory.reload().errors == {}
    facts = directory.facts.of(caller, "acme", may_1)
    assert facts.place == Place("0755", "广东", "深圳", "广电")
    assert facts.region == "大湾区"
    assert facts.when.today.kind is DayKind.MAKE_UP  # 2027-05-01 is a Saturday
    assert directory.facts.of(caller, "other", may_1).when.today.kind is DayKind.HOLIDAY
    forget_table(data, TableKind.MOBILE_SEGMENTS)
    directory.reload()
    assert directory.facts.of(caller, "acme", may_1).place == Place()


def test_a_damaged_table_of_places_leaves_what_was_in_force(tmp_path: Path) -> None:
    """And is told."""
    data, directory = written(tmp_path)
    import_table(
        data, "# date: 2026-11-01\nsegment,area_code,province,city,carrier\n1400000,0755,广东,深圳,广电"
    )
    directory.reload()
    table_path(data, TableKind.MOBILE_SEGMENTS).write_bytes(b"{}")
    assert "places" in directory.reload().errors
    assert "places" in directory.reload().errors, "told again until it is put right"
    caller = canonical_caller("14000001111")
    assert directory.facts.of(caller, None, 0.0).place.city == "深圳"
