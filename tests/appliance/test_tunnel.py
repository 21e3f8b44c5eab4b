"""The support tunnel, by the command of its unit, to a real SSH server."""

from __future__ import annotations

import getpass
import shlex
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from box400.appliance.wishes import carry_out, plan_of
from storage.data_directory import DataDirectory
from storage.machine.wish import MakeTunnelKey, OpenTunnel
from tests.appliance.roles import ROLES
from tests.unit.backup.servers import SshServer, free_port, ssh_server, wait_for
from tests.unit.storage.running import eventually

UNIT = ROLES / "monitoring/templates/etc/systemd/system/appliance-tunnel.service.j2"
OVER = 124
"""Exit status of timeout: the time is over."""


@pytest.fixture
def server() -> Iterator[SshServer]:
    """The support's server."""
    with ssh_server() as server:
        yield server


@pytest.fixture
def data(tmp_path: Path) -> DataDirectory:
    """A box's data directory beside the folder of its tunnel, with its key."""
    data = DataDirectory(tmp_path / "box400")
    data.root.mkdir()
    (tmp_path / "tunnel").mkdir()
    assert carry_out(plan_of(MakeTunnelKey(), data)) == ""
    return data


@pytest.fixture
def machine() -> Iterator[int]:
    """What stands for the SSH of this machine: says who it is; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                except OSError:
                    return
                with caller:
                    caller.sendall(b"the box")

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def opened(
    data: DataDirectory, server: SshServer, far: int, machine: int = 22, seconds: int = 3600
) -> Iterator[subprocess.Popen[bytes]]:
    """Wish for the tunnel, and start its unit's command."""
    beside = data.root.parent
    wish = OpenTunnel("127.0.0.1", getpass.getuser(), server.port, far)
    (settings,) = plan_of(wish, data).files
    assert settings.content is not None
    facts = dict(line.split("=", 1) for line in settings.content.decode().splitlines())
    facts["TUNNEL_SECONDS"] = str(seconds)
    (line,) = (each for each in UNIT.read_text().splitlines() if each.startswith("ExecStart="))
    command = line.removeprefix("ExecStart=").replace("{{ box400_data }}", str(beside))
    assert ":127.0.0.1:22 " in command
    command = command.replace(":127.0.0.1:22 ", f":127.0.0.1:{machine} ")
    for name, value in facts.items():
        command = command.replace(f"${{{name}}}", value)
    process = subprocess.Popen(shlex.split(command), stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def test_the_support_reaches_the_machine_until_it_is_closed(
    data: DataDirectory, server: SshServer, machine: int
) -> None:
    """By the key that was given to it, at the far port; nobody reaches it when it is closed."""
    shutil.copyfile(data.root.parent / "tunnel/key.pub", server.authorized)
    far = free_port()
    with opened(data, server, far, machine) as tunnel:
        wait_for(tunnel, far)
        with socket.create_connection(("127.0.0.1", far)) as support:
            assert support.recv(20) == b"the box"
    eventually(lambda: not _listens(far))
    assert server.host_key.split()[2] in (data.root.parent / "tunnel/known_hosts").read_text()


def test_it_closes_by_itself(data: DataDirectory, server: SshServer, machine: int) -> None:
    """When its time is over."""
    shutil.copyfile(data.root.parent / "tunnel/key.pub", server.authorized)
    far = free_port()
    with opened(data, server, far, machine, seconds=1) as tunnel:
        assert tunnel.wait() == OVER
    eventually(lambda: not _listens(far))


def test_a_server_that_does_not_know_the_key_opens_nothing(data: DataDirectory, server: SshServer) -> None:
    """It ends at once, asks for no password, and says why."""
    with opened(data, server, free_port()) as tunnel:
        assert tunnel.stderr is not None
        assert b"Permission denied" in tunnel.stderr.read()
        assert tunnel.wait() == 255


def test_a_far_port_that_is_taken_is_no_tunnel(data: DataDirectory, server: SshServer) -> None:
    """Else the support would reach somebody else's machine."""
    shutil.copyfile(data.root.parent / "tunnel/key.pub", server.authorized)
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        opened(data, server, other.getsockname()[1]) as tunnel,
    ):
        assert tunnel.wait() == 255


def test_another_server_at_the_same_address_is_not_believed(data: DataDirectory, server: SshServer) -> None:
    """The first one's key is kept."""
    shutil.copyfile(data.root.parent / "tunnel/key.pub", server.authorized)
    with ssh_server() as other:
        wrong = server.host_key.replace(server.host_key.split()[2], other.host_key.split()[2])
    (data.root.parent / "tunnel/known_hosts").write_text(f"{wrong}\n")
    with opened(data, server, free_port()) as tunnel:
        assert tunnel.stderr is not None
        assert b"REMOTE HOST IDENTIFICATION HAS CHANGED" in tunnel.stderr.read()
        assert tunnel.wait() == 255


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
