"""``box400 prompts upload``, ``review``, ``rollback`` and ``remove``."""

from __future__ import annotations

import getpass
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from b2bua.recorder import prompts as audio
from box400.cli.options import complain, data_option, json_option
from box400.cli.prompt_database import change_prompts, read_prompts, state
from box400.cli.words import words
from box400.prompts import prepare
from storage.data_directory import DataDirectory
from storage.models import PromptVersion
from storage.voice import own_prompts

F = TypeVar("F", bound=Callable[..., object])


def by_option(command: F) -> F:
    """Give a command ``--by WHO``."""
    return click.option(
        "--by", default=getpass.getuser, metavar="WHO", help="Who does it.  [default: your login name]"
    )(command)


@click.command()
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
    # A wrong tenant is told before anything is decoded.
    read_prompts(data, lambda root: own_prompts.prompts_of(root, tenant))
    try:
        prepared = prepare(data, file)
    except audio.PromptError as error:
        complain(error.english, error.chinese)
    now = time.time()
    change_prompts(
        data,
        lambda root: own_prompts.upload(root, tenant, name, prepared, by=by, at=now, approved=not for_review),
        f"prompt {tenant} {name}",
        lambda version: _told(tenant, name, version, as_json),
    )


@click.command()
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
    change_prompts(
        data,
        lambda root: own_prompts.review(root, tenant, name, version, reason=reject, by=by, at=now),
        f"review {tenant} {name}",
        lambda reviewed: _told(tenant, name, reviewed, as_json),
    )


@click.command()
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
    change_prompts(
        data,
        lambda root: own_prompts.roll_back(root, tenant, name, version),
        f"roll back {tenant} {name}",
        lambda chosen: _told(tenant, name, chosen, as_json),
    )


@click.command()
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
    change_prompts(
        data,
        lambda root: own_prompts.remove(root, tenant, name, version),
        f"remove {tenant} {name}",
        lambda gone: click.echo(
            words(f"Removed {len(gone)} version(s) of {name}.", f"已删除 {name} 的 {len(gone)} 个版本。")
        ),
    )


def _told(tenant: str, name: str, version: PromptVersion, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode({"tenant": tenant, "prompt": name, "version": version}))
        return
    click.echo(
        words(
            f"{name} version {version.version}: {state(version)}, {version.seconds:.1f} s.",
            f"{name} 版本 {version.version}：{state(version)}，{version.seconds:.1f} 秒。",
        )
    )
