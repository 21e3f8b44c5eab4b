"""What a proof is, and what several of them ask of a box."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from appliance.container import Container, ContainerFailed

ROOT = Path(__file__).parents[2]
DATA = "/data/box400"
Proof = tuple[str, Callable[[Container], str]]
"""Its name, and what shows it; that returns what there is to tell."""


class NotProven(Exception):
    """The box is not as it should be."""


def as_owner(box: Container, module: str, *words: str) -> str:
    """Run a module of the box's program as the account that owns the data."""
    account = ("setpriv", "--reuid=box400", "--regid=box400", "--init-groups")
    return box.run(*account, "/opt/box400/current/bin/python", "-m", module, *words)


def records(box: Container, *words: str) -> list[dict[str, Any]]:
    """Return the call records, newest first."""
    found: list[dict[str, Any]] = json.loads(
        box.run("box400", "records", "--json", "--limit", "1000", *words)
    )
    return found


def recording(box: Container, call: str) -> str:
    """Return the hash of a call's recording; empty while there is none."""
    file = f"{DATA}/fetched.flac"
    box.run("rm", "-f", file)
    box.run("box400", "recording", "get", call, file, check=False)
    content = box.run("sha256sum", file, check=False).split()
    return content[0] if box.run("head", "-c", "4", file, check=False) == "fLaC" else ""


def contents(box: Container) -> dict[str, Any]:
    """Return what a box knows, to compare with another or a later one: counts, settings, records, audio."""
    rows = records(box)
    told = as_owner(box, "storage.upgrade.census", "--live", "--data", DATA)
    return {
        "counts": json.loads(told),
        "settings": hashlib.sha256(box.run("box400", "export").encode()).hexdigest(),
        "records": [row["id"] for row in rows],
        "recordings": {row["id"]: recording(box, row["id"]) for row in rows},
    }


def require_same(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return the counts in words; raises NotProven when anything is another."""
    different = [f"{name}: {before[name]} -> {after[name]}" for name in before if before[name] != after[name]]
    if different:
        raise NotProven("\n".join(different))
    counts = after["counts"]
    names = ("tenants", "numbers", "records", "recordings")
    return ", ".join(f"{counts[name]} {name}" for name in names)


def require_nothing_failed(box: Container) -> None:
    """Raise NotProven when a unit lies failed."""
    failed = box.run("systemctl", "--failed", "--plain", "--no-legend", check=False).strip()
    if failed:
        raise NotProven(failed)


def named(proofs: Sequence[Callable[[Container], str]]) -> list[Proof]:
    """Name proofs by their functions."""
    return [(proof.__name__.replace("_", " "), proof) for proof in proofs]


def show(box: Container, name: str, prove: Callable[[Container], str]) -> None:
    """Show a proof and tell how it went; raises NotProven, with what the box said last told."""
    began = time.monotonic()
    try:
        told = prove(box)
    except (NotProven, ContainerFailed, ValueError) as failure:
        print(f"FAILED  {name} ({time.monotonic() - began:.1f} s)\n{failure}")
        print(box.run("journalctl", "-b", "-n", "60", "--no-pager", check=False), flush=True)
        raise NotProven(name) from failure
    took, load = time.monotonic() - began, os.getloadavg()[0]
    print(f"proven  {name} ({took:.1f} s, load {load:.0f}): {told}", flush=True)
