"""Learn how the machine is: the one place of the inspection that asks its tools and files."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from domain.inspection.facts import Certificate, DiskHealth, FileSystem, MachineFacts, Socket, merged
from storage.data_directory import DataDirectory, write_as_guest
from storage.machine.own_address import own_address
from webui.services.inspection import machine_said as said

SECONDS: Final = 20.0
"""A tool is given so long."""
_DAY: Final = 86400.0
_PATH: Final = "/usr/sbin:/usr/bin:/sbin:/bin"


class Step(StrEnum):
    """What is asked, one after the other; the longest is the updates."""

    CLOCK = "clock"
    UPDATES = "updates"
    FIREWALL = "firewall"
    UNITS = "units"
    LOGS = "logs"
    DISKS = "disks"
    BOX = "box"
    """Its processes, books, backups and people; not the machine's part."""


Tell = Callable[[Step], None]


def unheard(step: Step) -> None:
    """Tell nobody how far it is."""


def learn(data: DataDirectory, tell: Tell = unheard) -> MachineFacts:
    """Return what this process can learn, the rest as root last learnt it."""
    mine = look(data, tell)
    kept = read_kept(data)
    return mine if kept is None or mine.root else merged(mine, kept)


def keep(data: DataDirectory) -> MachineFacts:
    """Learn and keep it for who may not look himself; called as root by a timer."""
    facts = look(data)
    write_as_guest(data.machine_facts, msgspec.json.encode(facts), 0o644)
    return facts


def read_kept(data: DataDirectory) -> MachineFacts | None:
    """Return what was kept, None where nothing was."""
    try:
        return msgspec.json.decode(data.machine_facts.read_bytes(), type=MachineFacts)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def look(data: DataDirectory, tell: Tell = unheard) -> MachineFacts:
    """Return what this process can learn; ``tell`` hears each step as it begins."""
    tell(Step.CLOCK)
    in_step, offset, source = _clock()
    held = said.memory(_read("/proc/meminfo") or "")
    superusers, shells = said.accounts(_read("/etc/passwd") or "")
    shadow = _read("/etc/shadow")
    passwords = (None, None) if shadow is None else said.passwords(shadow, shells)
    tell(Step.UPDATES)
    updates = _tool("apt-get", "-s", "-q", "-o", "Debug::NoLocking=true", "dist-upgrade")
    waiting = (None, None) if updates is None else said.waiting_updates(updates)
    lynis = Path("/var/log/lynis-report.dat")
    report = _read(str(lynis))
    tell(Step.FIREWALL)
    rules = _tool("nft", "-j", "list", "ruleset")
    tell(Step.UNITS)
    units = _tool("systemctl", "--failed", "--plain", "--no-legend")
    ssh = _tool("sshd", "-T")
    tell(Step.LOGS)
    log_days, log_kept = _logs()
    tell(Step.DISKS)
    return MachineFacts(
        at=time.time(),
        root=os.geteuid() == 0,
        virtual=_virtual(),
        address=own_address(),
        clock_synchronised=in_step, clock_offset=offset, clock_source=source,
        file_systems=_file_systems(("/", str(data.root), "/data", "/var/log")),
        disk_health=_disk_health(),
        memory=held[0] if held else None, memory_available=held[1] if held else None,
        load=os.getloadavg()[2], cores=os.cpu_count(), temperature=_temperature(),
        certificates=_certificates(data),
        firewall_refuses=None if rules is None else said.refuses(rules),
        listening=_listening(),
        ssh_passwords=None if ssh is None else said.ssh_passwords(ssh),
        superusers=superusers or None, with_passwords=passwords[0], empty_passwords=passwords[1],
        updates=waiting[0], security_updates=waiting[1], updated_at=_newest(Path("/var/lib/apt/lists")),
        failed_units=None if units is None else said.failed_units(units),
        hardening=None if report is None else said.lynis_index(report),
        hardening_at=None if report is None else lynis.stat().st_mtime,
        log_days=log_days, log_kept_days=log_kept,
    )  # fmt: skip


def _tool(*command: str, any_status: bool = False) -> str | None:
    """Return what a tool says; None where it is not there, fails or takes too long."""
    environment = {"PATH": _PATH, "LC_ALL": "C"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed words
            command, capture_output=True, text=True, timeout=SECONDS, check=False, env=environment,
            stdin=subprocess.DEVNULL, errors="replace",
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 or any_status else None


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def _clock() -> tuple[bool | None, float | None, str]:
    tracking = _tool("chronyc", "-c", "tracking")
    if tracking is not None:
        return said.clock_of_chrony(tracking)
    told = _tool("timedatectl", "show", "-p", "NTPSynchronized")
    return (None if told is None else said.clock_of_timedate(told)), None, ""


def _virtual() -> bool | None:
    told = _tool("systemd-detect-virt")
    if told is not None:
        return told.strip() != "none"
    cpu = _read("/proc/cpuinfo")
    return None if cpu is None else " hypervisor" in cpu


def _file_systems(paths: Iterable[str]) -> tuple[FileSystem, ...]:
    found: dict[int, FileSystem] = {}
    for path in paths:
        try:
            device, facts = os.stat(path).st_dev, os.statvfs(path)
        except OSError:
            continue
        total = facts.f_blocks - facts.f_bfree + facts.f_bavail
        used = 1 - facts.f_bavail / total if total else 0.0
        inodes = 1 - facts.f_favail / facts.f_files if facts.f_files else 0.0
        found.setdefault(device, FileSystem(path, facts.f_blocks * facts.f_frsize, used, inodes))
    return tuple(found.values())


def _disk_health() -> tuple[DiskHealth, ...] | None:
    scanned = _tool("smartctl", "--scan")
    if scanned is None:
        return None
    devices = [line.split(" ", 1)[0] for line in scanned.splitlines() if line.strip()]
    # Its exit status is a set of flags, not a failure.
    told = [(each, _tool("smartctl", "-H", "-j", each, any_status=True)) for each in devices]
    found = [said.health(each, text) for each, text in told if text]
    return tuple(each for each in found if each is not None) or None


def _temperature() -> float | None:
    readings = [_read(str(path)) for path in Path("/sys/class/hwmon").glob("*/temp*_input")]
    degrees = [int(each) / 1000 for each in readings if each and each.strip().lstrip("-").isdigit()]
    return max(degrees, default=None)


def _certificates(data: DataDirectory) -> tuple[Certificate, ...] | None:
    from cryptography import x509  # the pages import this module and hardly ever look at certificates

    paths = [data.root.parent / "certificates" / "server.crt"]
    paths += [Path(each.tls_certificate) for each in data.read_settings().listeners if each.tls_certificate]
    found = []
    for path in dict.fromkeys(paths):
        try:
            read = x509.load_pem_x509_certificate(path.read_bytes())
        except (OSError, ValueError):
            continue
        found.append(
            Certificate(str(path), read.subject.rfc4514_string(), read.not_valid_after_utc.timestamp())
        )
    return tuple(found) or None


def _listening() -> tuple[Socket, ...] | None:
    found: set[Socket] = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        table = _read(f"/proc/net/{name}")
        if table is None and name in ("tcp", "udp"):
            return None
        found.update(said.listening(table or "", name[:3]))
    return tuple(sorted(found))


def _newest(folder: Path) -> float | None:
    try:
        return max((each.stat().st_mtime for each in folder.iterdir() if each.is_file()), default=None)
    except OSError:
        return None


def _logs() -> tuple[float | None, float | None]:
    """Return how many days back the journal reaches, and how many it is to reach."""
    oldest = _tool("journalctl", "-o", "short-unix", "--no-pager", "-q", "-n", "+1")
    config = _tool("systemd-analyze", "cat-config", "systemd/journald.conf")
    days = None
    for line in (oldest or "").splitlines():
        head = line.split(" ", 1)[0]
        if head.replace(".", "", 1).isdigit():
            days = (time.time() - float(head)) / _DAY
            break
    return days, None if config is None else said.kept_days(config)
