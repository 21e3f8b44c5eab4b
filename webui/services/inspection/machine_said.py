"""Read what the tools of the machine say. Pure; what cannot be read is None."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from domain.inspection.facts import DiskHealth, Socket

_SPAN: Final = re.compile(r"^(\d+)\s*(s|sec|min|m|h|hour|day|d|week|w|month|year|y)?s?$", re.ASCII)
_UNIT_DAYS: Final = {
    "": 1 / 86400, "s": 1 / 86400, "sec": 1 / 86400, "min": 1 / 1440, "m": 1 / 1440, "h": 1 / 24,
    "hour": 1 / 24, "d": 1.0, "day": 1.0, "w": 7.0, "week": 7.0, "month": 30.44, "y": 365.25, "year": 365.25,
}  # fmt: skip
_LISTEN: Final = "0A"
"""State of a TCP socket that listens, in /proc/net/tcp."""
_UNCONNECTED: Final = "07"


def clock_of_chrony(said: str) -> tuple[bool, float | None, str]:
    """Read ``chronyc -c tracking``: in step, seconds off, source."""
    fields = said.strip().split(",")
    if len(fields) < 14:
        return False, None, ""
    in_step = fields[13] != "Not synchronised" and fields[2] not in ("0", "16")
    return in_step, float(fields[4]), fields[1] or fields[0]


def clock_of_timedate(said: str) -> bool | None:
    """Read ``timedatectl show -p NTPSynchronized``."""
    return {"yes": True, "no": False}.get(said.strip().partition("=")[2])


def refuses(ruleset: str) -> bool | None:
    """Read ``nft -j list ruleset``: whether a base chain of input drops by default."""
    try:
        found: list[dict[str, Any]] = msgspec.json.decode(ruleset)["nftables"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return None
    chains = [each["chain"] for each in found if "chain" in each]
    return any(each.get("hook") == "input" and each.get("policy") == "drop" for each in chains)


def health(device: str, said: str) -> DiskHealth | None:
    """Read ``smartctl -H -j DEVICE``; None for a device without SMART."""
    try:
        found = msgspec.json.decode(said)
        return DiskHealth(device, bool(found["smart_status"]["passed"]), str(found.get("model_name", "")))
    except (msgspec.DecodeError, KeyError, TypeError):
        return None


def waiting_updates(said: str) -> tuple[int, int]:
    """Read ``apt-get -s dist-upgrade``: packages that would be installed, those of them for security."""
    lines = [line for line in said.splitlines() if line.startswith("Inst ")]
    return len(lines), sum("security" in line.lower() for line in lines)


def failed_units(said: str) -> tuple[str, ...]:
    """Read ``systemctl --failed --plain --no-legend``."""
    return tuple(line.split()[0] for line in said.splitlines() if line.split())


def ssh_passwords(said: str) -> bool | None:
    """Read ``sshd -T``."""
    found = dict(line.split(None, 1) for line in said.splitlines() if " " in line)
    if "passwordauthentication" not in found:
        return None
    return "yes" in (found["passwordauthentication"], found.get("kbdinteractiveauthentication", "no"))


def accounts(passwd: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read /etc/passwd: superusers, and accounts with a shell."""
    rows = [line.split(":") for line in passwd.splitlines() if line.count(":") == 6]
    shells = tuple(row[0] for row in rows if not row[6].endswith(("nologin", "false", "sync")))
    return tuple(row[0] for row in rows if row[2] == "0"), shells


def passwords(shadow: str, shells: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Read /etc/shadow: accounts with a password, and with an empty one."""
    rows = [line.split(":") for line in shadow.splitlines() if line.count(":") >= 2]
    among = set(shells)
    held = tuple(row[0] for row in rows if row[0] in among and row[1].startswith("$"))
    return held, tuple(row[0] for row in rows if row[0] in among and row[1] == "")


def lynis_index(report: str) -> int | None:
    """Read ``/var/log/lynis-report.dat``."""
    found = re.search(r"^hardening_index=(\d{1,3})$", report, re.MULTILINE)
    return int(found[1]) if found else None


def memory(meminfo: str) -> tuple[int, int] | None:
    """Read /proc/meminfo: octets in all, and available."""
    found = dict(re.findall(r"^(\w+):\s+(\d+) kB", meminfo, re.MULTILINE))
    try:
        return int(found["MemTotal"]) * 1024, int(found["MemAvailable"]) * 1024
    except KeyError:
        return None


def kept_days(said: str) -> float | None:
    """Read ``systemd-analyze cat-config systemd/journald.conf``: how long logs are kept; None: unset."""
    found = re.findall(r"^MaxRetentionSec=(\S+)", said, re.MULTILINE)
    span = _SPAN.match(found[-1]) if found else None
    return None if span is None else int(span[1]) * _UNIT_DAYS[span[2] or ""]


def listening(table: str, transport: str) -> list[Socket]:
    """Read a table of /proc/net (tcp, tcp6, udp, udp6): what hears other machines."""
    state = _LISTEN if transport == "tcp" else _UNCONNECTED
    found = []
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 4 or fields[3] != state:
            continue
        address, _, port = fields[1].partition(":")
        shown = _address(address)
        if not shown.startswith("127.") and shown != "::1":
            found.append(Socket(transport, int(port, 16), shown))
    return found


def _address(hexadecimal: str) -> str:
    """Return an address as people write it; IPv6 only as far as needed: any, loopback, mapped, other."""
    if len(hexadecimal) == 8:
        return ".".join(str(int(hexadecimal[at : at + 2], 16)) for at in (6, 4, 2, 0))
    if set(hexadecimal) == {"0"}:
        return "::"
    if hexadecimal == "00000000000000000000000001000000":
        return "::1"
    if hexadecimal.startswith("0000000000000000FFFF0000"):
        return _address(hexadecimal[24:])
    return "[v6]"
