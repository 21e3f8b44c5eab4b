"""Versions to upgrade to, signed by an own key: one is well, one is sick on this box's data alone."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from appliance.acceptance.shown import DATA, ROOT

NEWER = {"box400/__init__.py": "\n# The next version.\n"}
"""File -> what the version has at its end."""
SICK = {
    "storage/evolution/__init__.py": """

def _spoil(mapping: Any) -> None:
    for tenant in mapping[ROOT_KEY].tenants.values():
        tenant.name = "spoilt"


STEPS = (*STEPS, Step(STEPS[-1].number + 1, "spoil", _spoil))
evolve_main.__kwdefaults__["steps"] = STEPS
""",
    "webui/__init__.py": f'''
import sys

if "{DATA}" in sys.argv:
    sys.exit("this version is sick")
''',
}
"""Well on trial; on the box it gives the data another shape and content, and its pages do not start."""


def release(name: str, changes: dict[str, str], place: Path) -> Path:
    """Return the signed file of this version with changes, made below ``place`` with its key unless there."""
    key = place / "release"
    if not key.exists():
        _bundle(ROOT, "--new-key", str(key))
    with tempfile.TemporaryDirectory(dir=place, prefix="sources-") as scratch:
        sources = Path(scratch) / "sources"
        _git("clone", "--quiet", "--shared", str(ROOT), str(sources))
        for file, more in changes.items():
            with (sources / file).open("a", encoding="utf-8") as end:
                end.write(more)
        who = ("-c", "user.name=acceptance", "-c", "user.email=acceptance@box400.invalid")
        _git("-C", str(sources), *who, "commit", "--quiet", "--all", "--message", name)
        return Path(_bundle(sources, "--to", str(place / name), "--sign", str(key)).split()[-1])


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True)


def _bundle(sources: Path, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "appliance.bundle", *words], cwd=sources, env=os.environ | {"PYTHONPATH": "."},
        check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout
