"""Where things are kept in one box's data directory, and its ``settings.json``.

Every process of a box is given the data directory and nothing else; what they must agree on is here
(docs/architecture.md, "The data directory").
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import BinaryIO

import msgspec

from domain.snapshot import BoxSnapshot, ListenerSnapshot

MAX_SOCKET_DIRECTORY = 90
"""Bytes of the longest ``run/`` path; sun_path of a UNIX socket holds 108 with the file's name."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What ``box400 run`` was told on its command line."""

    listeners: tuple[ListenerSnapshot, ...] = ()
    """Take the place of configured listeners of the same name; others are added."""
    web: str = "127.0.0.1:8400"
    """``host:port`` of the web pages; empty: none."""
    trusted_proxy: str = ""
    """Address of the web server before ours, whose word on who asks and how is taken; empty: none."""
    workers: int = 0
    """Media workers; 0: one for each core."""
    rtp_ports: tuple[int, int] = (20000, 29999)
    """First and last UDP port given to media."""
    storage: str = ""
    """A ``zodburi`` of the records' storage; empty: the box's own store."""
    recordings: str = ""
    """A ``zodburi`` of the recordings' storage; empty: the box's own store."""

    def listeners_of(self, box: BoxSnapshot) -> tuple[ListenerSnapshot, ...]:
        """Return the listeners to open, given the configuration in force."""
        ours = {listener.name: listener for listener in self.listeners}
        return tuple(ours.pop(each.name, each) for each in box.listeners) + tuple(ours.values())


class DataDirectory:
    """The paths of one data directory."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(root).absolute()

    @property
    def settings_file(self) -> Path:
        return self.root / "settings.json"

    @property
    def store(self) -> Path:
        return self.root / "store"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def box_snapshot(self) -> Path:
        return self.snapshots / "box.json"

    @property
    def tenant_snapshots(self) -> Path:
        return self.snapshots / "tenants"

    @property
    def prompts(self) -> Path:
        return self.root / "prompts"

    @property
    def places(self) -> Path:
        return self.root / "places"

    @property
    def journal(self) -> Path:
        return self.root / "journal"

    @property
    def spool(self) -> Path:
        return self.root / "spool"

    @property
    def trace(self) -> Path:
        return self.root / "trace"

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def alarms_file(self) -> Path:
        return self.root / "alarms.json"

    @property
    def inspection_alarms(self) -> Path:
        """What the last inspection found, as alarms."""
        return self.root / "inspection-alarms.json"

    @property
    def machine_facts(self) -> Path:
        """What root learnt of the machine, for who may not look himself."""
        return self.root / "machine-facts.json"

    @property
    def trunk_history(self) -> Path:
        """When trunks went down and came up, as the b2bua tells."""
        return self.root / "trunk-history.json"

    @property
    def standings(self) -> Path:
        """What stands on tenants' accounts, as the ledger tells the b2bua."""
        return self.root / "standings.json"

    @property
    def agents_file(self) -> Path:
        return self.root / "agents.json"

    @property
    def turns(self) -> Path:
        """Whose turn it is where calls are shared out, kept over restarts."""
        return self.root / "turns.json"

    @property
    def caller_memory(self) -> Path:
        return self.root / "caller-memory.json"

    @property
    def run(self) -> Path:
        """Directory of sockets and process files: ``run/``, or what ``run.path`` names."""
        try:
            return Path((self.root / "run.path").read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            return self.root / "run"

    @property
    def store_socket(self) -> Path:
        return self.run / "store.sock"

    @property
    def control_socket(self) -> Path:
        return self.run / "control.sock"

    @property
    def spare_pid(self) -> Path:
        """Process id of the b2bua that stands by, while there is one (``box400.supervisor``)."""
        return self.run / "b2bua-spare.pid"

    @property
    def figures_socket(self) -> Path:
        """Where the b2bua serves ``/healthz`` and ``/metrics``."""
        return self.run / "figures.sock"

    @property
    def web_pid(self) -> Path:
        """Process id of the web pages."""
        return self.run / "webui.pid"

    @property
    def web_secret(self) -> Path:
        return self.root / "web.secret"

    def create(self) -> None:
        """Make what is missing; ``run/`` moves to a temporary place when its path is too long for sockets."""
        self.root.mkdir(mode=0o750, parents=True, exist_ok=True)
        kept = (self.store, self.snapshots, self.tenant_snapshots, self.prompts, self.journal, self.spool)
        for directory in (*kept, self.trace, self.log):
            directory.mkdir(mode=0o750, exist_ok=True)
        if len(os.fsencode(self.root / "run")) > MAX_SOCKET_DIRECTORY and not self.run.is_dir():
            short = tempfile.mkdtemp(prefix="box400-")
            write_atomically(self.root / "run.path", short.encode())
        self.run.mkdir(mode=0o750, exist_ok=True)

    def read_settings(self) -> Settings:
        """Return ``settings.json``, or the defaults; raises msgspec.ValidationError if it is wrong."""
        try:
            data = self.settings_file.read_bytes()
        except FileNotFoundError:
            return Settings()
        return msgspec.json.decode(data, type=Settings)

    def write_settings(self, settings: Settings) -> None:
        """Write ``settings.json`` so that a reader sees the old or the new one, whole."""
        write_atomically(self.settings_file, msgspec.json.format(msgspec.json.encode(settings)) + b"\n")


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file's content; after a crash it holds the old or the new content, never part of one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    fsync(path.parent, os.O_RDONLY | os.O_DIRECTORY)


def fsync(path: Path | str, flags: int) -> None:
    """Make a file (``os.O_RDONLY``) or directory (``os.O_DIRECTORY`` too) durable; raises OSError."""
    fd = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_as_guest(path: Path, data: bytes, mode: int, owner: tuple[int, int] | None = None) -> None:
    """Replace a file's content as root, in a directory that a lesser account owns.

    That account may put links where files are wanted, at any moment: the file is made anew under a name that
    nobody knows before, and its mode and owner are set by its descriptor. Raises OSError.
    """
    half = path.with_name(f".{path.name}.{secrets.token_hex(16)}")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(descriptor, mode)
        if owner is not None:
            os.fchown(descriptor, *owner)
        os.fsync(descriptor)
    half.replace(path)


def open_as_guest(path: Path) -> BinaryIO:
    """Open a file for reading as root, in a directory that a lesser account owns.

    That account may put a link there, or a pipe that never says anything: only a plain file is opened. Raises
    OSError.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no plain file", str(path))
    return os.fdopen(descriptor, "rb")
