"""Wrong usage is told in Chinese where messages are."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from box400.cli import main


def said(*line: str, language: str = "zh_CN.UTF-8") -> str:
    """Return what a wrong command line is answered with."""
    result = CliRunner().invoke(main, line, env={"LANG": language, "LC_ALL": "", "LC_MESSAGES": ""})
    assert result.exit_code == 2, result.output
    return result.output


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (["call", "--bogus"], "错误：没有选项 '--bogus'。"),
        (["call", "--anser"], "错误：没有选项 '--anser'，是否应为其中之一：'--answer'"),
        (["records", "--numbr"], "错误：没有选项 '--numbr'，是否应为 '--number'？"),
        (["cal"], "错误：没有命令 'cal'"),
        (["call"], "错误：缺少参数 'NUMBER'。"),
        (["call", "1", "2"], "错误：多余的参数：2"),
        (["records", "--limit", "x"], "错误：'--limit' 的值无效：'x' 不是整数。"),
        (["records", "--limit"], "错误：选项 '--limit' 后面须有值。"),
        (["--lang", "fr", "records"], "错误：'--lang' 的值无效：'fr' 不在可选值之中：'en', 'zh'。"),
        (["flow", "try", "a", "b", "--turn", "0"], "错误：'--turn' 的值无效：0 不在范围 1<=x<=100 内。"),
        (["calls", "--json=1"], "错误：选项 '--json' 不带值。"),
    ],
)  # fmt: skip
def test_every_kind_of_wrong_usage(line: list[str], told: str) -> None:
    """With the usage above it and where to find help; nothing of it is left in English."""
    output = said(*line)
    assert told in output
    assert "--help” 查看帮助" in output or "用法" not in output  # click knows no command yet
    rest = re.sub(r"用法: .*|'[^']*'|“[^”]*”|NUMBER|FILE\S*|x", "", output)
    assert not re.search(r"[A-Za-z]{3,}", rest.replace("--answer", "").replace("--hear", "")), output


def test_english_is_clicks_own() -> None:
    """As before."""
    assert "Error: No such option '--bogus'." in said("call", "--bogus", language="C.UTF-8")


def test_the_option_decides() -> None:
    """--lang zh in an English shell."""
    assert "错误：" in said("--lang", "zh", "call", "--bogus", language="C.UTF-8")
