"""What pages and commands wish of the machine itself: a file that a service of root waits for.

Whoever may write the data directory is less than root: the service believes nothing that is not checked
here. One wish at a time; what became of it stands in a second file.
"""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Final

import msgspec

from domain.refusal import NotPossible
from storage.data_directory import DataDirectory, open_as_guest, write_as_guest, write_atomically

FILE: Final = "machine-wish.json"
RESULT: Final = "machine-result.json"
MOST_BYTES: Final = 256 * 1024
_HOST: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII
)
_ZONE: Final = re.compile(r"[A-Za-z]{1,20}(/[A-Za-z_]{1,30}){0,2}", re.ASCII)
_USER: Final = re.compile(r"[a-z_][a-z0-9_-]{0,31}", re.ASCII)


class SetClock(msgspec.Struct, frozen=True, tag="clock"):
    """Set time zone and, where no time server is in reach, the time."""

    zone: str = "Asia/Shanghai"
    at: float = 0.0
    """UTC POSIX seconds; 0: leave it."""


class SetNetwork(msgspec.Struct, frozen=True, tag="network"):
    """Set name and address; an empty address is DHCP, an empty name stays as it is."""

    name: str = ""
    address: str = ""
    """``192.168.1.10/24``."""
    gateway: str = ""
    name_server: str = ""


class SetCertificate(msgspec.Struct, frozen=True, tag="certificate"):
    """Take a certificate for the pages; empty: one of the box's own authority."""

    chain: str = ""
    key: str = ""


class MakeTunnelKey(msgspec.Struct, frozen=True, tag="tunnel-key"):
    """Make the key by which this machine signs in at the support server, once."""


class OpenTunnel(msgspec.Struct, frozen=True, tag="tunnel-open"):
    """Let support reach this machine's SSH by a reverse tunnel."""

    host: str
    user: str
    port: int = 22
    remote_port: int = 0
    """Where it listens over there; 0: as the other side chooses."""
    minutes: int = 120


class CloseTunnel(msgspec.Struct, frozen=True, tag="tunnel-close"):
    """End it."""


class RestartBox(msgspec.Struct, frozen=True, tag="restart"):
    """Start the program anew, with data that were restored."""


Wish = SetClock | SetNetwork | SetCertificate | MakeTunnelKey | OpenTunnel | CloseTunnel | RestartBox


class Outcome(msgspec.Struct, frozen=True):
    """What became of the last wish."""

    at: float
    """UTC POSIX seconds."""
    kind: str
    why_not: str = ""
    """In the machine's words; empty: done."""


def wish_for(data: DataDirectory, wish: Wish) -> None:
    """Ask for something; raises NotPossible for what the service would refuse."""
    check(wish)
    (data.root / RESULT).unlink(missing_ok=True)
    write_atomically(data.root / FILE, msgspec.json.encode(wish))


def wished(data: DataDirectory) -> Wish | None:
    """Return what is asked for, None where that is nothing; raises NotPossible for nonsense."""
    path = data.root / FILE
    try:
        with open_as_guest(path) as file:
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotPossible(f"the wish cannot be read: {error}", f"无法读取请求：{error}") from error
    try:
        wish: Wish = msgspec.json.decode(content, type=Wish)
    except msgspec.DecodeError as error:
        raise NotPossible(f"the wish is none: {error}", f"请求无效：{error}") from error
    check(wish)
    return wish


def forget(data: DataDirectory) -> None:
    """Drop the wish, whatever it was."""
    (data.root / FILE).unlink(missing_ok=True)


def tell(data: DataDirectory, outcome: Outcome) -> None:
    """Say what became of it; by root, in a directory of somebody else."""
    write_as_guest(data.root / RESULT, msgspec.json.encode(outcome), 0o644)


def outcome_of(data: DataDirectory) -> Outcome | None:
    """Return what became of the last wish; None before it was carried out."""
    try:
        return msgspec.json.decode((data.root / RESULT).read_bytes(), type=Outcome)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def is_waiting(data: DataDirectory) -> bool:
    """Tell whether a wish is not carried out yet."""
    return (data.root / FILE).exists()


def is_appliance(data: DataDirectory) -> bool:
    """Tell whether a service carries wishes out: beside the data lies what the roles are told at upgrades."""
    return (data.root.parent / "appliance").is_dir()


def owns_network(data: DataDirectory) -> bool:
    """Tell whether the machine's address is kept beside the data: on one of the image, not on any Debian."""
    return (data.root.parent / "network").is_dir()


def check(wish: Wish) -> None:
    """Raise NotPossible, naming the field, for what must not be done."""
    if isinstance(wish, SetClock):
        if _ZONE.fullmatch(wish.zone) is None or not (Path("/usr/share/zoneinfo") / wish.zone).is_file():
            raise NotPossible("There is no such time zone.", "没有这个时区。")
        if wish.at and not 1.7e9 < wish.at < 4.1e9:
            raise NotPossible("The time is not one of this century.", "时间不正确。")
    elif isinstance(wish, SetNetwork):
        _check_network(wish)
    elif isinstance(wish, SetCertificate):
        if bool(wish.chain) != bool(wish.key):
            raise NotPossible("Certificate and key belong together.", "证书和私钥须同时提供。")
    elif isinstance(wish, OpenTunnel):
        if _HOST.fullmatch(wish.host) is None or _USER.fullmatch(wish.user) is None:
            raise NotPossible(
                "Write the host and the user of the support server.", "请填写支持服务器的地址和用户名。"
            )
        if not (1 <= wish.port <= 65535 and 0 <= wish.remote_port <= 65535 and 1 <= wish.minutes <= 1440):
            raise NotPossible(
                "Ports are 1 to 65535, minutes 1 to 1440.", "端口为 1～65535，时长为 1～1440 分钟。"
            )


def _check_network(wish: SetNetwork) -> None:
    if wish.name and _HOST.fullmatch(wish.name) is None:
        raise NotPossible(
            "A name has small letters, digits and dashes.", "主机名只能使用小写字母、数字和短横线。"
        )
    try:
        if "%" in wish.address + wish.gateway + wish.name_server:  # a zone may hold anything, line breaks too
            raise ValueError("%")
        if wish.address:
            if "/" not in wish.address:
                raise ValueError(wish.address)
            ipaddress.ip_interface(wish.address)
        for each in (wish.gateway, wish.name_server):
            if each:
                ipaddress.ip_address(each)
    except ValueError:
        raise NotPossible(
            "Addresses are written 192.168.1.10/24, 192.168.1.1.",
            "地址格式应为 192.168.1.10/24、192.168.1.1。",
        ) from None
