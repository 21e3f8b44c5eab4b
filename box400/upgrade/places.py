"""Where an upgrade finds and puts things, below ``/`` or another root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, NamedTuple

from domain.upgrade.release import Manifest, Running
from storage.data_directory import DataDirectory
from storage.upgrade.installed import running_in
from storage.upgrade.slots import Slots

CURRENT: Final = "current"
LEAST_BYTES: Final = 100 << 20
"""What stays free on every file system."""


class Places(NamedTuple):
    """The places of one machine."""

    root: Path

    @property
    def programs(self) -> Path:
        """Versions side by side."""
        return self.root / "opt/box400"

    @property
    def current(self) -> Path:
        """A link to the version in use."""
        return self.programs / CURRENT

    @property
    def data(self) -> DataDirectory:
        """What the box works on."""
        return DataDirectory(self.root / "data/box400")

    @property
    def upgrades(self) -> Path:
        """Journals and what was unpacked; only root writes here."""
        return self.root / "data/upgrade"

    @property
    def unpacked(self) -> Path:
        return self.upgrades / "bundle"

    @property
    def runner(self) -> Path:
        """A link to the version that carries the upgrade out, while one goes on; it outlives a restart."""
        return self.upgrades / "runner"

    @property
    def slots(self) -> Slots:
        """The systems of the machine."""
        return Slots(self.root)

    @property
    def told(self) -> tuple[Path, Path]:
        """What the roles are told on this box, and what they were told when its image was made."""
        return self.root / "data/appliance/site.yml", self.root / "etc/box400/image-site.yml"

    @property
    def keys(self) -> Path:
        return self.root / "etc/box400/upgrade-keys"

    @property
    def inbox(self) -> Path:
        """Where the pages put bundles and requests."""
        return self.data.root / "inbox"

    def program(self, version: str) -> Path:
        """Return where a version lies."""
        return self.programs / version

    def python(self, version: str) -> str:
        """Return a version's interpreter."""
        return str(self.program(version) / "bin/python")

    def running(self) -> Running:
        """Return what runs now; ``development`` where versions do not lie side by side."""
        version = os.readlink(self.current) if self.current.is_symlink() else "development"
        return running_in(self.program(version), version, self.slots)

    def link_current(self, version: str) -> None:
        """Make a version the one in use: the old or the new one is, whatever happens."""
        _link(self.current, version)

    def link_runner(self, version: str) -> None:
        """Keep the version that carries the upgrade out known."""
        _link(self.runner, str(self.program(version)))


def _link(link: Path, target: str) -> None:
    half = link.with_name(f".{link.name}.new")
    half.unlink(missing_ok=True)
    half.symlink_to(target)
    half.replace(link)
    folder = os.open(link.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def space_needed(places: Places, manifest: Manifest, packed: int) -> dict[Path, int]:
    """Return the bytes wanted below each place: program, what is unpacked, the data's copy and growth."""
    store = places.data.store
    databases = sum(path.stat().st_size for path in store.glob("*.fs*") if path.is_file())
    return {
        places.programs: manifest.installed_bytes,
        places.upgrades: packed,
        places.data.root: 2 * databases,
    }


def space_lacking(needed: dict[Path, int]) -> tuple[Path, int, int] | None:
    """Return a place whose file system has too little: (place, bytes wanted, bytes free), or None."""
    by_system: dict[int, tuple[Path, int]] = {}
    for place, wanted in needed.items():
        there = next(each for each in (place, *place.parents) if each.exists())
        device = there.stat().st_dev
        first, so_far = by_system.get(device, (there, 0))
        by_system[device] = (first, so_far + wanted)
    for place, wanted in by_system.values():
        system = os.statvfs(place)
        free = system.f_bavail * system.f_frsize
        if free < wanted + LEAST_BYTES:
            return place, wanted + LEAST_BYTES, free
    return None
