"""What is known of a machine and of the box on it; ``None`` is what could not be learnt."""

from __future__ import annotations

import msgspec


class FileSystem(msgspec.Struct, frozen=True):
    """A file system that matters to the box."""

    path: str
    octets: int
    used: float
    """0 to 1, of what others than root may have."""
    inodes_used: float = 0.0


class DiskHealth(msgspec.Struct, frozen=True):
    """What a disk says of itself (SMART)."""

    device: str
    passed: bool
    detail: str = ""


class Certificate(msgspec.Struct, frozen=True):
    """A certificate that the box shows."""

    path: str
    subject: str
    ends: float
    """UTC POSIX seconds."""


class Socket(msgspec.Struct, frozen=True, order=True):
    """Something that listens for other machines."""

    transport: str
    """``tcp`` or ``udp``."""
    port: int
    address: str
    process: str = ""


class Ports(msgspec.Struct, frozen=True):
    """Ports that may listen, both ends included."""

    transport: str
    first: int
    last: int
    purpose: str


class MachineFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The machine."""

    at: float = 0.0
    """When it was looked at, UTC POSIX seconds."""
    root: bool = False
    """Whether root looked: some facts are root's only."""
    virtual: bool | None = None
    address: str | None = None
    """Of the default route; empty: no network."""
    clock_synchronised: bool | None = None
    clock_offset: float | None = None
    """Seconds."""
    clock_source: str = ""
    file_systems: tuple[FileSystem, ...] | None = None
    disk_health: tuple[DiskHealth, ...] | None = None
    memory: int | None = None
    """Octets in all."""
    memory_available: int | None = None
    load: float | None = None
    """Average of 15 minutes."""
    cores: int | None = None
    temperature: float | None = None
    """Hottest sensor, degrees Celsius."""
    certificates: tuple[Certificate, ...] | None = None
    firewall_refuses: bool | None = None
    """Whether a chain of input drops by default."""
    listening: tuple[Socket, ...] | None = None
    ssh_passwords: bool | None = None
    superusers: tuple[str, ...] | None = None
    """Accounts with user id 0."""
    with_passwords: tuple[str, ...] | None = None
    """Accounts that have a password and a shell."""
    empty_passwords: tuple[str, ...] | None = None
    updates: int | None = None
    """Packages that wait to be updated."""
    security_updates: int | None = None
    updated_at: float | None = None
    """When package lists were fetched."""
    failed_units: tuple[str, ...] | None = None
    hardening: int | None = None
    """Index of lynis, 0 to 100."""
    hardening_at: float | None = None
    log_days: float | None = None
    """How far back the system's journal reaches."""
    log_kept_days: float | None = None
    """How long it is to be kept; 0: as long as there is room."""


class Operator(msgspec.Struct, frozen=True):
    """An operator of the pages."""

    name: str
    enabled: bool
    first: bool
    second_factor: bool
    seen: float
    """UTC POSIX seconds; 0: has no session."""


class Trunk(msgspec.Struct, frozen=True):
    """A trunk as the SIP process sees it."""

    name: str
    state: str
    detail: str = ""


class BoxFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The box."""

    version: str = ""
    declared: tuple[Ports, ...] = ()
    """Ports that are meant to be open."""
    processes_down: tuple[str, ...] | None = None
    trunks: tuple[Trunk, ...] | None = None
    guessing: tuple[str, ...] | None = None
    """Alarms about guessed passwords, in Chinese."""
    critical: tuple[tuple[str, str], ...] | None = None
    """Critical alarms nobody sees to: Chinese and English."""
    operators: tuple[Operator, ...] = ()
    backup_to: str = ""
    backup_at: float = 0.0
    """The last good one; 0: none."""
    backup_error: str = ""
    drill_at: float = 0.0
    """The last restore drill that was good; 0: none."""
    drill_error: str = ""
    journal_lag: int | None = None
    """Octets of journal that are no records yet."""
    journal_damaged: int = 0
    store_down: str = ""
    book_problems: tuple[str, ...] | None = None
    recordings_failed: int | None = None
    recordings_lost: int = 0


class Facts(msgspec.Struct, frozen=True):
    """Everything that checks judge."""

    at: float
    """UTC POSIX seconds."""
    machine: MachineFacts
    box: BoxFacts


def merged(mine: MachineFacts, kept: MachineFacts) -> MachineFacts:
    """Return what this process learnt, and where it may not look what root learnt before."""
    gaps = {name: getattr(kept, name) for name in mine.__struct_fields__ if getattr(mine, name) in (None, "")}
    return msgspec.structs.replace(mine, **gaps)
