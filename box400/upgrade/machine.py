"""The edge to the machine: everything an upgrade has others do, each as one command.

``SystemMachine`` is a Debian with systemd and Ansible; ``ScriptedMachine`` calls ``ROOT/machine VERB
VERSION``, by which an upgrade is rehearsed (and tested) in a scratch root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

import msgspec

from b2bua.control import AskStatus, ControlClient, ControlDown, ControlFailed, Done, Drain, Status
from box400.upgrade.places import Places
from domain.refusal import NotPossible
from domain.upgrade.release import Manifest
from storage.data_directory import DataDirectory

LONG: Final = 1800.0
"""Seconds that the longest command may take: roles on a slow disk."""
TARGET: Final = "box400.target"
UNITS: Final = "box400-*.service"
CARRIED: Final = (
    "etc/machine-id", "etc/hostname", "etc/hosts", "etc/localtime", "etc/box400/upgrade-keys/*.pub",
    "root/.ssh/authorized_keys",
)  # fmt: skip
"""What is this machine's and not on the data: by its id it gets its address (DHCP) and finds its logs."""


class MachineFailed(NotPossible):
    """A command did not do what it should."""


class Machine(Protocol):
    """What an upgrade asks of the machine; each raises MachineFailed."""

    def install(self, manifest: Manifest, unpacked: Path, program: Path) -> None:
        """Put a version at its place, whole."""

    def start(self) -> None:
        """Start the version that ``current`` names, and wait until its units are up."""

    def stop(self) -> None:
        """Stop the box; it may be down already."""

    def configure(self, version: str, unpacked: Path) -> None:
        """Configure the machine by a version's own roles."""

    def calls(self) -> int:
        """Return how many calls are up; 0 when nobody serves any."""

    def drain(self, on: bool) -> None:
        """Refuse new calls, or take them again."""

    def as_owner(self, *command: str, within: float = LONG) -> str:
        """Run a command as the account that owns the data; return what it prints."""

    def carry(self, device: Path) -> None:
        """Give the new system in a slot what makes it this very machine."""

    def restart(self) -> None:
        """Have the machine start anew; it goes on for a moment."""


class _CommonMachine:
    def __init__(self, places: Places) -> None:
        self._places = places

    def calls(self) -> int:
        """Ask the box."""
        try:
            with ControlClient(self._places.data.control_socket) as client:
                return client.ask(AskStatus(), Status).calls
        except ControlDown:
            return 0
        except ControlFailed as error:
            raise MachineFailed(
                f"The box does not tell its calls: {error}", f"无法获知当前通话数：{error}"
            ) from error

    def drain(self, on: bool) -> None:
        """Tell the box; one that is down takes no calls anyway."""
        try:
            with ControlClient(self._places.data.control_socket) as client:
                client.ask(Drain(on), Done)
        except ControlDown:
            return
        except ControlFailed as error:
            raise MachineFailed(
                f"The box goes on taking calls: {error}", f"无法停止接入新呼叫：{error}"
            ) from error

    def as_owner(self, *command: str, within: float = LONG) -> str:
        """Give up root for it: the data belongs to an account that may be somebody else's by then."""
        owner = self._places.data.root.stat()
        prefix: tuple[str, ...] = ()
        if os.geteuid() == 0 and owner.st_uid != 0:
            prefix = (
                "setpriv", f"--reuid={owner.st_uid}", f"--regid={owner.st_gid}", "--clear-groups",
                "--no-new-privs",
            )  # fmt: skip
        return run(*prefix, *command, within=within)


class SystemMachine(_CommonMachine):
    """Debian with systemd and Ansible."""

    def install(self, manifest: Manifest, unpacked: Path, program: Path) -> None:
        """Make a virtual environment of the wheels; its mark ``complete`` comes last."""
        shutil.rmtree(program, ignore_errors=True)
        wheels = unpacked / "wheels"
        shutil.rmtree(wheels, ignore_errors=True)
        wheels.mkdir(mode=0o755)
        extract(unpacked / "wheels.tar", wheels)
        run("/usr/bin/python3", "-m", "venv", str(program))
        run(
            str(program / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
            "--no-input", "--no-index", "--no-deps", "--require-hashes", "--no-cache-dir",
            "--find-links", str(wheels), "-r", str(unpacked / "requirements.txt"),
        )  # fmt: skip
        roles = program / "share/box400/ansible"
        roles.mkdir(mode=0o755, parents=True)
        extract(unpacked / "ansible.tar", roles)
        shutil.copyfile(unpacked / "manifest.json", program / "manifest.json")
        shutil.rmtree(wheels)
        os.sync()
        (program / "complete").write_text(f"{manifest.version}\n", encoding="ascii")

    def start(self) -> None:
        """Start all of it; units with Type=notify are ready then."""
        run("systemctl", "daemon-reload")
        run("systemctl", "start", TARGET)

    def stop(self) -> None:
        """Stop all of it; for the target alone systemctl does not wait until the store writes no more."""
        run("systemctl", "stop", TARGET, UNITS)

    def configure(self, version: str, unpacked: Path) -> None:
        """Apply the version's roles to this machine, without any network."""
        roles = self._places.program(version) / "share/box400/ansible"
        unpacked.mkdir(mode=0o755, parents=True, exist_ok=True)
        (unpacked / "VERSION").write_text(f"{version}\n", encoding="ascii")
        said = self._places.root / "data/appliance/site.yml"
        settings = ("-e", f"@{said}") if said.exists() else ()
        variables = {
            "ansible_python_interpreter": "/usr/bin/python3", "box400_bundle": str(unpacked),
            "program_keep": 100,  # which versions go is decided here, once the new one is committed
        }  # fmt: skip
        run(
            "ansible-playbook", "site.yml", "-i", "localhost,", "-c", "local", *settings,
            "-e", msgspec.json.encode(variables).decode(), cwd=roles,
        )  # fmt: skip

    def carry(self, device: Path) -> None:
        """Copy what is this machine's and nobody else's into the system, which was never started."""
        place = self._places.root / "run/box400-slot"
        place.mkdir(mode=0o700, exist_ok=True)
        run("mount", "-t", "ext4", "-o", "nodev,nosuid", str(device), str(place))
        try:
            for source in sorted(path for each in CARRIED for path in self._places.root.glob(each)):
                target = place / source.relative_to(self._places.root)
                target.parent.mkdir(mode=0o700 if target.parent.name == ".ssh" else 0o755, exist_ok=True)
                target.unlink(missing_ok=True)
                shutil.copy2(source, target, follow_symlinks=False)
        finally:
            run("umount", str(place))

    def restart(self) -> None:
        """Let systemd do it; what is written is on the disk before."""
        os.sync()
        run("systemctl", "--no-block", "reboot")


class ScriptedMachine(_CommonMachine):
    """A scratch root: an executable ``machine`` in it takes the place of systemd, pip and Ansible."""

    def install(self, manifest: Manifest, unpacked: Path, program: Path) -> None:
        """Have it installed."""
        self._do("install", manifest.version)
        shutil.copyfile(unpacked / "manifest.json", program / "manifest.json")

    def start(self) -> None:
        """Have it started."""
        self._do("start")

    def stop(self) -> None:
        """Have it stopped."""
        self._do("stop")

    def configure(self, version: str, unpacked: Path) -> None:
        """Have it configured."""
        self._do("configure", version)

    def carry(self, device: Path) -> None:
        """Have it done."""
        self._do("carry", str(device))

    def restart(self) -> None:
        """Have it begun."""
        self._do("restart")

    def _do(self, *words: str) -> None:
        run(str(self._places.root / "machine"), *words)


def machine_at(places: Places) -> Machine:
    """Return the machine of a root: this one's for ``/``."""
    return SystemMachine(places) if places.root == Path("/") else ScriptedMachine(places)


def run(*command: str, within: float = LONG, cwd: Path | None = None) -> str:
    """Run a command and return what it prints; raises MachineFailed with its last words."""
    try:
        done = subprocess.run(  # noqa: S603 our own words
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=within, check=False,
            cwd=cwd or "/", errors="replace",
        )  # fmt: skip
    except FileNotFoundError as error:
        raise MachineFailed(f"{command[0]} is not there", f"找不到 {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise MachineFailed(
            f"{_name(command)} did not end within {within:.0f} s",
            f"{_name(command)} 超过 {within:.0f} 秒未结束",
        ) from error
    if done.returncode:
        said = last_words(done.stdout + done.stderr)
        raise MachineFailed(
            f"{_name(command)} failed ({done.returncode}): {said}",
            f"{_name(command)} 执行失败（{done.returncode}）：{said}",
        )
    return done.stdout


def _name(command: Sequence[str]) -> str:
    words = [Path(command[0]).name, *command[1:]]
    return " ".join(word for word in words if not word.startswith("-"))[:80]


def last_words(text: str, most: int = 600) -> str:
    """Return the end of what a program said, on one line; of Ansible, the task that failed and why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [at for at, line in enumerate(lines) if line.startswith(("fatal:", "failed:"))]
    if not wrong:
        return " | ".join(lines[-8:])[-most:]
    tasks = [line.rstrip("* ") for line in lines[: wrong[0]] if line.startswith("TASK [")]
    return " | ".join([*tasks[-1:], *lines[wrong[0] : wrong[0] + 12]])[:most]


def extract(archive: Path, directory: Path) -> None:
    """Unpack the plain files of an archive below a directory; raises MachineFailed for any other member."""
    with tarfile.open(archive, "r:*") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() else None
            target = directory / member.name
            if member.isdir():
                continue
            if content is None or ".." in target.parts or not target.is_relative_to(directory):
                raise MachineFailed(
                    f"{archive.name}: {member.name}?", f"{archive.name} 含有异常成员 {member.name}"
                )
            target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(content, out)
            target.chmod(0o755 if member.mode & 0o100 else 0o644)


def data_argument(data: DataDirectory) -> tuple[str, str]:
    """Return the words that name a data directory."""
    return ("--data", str(data.root))
