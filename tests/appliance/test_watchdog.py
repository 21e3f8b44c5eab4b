"""Each process tells systemd's watchdog that it works: one that hangs is started anew."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import Message
from http.client import HTTPConnection

import pytest

from box400.programs import MODULES
from domain.snapshot import ListenerSnapshot
from storage.data_directory import DataDirectory, Settings
from tests.product.box import Place


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, dict[str, socket.socket]]]:
    """All processes, started as units are, and the socket that each speaks to."""
    place, root = Place(), tmp_path_factory.mktemp("box")
    data = DataDirectory(root / "data")
    data.create()
    data.write_settings(
        Settings(
            listeners=(ListenerSnapshot("carrier", bind=place.box),), web=f"{place.box}:8400", workers=1,
            trusted_proxy=place.box,
        )
    )  # fmt: skip
    with ExitStack() as ends:
        told = {}
        for name, module in MODULES.items():
            told[name] = ends.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
            told[name].bind(str(root / name))
            told[name].settimeout(60)
            log = ends.enter_context((root / f"{name}.log").open("wb"))
            child = subprocess.Popen(
                [sys.executable, "-m", module, "--data", str(data.root)],
                env=os.environ | {"NOTIFY_SOCKET": str(root / name)}, stdout=log, stderr=log,
            )  # fmt: skip
            ends.callback(end, child)
            while b"READY=1" not in told[name].recv(4096).split(b"\n"):
                pass
        yield place, told


def end(child: subprocess.Popen[bytes]) -> None:
    """End it as systemd does; it must end well."""
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0


@pytest.mark.parametrize("name", MODULES)
def test_it_says_again_and_again_that_it_works(
    notes: tuple[Place, dict[str, socket.socket]], name: str
) -> None:
    """Twice, so that it is no greeting."""
    beats = 0
    while beats < 2:
        beats += notes[1][name].recv(4096).split(b"\n").count(b"WATCHDOG=1")


def test_the_pages_believe_the_web_server_before_them(notes: tuple[Place, dict[str, socket.socket]]) -> None:
    """Behind TLS, cookies are for TLS only."""
    box = notes[0].box
    believed, unknown = (asked(box, source) for source in (box, "127.0.0.1"))
    assert believed["Strict-Transport-Security"]
    assert "secure" in believed["Set-Cookie"].lower()
    assert unknown["Strict-Transport-Security"] is None


def asked(box: str, source: str) -> Message:
    """Ask for the sign-in page as a web server that speaks TLS would; return the headers."""
    connection = HTTPConnection(box, 8400, timeout=20, source_address=(source, 0))
    connection.request("GET", "/login", headers={"X-Forwarded-Proto": "https"})
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers
