"""A tree of Debian and the roles; that of an image holds nothing that two boxes must not share."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from appliance.image.workshop import ImageFailed, Workshop, checked, debootstrap

BASE = "systemd-sysv,dbus,python3,python3-apt,ca-certificates,iproute2,udev,kmod"
SITE = {"hardening_host_keys": "/data/ssh"}
"""What the roles are told on every machine of the image, now and at each upgrade."""
SHARED = (
    "etc/ssh/ssh_host_*",
    "var/lib/systemd/random-seed",
    "var/lib/dbus/machine-id",
    "root/.ansible",
    "root/.cache",
)
USELESS = ("var/cache/apt/archives/*.deb", "var/cache/apt/*.bin", "var/lib/apt/lists/*_*", "tmp/*",
           "var/tmp/*",
           "var/log/*.log", "var/log/apt/*", "var/cache/debconf/*-old")  # fmt: skip
PSEUDO = (("proc", "proc"), ("sysfs", "sys"))


def make(shop: Workshop, bundle: Path, ansible: Path, playbooks: Path) -> Path:
    """Make the tree of a bundle anew; ``ansible`` is the directory of its commands. Returns the tree."""
    tree = shop.work / "tree"
    converged(shop.place, tree, bundle, ansible, playbooks / "image.yml", SITE)
    finish(tree)
    return tree


def converged(
    place: Path, tree: Path, bundle: Path, ansible: Path, playbook: Path, told: Mapping[str, str]
) -> None:
    """Apply a playbook to a bare Debian, anew, telling it of variables; ``place`` keeps what was fetched."""
    shutil.rmtree(tree, ignore_errors=True)
    base = place / "base.tar"
    if not base.exists():
        debootstrap(place / "base.new.tar", BASE, place)
        (place / "base.new.tar").rename(base)
    tree.mkdir()
    checked(["tar", "-C", str(tree), "-xpf", str(base)])
    policy = _keep_quiet(tree)
    kept = place / "packages"
    kept.mkdir(exist_ok=True)
    archives = tree / "var/cache/apt/archives"
    for package in kept.glob("*.deb"):
        shutil.copy(package, archives)
    _mount(tree)
    try:
        _converge(tree, bundle, ansible, playbook, told)
    finally:
        _unmount(tree)
    for package in archives.glob("*.deb"):
        if not (kept / package.name).exists():
            shutil.copy(package, kept)
    policy.unlink()


def _keep_quiet(tree: Path) -> Path:
    """Start nothing while packages are installed, and let them ask this machine's name servers.

    Returns the file that keeps them from starting.
    """
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    stub = tree / "run/systemd/resolve/stub-resolv.conf"
    stub.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy("/etc/resolv.conf", stub)
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    shutil.copy("/etc/resolv.conf", tree / "etc/resolv.conf")
    return policy


def _mount(tree: Path) -> None:
    for kind, where in PSEUDO:
        checked(["mount", "-t", kind, kind, str(tree / where)])
    checked(["mount", "--bind", "/dev", str(tree / "dev")])


def _unmount(tree: Path) -> None:
    for where in ("dev", *(where for _, where in PSEUDO)):
        subprocess.run(["umount", "-l", str(tree / where)], check=False, stderr=subprocess.DEVNULL)


def _converge(tree: Path, bundle: Path, ansible: Path, playbook: Path, told: Mapping[str, str]) -> None:
    environment = {"PATH": f"{ansible}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    options = [f"-e{name}={value}" for name, value in told.items()]
    done = subprocess.run(
        [str(ansible / "ansible-playbook"), playbook.name, "-i", f"{tree},", "-c", "rootdir",
         "-e", f"box400_bundle={bundle}", *options],
        cwd=playbook.parent, env=os.environ | environment, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ImageFailed("the roles failed in the tree; what they said is above")


def finish(tree: Path) -> None:
    """Remove what is useless or must not be shared: each box makes its own at its first start."""
    for pattern in (*SHARED, *USELESS):
        for found in tree.glob(pattern):
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found)
            else:
                found.unlink()
    (tree / "etc/machine-id").write_text("uninitialized\n")
    resolv = tree / "etc/resolv.conf"
    resolv.unlink(missing_ok=True)
    resolv.symlink_to("../run/systemd/resolve/stub-resolv.conf")
    shutil.rmtree(tree / "run", ignore_errors=True)
    (tree / "run").mkdir(mode=0o755)
    # Logs lie on the data partition, which is mounted over these.
    checked(["cp", "-a", f"{tree}/var/log/.", str(tree / "data/log")])
    site = tree / "data/appliance/site.yml"
    lines = "".join(f"{name}: {value}\n" for name, value in SITE.items())
    site.write_text(f"---\n# What the roles are told on this box, at each upgrade.\n{lines}")
    site.chmod(0o600)
    # So that an upgrade of the system sees whether the box was told anything else since.
    shutil.copy(site, tree / "etc/box400/image-site.yml")
    _check_nothing_shared(tree)


def _check_nothing_shared(tree: Path) -> None:
    """Refuse a tree with a key or a password in it."""
    shadow = (tree / "etc/shadow").read_text()
    able = [line.split(":")[0] for line in shadow.splitlines() if line.split(":")[1][:1] not in ("!", "*")]
    places = ("etc/ssh", "data", "root", "home", "etc/nginx", "etc/box400")
    files = [file for place in places for file in (tree / place).rglob("*") if file.is_file()]
    keys = [str(file) for file in files if b"PRIVATE KEY" in file.read_bytes()[:4096]]
    if able or keys:
        raise ImageFailed(f"in the tree: accounts with a password {able}, private keys {keys}")


def manifest(tree: Path) -> str:
    """Return every Debian package and its version, one a line."""
    done = checked(
        ["chroot", str(tree), "dpkg-query", "-W", "-f", "${Package} ${Version} ${Architecture}\\n"]
    )
    return done.stdout.decode()
