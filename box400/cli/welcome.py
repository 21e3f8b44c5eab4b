"""What ``box400 run`` says when the box is up: what listens where, and how to make the first call."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from box400.cli.options import default_data
from box400.cli.words import words
from domain.routing.destination import DestinationKind
from domain.snapshot import BoxSnapshot, NumberPlan, TenantSnapshot, TrunkSnapshot
from storage.data_directory import DataDirectory

MOST_LINES = 6
"""Trunks or tenants that are named; a large box is not printed whole."""


def welcome(data: DataDirectory, logins: Sequence[str] = ()) -> str:
    """Return the lines, read from the settings and the configuration in force; ``logins`` are told once."""
    settings, box, tenants = data.read_settings(), _box(data), _tenants(data)
    lines = [words(f"box400 is up (data in {data.root}).", f"box400 已启动（数据目录 {data.root}）。")]
    for listener in settings.listeners_of(box):
        host = f"[{listener.bind}]" if ":" in listener.bind else listener.bind
        spoken = ", ".join(listener.transports)
        lines.append(f"  SIP      {host}:{listener.port} {spoken} ({listener.name})")
    if settings.web:
        lines.append(f"  web      http://{settings.web}/")
        lines += [f"           {login}" for login in logins]
    lines += [f"  {words('trunk', '中继'):<7}  {_trunk(each)}" for each in box.trunks[:MOST_LINES]]
    for tenant in tenants[:MOST_LINES]:
        numbers = ", ".join(plan.number for plan in tenant.numbers[:MOST_LINES])
        lines.append(f"  {words('numbers', '号码'):<7}  {numbers} ({tenant.name})")
    lines += _first_call(data, tenants)
    lines.append(
        words(f"Logs are in {data.log}. Ctrl-C ends the box.", f"日志在 {data.log}。按 Ctrl-C 停止。")
    )
    return "\n".join(lines)


def _trunk(trunk: TrunkSnapshot) -> str:
    sources = ", ".join(trunk.sources) or "-"
    return words(
        f"{trunk.name}: calls from {sources}, to {trunk.target or '-'}",
        f"{trunk.name}：来电自 {sources}，呼出至 {trunk.target or '-'}",
    )


def _first_call(data: DataDirectory, tenants: list[TenantSnapshot]) -> list[str]:
    plans = [plan for tenant in tenants for plan in tenant.numbers]
    if not plans:
        return [words("No number yet: box400 apply FILE.yaml", "还没有号码：box400 apply FILE.yaml")]
    command = _command()
    where = "" if data.root == default_data() else f" --data {data.root}"
    menu = next((plan.number for plan in plans if _has_menu(plan)), None)
    greeting = next((plan.number for plan in plans if plan.welcome), None)
    straight = (plan.number for plan in plans if not plan.welcome and not _has_menu(plan))
    direct = next(straight, plans[0].number)
    calls = [(f"call {direct} --answer", "call and answer it, end to end", "拨打并接听，端到端验证")]
    if greeting is not None:
        calls.insert(0, (f"call {greeting} --seconds 8", "hear the welcome prompt", "听欢迎词"))
    if menu is not None:
        calls.append(
            (
                f"call {menu} --keys w5,1 --answer --seconds 12",
                "choose 1 in the voice menu",
                "在语音导航中按 1",
            )
        )
    calls += [
        ("records", "what became of the calls", "查看话单"),
        ("status", "how the box is", "查看运行状态"),
    ]
    width = max(len(call) for call, _, _ in calls)
    return [
        words("Make the first call from another terminal:", "在另一个终端拨打第一个电话："),
        *(f"  {command} {call:<{width}}{where}   # {words(en, zh)}" for call, en, zh in calls),
    ]


def _has_menu(plan: NumberPlan) -> bool:
    return plan.entry is not None and plan.entry.kind is DestinationKind.FLOW


def _command() -> str:
    """Return how to call us from here."""
    ours = Path(sys.executable).with_name("box400")
    try:
        return str(ours.relative_to(Path.cwd()))
    except ValueError:
        return str(ours)


def _box(data: DataDirectory) -> BoxSnapshot:
    try:
        return msgspec.json.decode(data.box_snapshot.read_bytes(), type=BoxSnapshot)
    except FileNotFoundError:
        return BoxSnapshot()


def _tenants(data: DataDirectory) -> list[TenantSnapshot]:
    files = sorted(data.tenant_snapshots.glob("*.json"))
    return [msgspec.json.decode(file.read_bytes(), type=TenantSnapshot) for file in files]
