"""The box upgrades itself by signed bundles, and goes back by itself from a version that is sick."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from appliance.acceptance.shown import NotProven, contents, require_nothing_failed, require_same
from appliance.container import Container

BUNDLE = "/data/new.bundle"
WITHIN = 3600.0


def trusting(key: Path) -> Callable[[Container], str]:
    """Let the box trust who signed."""

    def prove(box: Container) -> str:
        with key.with_name(f"{key.name}.pub").open("rb") as file:
            box.feed(file, "sh", "-c", "cat >/etc/box400/upgrade-keys/acceptance.pub")
        return key.name

    return prove


def upgraded(bundle: Path) -> Callable[[Container], str]:
    """The version becomes the bundle's; all that the box knew is there, nothing failed."""

    def prove(box: Container) -> str:
        before = contents(box)
        said = _tried(box, bundle)
        version = _version(box)
        if version not in bundle.name or "Upgraded" not in said:
            raise NotProven(said + box.run("box400", "upgrade", "--status", check=False))
        told = require_same(before, contents(box))
        require_nothing_failed(box)
        return f"{version}, {told}; {_times(said)}"

    return prove


def goes_back(bundle: Path) -> Callable[[Container], str]:
    """The version that was goes on, with the data as they were, and the reason is told."""

    def prove(box: Container) -> str:
        before, version = contents(box), _version(box)
        said = _tried(box, bundle)
        if _version(box) != version or "Rolled back" not in said:
            raise NotProven(said + box.run("box400", "upgrade", "--status", check=False))
        told = require_same(before, contents(box))
        require_nothing_failed(box)
        return f"{version}, {told}; {_times(said)}\n{said.strip().splitlines()[-1]}"

    return prove


def _tried(box: Container, bundle: Path) -> str:
    with bundle.open("rb") as file:
        box.feed(file, "sh", "-c", f"cat >{BUNDLE}")
    return box.run("box400", "upgrade", BUNDLE, "--wait", "5", "--patience", "60", within=WITHIN, check=False)


def _version(box: Container) -> str:
    return box.run("readlink", "/opt/box400/current").strip()


def _times(said: str) -> str:
    """Return how long each step took, of the lines that begin with the time of day."""
    lines = re.findall(r"^(\d\d):(\d\d):(\d\d)  (.*)$", said, re.M)
    at = [3600 * int(hour) + 60 * int(minute) + int(second) for hour, minute, second, _ in lines]
    took = [(later - now) % 86400 for now, later in pairwise(at)]
    return ", ".join(f"{line[3].strip()} {seconds} s" for line, seconds in zip(lines, took, strict=False))
