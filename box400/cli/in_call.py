"""``box400 transfer``, ``hold``, ``resume``, ``supervise``, ``take-down``: what is done to a call that is up.

Each leaves in the call's record who asked for it.
"""

from __future__ import annotations

import getpass
import os

import click

from b2bua.control import Done, Hold, Resume, Supervise, TakeDown, Transfer
from box400.cli.control import ask
from box400.cli.options import data_option
from box400.cli.words import words
from storage.data_directory import DataDirectory

MODES = ("listen", "whisper", "barge")


def _user() -> str:
    """Return who runs this command, also behind sudo."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


@click.command()
@click.argument("call")
@click.argument("target")
@data_option
def transfer(call: str, target: str, data: DataDirectory) -> None:
    """Send the caller of CALL to TARGET: an extension, a job number or a bound number of the tenant.

    The agent leaves at once; when TARGET does not answer he is rung back.

    \b
    Exit status: 0 TARGET is rung; 1 it is none, or nobody talks; 3 the box is not running.

    \b
    Example:
      box400 transfer 01M8172EV8WM5RPGMQH3500BQN 8002
    """
    ask(data, Transfer(call, target, _user()), Done)
    click.echo(words(f"{target} is rung", f"正在振铃 {target}"))


@click.command()
@click.argument("call")
@data_option
def hold(call: str, data: DataDirectory) -> None:
    """Let the caller of CALL hear music; his agent hears nothing.

    \b
    Exit status: 0 he does; 1 nobody talks in that call; 3 the box is not running.
    """
    ask(data, Hold(call, _user()), Done)


@click.command()
@click.argument("call")
@data_option
def resume(call: str, data: DataDirectory) -> None:
    """Connect the caller of CALL again, after hold.

    \b
    Exit status: 0 they talk; 1 the call is not held; 3 the box is not running.
    """
    ask(data, Resume(call, _user()), Done)


@click.command()
@click.argument("call")
@click.option("--as", "extension", required=True, metavar="EXTENSION", help="Who is called to supervise.")
@click.option(
    "--mode", type=click.Choice(MODES), default="listen", show_default=True, help="How he takes part."
)
@data_option
def supervise(call: str, extension: str, mode: str, data: DataDirectory) -> None:
    """Call an extension of the tenant and let it take part in CALL.

    listen: it hears all and is heard by nobody. whisper: the agent hears it, the caller does not.
    barge: all three talk, and the recording has it. Naming the same extension again changes its mode.

    \b
    Exit status: 0 it is rung; 1 it may not, or nobody talks; 3 the box is not running.

    \b
    Example:
      box400 supervise 01M8172EV8WM5RPGMQH3500BQN --as 8009 --mode whisper
    """
    ask(data, Supervise(call, extension, mode, _user()), Done)


@click.command(name="take-down")
@click.argument("call")
@data_option
def take_down(call: str, data: DataDirectory) -> None:
    """End CALL at once; its record says who did it.

    \b
    Exit status: 0 it was ended; 1 it is not up; 3 the box is not running.
    """
    ask(data, TakeDown(call, _user()), Done)
