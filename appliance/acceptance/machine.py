"""The machine under the program: its units, how confined and hardened they are, ports, pages, its roles."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from appliance.acceptance.shown import ROOT, NotProven
from appliance.container import BOX, Container

OPEN = {22, 80, 443, 5060}
"""Ports that the firewall role lets in by default; whoever else listens does so for the box alone."""
MOST_EXPOSED = 3.0
LEAST_HARDENED = 80
UP_WITHIN = 120.0


def nothing_failed(box: Container) -> str:
    """All units came up, those of the program among them."""
    if box.settle() != "running":
        raise NotProven(box.run("systemctl", "--failed", "--no-pager", check=False))
    end, state = time.monotonic() + UP_WITHIN, ""
    while state != "active":  # a box that was started anew comes up in a machine that runs
        if time.monotonic() > end:
            raise NotProven(box.run("systemctl", "list-dependencies", "--no-pager", "box400.target"))
        time.sleep(0.2)
        state = box.run("systemctl", "show", "-P", "ActiveState", "box400.target").strip()
    return state


def confined(box: Container) -> str:
    """Systemd finds each process of the program exposed by 3.0 at most."""
    table = dict(
        re.findall(
            r"^(box400-\S+\.service)\s+([0-9.]+)", box.run("systemd-analyze", "security", "--no-pager"), re.M
        )
    )
    if len(table) < 5 or max(map(float, table.values())) > MOST_EXPOSED:
        raise NotProven(str(table))
    return ", ".join(f"{unit} {level}" for unit, level in table.items())


def hardened(box: Container) -> str:
    """Lynis rates the machine 80 or better; kernel settings outside the network are the container host's."""
    said = box.run("lynis", "audit", "system", "--quick", "--no-colors", within=600, check=False)
    index = re.search(r"Hardening index : (\d+)", said)
    if index is None or int(index[1]) < LEAST_HARDENED:
        raise NotProven(said[-6000:])
    return f"hardening index {index[1]}"


def open_ports(box: Container) -> str:
    """Nobody listens to the network but on the ports that the firewall names."""
    lines = box.run("ss", "-Hlntu").splitlines()
    heard = {line.split()[4].rpartition(":") for line in lines}
    outside = {int(port) for address, _, port in heard if not address.startswith(("127.", "[::1]"))}
    if outside - OPEN:
        raise NotProven(f"ports {sorted(outside - OPEN)} listen")
    return ", ".join(map(str, sorted(outside)))


def pages(box: Container) -> str:
    """A browser gets the sign-in page by the TLS of the box's own authority, and is sent there from HTTP."""
    authority = box.run("cat", "/data/certificates/authority.crt")
    file = Path(f"/run/{box.name}-authority.crt")
    file.write_text(authority)
    try:
        text = box.peer("curl", "-sS", "--fail", "--cacert", str(file), f"https://{BOX}/login")
        moved = box.peer("curl", "-sS", "-o", "/dev/null", "-w", "%{redirect_url}", f"http://{BOX}/login")
    finally:
        file.unlink()
    if "password" not in text or moved != f"https://{BOX}/login":
        raise NotProven(text[:2000] + moved)
    return f"{len(text)} bytes"


def changes_nothing(bundle: Path, ansible: Path) -> Callable[[Container], str]:
    """The roles, applied to the running box once more, change nothing."""

    def prove(box: Container) -> str:
        done = subprocess.run(
            [str(ansible / "ansible-playbook"), "site.yml", "-i", "/,", "-c", "rootdir", "-e",
             f"rootdir_leader={box.leader}", "-e", f"box400_bundle={bundle}"],
            cwd=ROOT / "appliance/ansible", env=os.environ | {"PATH": f"{ansible}:{os.environ['PATH']}"},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        changed = re.search(r"changed=(\d+)", done.stdout)
        if done.returncode or changed is None or changed[1] != "0":
            tasks = [
                task for task in done.stdout.split("\nTASK ") if "\nchanged:" in task or "\nfatal:" in task
            ]
            raise NotProven("\n".join(tasks)[-4000:] + done.stderr)
        return "changed=0"

    return prove
