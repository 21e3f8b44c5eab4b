"""What the tools of a machine say is read right, and nothing of a tool that says nonsense."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from domain.inspection.facts import DiskHealth, MachineFacts, Socket
from storage.data_directory import DataDirectory
from webui.services.inspection import machine
from webui.services.inspection import machine_said as said

CHRONY = "CB007106,203.0.113.6,3,1763800000.1,-0.000214,0.0001,0.0003,-4.1,0.0,0.02,0.03,0.0001,64.2,Normal\n"
TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
   2: 0A0200C0:0016 0B0200C0:C350 01 00000000:00000000 00:00000000 00000000     0        0 3
"""
UDP6 = """  sl  local_address remote_address st
   0: 00000000000000000000000000000000:13C4 00000000000000000000000000000000:0000 07 0 0 0 0 0
   1: 00000000000000000000000001000000:0143 00000000000000000000000000000000:0000 07 0 0 0 0 0
"""


def test_the_clock() -> None:
    """By chrony, or by what systemd says."""
    assert said.clock_of_chrony(CHRONY) == (True, -0.000214, "203.0.113.6")
    lost = CHRONY.replace("Normal", "Not synchronised")
    assert said.clock_of_chrony(lost)[0] is False
    assert said.clock_of_chrony("nonsense") == (False, None, "")
    assert said.clock_of_timedate("NTPSynchronized=yes\n") is True
    assert said.clock_of_timedate("") is None


@pytest.mark.parametrize(("policy", "hook", "refuses"), [
    ("drop", "input", True), ("accept", "input", False), ("drop", "forward", False),
])  # fmt: skip
def test_the_firewall(policy: str, hook: str, refuses: bool) -> None:
    """A base chain of input that drops by default."""
    rules = {"nftables": [{"metainfo": {}}, {"chain": {"hook": hook, "policy": policy}}]}
    assert said.refuses(json.dumps(rules)) is refuses
    assert said.refuses("{}") is None


def test_disks() -> None:
    """By their own word; one without SMART says nothing."""
    told = json.dumps({"model_name": "WD Red", "smart_status": {"passed": False}})
    assert said.health("/dev/sda", told) == DiskHealth("/dev/sda", False, "WD Red")
    assert said.health("/dev/sdb", json.dumps({"messages": []})) is None


def test_updates_units_and_accounts() -> None:
    """Counted as the tools print them."""
    apt = """Reading...
Inst libc6 [1] (2 Debian-Security:13/stable-security [amd64])
Inst vim [1] (2 Debian:13)
Conf vim
"""
    assert said.waiting_updates(apt) == (2, 1)
    assert said.failed_units("a.service loaded failed failed A\n\n") == ("a.service",)
    passwd = """root:x:0:0::/root:/bin/bash
toor:x:0:0::/:/bin/sh
www:x:33:33::/:/usr/sbin/nologin
li:x:1000:1000::/:/bin/bash
"""
    superusers, shells = said.accounts(passwd)
    assert (superusers, shells) == (("root", "toor"), ("root", "toor", "li"))
    shadow = "root:!:1::::::\ntoor::1::::::\nli:$y$abc:1::::::\nwww:$6$x:1::::::\n"
    assert said.passwords(shadow, shells) == (("li",), ("toor",))
    assert (
        said.ssh_passwords("port 22\npasswordauthentication no\nkbdinteractiveauthentication no\n") is False
    )
    assert said.ssh_passwords("passwordauthentication no\nkbdinteractiveauthentication yes\n") is True
    assert said.ssh_passwords("") is None


def test_memory_lynis_and_logs() -> None:
    """Figures and spans."""
    assert said.memory("MemTotal: 2048 kB\nMemAvailable: 1024 kB\n") == (2048 * 1024, 1024 * 1024)
    assert said.memory("") is None
    assert said.lynis_index("a=1\nhardening_index=83\n") == 83
    assert said.lynis_index("") is None
    assert said.kept_days("#MaxRetentionSec=\nMaxRetentionSec=190d\n") == 190
    assert said.kept_days("MaxRetentionSec=6month\n") == pytest.approx(182.6, abs=0.1)
    assert said.kept_days("#MaxRetentionSec=\n") is None


def test_what_listens_for_other_machines() -> None:
    """Not what is for this machine alone, nor a connection."""
    assert said.listening(TCP, "tcp") == [Socket("tcp", 443, "0.0.0.0")]
    assert said.listening(UDP6, "udp") == [Socket("udp", 5060, "::")]


def test_a_machine_is_looked_at_and_kept_for_the_pages(tmp_path: Path) -> None:
    """This very machine: what it has no tool for is unknown. Everybody may read it; a torn file is none."""
    data = DataDirectory(tmp_path)
    assert machine.read_kept(data) is None
    facts = machine.keep(data)
    assert facts.memory
    assert facts.file_systems
    assert facts.cores
    assert facts.listening is not None
    assert machine.read_kept(data) == facts
    assert data.machine_facts.stat().st_mode & 0o777 == 0o644
    data.machine_facts.write_bytes(msgspec.json.encode(MachineFacts())[:5])
    assert machine.read_kept(data) is None
