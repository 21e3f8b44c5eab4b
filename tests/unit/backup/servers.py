"""Servers of others that a box speaks to, on loopback as ourselves."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.unit.storage.running import eventually


class SshServer(NamedTuple):
    """A running sshd."""

    authorized: Path
    """File of the keys that may sign in, empty at first."""
    port: int
    host_key: str
    """Line of a ``known_hosts``."""


def free_port() -> int:
    """Return a port of loopback that nobody has."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(server: subprocess.Popen[bytes], port: int) -> None:
    """Wait until a server listens; it must not end before."""

    def listens() -> bool:
        assert server.poll() is None
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(listens)


@contextmanager
def ssh_server() -> Iterator[SshServer]:
    """Serve SSH: files by SFTP, and forwarded ports."""
    place = Path(tempfile.mkdtemp(prefix="b4-sshd-"))
    host_key = place / "host"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(host_key)], check=True)
    port = free_port()
    (place / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host_key}\nPidFile none\nUsePAM no\nStrictModes no\n"
        f"AuthorizedKeysFile {place}/authorized\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    server = subprocess.Popen(
        ["/usr/sbin/sshd", "-D", "-e", "-f", str(place / "config")], stderr=subprocess.DEVNULL
    )
    try:
        wait_for(server, port)
        kind, key, *_ = host_key.with_suffix(".pub").read_text().split()
        yield SshServer(place / "authorized", port, f"[127.0.0.1]:{port} {kind} {key}")
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(place)
