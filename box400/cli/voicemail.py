"""``box400 voicemail``: the messages that callers left."""

from __future__ import annotations

import shutil
import time
from itertools import islice
from pathlib import Path
from typing import NoReturn

import click
import msgspec

from box400.cli.database import recordings_database
from box400.cli.moment import Moment, beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from storage.data_directory import DataDirectory
from storage.recordings import RecordingDamaged, RecordingFacts, RecordingMissing
from storage.recordings.messages import MARKS, MessageFilter
from storage.recordings.search import newest


@click.group()
def voicemail() -> None:
    """List, get, mark and delete messages. A message has the id of the call in which it was left."""


@voicemail.command(name="list")
@data_option
@json_option
@click.option(
    "--xlsx", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.xlsx", help="Write Excel."
)
@click.option("--tenant", default="", metavar="ID", help="Only this tenant's.")
@click.option("--box", default="", metavar="NAME", help="Only this voicemail box's.")
@click.option("--number", default="", metavar="400...", help="Only calls to this number.")
@click.option("--caller", default="", metavar="NUMBER", help="Only this caller's.")
@click.option("--mark", type=click.Choice(["new", *MARKS]), help="Only these.")
@click.option("--since", type=Moment(), default="1970-01-01", help="Left at or after: 2026-10-01, 90m.")
@click.option("--until", type=Moment(), help="Left before.")
@click.option("--limit", type=click.IntRange(0), help="At most so many; 0: all.  [default: 50; --xlsx: all]")
def list_(
    data: DataDirectory,
    as_json: bool,
    xlsx: Path | None,
    tenant: str,
    box: str,
    number: str,
    caller: str,
    mark: str | None,
    since: float,
    until: float | None,
    limit: int | None,
) -> None:
    """List messages, newest first. Times are Beijing time; in JSON, UTC POSIX seconds.

    \b
    Exit status: 0 shown, also when there is none; 3 the store is not running.

    \b
    Examples:
      box400 voicemail list --tenant demo --mark new
      box400 voicemail list --xlsx october.xlsx --since 2026-10-01 --until 2026-11-01
    """
    wanted = MessageFilter(tenant, box, number, caller, mark, since, until)
    with recordings_database(data) as recordings:
        most = limit if limit is not None else (0 if xlsx is not None else 50)
        found = list(islice(newest(recordings.messages(), wanted), most or None))
    if xlsx is not None:
        from storage.export.messages import write_xlsx

        write_xlsx(xlsx, found)
        click.echo(words(f"{len(found)} messages", f"{len(found)} 条留言"))
    elif as_json:
        click.echo(msgspec.json.encode([msgspec.structs.asdict(each) for each in found]))
    else:
        _print(found)


def _print(found: list[RecordingFacts]) -> None:
    head = words(
        ("message", "left at", "400 number", "caller", "box", "seconds", "mark", "by"),
        ("留言", "时间", "400号码", "主叫", "信箱", "秒", "状态", "处理人"),
    )
    rows = [
        (
            each.id, beijing(each.at), each.number, each.caller or words("anonymous", "匿名"), each.box,
            f"{each.seconds:.1f}", mark_words(each.mark), each.marked_by,
        )
        for each in found
    ]  # fmt: skip
    click.echo(table(head, rows, right=(5,)))


def mark_words(mark: str) -> str:
    """Return a mark in the language spoken."""
    return {"heard": words("heard", "已听"), "done": words("done", "已处理")}.get(mark, words("new", "新"))


@voicemail.command()
@click.argument("message", metavar="ID")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE.flac]"
)
@data_option
def get(message: str, file: Path | None, data: DataDirectory) -> None:
    """Copy a message to FILE.flac, by default ID.flac here, after comparing it with its check sum.

    \b
    Exit status: 0 copied; 1 there is none, or it is damaged; 3 the store is not running.
    """
    target = file or Path(f"{message}.flac")
    with recordings_database(data) as recordings:
        messages = recordings.messages()
        try:
            messages.check(message)
            shutil.copyfile(messages.path(message), target)
        except RecordingMissing:
            _no_message(message)
        except RecordingDamaged as error:
            complain(f"The message is damaged: {error}.", f"留言已损坏：{error}。")
    click.echo(str(target))


@voicemail.command()
@click.argument("message", metavar="ID")
@click.argument("mark", type=click.Choice(["new", *MARKS]))
@click.option("--as", "agent", default="", metavar="AGENT", help="Who says so.")
@data_option
def mark(message: str, mark: str, agent: str, data: DataDirectory) -> None:
    """Say what was done about a message: heard, done, or new again.

    \b
    Exit status: 0 marked; 1 there is no such message; 3 the store is not running.
    """
    with recordings_database(data) as recordings:
        try:
            recordings.messages().mark(message, "" if mark == "new" else mark, agent, time.time())
        except RecordingMissing:
            _no_message(message)


@voicemail.command()
@click.argument("message", metavar="ID...", nargs=-1, required=True)
@data_option
def delete(message: tuple[str, ...], data: DataDirectory) -> None:
    """Delete messages. Those on legal hold stay.

    \b
    Exit status: 0 deleted; 1 one of them is not there or is held; 3 the store is not running.
    """
    with recordings_database(data) as recordings:
        gone = {each.id for each in recordings.messages().delete(message)}
    for name in message:
        if name in gone:
            click.echo(name)
    kept = [name for name in message if name not in gone]
    if kept:
        complain(f"Not there, or on legal hold: {', '.join(kept)}.", f"不存在或已被保全：{'、'.join(kept)}。")


@voicemail.command()
@click.argument("message", metavar="ID")
@click.argument("reason", metavar="REASON")
@data_option
def hold(message: str, reason: str, data: DataDirectory) -> None:
    """Keep a message whatever its age (legal hold), and say why; '' lifts the hold.

    \b
    Exit status: 0 done; 1 there is no such message; 3 the store is not running.
    """
    with recordings_database(data) as recordings:
        try:
            recordings.messages().set_hold(message, reason)
        except RecordingMissing:
            _no_message(message)


def _no_message(name: str) -> NoReturn:
    complain(f"There is no message {name}.", f"没有留言 {name}。")
