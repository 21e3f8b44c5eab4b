"""``box400 prompts pack``: the voices of the system prompts."""

from __future__ import annotations

import getpass
import time
from pathlib import Path

import click
import msgspec

from b2bua.recorder import voice
from box400.cli.moment import beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.prompt_database import change_prompts, read_prompts
from box400.cli.table import table
from box400.cli.words import language, words
from box400.prompt_pack import PackError, Read, read_pack
from storage.data_directory import DataDirectory
from storage.models import PromptPack, Root
from storage.voice import prompt_packs
from storage.voice.prompt_faults import PromptFault


@click.group()
def pack() -> None:
    """Import voices: audio files named like the shipped prompts, as a folder or a zip file.

    A pack is chosen by configuration: `box: {prompt_pack: NAME}`, or for one tenant `prompt_pack: NAME`.
    What a pack lacks is spoken by the shipped voice.
    """


@pack.command("import")
@click.argument("name")
@click.argument("path", type=click.Path(exists=True, path_type=Path), metavar="FOLDER|ZIP")
@data_option
@json_option
def import_(name: str, path: Path, data: DataDirectory, as_json: bool) -> None:
    """Import a pack, or replace the one of that NAME; heard from the next call on where it is chosen.

    Each file is named like a prompt (`box400 prompts words`), such as busy.wav or digit-8.flac. All that is
    wrong is told at once, and with any fault nothing is imported.

    \b
    Exit status: 0 imported; 1 not done; 3 the store is not running; 4 stored, but not in force yet.

    \b
    Example:
      box400 prompts pack import lady recordings/lady.zip
    """
    try:
        prompt_packs.require_name(name)
        read = read_pack(data, path)
    except PromptFault as fault:
        complain(fault.en, fault.zh)
    except PackError as error:
        lines = [fault.zh if language() == "zh" else fault.en for fault in error.faults]
        complain("\n".join(lines), "\n".join(lines))
    made = PromptPack(name, read.prompts, time.time(), getpass.getuser(), path.name)
    change_prompts(
        data,
        lambda root: prompt_packs.put(root, made),
        f"pack {name}",
        lambda _: _tell_imported(name, read, as_json),
    )


def _tell_imported(name: str, read: Read, as_json: bool) -> None:
    if as_json:
        told = {"pack": name, "prompts": len(read.prompts), "missing": read.missing, "ignored": read.ignored}
        click.echo(msgspec.json.encode(told))
        return
    click.echo(words(f"Imported {len(read.prompts)} prompts.", f"已导入 {len(read.prompts)} 条提示音。"))
    if read.missing:
        names = ", ".join(read.missing)
        click.echo(words(f"Spoken by the shipped voice: {names}.", f"由自带语音补足：{names}。"))
    if read.ignored:
        names = ", ".join(read.ignored)
        click.echo(words(f"No audio, ignored: {names}.", f"非音频，已忽略：{names}。"))


@pack.command("list")
@data_option
@json_option
def list_(data: DataDirectory, as_json: bool) -> None:
    """List the imported packs and who uses them.

    \b
    Exit status: 0 listed; 3 the store is not running.
    """

    def work(root: Root) -> list[tuple[PromptPack, list[str]]]:
        return [(each, sorted(prompt_packs.users_of(root, each.name))) for each in prompt_packs.packs(root)]

    found = read_prompts(data, work)
    if as_json:
        click.echo(msgspec.json.encode([{"pack": each, "users": users} for each, users in found]))
        return
    if not found:
        click.echo(words("No packs; the shipped voice speaks.", "没有语音包；使用自带语音。"))
        return
    head = words(
        ("pack", "prompts", "imported", "by", "from", "used by"),
        ("语音包", "条数", "导入时间", "导入者", "来源", "使用者"),
    )
    rows = [
        (
            each.name, f"{len(each.prompts)}/{len(voice.WORDS)}", beijing(each.imported_at),
            each.imported_by, each.source, ", ".join(users) or "-",
        )
        for each, users in found
    ]  # fmt: skip
    click.echo(table(head, rows, right=(1,)))


@pack.command()
@click.argument("name")
@data_option
def remove(name: str, data: DataDirectory) -> None:
    """Remove a pack that nobody uses.

    \b
    Exit status: 0 removed; 1 not done: it is used; 3 the store is not running; 4 stored, but not in force
      yet.
    """
    change_prompts(
        data,
        lambda root: prompt_packs.remove(root, name),
        f"remove pack {name}",
        lambda _: click.echo(words(f"Removed {name}.", f"已删除 {name}。")),
    )
