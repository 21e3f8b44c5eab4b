"""``box400 simulate`` (模拟来电)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from box400.cli import main
from domain.routing.plan import RoutePlan
from domain.routing.target import BoundNumber, RingStrategy, TargetGroup
from domain.snapshot import BoxSnapshot, TenantSnapshot
from storage.data_directory import DataDirectory
from storage.serving.snapshots import Snapshots, write
from tests.unit.routing.plans import NUMBER, hours, plan, rule, to

NORTH = TargetGroup(
    "north",
    (BoundNumber("13800002222", label="李雷", confirm_seconds=10), BoundNumber("13700003333")),
    RingStrategy.SIMULTANEOUS,
    20.0,
    to("number:4001003722"),
)


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """A data directory with snapshots and nothing that runs."""
    data = DataDirectory(tmp_path)
    data.create()
    routing = RoutePlan(
        hours=hours("workdays 09:00-18:00"),
        rules=(rule("group:north", "东北"),),
        when_busy=(BoundNumber("13600004444"),),
    )
    number = plan(routing, pin="2580")
    tenant = TenantSnapshot(id="acme", name="Acme", numbers=(number,), groups=(NORTH,), version=1)
    write(data, Snapshots(BoxSnapshot(version=1), (tenant,)))
    return tmp_path


def simulate(box: Path, *arguments: str, lang: str = "en") -> Result:
    return CliRunner().invoke(main, ["--lang", lang, "simulate", "--data", str(box), *arguments])


def test_a_call_is_explained_in_the_operators_language(box: Path) -> None:
    """Why, who rings, and what then."""
    ask = (NUMBER, "--from", "+862461234567", "--at", "2026-10-10 09:30")
    assert simulate(box, *ask).output.splitlines() == [
        "02461234567 (辽宁 沈阳/抚顺/本溪/铁岭 024), Sat 2026-10-10 09:30, working day by 调休 (国庆节)"
        " -> rule 1 -> PIN is asked -> group north -> all at once -> 13800002222 comes first",
        "phones, each round 20 s:",
        "  1. 13800002222 李雷 press 1 to accept, 13700003333",
        "on busy: 13600004444",
        "when nobody answers: number 4001003722",
    ]
    assert simulate(box, *ask, lang="zh").output.splitlines() == [
        "02461234567（辽宁 沈阳/抚顺/本溪/铁岭 024），2026-10-10 09:30 周六，调休上班日（国庆节）"
        " -> 规则 1 -> 需输入专用密码 -> 振铃组 north -> 同振 -> 13800002222 优先",
        "振铃顺序（每轮 20 秒）：",
        "  1. 13800002222 李雷 按 1 接听, 13700003333",
        "遇忙前转：13600004444",
        "均未接听：号码 4001003722",
    ]


def test_a_closed_number_says_so(box: Path) -> None:
    """And a withheld caller too."""
    lines = simulate(box, NUMBER, "--at", "2026-10-11 09:30").output.splitlines()
    assert lines == [
        "number withheld, Sun 2026-10-11 09:30, weekend -> outside opening hours",
        "turned away: Called outside opening hours",
    ]


def test_json_for_programs(box: Path) -> None:
    """With codes, facts and both languages."""
    found = json.loads(
        simulate(box, NUMBER, "--from", "02461234567", "--at", "2026-10-09 10:00", "--json").output
    )
    assert found["to"] == "group:north"
    assert found["rounds"][0][0]["number"] == "13800002222"
    assert (found["area_code"], found["region"], found["needs_pin"], found["vip"]) == (
        "024",
        "东北",
        True,
        False,
    )
    assert found["reasons"][2] == {
        "code": "rule", "facts": {"index": "1", "name": ""}, "en": "rule 1", "zh": "规则 1",
    }  # fmt: skip
    assert found["otherwise"] == "number:4001003722"


def test_a_number_nobody_has(box: Path) -> None:
    """Exit status 1."""
    result = simulate(box, "4001009999")
    assert result.exit_code == 1
    assert "has the number 4001009999" in result.output
