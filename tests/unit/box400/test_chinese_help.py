"""--help speaks the language of messages."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from box400.cli import LazyGroup, main
from box400.cli.chinese_help import EVERY, long_name, texts
from box400.cli.words import speak


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Leave the language as it was found."""
    yield
    speak("en")


def said(*arguments: str, lang: str = "zh_CN.UTF-8") -> str:
    """Run a command in a locale."""
    result = CliRunner().invoke(main, [*arguments], env={"LC_ALL": lang}, prog_name="box400")
    assert result.exit_code == 0, result.output
    return result.output


def test_the_locale_decides() -> None:
    """LANG=zh_CN: Chinese; else English; --lang goes before both."""
    assert "运行和使用 400 号码平台" in said("--help")
    assert "选项" in said("--help")
    assert "用法" in said("--help")
    assert "列出话单，最新的在前" in said("records", "--help")
    assert "只看该主叫" in said("records", "--help")
    assert "显示本说明" in said("recording", "get", "--help")
    assert "列出话单" in said("--lang", "zh", "records", "--help", lang="C.UTF-8")


@pytest.mark.parametrize(
    "arguments", [(), ("records",), ("recording", "list"), ("prompts", "pack", "import")]
)
def test_english_stays_english(arguments: tuple[str, ...]) -> None:
    """Not a Chinese word of ours where the locale is another one."""
    told = said(*arguments, "--help", lang="C.UTF-8")
    assert "Usage:" in told
    assert "选项" not in told
    assert "Exit status" in told


def walk(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """Give all commands below one, by path."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, name if isinstance(command, LazyGroup) else f"{path} {name}")


def test_what_is_told_in_chinese_is_told_whole() -> None:
    """A command that has a Chinese text has one for each of its options, and none that is gone."""
    table = texts()
    commands = dict(walk(main, "box400"))
    assert set(table) - {EVERY} <= set(commands)
    for path, command in commands.items():
        if path not in table:
            continue
        told = {*table[EVERY]["options"], *table[path].get("options", {})}
        options = {long_name(each) for each in command.params if isinstance(each, click.Option)}
        assert (path, options - told) == (path, set())
        assert (path, set(table[path].get("options", {})) - options) == (path, set())


def test_exit_statuses_and_examples_are_kept() -> None:
    """What a script needs to know stands in both languages."""
    for path, entry in texts().items():
        if path != EVERY and path not in (
            "box400",
            "recording",
            "prompts",
            "prompts pack",
            "places",
            "places find",
            "flow",
        ):
            assert "退出状态" in entry["text"], path
