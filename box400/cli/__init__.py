"""The command line: ``box400 COMMAND``.

A command's module is imported only when it is called: ``--help`` and the short commands start at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, cast

import click

from box400.cli.chinese_errors import show
from box400.cli.chinese_help import SpokenContext, spoken
from box400.cli.words import LANGUAGES, speak, words

COMMANDS = {
    "run": "box400.cli.run",
    "call": "box400.cli.call",
    "simulate": "box400.cli.simulate",
    "apply": "box400.cli.provision",
    "export": "box400.cli.provision",
    "status": "box400.cli.live",
    "calls": "box400.cli.live",
    "hangup": "box400.cli.live",
    "queues": "box400.cli.floor",
    "agents": "box400.cli.floor",
    "transfer": "box400.cli.in_call",
    "hold": "box400.cli.in_call",
    "resume": "box400.cli.in_call",
    "supervise": "box400.cli.in_call",
    "take-down": "box400.cli.in_call",
    "alarms": "box400.cli.live",
    "prompts": "box400.cli.prompts",
    "flow": "box400.cli.flow",
    "records": "box400.cli.records",
    "recording": "box400.cli.recording",
    "voicemail": "box400.cli.voicemail",
    "missed": "box400.cli.missed",
    "notices": "box400.cli.notices",
    "places": "box400.cli.places",
    "calendar": "box400.cli.calendar",
    "trace": "box400.cli.trace",
    "numbers": "box400.cli.numbers",
    "money": "box400.cli.bills",
    "rate": "box400.cli.rate",
    "reconcile": "box400.cli.reconcile",
    "backup": "box400.cli.backup",
    "restore": "box400.cli.backup",
    "evolve": "box400.cli.backup",
    "upgrade": "box400.cli.upgrade",
    "store": "box400.cli.processes",
    "b2bua": "box400.cli.processes",
    "ledger": "box400.cli.processes",
    "recorder": "box400.cli.processes",
    "webui": "box400.cli.processes",
    "inspect": "box400.cli.inspect",
    "setup": "box400.cli.setup",
    "tunnel": "box400.cli.tunnel",
    "operator": "box400.cli.accounts",
    "tenant": "box400.cli.accounts",
    "api-key": "box400.cli.api_keys",
}
"""Command -> module; the module's function of the same name is the command."""


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports one when it is wanted."""

    context_class = SpokenContext

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return one command, or None."""
        module = COMMANDS.get(name)
        if module is None:
            return None
        command = cast(click.Command, getattr(importlib.import_module(module), name.replace("-", "_")))
        return spoken(command, name)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Know the language before anything is said, --help too."""
        speak(None)
        return super().make_context(info_name, args, parent, **extra)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:
        """Run a command line; wrong usage is told in the language spoken."""
        if not standalone_mode:
            return self._run(*args, **extra)
        try:
            status = self._run(*args, **extra)
        except click.ClickException as error:
            show(error)
            sys.exit(error.exit_code)
        except click.Abort:
            click.echo(words("Aborted!", "已中止。"), err=True)
            sys.exit(1)
        sys.exit(status if isinstance(status, int) else 0)

    def _run(self, *args: Any, **extra: Any) -> Any:
        run: Callable[..., Any] = super().main
        return run(*args, standalone_mode=False, **extra)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say what the group itself is about."""
        commands, self.commands = self.commands, {}
        spoken(self, "box400")
        self.commands = commands
        super().format_help(ctx, formatter)


def _speak(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        speak(value)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--lang", type=click.Choice(LANGUAGES), is_eager=True, expose_value=False, callback=_speak,
    help="Language of messages; by default that of $LANG.",
)  # fmt: skip
@click.version_option(package_name=None, version="0.1.0", prog_name="box400")
def main() -> None:
    """Run and use a 400-number box.

    \b
    Exit status of every command:
      0  done as asked
      1  not done: the text on standard error says why
      2  wrong usage
      3  the box is not running (or not on this data directory)

    \b
    Examples:
      box400 run                      start a box with its demo tenant
      box400 call 4001003722 --answer place a test call and answer it
      box400 records                  what became of the calls
    """
