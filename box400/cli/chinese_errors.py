"""Wrong usage told in the language spoken: click's own messages by a table."""

from __future__ import annotations

import re
from typing import Final

import click

from box400.cli.words import language

_PATTERNS: Final = tuple(
    (re.compile(english, re.DOTALL), chinese)
    for english, chinese in (
        (r"Invalid value for (.+?): (.+)", "{0} 的值无效：{1}"),
        (r"Invalid value: (.+)", "值无效：{0}"),
        (r"Missing argument (.+?)\.(.*)", "缺少参数 {0}。{1}"),
        (r"Missing option (.+?)\.(.*)", "缺少选项 {0}。{1}"),
        (r"Missing parameter:? ?(.*)", "缺少参数 {0}"),
        (r"Missing command\.", "缺少命令。"),
        (r"No such option:? (.+?)\.? Did you mean (.+?)\?", "没有选项 {0}，是否应为 {1}？"),
        (
            r"No such option:? (.+?)\.? \(Did you mean one of: (.+?)\?\)",
            "没有选项 {0}，是否应为其中之一：{1}",
        ),
        (r"No such option:? (.+?)\.?", "没有选项 {0}。"),
        (r"No such command (.+?)\. Did you mean (.+?)\?", "没有命令 {0}，是否应为 {1}？"),
        (r"No such command (.+?)\. \(Did you mean one of: (.+?)\?\)", "没有命令 {0}，是否应为其中之一：{1}"),
        (r"No such command (.+?)\.", "没有命令 {0}。"),
        (r"Got unexpected extra arguments? \((.+)\)", "多余的参数：{0}"),
        (r"Option (.+?) requires an argument\.", "选项 {0} 后面须有值。"),
        (r"Option (.+?) requires (\d+) arguments\.", "选项 {0} 后面须有 {1} 个值。"),
        (r"Option (.+?) does not take a value\.", "选项 {0} 不带值。"),
        (r"Argument (.+?) takes (\d+) values\.", "参数 {0} 须有 {1} 个值。"),
        (r"(.+?) is not one of (.+)\.", "{0} 不在可选值之中：{1}。"),
        (r"(.+?) is not a valid integer(?: range)?\.", "{0} 不是整数。"),
        (r"(.+?) is not a valid float(?: range)?\.", "{0} 不是数。"),
        (r"(.+?) is not a valid boolean\..*", "{0} 不是 true 或 false。"),
        (r"(.+?) is not in the range (.+?)\.", "{0} 不在范围 {1} 内。"),
        (r"(.+?) does not match the formats? (.+)\.", "{0} 的格式应为 {1}。"),
        (r"(?:File|Path|Directory) (.+?) does not exist\.", "{0} 不存在。"),
        (r"(?:File|Path|Directory) (.+?) is a file\.", "{0} 是文件，应为文件夹。"),
        (r"(?:File|Path|Directory) (.+?) is a directory\.", "{0} 是文件夹，应为文件。"),
        (r"(?:File|Path|Directory) (.+?) is not readable\.", "{0} 不可读。"),
        (r"(?:File|Path|Directory) (.+?) is not writable\.", "{0} 不可写。"),
        (r"(.+?): No such file or directory", "{0}：没有这个文件或文件夹"),
        (r"\s*Choose from:\s*(.+)", "可选：{0}"),
    )
)


def in_chinese(message: str) -> str:
    """Return what click says in Chinese; what is not of click's own stays as it is."""
    best: tuple[int, str] | None = None
    for pattern, chinese in _PATTERNS:
        match = pattern.fullmatch(message)
        if match is not None:
            parts = [in_chinese(part) if part else "" for part in match.groups()]
            fixed = len(message) - sum(len(part) for part in match.groups() if part)
            if best is None or fixed > best[0]:  # the pattern with most words of its own
                best = fixed, chinese.format(*parts).rstrip()
    return message if best is None else best[1]


def show(error: click.ClickException) -> None:
    """Write an error to standard error."""
    if language() != "zh" or isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        click.echo(context.get_usage(), err=True)
        if context.help_option_names:
            click.echo(f"用 “{context.command_path} {context.help_option_names[-1]}” 查看帮助。\n", err=True)
    click.echo(f"错误：{in_chinese(error.format_message())}", err=True)
