"""Boot a root file system in a container with a network of its own: the quickest whole box.

Works as root on machines whose own first process is not systemd, and with cgroups of either version: the
container gets a mount namespace with a plain cgroup2 tree. The box has 198.51.100.10 (RFC 5737) at one end
of a wire, ``peer`` commands run at its other end, 198.51.100.1; nothing else is on that network.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

BOX = "198.51.100.10"
PEER = "198.51.100.1"
NETWORK = f"""[Match]
Name=host0
[Network]
Address={BOX}/24
Gateway={PEER}
LinkLocalAddressing=no
IPv6AcceptRA=no
"""
_BOOT = """
umount -l /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 none /sys/fs/cgroup || exit 1
mkdir -p /sys/fs/cgroup/{name} && echo $$ >/sys/fs/cgroup/{name}/cgroup.procs
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=network  # the others are the host's
exec systemd-nspawn -q -D {root} --boot --register=no --keep-unit --network-namespace-path=/run/netns/{name} \
    --capability=CAP_NET_ADMIN --console=read-only --timezone=off -M {name} --kill-signal=SIGRTMIN+4 {binds}
"""


class ContainerFailed(Exception):
    """The box did not boot, or did not come to rest; the text says what it last said."""


class Container:
    """A box that runs."""

    def __init__(self, name: str, leader: int) -> None:
        self.name = name
        self.leader = leader
        """Process id of its first process."""

    def run(self, *command: str, within: float = 120, check: bool = True) -> str:
        """Run a command in the box; return what it says on both outputs."""
        entered = ("nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "--")
        return _said([*entered, *command], within, check)

    def feed(self, content: BinaryIO, *command: str, within: float = 120) -> None:
        """Run a command in the box that reads a file of this machine."""
        entered = ("nsenter", "-t", str(self.leader), "-m", "-u", "-i", "-n", "-p", "--")
        subprocess.run([*entered, *command], stdin=content, timeout=within, check=True)

    def write(self, file: str, text: str) -> None:
        """Write a file in the box that all there may read."""
        with TemporaryFile() as content:
            content.write(text.encode())
            content.seek(0)
            self.feed(content, "sh", "-c", f"cat >{file} && chmod 644 {file}")

    def peer(self, *command: str, within: float = 120, check: bool = True) -> str:
        """Run a command at the other end of the wire."""
        return _said(["ip", "netns", "exec", f"{self.name}-peer", *command], within, check)

    def settle(self, within: float = 120) -> str:
        """Wait until all has started; return ``running``, or ``degraded`` when a unit failed."""
        end = time.monotonic() + within
        state = ""
        while time.monotonic() < end:
            state = self.run("systemctl", "is-system-running", check=False).strip()
            if state in ("running", "degraded"):
                return state
            time.sleep(0.5)
        jobs = self.run("systemctl", "list-jobs", "--no-pager", check=False)
        raise ContainerFailed(f"still {state} after {within:.0f} s:\n{jobs}")


@contextmanager
def copied(tree: Path, place: Path) -> Iterator[Path]:
    """Give a copy of a tree, made of what changes in it: the tree stays as it is."""
    layers = [place / name for name in ("changed", "work", "root")]
    for layer in layers:
        layer.mkdir(parents=True)
    changed, work, root = layers
    options = f"lowerdir={tree},upperdir={changed},workdir={work},redirect_dir=on"
    _said(["mount", "-t", "overlay", "overlay", "-o", options, str(root)])
    try:
        yield root
    finally:
        _said(["umount", "-l", str(root)], check=False)


@contextmanager
def booted(
    root: Path, name: str = "box400", within: float = 60, binds: Mapping[str, Path] | None = None
) -> Iterator[Container]:
    """Boot the tree; entered when its first process runs units. It is shut down at the end.

    ``binds``: directory in the box -> the directory of this machine that is there instead.
    """
    (root / "etc/systemd/network").mkdir(parents=True, exist_ok=True)
    network = root / "etc/systemd/network/00-container.network"
    network.write_text(NETWORK)
    bound = [f"--bind={outside}:{inside}" for inside, outside in (binds or {}).items()]
    with _wire(name), _log(root, name) as log:
        child = subprocess.Popen(
            ["unshare", "-m", "sh", "-c", _BOOT.format(name=name, root=root, binds=" ".join(bound))],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield Container(name, _leader(child, root, within))
        finally:
            _end(child)
            network.unlink()


@contextmanager
def _log(root: Path, name: str) -> Iterator[int]:
    file = os.open(root.parent / f"{name}.console", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield file
    finally:
        os.close(file)


@contextmanager
def _wire(name: str) -> Iterator[None]:
    peer = f"{name}-peer"
    try:
        _said(["ip", "netns", "add", name])
        _said(["ip", "netns", "add", peer])
        _said(
            ["ip", "-n", peer, "link", "add", "wire", "type", "veth", "peer", "name", "host0", "netns", name]
        )
        # also the box's end: a bare Debian has whatever network its owner gave it, and need not have networkd
        for space, address, device in ((peer, PEER, "wire"), (name, BOX, "host0")):
            _said(["ip", "-n", space, "addr", "add", f"{address}/24", "dev", device])
            _said(["ip", "-n", space, "link", "set", device, "up"])
            _said(["ip", "-n", space, "link", "set", "lo", "up"])
        _said(["ip", "-n", name, "route", "add", "default", "via", PEER])
        yield
    finally:
        for each in (peer, name):
            _said(["ip", "netns", "del", each], check=False)


def _leader(child: subprocess.Popen[bytes], root: Path, within: float) -> int:
    """Find the container's first process: the child of nspawn that has the tree as its root."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if child.poll() is not None:
            raise ContainerFailed(f"systemd-nspawn ended with {child.returncode}")
        for found in _children(child.pid):
            with suppress(OSError):
                if Path(f"/proc/{found}/comm").read_text().strip() == "systemd":
                    return found
        time.sleep(0.1)
    raise ContainerFailed(f"{root} did not boot within {within:.0f} s")


def _children(pid: int) -> Sequence[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _end(child: subprocess.Popen[bytes]) -> None:
    for leader in _children(child.pid):
        with suppress(ProcessLookupError):
            os.kill(leader, signal.SIGRTMIN + 4)
    try:
        child.wait(90)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _said(command: Sequence[str], within: float = 30, check: bool = True) -> str:
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=within, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        told = (late.output or b"").decode(errors="replace")
        raise ContainerFailed(f"{' '.join(command)}: not over after {within:.0f} s\n{told}") from late
    said = done.stdout.decode(errors="replace")
    if check and done.returncode:
        raise ContainerFailed(f"{' '.join(command)}: {said}")
    return said
