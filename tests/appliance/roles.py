"""The roles, and the tools that run them, in an environment of their own lock."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import venv
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ANSIBLE = ROOT / "appliance" / "ansible"
ROLES = ANSIBLE / "roles"


@cache
def tools() -> Path:
    """Return the directory of ansible's commands; made anew when the lock changed."""
    lock = ROOT / "requirements-appliance.txt"
    place = ROOT / "build" / "ansible"
    stamp, wanted = place / "installed", hashlib.sha256(lock.read_bytes()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        venv.create(place, clear=True, with_pip=True)
        command = [place / "bin" / "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
        subprocess.run([*command, "--require-hashes", "-r", lock], check=True)
        stamp.write_text(wanted)
    return place / "bin"


def ansible(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of ansible's commands beside the roles, with nothing of this machine's own settings."""
    environment = {
        "PATH": f"{tools()}:{os.environ['PATH']}",
        "HOME": str(ROOT / "build" / "ansible"),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [str(tools() / command), *arguments],
        cwd=ANSIBLE, env=environment, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def render(to: Path, **variables: object) -> dict[str, str]:
    """Return target path -> text of every template, with the roles' defaults and ``variables`` over them."""
    rendered = to / "rendered.json"
    extra = {"roles_place": str(ROLES), "render_to": str(rendered), **variables}
    playbook = str(ROOT / "tests" / "appliance" / "render.yml")
    defaults = [ANSIBLE / "group_vars" / "all.yml", *ROLES.glob("*/defaults/main.yml")]
    values = [
        word for each in (*(f"@{file}" for file in defaults), json.dumps(extra)) for word in ("-e", each)
    ]
    done = ansible("ansible-playbook", "-i", "localhost,", playbook, *values)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(rendered.read_text())
    return {name.partition("/templates")[2].removesuffix(".j2"): text for name, text in found.items()}
