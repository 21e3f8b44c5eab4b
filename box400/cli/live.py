"""``box400 status``, ``calls``, ``hangup``, ``alarms``: the box as it is now."""

from __future__ import annotations

import sys
from datetime import datetime

import click
import msgspec

from b2bua.control import AskCalls, Calls, Done, HangUp
from box400.cli.control import ask
from box400.cli.moment import beijing
from box400.cli.options import NOT_DONE, NOT_RUNNING, complain, data_option, json_option
from box400.cli.parts import who_text
from box400.cli.table import duration, printable, table
from box400.cli.words import language, words
from box400.processes import BoxStatus, ProcessState, box_status
from domain.trouble_words import trunk_trouble
from storage.backup_schedule import BackupState
from storage.data_directory import DataDirectory
from storage.offsite.state import OffsiteState
from storage.records.call_id import BEIJING


@click.command()
@data_option
@json_option
def status(data: DataDirectory, as_json: bool) -> None:
    """Show the box's processes, listeners, trunks, calls and alarms.

    Memory is proportional set size: what processes share is counted once in the sum.

    \b
    Exit status: 0 the box serves calls; 3 it does not run.

    \b
    Examples:
      box400 status
      box400 status --json | jq .b2bua.calls
    """
    now = box_status(data)
    if as_json:
        click.echo(msgspec.json.encode(now))
    else:
        click.echo(_status_text(now))
    if not now.up:
        sys.exit(NOT_RUNNING)


def _status_text(now: BoxStatus) -> str:
    head = words(("process", "pid", "memory", "up for", ""), ("进程", "进程号", "内存", "已运行", ""))
    down = words("down", "未运行")
    rows = [
        (
            each.name,
            str(each.pid),
            f"{each.memory_kib / 1024:.0f} MB",
            duration(each.uptime_seconds),
            _process_detail(each, now),
        )
        if each.up
        else (each.name, "", "", down, "")
        for each in now.processes
    ]
    rows.append((words("together", "合计"), "", f"{now.memory_kib / 1024:.0f} MB", "", ""))
    parts = [table(head, rows, right=(1, 2, 3))]
    if now.b2bua is not None:
        for listener in now.b2bua.listeners:
            parts.append(f"SIP {listener.transport:<4} {listener.address}  ({listener.name})")
        for trunk in now.b2bua.trunks:
            detail = f" ({trunk_trouble(trunk.detail, language())})" if trunk.detail else ""
            label = words("trunk", "中继")
            state = _trunk_state(trunk.state)
            parts.append(f"{label} {trunk.name}: {state}{detail}, {trunk.calls} {words('calls', '路通话')}")
        draining = words(", draining", "，不再接新呼叫") if now.b2bua.draining else ""
        parts.append(f"{words('calls', '通话')}: {now.b2bua.calls}{draining}")
    if now.backup is not None:
        parts.append(_backup_text(now.backup))
    if now.offsite is not None:
        parts.append(_offsite_text(now.offsite))
    parts.append(_alarms_text(now))
    return "\n".join(printable_lines(parts))


def _process_detail(process: ProcessState, now: BoxStatus) -> str:
    """Say what a process has to do, in the language spoken."""
    zh = process.detail
    if process.name == "ledger" and now.ledger is not None:
        zh = f"待入库话单 {now.ledger.waiting}，未结束呼叫 {now.ledger.open_calls}"
    elif process.name == "recorder" and now.recorder is not None:
        zh = f"待合成录音 {now.recorder.backlog}，已合成 {now.recorder.made}"
    elif process.name == "notices" and now.notices is not None:
        zh = f"发送中 {now.notices.under_way}，已发送 {now.notices.sent}，失败 {now.notices.failed}"
    elif process.name == "b2bua" and now.b2bua is not None:
        zh = f"通话 {now.b2bua.calls}，已注册话机 {now.b2bua.registrations}"
    elif now.b2bua is not None:
        endpoints = {f"media-{each.index}": each.endpoints for each in now.b2bua.workers}
        if process.name in endpoints:
            zh = f"媒体端点 {endpoints[process.name]}"
    return words(process.detail, zh)


def _trunk_state(state: str) -> str:
    return words(state, {"up": "正常", "down": "故障", "unknown": "未知", "off": "停用"}.get(state, state))


def printable_lines(parts: list[str]) -> list[str]:
    """Make each line printable and keep the line ends."""
    return [printable(line) for part in parts for line in part.splitlines()]


def _offsite_text(state: OffsiteState) -> str:
    label = words("backup off the machine", "异机备份")
    if state.error:
        return f"{label}: {words('failed', '失败')}: {state.error}"
    if not state.good_at:
        return f"{label}: {words('none yet', '尚无')}"
    drill = state.drill
    proved = ""
    if drill is not None:
        verdict = words("failed", "未通过") if drill.faults else words("passed", "通过")
        proved = words(
            f", drill of {beijing(drill.at)} {verdict}", f"，{beijing(drill.at)} 恢复演练{verdict}"
        )
    return f"{label}: {state.to}, {beijing(state.good_at)}{proved}"


def _backup_text(state: BackupState) -> str:
    label = words("backup", "备份")
    if state.good_at:
        told = words(
            f"{_moment(state.good_at)} to {state.to}, {state.kept} kept",
            f"{_moment(state.good_at)} 至 {state.to}，保留 {state.kept} 代",
        )
    else:
        told = words(f"none yet to {state.to}", f"{state.to} 尚无备份")
    failed = words(f"; the last try failed: {state.error}", f"；最近一次失败：{state.error}")
    return f"{label}: {told}{failed if state.error else ''}"


def _alarms_text(now: BoxStatus) -> str:
    if not now.alarms:
        return words("no alarms", "无告警")
    return "\n".join(
        f"{_moment(alarm.since)}  {alarm.severity.upper():<8}  {words(alarm.en, alarm.zh)}"
        for alarm in now.alarms
    )


def _moment(utc: float) -> str:
    return datetime.fromtimestamp(utc, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


@click.command()
@data_option
@json_option
def alarms(data: DataDirectory, as_json: bool) -> None:
    """List what is wrong with the box right now.

    Works with the box down: then it shows what was wrong when it last ran.

    \b
    Exit status: 0 nothing is wrong; 1 something is.

    \b
    Example:
      box400 alarms --json
    """
    now = box_status(data)
    if as_json:
        click.echo(msgspec.json.encode(now.alarms))
    else:
        click.echo("\n".join(printable_lines([_alarms_text(now)])))
    if now.alarms:
        sys.exit(NOT_DONE)


@click.command()
@data_option
@json_option
def calls(data: DataDirectory, as_json: bool) -> None:
    """List the calls that are up, oldest first.

    \b
    Exit status: 0 also when there are none; 3 the box is not running.

    \b
    Examples:
      box400 calls
      box400 calls --json
    """
    live = ask(data, AskCalls(), Calls).calls
    if as_json:
        click.echo(msgspec.json.encode(live))
        return
    head = words(
        ("call", "400 number", "caller", "from", "state", "who", "trunk", "seconds"),
        ("呼叫", "400号码", "主叫", "归属地", "状态", "被叫", "中继", "秒"),
    )
    anonymous = words("anonymous", "匿名")
    rows = [
        (
            each.call,
            each.number,
            each.caller or anonymous,
            each.place,
            each.state,
            who_text(each.who, each.parts),
            each.trunk,
            f"{each.seconds:.0f}",
        )
        for each in live
    ]
    click.echo(table(head, rows, right=(7,)))


@click.command()
@click.argument("call", nargs=-1)
@click.option("--all", "every", is_flag=True, help="End every call that is up.")
@data_option
def hangup(call: tuple[str, ...], every: bool, data: DataDirectory) -> None:
    """End calls that are up; their records say that an operator did it.

    \b
    Exit status: 0 they were ended; 1 one of them is not up; 3 the box is not running.

    \b
    Examples:
      box400 hangup 01M8172EV8WM5RPGMQH3500BQN
      box400 hangup --all
    """
    if every == bool(call):
        raise click.UsageError("name calls or say --all")
    up = [each.call for each in ask(data, AskCalls(), Calls).calls]
    strange = [each for each in call if each not in up]
    for each in up if every else [each for each in call if each in up]:
        ask(data, HangUp(each), Done)
        click.echo(each)
    if strange:
        complain(f"Not up: {', '.join(strange)}", f"没有这些通话：{'、'.join(strange)}")
