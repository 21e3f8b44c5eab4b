"""Let ``--help`` speak Chinese where messages do: texts of ``help_zh.toml``, click's own words by a table."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import click

from box400.cli.words import language

FILE: Final = Path(__file__).with_name("help_zh.toml")
EVERY: Final = "*"
"""The table of options that mean the same in all commands."""

_HEADINGS: Final = {"Options": "选项", "Commands": "命令", "Arguments": "参数"}
_MARKS: Final = (("[default: ", "[默认："), ("[required]", "[必填]"), ("x>=", "不小于 "))


@cache
def texts() -> dict[str, Any]:
    """Return what there is in Chinese, by the path of a command."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


class SpokenFormatter(click.HelpFormatter):
    """Writes click's own words in the language spoken."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Begin with the usage."""
        if language() == "zh":
            prefix = "用法: "
            args = args.replace("[OPTIONS]", "[选项]").replace("COMMAND [ARGS]...", "命令 [参数]...")
        super().write_usage(prog, args, prefix)

    def write_heading(self, heading: str) -> None:
        """Head a section."""
        super().write_heading(_HEADINGS.get(heading, heading) if language() == "zh" else heading)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """List options or commands."""
        if language() == "zh":
            rows = [(name, _marked(text)) for name, text in rows]
        super().write_dl(rows, col_max, col_spacing)


class SpokenContext(click.Context):
    """Formats help in the language spoken."""

    formatter_class = SpokenFormatter


def spoken(command: click.Command, path: str) -> click.Command:
    """Give a command, and those below it, the help of the language spoken; return it."""
    command.context_class = SpokenContext
    if isinstance(command, click.Group):
        for name, each in command.commands.items():
            spoken(each, f"{path} {name}")
    english = _ENGLISH.get(command)
    if english is None:
        english = _ENGLISH[command] = _English(
            command.help,
            command.short_help,
            [each.help for each in command.params if isinstance(each, click.Option)],
        )
    _restore(command, english)
    if language() == "zh":
        _translate(command, texts().get(path, {}))
    return command


class _English(NamedTuple):
    """What a command says by itself."""

    help: str | None
    short_help: str | None
    options: list[str | None]


_ENGLISH: WeakKeyDictionary[click.Command, _English] = WeakKeyDictionary()


def _restore(command: click.Command, english: _English) -> None:
    command.help, command.short_help = english.help, english.short_help
    options = [each for each in command.params if isinstance(each, click.Option)]
    for option, text in zip(options, english.options, strict=True):
        option.help = text


def _translate(command: click.Command, mine: dict[str, Any]) -> None:
    if "text" in mine:
        # Click would fill lines at spaces, of which Chinese has none: every paragraph stands as it is.
        command.help = "\n\n".join(f"\b\n{each}" for each in mine["text"].strip("\n").split("\n\n"))
        command.short_help = mine["text"].strip("\n").split("\n", 1)[0]
    options = {**texts()[EVERY]["options"], **mine.get("options", {})}
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            parameter.help = options.get(long_name(parameter), parameter.help)


def long_name(option: click.Option) -> str:
    """Return the name of an option that people read: ``--data``."""
    return max(option.opts, key=len)


def _marked(text: str) -> str:
    if text == "Show this message and exit.":
        return str(texts()[EVERY]["options"]["--help"])
    for english, chinese in _MARKS:
        text = text.replace(english, chinese)
    return text
