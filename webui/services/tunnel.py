"""The support tunnel: reverse SSH that the reseller opens for a while and closes; off until he does."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from domain.refusal import NotPossible
from storage.data_directory import DataDirectory, write_atomically
from storage.machine.wish import (
    CloseTunnel,
    MakeTunnelKey,
    OpenTunnel,
    Outcome,
    is_appliance,
    is_waiting,
    outcome_of,
    wish_for,
)
from storage.models.web import AuditEntry
from webui.services.box import BoxServices

FILE: Final = "tunnel.json"
MOST_SAID: Final = 4000
"""Characters of what ssh said."""


class Asked(msgspec.Struct, frozen=True):
    """The tunnel that was last asked for."""

    tunnel: OpenTunnel
    at: float
    """UTC POSIX seconds."""
    by: str


class TunnelState(NamedTuple):
    """How it stands."""

    possible: bool
    """Whether this machine has a service that opens it."""
    key: str
    """By which this machine signs in over there; empty: not made yet."""
    asked: Asked | None
    open: bool
    until: float
    waiting: bool
    outcome: Outcome | None
    """What became of the last wish about it."""
    ended: str
    """What ssh said when it ended before its time; empty: it did not."""


def state(data: DataDirectory, now: float) -> TunnelState:
    """Return how it stands."""
    place = data.root.parent / "tunnel"
    asked = _asked(data)
    until = asked.at + asked.tunnel.minutes * 60 if asked else 0.0
    outcome = outcome_of(data)
    mine = outcome if outcome is not None and outcome.kind.startswith("tunnel") else None
    is_open = now < until and (place / "tunnel.env").exists()
    early = now < until and mine is not None and mine.kind == "tunnel-open" and not is_open
    ended = _text(place / "said").rpartition("\n")[2].strip() if early else ""
    return TunnelState(
        is_appliance(data), _text(place / "key.pub"), asked, is_open, until, is_waiting(data), mine, ended
    )


def make_key(services: BoxServices, entry: AuditEntry) -> None:
    """Make the key, once; raises NotPossible, StoreDown."""
    _require(services)
    wish_for(services.data, MakeTunnelKey())
    services.audit(entry)


def open_tunnel(services: BoxServices, tunnel: OpenTunnel, entry: AuditEntry) -> None:
    """Open it for its minutes; raises NotPossible, StoreDown."""
    _require(services)
    now = services.now()
    if not state(services.data, now).key:
        raise NotPossible("Make the key first, and give it to the support.", "请先生成密钥并交给技术支持。")
    wish_for(services.data, tunnel)
    asked = Asked(tunnel, now, entry.who)
    write_atomically(services.data.root / FILE, msgspec.json.encode(asked))
    after = f"{tunnel.user}@{tunnel.host}:{tunnel.port} {tunnel.minutes} min"
    services.audit(msgspec.structs.replace(entry, after=after))


def close_tunnel(services: BoxServices, entry: AuditEntry) -> None:
    """Close it; raises NotPossible, StoreDown."""
    _require(services)
    wish_for(services.data, CloseTunnel())
    services.audit(entry)


def _require(services: BoxServices) -> None:
    if not is_appliance(services.data):
        raise NotPossible("This machine is no appliance.", "本机不是一体机，没有支持隧道服务。")


def _text(path: Path) -> str:
    """Return what a short file says; nothing where there is none."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(MOST_SAID).strip()
    except OSError:
        return ""


def _asked(data: DataDirectory) -> Asked | None:
    try:
        return msgspec.json.decode((data.root / FILE).read_bytes(), type=Asked)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
