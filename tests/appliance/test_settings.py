"""The box speaks on the address that it has, whatever its network gave it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec

from box400.appliance.settings import await_address, resolved, wants_address
from domain.snapshot import ListenerSnapshot
from storage.data_directory import DataDirectory, Settings

AUTO = Settings(
    listeners=(ListenerSnapshot("carrier", bind="auto"), ListenerSnapshot("phones", bind="10.0.0.7"))
)


def test_auto_becomes_the_address_and_others_stay() -> None:
    """A fixed address is nobody's to change."""
    binds = [each.bind for each in resolved(AUTO, "192.0.2.10").listeners]
    assert binds == ["192.0.2.10", "10.0.0.7"]
    assert wants_address(AUTO)
    assert not wants_address(resolved(AUTO, "192.0.2.10"))


def test_without_a_network_the_box_speaks_to_itself() -> None:
    """Its pages and console work, so that somebody can give it one."""
    assert resolved(AUTO, "").listeners[0].bind == "127.0.0.1"


def test_a_late_address_is_waited_for() -> None:
    """A DHCP server that takes three seconds is in time; one that never answers is not waited for forever."""
    answers = iter(["", "", "", "192.0.2.10"])
    paused: list[float] = []
    assert await_address(lambda: next(answers), 60, paused.append) == "192.0.2.10"
    assert paused == [1.0, 1.0, 1.0]
    paused.clear()
    assert await_address(lambda: "", 5, paused.append) == ""
    assert len(paused) == 5


def command(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it as the unit does."""
    return subprocess.run(
        [sys.executable, "-m", "box400.appliance.settings", *words],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_wrong_file_is_refused_by_name(tmp_path: Path) -> None:
    """Ansible's validate keeps the file that was there."""
    file = tmp_path / "settings.json"
    file.write_text('{"listeners": [], "webb": "x"}')
    done = command("--check", str(file))
    assert done.returncode == 1
    assert "webb" in done.stderr


def test_it_is_written_and_compared(tmp_path: Path) -> None:
    """The watch sees no difference until the address is another."""
    given = tmp_path / "given.json"
    given.write_bytes(
        msgspec.json.encode(Settings(listeners=(ListenerSnapshot("carrier", bind="127.9.9.9"),)))
    )
    data = DataDirectory(tmp_path / "data")
    assert command("--from", str(given), "--data", str(data.root)).returncode == 0
    assert data.read_settings().listeners[0].bind == "127.9.9.9"
