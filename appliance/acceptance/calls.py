"""Calls through the box: as a carrier's and as sipp's, their records and recordings."""

from __future__ import annotations

import json
import re
import time

from appliance.acceptance.shown import ROOT, NotProven, recording, records
from appliance.container import BOX, PEER, Container

NUMBER = "4001234567"
CONFIGURATION = f"""\
trunks:
  carrier: {{sources: [{PEER}], target: "{PEER}:5080", trunk_number: "01088886666"}}
tenants:
  acceptance: {{name: 验收, numbers: {{"{NUMBER}": {{bound: ["13900001111"]}}}}}}
"""


def configured(box: Container) -> str:
    """A technician applies a trunk and a tenant with the command on the box."""
    script = (
        f"file=$(mktemp --suffix=.yaml); cat >$file <<'X'\n{CONFIGURATION}X\n"
        "chmod 644 $file; box400 apply $file"
    )
    return box.run("sh", "-c", script).strip().splitlines()[-1]


def call_with_audio(box: Container) -> str:
    """A carrier's call rings the bound number through the box, both hear each other, and it is recorded."""
    caller = f"138{time.time_ns() // 10**6 % 10**8:08}"
    said = box.peer(
        str(ROOT / ".venv/bin/python"), "-m", "box400", "call", NUMBER, "--from", PEER, "--to", f"{BOX}:5060",
        "--caller", caller, "--answer", "--answer-at", f"{PEER}:5080", "--json", "--data", "/nonexistent",
    )  # fmt: skip
    for _ in range(60):
        found = records(box, "--caller", caller)
        if found and recording(box, found[0]["id"]):
            return f"{found[0]['outcome']}, recorded; {json.dumps(json.loads(said))[:200]}"
        time.sleep(0.5)
    raise NotProven(f"no record with a recording within 30 s: {said}")


def sipp_call(box: Container) -> str:
    """The same with sipp as the carrier."""
    uas = ("-sn", "uas", "-i", PEER, "-p", "5080", "-m", "1", "-rtp_echo", "-bg")
    uac = ("-sn", "uac", "-s", NUMBER, "-i", PEER, "-p", "5070", "-m", "1", "-d", "3000", "-rtp_echo")
    box.peer("timeout", "60", "sipp", *uas, check=False)
    said = box.peer("timeout", "60", "sipp", *uac, f"{BOX}:5060", check=False)
    if "1" not in re.findall(r"Successful call\s+\|\s+\d+\s+\|\s+(\d+)", said):
        raise NotProven(said[-3000:])
    return "1 successful call"


def comes_back(box: Container) -> str:
    """A process that is killed, and one that hangs, are up again."""
    before = box.run("systemctl", "show", "-P", "MainPID", "box400-b2bua").strip()
    began = time.monotonic()
    box.run("kill", "-9", before)
    _await_service(box)
    return f"SIP serves again {time.monotonic() - began:.1f} s after kill -9"


def comes_up_late(box: Container) -> str:
    """The unit before the SIP process fails once at the start, as when it is too slow: the watch goes on."""
    place = "/run/systemd/system/box400-settings.service.d"
    box.run("mkdir", "-p", place)
    box.write(f"{place}/fails.conf", "[Service]\nExecStartPre=/bin/false\n")
    try:
        box.run("systemctl", "daemon-reload")
        box.run("systemctl", "restart", "box400.target", check=False)
        state = box.run("systemctl", "is-active", "box400-b2bua", check=False).strip()
    finally:
        box.run("rm", "-r", place)
        box.run("systemctl", "daemon-reload")
    if state == "active":
        raise NotProven("the SIP process was started although the unit before it failed")
    began = time.monotonic()
    box.run("systemctl", "start", "appliance-watch.service")
    _await_service(box)
    return f"SIP serves {time.monotonic() - began:.1f} s after the watch looked"


def _await_service(box: Container) -> None:
    end = time.monotonic() + 60
    while not _serves(box):
        if time.monotonic() > end:
            raise NotProven("SIP is not served within 60 s")
        time.sleep(0.1)


def _serves(box: Container) -> bool:
    url = f"https://{BOX}/healthz"
    return box.peer("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", url, check=False) == "200"
