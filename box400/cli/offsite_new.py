"""``box400 restore REPOSITORY --new``: a new box that is up takes over what a backup holds."""

from __future__ import annotations

import time
from typing import Final, NoReturn

import click

from box400.cli.moment import beijing
from box400.cli.offsite import asked
from box400.cli.options import complain
from box400.cli.words import words
from domain.refusal import NotPossible
from storage.data_directory import DataDirectory
from storage.offsite import asking
from storage.offsite.restic import OffsiteError, public_key
from storage.offsite.takeover import Phase, Restoring
from webui.services.first_setup import is_new

LOOK_SECONDS: Final = 1.0


def restore_new(data: DataDirectory, repository: str, host_key: str) -> None:
    """Fetch, show, ask, take; exits when something is refused."""
    if not is_new(data):
        complain(
            "This box is set up: stop it and restore with --aside.",
            "本机已初始化，请停机后用 --aside 恢复。",
        )
    try:
        if repository.startswith("sftp:"):
            key = public_key(data)
            click.echo(words("Key of this box for the server:", "本机公钥（请添加到服务器）：") + f"\n{key}")
            host_key = host_key or click.prompt(
                words("Host key of the server (of known_hosts)", "服务器主机密钥（known_hosts 中的一行）")
            )
        asking.ask(data, asked(repository, host_key))
    except NotPossible as error:
        complain(f"{error}", error.zh)
    except OffsiteError as error:
        complain(f"{error}", f"{error}")
    state = _ended(data)
    click.echo(_contents(state))
    if not click.confirm(words("Start with these data?", "启用这份数据？"), default=True):
        return
    asking.take(data)
    _await(data, Phase.DONE)
    click.echo(words("The box has started with it.", "系统已用恢复的数据启动。"))


def _ended(data: DataDirectory) -> Restoring:
    """Wait until the backup is ready; exits when it failed."""
    state = _await(data, Phase.READY)
    if state is None or state.phase is Phase.FAILED:
        _fail(state)
    return state


def _fail(state: Restoring | None) -> NoReturn:
    why = ("it was forgotten", "请求已丢失") if state is None else (state.why, state.why_zh)
    complain(f"It failed: {why[0]}", f"失败：{why[1]}")


def _await(data: DataDirectory, wanted: Phase) -> Restoring | None:
    """Wait for a phase, telling how far it is."""
    said = ""
    while True:
        state = asking.look(data)
        if state is None or state.phase in (wanted, Phase.FAILED):
            return state
        line = _line(state)
        if line != said:
            click.echo(line)
        said = line
        time.sleep(LOOK_SECONDS)


def _line(state: Restoring) -> str:
    if state.phase is Phase.FETCHING:
        return words(f"Fetching: {state.percent} %", f"正在取回：{state.percent} %")
    return {
        Phase.ASKED: words("Waiting until it begins ...", "等待开始……"),
        Phase.CONNECTING: words("Looking for the backup ...", "正在查找备份……"),
        Phase.CHECKING: words("Comparing and counting ...", "正在校验并清点数据……"),
    }.get(state.phase, words("The box starts anew ...", "系统正在重新启动……"))


def _contents(state: Restoring) -> str:
    return words(
        f"Backup of {beijing(state.made)}: {state.tenants} tenants, {state.numbers} numbers, "
        f"{state.records} call records, {state.recordings} recordings.",
        f"{beijing(state.made)} 的备份：{state.tenants} 个客户、{state.numbers} 个号码、"
        f"{state.records} 条话单、{state.recordings} 个录音。",
    )
