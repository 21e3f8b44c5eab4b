"""``box400 prompts``: what callers hear."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from b2bua.recorder import prompts as audio
from b2bua.recorder import voice
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.prompt_changes import remove, review, rollback, upload
from box400.cli.prompt_database import read_prompts, state
from box400.cli.prompt_pack import pack
from box400.cli.table import duration, table
from box400.cli.words import words
from storage.data_directory import DataDirectory
from storage.models import PromptState, Root, TenantPrompt
from storage.voice import own_prompts


@click.group()
def prompts() -> None:
    """Upload, review and choose what callers hear.

    A tenant's prompt has a name and versions; configuration names it prompt:NAME and callers hear the
    approved version that is in force. What a tenant uploads waits for the operator's review; what the
    operator uploads is approved at once. System prompts (digits, queue and voicemail announcements ...)
    come in packs.
    """


for each in (upload, review, rollback, remove, pack):
    prompts.add_command(each)


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

    found, usage = read_prompts(data, work)
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
        tenant, prompt.name, str(prompt.in_force or "-"), str(newest.version), state(newest),
        duration(newest.seconds), newest.file, beijing(newest.uploaded_at), newest.uploaded_by,
    )  # fmt: skip


def _waits(prompt: TenantPrompt) -> bool:
    return any(version.state is PromptState.PENDING for version in prompt.versions)


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

    prompt = read_prompts(data, work)
    if as_json:
        click.echo(msgspec.json.encode(prompt))
        return
    head = words(
        ("version", "state", "length", "bytes", "file", "uploaded", "by", "reviewed", "by"),
        ("版本", "状态", "时长", "字节", "文件", "上传时间", "上传者", "审核时间", "审核者"),
    )
    rows = [
        (
            f"{each.version}{' *' if each.version == prompt.in_force else ''}", state(each),
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
    found = read_prompts(data, lambda root: own_prompts.find(root, tenant, name, version))
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
