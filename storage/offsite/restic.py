"""The edge to restic (https://restic.net, of Debian): one encrypted repository on a disk, SFTP or S3."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from domain.snapshot import OffsitePlan
from storage.data_directory import DataDirectory, write_atomically

LONG: Final = 6 * 3600.0
_NO_REPOSITORY: Final = (
    "Is there a repository at",
    "unable to open config file",
    "repository does not exist",
)


class OffsiteError(Exception):
    """restic did not do it; the text is its own last words."""


class Taken(msgspec.Struct, frozen=True):
    """What a backup did, as restic tells in its summary."""

    snapshot_id: str
    data_added: int = 0


class Snapshot(msgspec.Struct, frozen=True):
    """A backup in the repository."""

    id: str
    time: str
    hostname: str = ""
    paths: list[str] = []


class _Stats(msgspec.Struct, frozen=True):
    total_size: int


class Restic:
    """A repository as one box uses it."""

    def __init__(self, data: DataDirectory, plan: OffsitePlan) -> None:
        self._plan = plan
        self.place = data.root / "offsite"
        """Staged data, cache, and the key for SFTP."""
        self.place.mkdir(mode=0o700, parents=True, exist_ok=True)

    def open(self) -> None:
        """Make the repository if there is none; raises OffsiteError, for a wrong password too."""
        try:
            self._run("cat", "config", within=300)
        except OffsiteError as error:
            if not any(words in str(error) for words in _NO_REPOSITORY):
                raise
            self._run("init", within=300)

    def take(self, tree: Path) -> Taken:
        """Back a directory up; raises OffsiteError."""
        self._run("unlock", within=300)  # locks of a process that was killed
        said = self._run("backup", "--json", "--host", "box400", "--tag", "box400", ".", cwd=tree)
        return msgspec.json.decode(said.strip().splitlines()[-1], type=Taken)

    def forget(self) -> None:
        """Drop what is older than the plan keeps, and free its room."""
        self._run(
            "forget", "--host", "box400", "--tag", "box400", "--group-by", "host,tags", "--keep-within", "2d",
            "--keep-daily", str(self._plan.keep_days), "--prune",
        )  # fmt: skip

    def snapshots(self) -> list[Snapshot]:
        """Return what is there, oldest first."""
        said = self._run("snapshots", "--json", "--tag", "box400", within=300)
        return sorted(msgspec.json.decode(said, type=list[Snapshot]), key=lambda each: each.time)

    def size(self, snapshot: str) -> int:
        """Return the bytes that a backup's tree has; blobs that are linked twice count once."""
        said = self._run("stats", "--json", "--mode", "restore-size", snapshot, within=1800)
        return msgspec.json.decode(said, type=_Stats).total_size

    def fetch(self, snapshot: str, target: Path) -> None:
        """Write a backup's tree into an empty directory; every block's hash is compared by restic."""
        self._run("restore", snapshot, "--target", str(target))

    def _run(self, *words: str, within: float = LONG, cwd: Path | None = None) -> str:
        command = ["restic", "--quiet", "--cache-dir", str(self.place / "cache"), *self._transport(), *words]
        if words[0] == "backup":
            command.remove("--quiet")
        try:
            done = subprocess.run(  # noqa: S603 our own words
                command, cwd=cwd or self.place, env=self._environment(), stdin=subprocess.DEVNULL, text=True,
                capture_output=True, timeout=within, check=False, errors="replace",
            )  # fmt: skip
        except FileNotFoundError as error:
            raise OffsiteError("restic is not installed") from error
        except subprocess.TimeoutExpired as error:
            raise OffsiteError(f"restic {words[0]} did not end within {within:.0f} s") from error
        if done.returncode:
            lines = _lines(done.stderr or done.stdout)[-3:] + self._words_of_ssh()
            raise OffsiteError(" | ".join(lines)[-400:] or f"restic {words[0]}: {done.returncode}")
        return done.stdout

    def _words_of_ssh(self) -> list[str]:
        """Return why the line by SFTP was not opened; restic often ends before it has heard that from ssh."""
        try:
            return _lines(self._ssh_log.read_text(errors="replace"))[-2:]
        except FileNotFoundError:
            return []

    @property
    def _ssh_log(self) -> Path:
        return self.place / "ssh.log"

    def _environment(self) -> Mapping[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "HOME": str(self.place), "RESTIC_REPOSITORY": self._plan.to,
            "RESTIC_PASSWORD": self._plan.password,
            "AWS_ACCESS_KEY_ID": self._plan.access_key, "AWS_SECRET_ACCESS_KEY": self._plan.secret_key,
        }  # fmt: skip

    def _transport(self) -> list[str]:
        """Return how SFTP is spoken: our own key, and the one host key that was pinned."""
        if not self._plan.to.startswith("sftp:"):
            return []
        write_atomically(self.place / "known_hosts", f"{self._plan.host_key}\n".encode())
        self._ssh_log.unlink(missing_ok=True)
        target, port = sftp_host(self._plan.to)
        command = [
            "ssh", "-E", str(self._ssh_log), *(("-p", port) if port else ()), "-i", str(sftp_key(self.place)),
            "-o", "IdentitiesOnly=yes",
            "-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={self.place / 'known_hosts'}",
            "-o", "StrictHostKeyChecking=yes", "-o", "ServerAliveInterval=30", "-o", "ConnectTimeout=20",
            target, "-s", "sftp",
        ]  # fmt: skip
        return ["-o", f"sftp.command={shlex.join(command)}"]


def _lines(said: str) -> list[str]:
    return [line for line in said.splitlines() if line.strip()]


def sftp_host(repository: str) -> tuple[str, str]:
    """Return ``user@host`` and the port ("" for the usual one) of ``sftp:user@host:/x`` or ``sftp://user@h:22//x``."""
    rest = repository.removeprefix("sftp:")
    if rest.startswith("//"):
        host, _, port = rest[2:].partition("/")[0].partition(":")
        return host, port
    return rest.partition(":")[0], ""


def sftp_key(place: Path) -> Path:
    """Return the box's own key for SFTP, made at its first use; ``.pub`` beside it goes to the server."""
    key = place / "id_ed25519"
    if not key.exists():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = subprocess.run(  # noqa: S603 our own words
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "box400-backup", "-f", str(key)],  # noqa: S607
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise OffsiteError(f"ssh-keygen: {made.stderr.strip()}")
    return key


def public_key(data: DataDirectory) -> str:
    """Return the line that lets this box in at an SFTP server; raises OffsiteError."""
    return sftp_key(data.root / "offsite").with_suffix(".pub").read_text(encoding="ascii").strip()
