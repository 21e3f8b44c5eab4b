"""``box400 flow draft``, ``publish``, ``rollback`` and ``remove``."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from b2bua.in_force import change_in_force
from b2bua.recorder import voice
from box400.cli.database import main_database
from box400.cli.flow_documents import read_file, refuse
from box400.cli.options import complain, data_option
from box400.cli.words import language, words
from domain.flow.problems import FlowProblem
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.voice import flows

NOT_IN_FORCE = 4

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., object])


def _by(command: F) -> F:
    return click.option(
        "--by", default=getpass.getuser, metavar="WHO", help="Who does it.  [default: your login name]"
    )(command)


def _note(command: F) -> F:
    return click.option("--note", default="", metavar="TEXT", help="Why, for the list of versions.")(command)


@click.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE.json")
@_by
@data_option
def draft(tenant: str, name: str, file: Path, by: str, data: DataDirectory) -> None:
    """Keep FILE.json as the draft of flow NAME, in place of the one there was. It may be unfinished.

    \b
    Exit status: 0 kept; 1 it is no flow document, or there is no such tenant; 3 the store is not running.
    """
    document = read_file(file)

    def work(root: Root) -> tuple[FlowProblem, ...]:
        flows.save_draft(root, tenant, name, document, by=by, at=time.time())
        return flows.problems_of(root, tenant, name, document, list(voice.WORDS))

    problems, _ = _change(data, work, f"draft of flow {tenant}/{name}")
    click.echo(words("Draft kept.", "草稿已保存。"))
    for problem in problems:
        click.echo(words("to do: ", "待改：") + problem.line(language()))


@click.command()
@click.argument("tenant")
@click.argument("name")
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                metavar="[FILE.json]")  # fmt: skip
@_by
@_note
@data_option
def publish(tenant: str, name: str, file: Path | None, by: str, note: str, data: DataDirectory) -> None:
    """Publish FILE.json, or else the draft, as flow NAME, for calls from now on.

    \b
    Exit status: 0 in force; 1 not published: each line names a node and the remedy; 3 the store is not
    running; 4 stored, but not in force yet.

    \b
    Example:
      box400 flow publish acme main menu.json --note "new menu for the holidays"
    """
    document = None if file is None else read_file(file)

    def work(root: Root) -> int:
        shipped = list(voice.WORDS)
        return flows.publish(root, tenant, name, document, shipped, by=by, at=time.time(), note=note).version

    _say_in_force(*_change(data, work, f"publish flow {tenant}/{name}"))


@click.command()
@click.argument("tenant")
@click.argument("name")
@click.option("--to", type=click.IntRange(1), metavar="N", help="The version.  [default: the one before]")
@_by
@_note
@data_option
def rollback(tenant: str, name: str, to: int | None, by: str, note: str, data: DataDirectory) -> None:
    """Publish an earlier version again; it becomes the newest one.

    \b
    Exit status: 0 in force; 1 not done: there is no such version, or something it names is gone; 3 the store
    is not running; 4 stored, but not in force yet.
    """

    def work(root: Root) -> int:
        shipped = list(voice.WORDS)
        return flows.roll_back(root, tenant, name, to, shipped, by=by, at=time.time(), note=note).version

    _say_in_force(*_change(data, work, f"roll back flow {tenant}/{name}"))


@click.command()
@click.argument("tenant")
@click.argument("name")
@click.option("--draft", "only_draft", is_flag=True, help="Only its draft.")
@data_option
def remove(tenant: str, name: str, only_draft: bool, data: DataDirectory) -> None:
    """Take a flow that nobody uses out of force; its versions stay and can be rolled back to.

    \b
    Exit status: 0 removed; 1 it is used or not there; 3 the store is not running; 4 stored, but not in force.
    """
    what = flows.drop_draft if only_draft else flows.remove
    _, why_not = _change(data, lambda root: what(root, tenant, name), f"remove flow {tenant}/{name}")
    click.echo(words("Removed.", "已删除。"))
    _complain_if(why_not)


def _change(data: DataDirectory, work: Callable[[Root], T], note: str) -> tuple[T, str]:
    with main_database(data) as database:
        try:
            return change_in_force(data, database, work, note)
        except flows.FlowFault as fault:
            complain(fault.en, fault.zh)
        except flows.FlowRefused as refused:
            refuse(refused.problems)


def _say_in_force(version: int, why_not: str) -> None:
    click.echo(words(f"Version {version} published.", f"版本 {version} 已发布。"))
    _complain_if(why_not)


def _complain_if(why_not: str) -> None:
    if why_not:
        complain(f"Stored, but not in force: {why_not}.", f"已保存，尚未生效：{why_not}。", NOT_IN_FORCE)
