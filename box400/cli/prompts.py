"""``box400 prompts``: what callers hear."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from b2bua.recorder import prompts as audio
from b2bua.recorder import voice
from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.prompt_pack import pack
from box400.cli.table import duration, table
from box400.cli.words import words
from box400.in_force import change_in_force
from box400.prompts import prepare
from storage import own_prompts
from storage.data_directory import DataDirectory
from storage.models import PromptState, PromptVersion, Root, TenantPrompt
from storage.prompt_faults import PromptFault

NOT_IN_FORCE = 4
STATES = {
    PromptState.PENDING: ("waits for review", "待审核"),
    PromptState.APPROVED: ("approved", "已通过"),
    PromptState.REJECTED: ("rejected", "已驳回"),
}

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


@click.group()
def prompts() -> None:
    """Upload, review and choose what callers hear.

    A tenant's prompt has a name and versions; configuration names it prompt:NAME and callers hear the
    approved version that is in force. What a tenant uploads waits for the operator's review; what the
    operator uploads is approved at once. System prompts (digits, queue and voicemail announcements ...)
    come in packs.
    """


prompts.add_command(pack)


def by_option(command: F) -> F:
    """Give a command ``--by WHO``."""
    return click.option(
        "--by", default=getpass.getuser, metavar="WHO", help="Who does it.  [default: your login name]"
    )(command)


@prompts.command("list")
@click.argument("tenant", required=False, metavar="[TENANT]")
@click.option("--pending", is_flag=True, help="Only what waits for review.")
@data_option
@json_option
def list_(tenant: str | None, pending: bool, data: DataDirectory, as_json: bool) -> None:
    """List prompts of a tenant, or of all, with what they take of the tenant's quota.

    \b
    Exit status: 0 listed; 1 there is no such tenant; 3 the store is not running.

    \b
    Examples:
      box400 prompts list --pending
      box400 prompts list acme
    """

    def work(root: Root) -> tuple[dict[str, list[TenantPrompt]], dict[str, own_prompts.Usage]]:
        names = list(root.tenants) if tenant is None else [tenant]
        found = {name: own_prompts.prompts_of(root, name) for name in names}
        return found, {name: own_prompts.usage(root, name) for name in names}

    found, usage = _read(data, work)
    if pending:
        found = {name: [each for each in own if _waits(each)] for name, own in found.items()}
    if as_json:
        rows = [
            {"tenant": name, "usage": usage[name]._asdict(), "prompts": own} for name, own in found.items()
        ]
        click.echo(msgspec.json.encode(rows))
        return
    head = words(
        ("tenant", "prompt", "in force", "newest", "state", "length", "file", "uploaded", "by"),
        ("租户", "提示音", "使用版本", "最新版本", "状态", "时长", "文件", "上传时间", "上传者"),
    )
    rows_ = [_row(name, prompt) for name, own in found.items() for prompt in own]
    if rows_:
        click.echo(table(head, rows_, right=(2, 3, 5)))
    else:
        click.echo(words("No prompts.", "没有提示音。"))
    for name, used in usage.items():
        if tenant is not None or used.octets:
            click.echo(_usage(name, used))


def _row(tenant: str, prompt: TenantPrompt) -> tuple[str, ...]:
    newest = prompt.versions[-1]
    return (
        tenant, prompt.name, str(prompt.in_force or "-"), str(newest.version), _state(newest),
        duration(newest.seconds), newest.file, beijing(newest.uploaded_at), newest.uploaded_by,
    )  # fmt: skip


def _waits(prompt: TenantPrompt) -> bool:
    return any(version.state is PromptState.PENDING for version in prompt.versions)


def _state(version: PromptVersion) -> str:
    text = words(*STATES[version.state])
    return f"{text} ({version.reason})" if version.reason else text


def _usage(tenant: str, used: own_prompts.Usage) -> str:
    taken, most = used.octets / own_prompts.MEBIBYTE, used.most_octets // own_prompts.MEBIBYTE
    minutes, most_minutes = used.seconds / 60, round(used.most_seconds / 60)
    return words(
        f"{tenant}: {taken:.1f} of {most} MiB, {minutes:.1f} of {most_minutes} minutes",
        f"{tenant}：已用 {taken:.1f}/{most} MiB，{minutes:.1f}/{most_minutes} 分钟",
    )


@prompts.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--for-review", is_flag=True, help="As the tenant uploads it: not heard before it is approved.")
@by_option
@data_option
@json_option
def upload(
    tenant: str, name: str, file: Path, for_review: bool, by: str, data: DataDirectory, as_json: bool
) -> None:
    """Upload FILE as a new version of a tenant's prompt; heard from the next call on.

    Any format and rate, up to 50 MB and 10 minutes; brought to the loudness of all prompts. Configuration
    names it prompt:NAME.

    \b
    Exit status:
      0  uploaded (and in force, unless --for-review)
      1  not done: no audio, over the quota ...; the text on standard error says why
      3  the store is not running
      4  stored, but not in force yet: the b2bua is not running

    \b
    Examples:
      box400 prompts upload acme greeting greeting.wav
      box400 prompts upload acme greeting new.mp3 --for-review --by acme
    """
    _read(data, lambda root: own_prompts.prompts_of(root, tenant))  # a wrong tenant is told before decoding
    try:
        prepared = prepare(data, file)
    except audio.PromptError as error:
        complain(error.english, error.chinese)
    now = time.time()
    _change(
        data,
        lambda root: own_prompts.upload(root, tenant, name, prepared, by=by, at=now, approved=not for_review),
        f"prompt {tenant} {name}",
        lambda version: _told(tenant, name, version, as_json),
    )


@prompts.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("version", required=False, type=click.IntRange(1), metavar="[VERSION]")
@click.option("--approve", is_flag=True, help="Callers hear it from the next call on.")
@click.option("--reject", metavar="REASON", help="It is not heard; the tenant is shown why.")
@by_option
@data_option
@json_option
def review(
    tenant: str, name: str, version: int | None, approve: bool, reject: str | None, by: str,
    data: DataDirectory, as_json: bool,
) -> None:  # fmt: skip
    """Approve or reject what a tenant uploaded; VERSION may be left out when one waits.

    \b
    Exit status: 0 done (an approved one is in force); 1 not done; 3 the store is not running; 4 stored,
      but not in force yet.

    \b
    Examples:
      box400 prompts get acme greeting listen.wav --version 2
      box400 prompts review acme greeting --approve
      box400 prompts review acme greeting 2 --reject "names another company"
    """
    if approve == (reject is not None):
        raise click.UsageError("say either --approve or --reject REASON")
    now = time.time()
    _change(
        data,
        lambda root: own_prompts.review(root, tenant, name, version, reason=reject, by=by, at=now),
        f"review {tenant} {name}",
        lambda reviewed: _told(tenant, name, reviewed, as_json),
    )


@prompts.command()
@click.argument("tenant")
@click.argument("name")
@data_option
@json_option
def versions(tenant: str, name: str, data: DataDirectory, as_json: bool) -> None:
    """List the versions of a prompt: who uploaded and who reviewed them, and which one is in force.

    \b
    Exit status: 0 listed; 1 there is no such prompt; 3 the store is not running.
    """

    def work(root: Root) -> TenantPrompt:
        own_prompts.find(root, tenant, name)
        return next(each for each in own_prompts.prompts_of(root, tenant) if each.name == name)

    prompt = _read(data, work)
    if as_json:
        click.echo(msgspec.json.encode(prompt))
        return
    head = words(
        ("version", "state", "length", "bytes", "file", "uploaded", "by", "reviewed", "by"),
        ("版本", "状态", "时长", "字节", "文件", "上传时间", "上传者", "审核时间", "审核者"),
    )
    rows = [
        (
            f"{each.version}{' *' if each.version == prompt.in_force else ''}", _state(each),
            duration(each.seconds), str(each.octets), each.file, beijing(each.uploaded_at), each.uploaded_by,
            beijing(each.reviewed_at) if each.reviewed_at else "-", each.reviewed_by or "-",
        )
        for each in prompt.versions
    ]  # fmt: skip
    click.echo(table(head, rows, right=(2, 3)))
    click.echo(words("* in force", "* 正在使用"))


@prompts.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("version", required=False, type=click.IntRange(1), metavar="[VERSION]")
@data_option
@json_option
def rollback(tenant: str, name: str, version: int | None, data: DataDirectory, as_json: bool) -> None:
    """Let callers hear an approved VERSION again, by default the one before the one in force.

    \b
    Exit status: 0 in force; 1 not done; 3 the store is not running; 4 stored, but not in force yet.
    """
    _change(
        data,
        lambda root: own_prompts.roll_back(root, tenant, name, version),
        f"roll back {tenant} {name}",
        lambda chosen: _told(tenant, name, chosen, as_json),
    )


@prompts.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("version", required=False, type=click.IntRange(1), metavar="[VERSION]")
@data_option
def remove(tenant: str, name: str, version: int | None, data: DataDirectory) -> None:
    """Remove a prompt that nothing uses, or one VERSION that is not in force.

    \b
    Exit status: 0 removed; 1 not done: it is used; 3 the store is not running; 4 stored, but not in force
      yet.
    """
    _change(
        data,
        lambda root: own_prompts.remove(root, tenant, name, version),
        f"remove {tenant} {name}",
        lambda gone: click.echo(
            words(f"Removed {len(gone)} version(s) of {name}.", f"已删除 {name} 的 {len(gone)} 个版本。")
        ),
    )


@prompts.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.wav")
@click.option("--version", type=click.IntRange(1), help="Another version than the one in force.")
@data_option
def get(tenant: str, name: str, version: int | None, file: Path, data: DataDirectory) -> None:
    """Write a prompt as callers hear it to FILE.wav; by default the version in force, else the newest.

    \b
    Exit status: 0 written; 1 there is no such prompt; 3 the store is not running.

    \b
    Example:
      box400 prompts get acme greeting listen.wav --version 2
    """
    found = _read(data, lambda root: own_prompts.find(root, tenant, name, version))
    if not audio.write_wav(found.address, data.root, file):
        complain(
            f"Its audio is not in {data.prompts}; restore it from a backup.",
            f"{data.prompts} 中没有它的音频；请从备份恢复。",
        )
    click.echo(str(file))


@prompts.command("words")
@json_option
def words_(as_json: bool) -> None:
    """List every system prompt with what it says, for recording a pack of your own.

    \b
    Exit status: 0 listed.
    """
    if as_json:
        rows = [{"name": name, "zh": each.zh, "en": each.en} for name, each in voice.WORDS.items()]
        click.echo(msgspec.json.encode(rows))
        return
    head = words(("prompt", "says", "for"), ("提示音", "文字", "用途"))
    click.echo(table(head, [(name, each.zh, each.en) for name, each in voice.WORDS.items()]))


def _told(tenant: str, name: str, version: PromptVersion, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({"tenant": tenant, "prompt": name, "version": version}))
        return
    click.echo(
        words(
            f"{name} version {version.version}: {_state(version)}, {version.seconds:.1f} s.",
            f"{name} 版本 {version.version}：{_state(version)}，{version.seconds:.1f} 秒。",
        )
    )


def _read(data: DataDirectory, work: Callable[[Root], T]) -> T:
    with main_database(data) as database:
        try:
            return database.read(work)
        except PromptFault as fault:
            complain(fault.en, fault.zh)


def _change(data: DataDirectory, work: Callable[[Root], T], note: str, tell: Callable[[T], None]) -> T:
    """Change, tell what was done, and whether it is in force."""
    with main_database(data) as database:
        try:
            done, why_not = change_in_force(data, database, work, note)
        except PromptFault as fault:
            complain(fault.en, fault.zh)
    tell(done)
    if why_not:
        complain(f"Stored, but not in force: {why_not}.", f"已保存，尚未生效：{why_not}。", NOT_IN_FORCE)
    return done
