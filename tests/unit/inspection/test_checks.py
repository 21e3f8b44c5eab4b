"""What each automatic check says of a machine and its box."""

from __future__ import annotations

from typing import Any

import pytest

from domain.inspection.catalogue import Layer, catalogue
from domain.inspection.checks import CHECKS, judge
from domain.inspection.facts import (
    BoxFacts,
    Certificate,
    DiskHealth,
    Facts,
    FileSystem,
    MachineFacts,
    Operator,
    Socket,
    Trunk,
    merged,
)
from domain.inspection.verdict import Verdict
from tests.unit.inspection.facts import DAY, MACHINE, NOW, well

GOOD, WARN, BAD, UNKNOWN = Verdict.GOOD, Verdict.WARN, Verdict.BAD, Verdict.UNKNOWN
BRIEF = [
    "物理访问控制", "防盗窃和防破坏", "防雷击", "防火", "防水和防潮", "防静电", "温湿度控制", "电力供应",
    "电磁防护",
    "结构安全与网段划分", "网络访问控制", "网络安全审计", "边界完整性检查", "网络入侵防范", "恶意代码防范",
    "网络设备防护", "身份鉴别", "访问控制", "安全审计", "系统保护", "入侵防护", "恶意代码防护", "资源控制",
]  # fmt: skip
"""The control points that the brief names for place, network and host."""


def test_every_control_point_of_the_brief_is_a_row() -> None:
    """In its layer, in both languages, with what to look at."""
    points = catalogue()
    first = [
        point.zh for point in points.values() if point.layer in (Layer.PHYSICAL, Layer.NETWORK, Layer.HOST)
    ]
    assert first == BRIEF
    assert {point.layer for point in points.values()} == set(Layer)
    for point in points.values():
        assert all((point.zh, point.en, point.look_zh, point.look_en)), point.id
        assert set(point.checks) <= set(CHECKS), point.id


def test_every_check_belongs_to_a_point() -> None:
    """None is written for nothing."""
    assert {name for point in catalogue().values() for name in point.checks} == set(CHECKS)


def test_where_all_is_well_every_check_is_good() -> None:
    """And says so in both languages."""
    for result in judge(CHECKS, well()):
        assert result.verdict is GOOD, result
        assert result.zh
        assert result.en


def test_what_could_not_be_learnt_is_never_called_good() -> None:
    """A machine that tells nothing leaves the work to people; only what the box itself knows is judged."""
    nothing = Facts(NOW, MachineFacts(), BoxFacts())
    assert [each.check for each in judge(CHECKS, nothing) if each.verdict is GOOD] == ["idle_operators"]


@pytest.mark.parametrize(("check", "verdict", "changed"), [
    ("clock", BAD, {"clock_synchronised": False}),
    ("clock", WARN, {"clock_offset": -0.6}),
    ("clock", BAD, {"clock_offset": 7.0}),
    ("clock", GOOD, {"clock_offset": None}),
    ("disk_space", WARN, {"file_systems": (FileSystem("/data", 10**12, 0.85),)}),
    ("disk_space", BAD, {"file_systems": (FileSystem("/data", 10**12, 0.1, inodes_used=0.95),)}),
    ("disk_health", BAD, {"disk_health": (DiskHealth("/dev/sda", False),)}),
    ("disk_health", UNKNOWN, {"disk_health": None}),
    ("disk_health", GOOD, {"disk_health": None, "virtual": True}),
    ("memory", WARN, {"memory_available": 1024**3}),
    ("memory", BAD, {"memory_available": 100 * 1024**2}),
    ("load", WARN, {"load": 5.0}),
    ("load", BAD, {"load": 9.0}),
    ("temperature", BAD, {"temperature": 95.0}),
    ("network_address", BAD, {"address": ""}),
    ("failed_units", BAD, {"failed_units": ("box400-ledger.service",)}),
    ("certificates", WARN, {"certificates": (Certificate("a", "CN=a", NOW + 20 * DAY),)}),
    ("certificates", BAD, {"certificates": (Certificate("a", "CN=a", NOW - DAY),)}),
    ("firewall", BAD, {"firewall_refuses": False}),
    ("open_ports", WARN, {"listening": (Socket("tcp", 3306, "0.0.0.0"),)}),
    ("ssh_keys", BAD, {"ssh_passwords": True}),
    ("system_accounts", BAD, {"empty_passwords": ("guest",)}),
    ("superusers", BAD, {"superusers": ("root", "toor")}),
    ("updates", WARN, {"updates": 3}),
    ("updates", BAD, {"updates": 3, "security_updates": 1}),
    ("updates", WARN, {"updated_at": NOW - 40 * DAY}),
    ("hardening", WARN, {"hardening": 70}),
    ("hardening", BAD, {"hardening": 50}),
    ("hardening", WARN, {"hardening_at": NOW - 200 * DAY}),
    ("logs_kept", BAD, {"log_days": 20.0, "log_kept_days": 30.0}),
    ("logs_kept", GOOD, {"log_days": 20.0, "log_kept_days": 190.0}),
    ("logs_kept", WARN, {"log_days": 20.0, "log_kept_days": None}),
    ("guessing", WARN, {"guessing": ("198.51.100.7 多次猜测 SIP 密码",)}),
    ("operators", BAD, {"operators": ()}),
    ("operators", WARN, {"operators": (Operator("li", True, False, False, 0.0),)}),
    ("operators", WARN, {"operators": (Operator("li", True, True, True, 0.0),)}),
    ("operators", BAD, {"operators": (Operator("li", False, False, True, 0.0),)}),
    ("idle_operators", WARN, {"operators": (Operator("li", True, False, True, NOW - 100 * DAY),)}),
    ("processes", BAD, {"processes_down": ("ledger",)}),
    ("critical_alarms", BAD, {"critical": (("中继断开", "trunk down"),)}),
    ("trunks", BAD, {"trunks": (Trunk("unicom", "down", "timeout"),)}),
    ("trunks", BAD, {"trunks": (Trunk("unicom", "off"),)}),
    ("trunks", UNKNOWN, {"trunks": None}),
    ("backup", BAD, {"backup_to": ""}),
    ("backup", BAD, {"backup_at": 0.0}),
    ("backup", WARN, {"backup_at": NOW - 30 * 3600}),
    ("backup", BAD, {"backup_at": NOW - 60 * 3600}),
    ("backup", WARN, {"backup_error": "disk full"}),
    ("restore_drill", WARN, {"drill_at": 0.0}),
    ("restore_drill", WARN, {"drill_at": NOW - 120 * DAY}),
    ("restore_drill", BAD, {"drill_error": "counts differ"}),
    ("journal", BAD, {"store_down": "no store"}),
    ("journal", BAD, {"journal_damaged": 2}),
    ("journal", WARN, {"journal_lag": 2 * 1024**2}),
    ("books", BAD, {"book_problems": ("alpha: off by 3",)}),
    ("recordings", WARN, {"recordings_failed": 1}),
])  # fmt: skip
def test_what_is_wrong_is_seen(check: str, verdict: Verdict, changed: dict[str, Any]) -> None:
    """Each threshold, on the side that matters."""
    (result,) = judge([check], well(**changed))
    assert result.verdict is verdict, result
    assert result.check == check


def test_where_this_process_may_not_look_roots_word_stands() -> None:
    """What it learnt itself is newer."""
    mine = MachineFacts(at=NOW + 60, load=2.0, firewall_refuses=None, disk_health=None)
    both = merged(mine, MACHINE)
    assert (both.at, both.load) == (NOW + 60, 2.0)
    assert (both.firewall_refuses, both.disk_health) == (True, MACHINE.disk_health)
