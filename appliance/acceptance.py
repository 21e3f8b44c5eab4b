"""Prove a box: boot a tree that the roles made in a container, and use it as people and carriers do.

``python -m appliance.acceptance TREE [--bundle DIR --ansible DIR]`` prints each proof with its time and ends
with 1 at the first that fails. With a bundle the roles run once more in the running box: nothing may change.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from appliance.container import BOX, PEER, Container, ContainerFailed, booted

ROOT = Path(__file__).parents[1]
OPEN = {22, 80, 443, 5060}
"""Ports that the firewall role lets in by default; whoever else listens does so for the box alone."""
NUMBER = "4001234567"
CALLER = f"138{int(time.time()) % 10**8:08}"
CONFIGURATION = f"""\
trunks:
  carrier: {{sources: [{PEER}], target: "{PEER}:5080", trunk_number: "01088886666"}}
tenants:
  acceptance: {{name: 验收, numbers: {{"{NUMBER}": {{bound: ["13900001111"]}}}}}}
"""
MOST_EXPOSED = 3.0
LEAST_HARDENED = 80


class NotProven(Exception):
    """The box is not as it should be."""


def nothing_failed(box: Container) -> str:
    """All units came up, those of the program among them."""
    state = box.settle()
    if state != "running":
        raise NotProven(box.run("systemctl", "--failed", "--no-pager", check=False))
    return box.run("systemctl", "show", "-P", "ActiveState", "box400.target").strip()


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


def configured(box: Container) -> str:
    """A technician applies a trunk and a tenant with the command on the box."""
    script = (
        f"file=$(mktemp --suffix=.yaml); cat >$file <<'X'\n{CONFIGURATION}X\n"
        "chmod 644 $file; box400 apply $file"
    )
    return box.run("sh", "-c", script).strip().splitlines()[-1]


def call_with_audio(box: Container) -> str:
    """A carrier's call rings the bound number through the box; both hear each other."""
    said = box.peer(
        str(ROOT / ".venv/bin/python"), "-m", "box400", "call", NUMBER, "--from", PEER, "--to", f"{BOX}:5060",
        "--caller", CALLER, "--answer", "--answer-at", f"{PEER}:5080", "--json", "--data", "/nonexistent",
    )  # fmt: skip
    report = json.loads(said)
    return json.dumps(report)[:300]


def record_and_recording(box: Container) -> str:
    """The call is in the records, and its recording is a FLAC file that can be fetched."""
    for _ in range(60):
        found = json.loads(box.run("box400", "records", "--json", "--caller", CALLER))
        if found:
            file = f"/data/box400/{found[0]['id']}.flac"
            told = box.run("box400", "recording", "get", found[0]["id"], file, check=False)
            if box.run("head", "-c", "4", file, check=False) == "fLaC":
                return f"{found[0]['outcome']}, {told.strip()}"
        time.sleep(0.5)
    raise NotProven("no record with a recording within 30 s")


def sipp_call(box: Container) -> str:
    """The same with sipp as the carrier."""
    said = box.peer(
        "timeout",
        "60",
        "sipp",
        "-sn",
        "uas",
        "-i",
        PEER,
        "-p",
        "5080",
        "-m",
        "1",
        "-rtp_echo",
        "-bg",
        check=False,
    )
    said = box.peer(
        "timeout", "60", "sipp", "-sn", "uac", "-s", NUMBER, "-i", PEER, "-p", "5070", "-m", "1",
        "-d", "3000", "-rtp_echo", f"{BOX}:5060", check=False,
    )  # fmt: skip
    if "1" not in re.findall(r"Successful call\s+\|\s+\d+\s+\|\s+(\d+)", said):
        raise NotProven(said[-3000:])
    return "1 successful call"


def comes_back(box: Container) -> str:
    """A process that is killed, and one that hangs, are up again."""
    before = box.run("systemctl", "show", "-P", "MainPID", "box400-b2bua").strip()
    began = time.monotonic()
    box.run("kill", "-9", before)
    while not _serves(box):
        if time.monotonic() - began > 60:
            raise NotProven("the SIP process did not come back within 60 s")
        time.sleep(0.1)
    return f"SIP serves again {time.monotonic() - began:.1f} s after kill -9"


def _serves(box: Container) -> bool:
    url = f"https://{BOX}/healthz"
    return box.peer("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", url, check=False) == "200"


def upgraded(bundle: Path) -> Callable[[Container], str]:
    """The box upgrades itself by a signed bundle: calls and records are there afterwards, nothing failed."""

    def prove(box: Container) -> str:
        with bundle.open("rb") as file:
            box.feed(file, "sh", "-c", "cat >/data/new.bundle")
        before = len(json.loads(box.run("box400", "records", "--json")))
        said = box.run("box400", "upgrade", "/data/new.bundle", "--wait", "5", within=3600, check=False)
        version = box.run("readlink", "/opt/box400/current").strip()
        if version not in bundle.name or "Upgraded" not in said:
            raise NotProven(said + box.run("box400", "upgrade", "--status", check=False))
        after = len(json.loads(box.run("box400", "records", "--json")))
        if after < before or box.run("systemctl", "--failed", "--plain", "--no-legend", check=False).strip():
            raise NotProven(f"{before} records before, {after} after\n{said}")
        down = re.findall(r"^(\d\d):(\d\d):(\d\d)  (?:Stop the box|Check that)", said, re.M)
        seconds = [3600 * int(h) + 60 * int(m) + int(s) for h, m, s in down]
        return f"{version}, {after} records, down for {(seconds[-1] - seconds[0]) % 86400} s"

    prove.__name__ = "an upgrade by a signed bundle"
    return prove


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

    prove.__name__ = "a second run changes nothing"
    return prove


def main() -> int:
    """Read the command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="appliance.acceptance", description="Prove a box in a container.")
    parser.add_argument("tree", type=Path)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--ansible", type=Path, help="directory of ansible-playbook")
    parser.add_argument("--upgrade", type=Path, metavar="BUNDLE", help="signed bundle of a newer version")
    options = parser.parse_args()
    proofs: list[Callable[[Container], str]] = [
        nothing_failed,
        confined,
        hardened,
        open_ports,
        pages,
        configured,
        call_with_audio,
        record_and_recording,
        sipp_call,
        comes_back,
    ]
    if options.bundle:
        proofs.append(changes_nothing(options.bundle.absolute(), options.ansible.absolute()))
    if options.upgrade:
        proofs += [upgraded(options.upgrade.absolute()), pages, call_with_audio, record_and_recording]
    with booted(options.tree.absolute(), "acceptance") as box:
        for proof in proofs:
            began = time.monotonic()
            name = proof.__name__.replace("_", " ")
            try:
                told = proof(box)
            except (NotProven, ContainerFailed, ValueError) as failure:
                print(f"FAILED  {name}\n{failure}")
                print(box.run("journalctl", "-b", "-n", "40", "--no-pager", check=False))
                return 1
            print(f"proven  {name} ({time.monotonic() - began:.1f} s): {told}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
