"""What several commands take, and how they end."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, TypeVar

import click

from box400.cli.words import words
from storage.data_directory import DataDirectory

NOT_DONE = 1
NOT_RUNNING = 3

F = TypeVar("F", bound=Callable[..., object])


def default_data() -> Path:
    """Return ``$BOX400_DATA``, else ``var/`` beside the code."""
    named = os.environ.get("BOX400_DATA")
    return Path(named) if named else Path(__file__).resolve().parents[2] / "var"


def _as_data(context: click.Context, parameter: click.Parameter, value: Path | None) -> DataDirectory:
    return DataDirectory(value or default_data())


def data_option(command: F) -> F:
    """Give a command ``--data DIR``, passed to it as a DataDirectory."""
    return click.option(
        "--data",
        type=click.Path(file_okay=False, path_type=Path),
        callback=_as_data,
        metavar="DIR",
        help="Data directory of the box.  [default: $BOX400_DATA, else var/ beside the code]",
    )(command)


def json_option(command: F) -> F:
    """Give a command ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")(command)


def complain(en: str, zh: str, status: int = NOT_DONE) -> NoReturn:
    """Say on standard error why it was not done, and exit."""
    click.echo(words(en, zh), err=True)
    sys.exit(status)
