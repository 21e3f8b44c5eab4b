"""What a box that was just started must do: no failed unit, the sign-in page over HTTPS, an answer by SIP."""

from __future__ import annotations

import hashlib
import re
import socket
import ssl
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.image.machine import BOX, KERNEL, Hardware, Machine, give_kernel_options, probe, switched_on
from appliance.image.workshop import ImageFailed, Workshop

HOST = "127.73.4.1"
HTTPS, SIP = 8443, 5060
FORWARDS = (f"tcp:{HOST}:{HTTPS}-:443", f"udp:{HOST}:{SIP}-:5060")
GUEST_PEER = "10.0.2.2"
"""Whom the box sees when this machine speaks to it."""
WITHIN = 1800.0
"""A loaded machine takes many times what docs/appliance.md tells."""
CONFIGURATION = f"trunks: {{probe: {{sources: [{GUEST_PEER}], target: {GUEST_PEER}}}}}"
APPLY = f"""
until systemctl is-active -q box400-b2bua && systemctl is-active -q box400-store; do sleep 1; done
echo '{CONFIGURATION}' >/run/probe.yaml
chmod 644 /run/probe.yaml
/usr/local/bin/box400 apply /run/probe.yaml
state=$(systemctl is-system-running --wait)
"""
"""Lets us speak to the box, and ends when all of it is up."""
TELL = """
while :; do
    echo "PROBE $told SUM $(printf %s "$told" | sha256sum | cut -c1-12) END"
    sleep 5
done
"""
ASK = f"""{APPLY}
failed=$(systemctl --failed --plain --no-legend | cut -d' ' -f1 | paste -sd, -)
[ -z "$failed" ] || journalctl -b --no-pager -n 40 -u "${{failed%%,*}}"
told="state=$state failed=[$failed] slot=$(lsblk -no PARTLABEL "$(findmnt -no SOURCE /)")"
told="$told data=$(findmnt -bno SIZE /data)"
told="$told host=$(cut -d' ' -f2 /data/ssh/ssh_host_ed25519_key.pub | sha256sum | cut -c1-12)"
{TELL}"""
OPTIONS = (
    f"OPTIONS sip:{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:5099;branch=z9hG4bKsmoke;rport\r\n"
    "Max-Forwards: 70\r\n"
    f"From: <sip:smoke@{HOST}>;tag=1\r\nTo: <sip:{HOST}>\r\nCall-ID: smoke\r\nCSeq: 1 OPTIONS\r\n"
    "Content-Length: 0\r\n\r\n"
).encode()


@dataclass(frozen=True)
class Booted:
    """How a start went; times in seconds since the machine was switched on."""

    page: float
    sip: float
    told: dict[str, str]
    """What the box said of itself: state, failed, slot, data (bytes), host (its SSH key)."""

    def __str__(self) -> str:
        data = int(self.told["data"]) / (1 << 30)
        return f"sign-in page {self.page:.0f} s, SIP {self.sip:.0f} s, no failed unit, data {data:.1f} GiB"


def told_by_probe(said: str) -> dict[str, str] | None:
    """Return the facts in the probe's line; None: none has come whole yet (a serial line garbles some)."""
    for told, summed in re.findall(r"PROBE (.*) SUM (\w+) END", said):
        if hashlib.sha256(told.encode()).hexdigest()[:12] == summed:
            return dict(re.findall(r"(\w+)=\[?([^\s\]]*)", told))
    return None


def boot(shop: Workshop, name: str, disk: Path, hardware: Hardware, processor: Sequence[str] = BOX) -> Booted:
    """Start a box and look at it. Raises ImageFailed."""
    give_kernel_options(shop, disk, KERNEL)
    with switched_on(shop, name, [disk], hardware, processor, forwards=FORWARDS, more=probe(ASK)) as machine:
        page, sip = await_served(machine)
        told = await_told(machine, WITHIN)
        if told["state"] != "running" or told["failed"] or told["slot"] != "root-a":
            raise ImageFailed(f"{name}: {told}\n{machine.said()[-6000:]}")
    return Booted(page, sip, told)


def await_served(machine: Machine) -> tuple[float, float]:
    """Wait for the sign-in page and an answer by SIP of a box that knows us; return when they came."""
    page = machine.await_(_has_page, "the sign-in page over HTTPS", WITHIN, 3)
    return page, machine.await_(_answers_sip, "an answer to OPTIONS", WITHIN)


def await_told(machine: Machine, within: float) -> dict[str, str]:
    """Wait for the facts of the probe."""
    machine.await_(lambda: told_by_probe(machine.said()) is not None, "what the box tells", within)
    told = told_by_probe(machine.said())
    assert told is not None
    return told


def _has_page() -> bool:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its authority is minutes old
    try:
        with urllib.request.urlopen(f"https://{HOST}:{HTTPS}/login", timeout=10, context=context) as answer:
            return b"password" in answer.read()
    except OSError:
        return False


def _answers_sip() -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        ours.settimeout(10)  # of a machine that is emulated
        try:
            ours.sendto(OPTIONS, (HOST, SIP))
            return ours.recv(4096).startswith(b"SIP/2.0 200")
        except OSError:
            return False
