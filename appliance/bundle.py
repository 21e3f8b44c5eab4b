"""Make the bundle of one version: the program and all it needs as wheels for the box's Python, and the roles.

``python -m appliance.bundle [--to DIR]`` prints the directory that it made: ``DIR/box400-VERSION`` with
``VERSION``, ``requirements.txt`` (every wheel with its hash), ``wheels.tar``, ``ansible.tar`` and
``manifest.json``. Its version names its content: the same sources give the same version, and a box that
has it is left alone. ``--sign KEY`` makes ``box400-VERSION.bundle`` of it, the one file that ``box400
upgrade`` takes; ``--new-key KEY`` makes the pair that releases are signed with. ``--os RAW --sign KEY`` makes
``box400-os-VERSION.bundle`` of the system in an image of ``appliance/image/build``.
"""

from __future__ import annotations

import argparse
import configparser
import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

from appliance.image.system import os_bundle
from appliance.image.workshop import ImageFailed
from domain.upgrade.release import Manifest
from storage.evolution import STEPS
from storage.upgrade.bundle import new_key, private_key, write_bundle

ROOT = Path(__file__).parents[1]
ROLES = Path("appliance/ansible")
PACKAGES = ("domain", "storage", "b2bua", "box400", "webui")
PYTHON = "3.13"
"""Of Debian 13."""
TARGET = {
    "implementation_name": "cpython",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": f"{PYTHON}.5",
    "python_version": PYTHON,
    "sys_platform": "linux",
}
"""The markers' values on the box; pip takes those of the machine it runs on."""
PLATFORMS = (
    *(f"manylinux_2_{libc}_x86_64" for libc in (41, 34, 28, 27, 24, 17, 12, 5)),
    *(f"manylinux{year}_x86_64" for year in (2014, 2010, 1)),
)
"""What glibc 2.41 runs, under all the names that such wheels have."""
_MISSING = re.compile(r"No matching distribution found for ([A-Za-z0-9._-]+)==")


PARTS = ("VERSION", "requirements.txt", "ansible.tar", "wheels.tar")
UNPACKED = 5
"""How much more room wheels take once installed and compiled; measured 3.9."""


class BundleFailed(Exception):
    """The bundle cannot be made; the text says why."""


def locked(lock: str) -> dict[str, str]:
    """Return name -> pip's line with hashes, of what the lock asks for on the box."""
    lines = "\n".join(line for line in lock.splitlines() if not line.lstrip().startswith("#"))
    wanted = {}
    for block in re.split(r"\n(?=\S)", lines):
        words = block.replace("\\\n", " ").split(" --hash=")
        if not words[0].strip():
            continue
        requirement = Requirement(words[0].strip())
        if requirement.marker is None or requirement.marker.evaluate(dict(TARGET)):
            hashes = " ".join(f"--hash={each.strip()}" for each in words[1:])
            wanted[requirement.name] = f"{requirement.name}{requirement.specifier} {hashes}"
    return wanted


def sources() -> Iterator[Path]:
    """Return the program's own files, relative to the repository, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *PACKAGES, "setup.cfg", "pyproject.toml", "README.md", str(ROLES)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return (Path(name) for name in sorted(listed.stdout.split("\0")) if name and (ROOT / name).is_file())


def version() -> str:
    """Return ``0.1.0+1a2b3c4d5e``: the number in setup.cfg and what the sources and the lock amount to."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    digest = hashlib.sha256()
    for name in (*sources(), Path("requirements.txt")):
        content = (ROOT / name).read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return f"{setup['metadata']['version']}+{digest.hexdigest()[:10]}"


def fetch(wanted: dict[str, str], wheels: Path) -> None:
    """Put a wheel of each requirement into ``wheels``; what has none is built, and must be pure Python."""
    prebuilt, to_build = dict(wanted), {}
    while True:
        done = _pip("download", _of_target(), prebuilt, "--dest", wheels)
        if done.returncode == 0:
            break
        missing = _MISSING.search(done.stderr)
        if missing is None or missing[1] not in prebuilt:
            raise BundleFailed(done.stderr)
        to_build[missing[1]] = prebuilt.pop(missing[1])
    if to_build:
        before = set(wheels.iterdir())
        done = _pip("wheel", ("--no-build-isolation",), to_build, "--wheel-dir", wheels)
        if done.returncode:
            raise BundleFailed(done.stderr)
        for wheel in set(wheels.iterdir()) - before:
            if not wheel.name.endswith("-none-any.whl"):
                raise BundleFailed(f"{wheel.name} was built for this machine, not for Python {PYTHON}")


def _of_target() -> tuple[str, ...]:
    platforms = [word for platform in PLATFORMS for word in ("--platform", platform)]
    return ("--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp", *platforms)


def _pip(
    command: str, options: Iterable[str], wanted: dict[str, str], *more: object
) -> subprocess.CompletedProcess[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(wanted.values()))
        file.flush()
        words = ["--quiet", "--disable-pip-version-check", "--no-input", "--no-deps", "--require-hashes"]
        return subprocess.run(
            [sys.executable, "-m", "pip", command, *words, *options, "-r", file.name, *map(str, more)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip


def build_program(wheels: Path) -> None:
    """Put the program's own wheel into ``wheels``, built of a copy: a build leaves nothing in the sources."""
    with tempfile.TemporaryDirectory(prefix="box400-wheel-") as copy:
        for name in sources():
            (Path(copy) / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, Path(copy) / name)
        done = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
             "--disable-pip-version-check", "--wheel-dir", str(wheels), copy],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise BundleFailed(done.stderr)


def hashed(wheels: Path) -> str:
    """Return a requirements file that names every wheel and its hash."""
    lines = []
    for wheel in sorted(wheels.iterdir()):
        name, number = wheel.name.split("-")[:2]
        lines.append(f"{name}=={number} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}")
    return "\n".join(lines) + "\n"


def pack(archive: Path, files: dict[str, Path]) -> None:
    """Write a tar archive of files by the name that they have in it; the same files give the same bytes."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = "root"
        member.mode = 0o755 if member.mode & 0o100 else 0o644
        return member

    with tarfile.open(archive, "w") as tar:
        for name in sorted(files):
            tar.add(files[name], arcname=name, filter=plain)


def make(to: Path) -> Path:
    """Make the bundle below ``to``, whole or not at all; one that is there already is kept."""
    bundle = to / f"box400-{version()}"
    if bundle.is_dir():
        return bundle
    to.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=to, prefix=".making-") as place:
        half, wheels = Path(place) / bundle.name, Path(place) / "wheels"
        for directory in (half, wheels):
            directory.mkdir()
        fetch(locked((ROOT / "requirements.txt").read_text(encoding="utf-8")), wheels)
        build_program(wheels)
        (half / "requirements.txt").write_text(hashed(wheels), encoding="utf-8")
        (half / "VERSION").write_text(f"{version()}\n", encoding="utf-8")
        pack(half / "wheels.tar", {file.name: file for file in wheels.iterdir()})
        roles = {
            str(name.relative_to(ROLES)): ROOT / name for name in sources() if name.is_relative_to(ROLES)
        }
        pack(half / "ansible.tar", roles)
        (half / "manifest.json").write_bytes(msgspec.json.encode(manifest(half)) + b"\n")
        half.rename(bundle)
    return bundle


def manifest(bundle: Path, notes: tuple[str, str] = ("", "")) -> Manifest:
    """Return what a bundle says of itself; its parts are named when it is signed."""
    changed = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    wheels = (bundle / "wheels.tar").stat().st_size
    return Manifest(
        version(), int(changed.stdout), STEPS[-1].number, (), installed_bytes=UNPACKED * wheels,
        notes_en=notes[0], notes_zh=notes[1],
    )  # fmt: skip


def sign(bundle: Path, key: Path, notes: tuple[str, str]) -> Path:
    """Make the one signed file of a bundle's directory, beside it."""
    target = bundle.with_name(f"{bundle.name}.bundle")
    parts = {name: bundle / name for name in PARTS}
    write_bundle(target, manifest(bundle, notes), parts, private_key(key))
    return target


def main() -> int:
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="appliance/bundle", description="Make the bundle of this version.")
    parser.add_argument("--to", type=Path, default=ROOT / "build" / "bundle", help="default: build/bundle")
    parser.add_argument("--version", action="store_true", help="only say which version it would be")
    parser.add_argument("--new-key", type=Path, metavar="KEY", help="make KEY and KEY.pub, and no bundle")
    parser.add_argument(
        "--sign", type=Path, metavar="KEY", help="make the signed file, too, and print its name"
    )
    parser.add_argument(
        "--os", type=Path, metavar="RAW", help="with --sign: of the whole system in this raw image"
    )
    parser.add_argument("--notes", default="", help="what is new, in English")
    parser.add_argument("--notes-zh", default="", help="the same in Chinese")
    options = parser.parse_args()
    if options.new_key:
        new_key(options.new_key, options.new_key.with_name(f"{options.new_key.name}.pub"))
        return 0
    if options.version:
        print(version())
        return 0
    if options.os and not options.sign:
        parser.error("--os needs --sign: nobody takes a system that is not signed")
    to, notes = options.to.absolute(), (options.notes, options.notes_zh)
    try:
        if options.os:
            to.mkdir(parents=True, exist_ok=True)
            made = os_bundle(options.os, options.sign, notes, to)
        else:
            made = make(to)
            if options.sign:
                made = sign(made, options.sign, notes)
        print(made)
    except (BundleFailed, ImageFailed) as failure:
        print(f"The bundle was not made. {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
