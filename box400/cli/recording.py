"""``box400 recording``: the sound of calls."""

from __future__ import annotations

import shutil
from pathlib import Path

import click
import msgspec

from box400.cli.database import recordings_database
from box400.cli.options import complain, data_option, json_option
from storage.data_directory import DataDirectory
from storage.recordings import RecordingDamaged, RecordingMissing


@click.group()
def recording() -> None:
    """Get recordings of calls and what is known of them.

    A recording is a stereo FLAC: the caller on the left, whoever was connected to him on the right. It
    is there a few seconds after the call.
    """


@recording.command()
@click.argument("call", metavar="CALL-ID")
@click.argument(
    "file", required=False, type=click.Path(path_type=Path, dir_okay=False), metavar="[FILE.flac]"
)
@data_option
def get(call: str, file: Path | None, data: DataDirectory) -> None:
    """Copy a recording to FILE.flac, by default CALL-ID.flac here, after comparing it with its check sum.

    \b
    Exit status: 0 copied; 1 there is none, or it is damaged; 3 the store is not running.

    \b
    Example:
      box400 recording get 01M8172EV8WM5RPGMQH3500BQN call.flac
    """
    target = file or Path(f"{call}.flac")
    with recordings_database(data) as recordings:
        try:
            recordings.check(call)
            shutil.copyfile(recordings.path(call), target)
        except RecordingMissing:
            complain(f"There is no recording of {call}.", f"没有 {call} 的录音。")
        except RecordingDamaged as error:
            complain(f"The recording is damaged: {error}.", f"录音已损坏：{error}。")
    click.echo(str(target))


@recording.command()
@click.argument("call", metavar="CALL-ID")
@data_option
@json_option
def show(call: str, data: DataDirectory, as_json: bool) -> None:
    """Show what is known of a recording.

    \b
    Exit status: 0 shown; 1 there is none; 3 the store is not running.
    """
    with recordings_database(data) as recordings:
        try:
            facts = recordings.facts(call)
        except RecordingMissing:
            complain(f"There is no recording of {call}.", f"没有 {call} 的录音。")
    if as_json:
        click.echo(msgspec.json.encode(facts))
        return
    for name, value in msgspec.structs.asdict(facts).items():
        click.echo(f"{name:<10} {', '.join(value) if isinstance(value, tuple) else value}")


@recording.command()
@click.argument("call", metavar="CALL-ID")
@click.argument("reason", metavar="REASON")
@data_option
def hold(call: str, reason: str, data: DataDirectory) -> None:
    """Keep a recording whatever its age (legal hold), and say why; '' lifts the hold.

    \b
    Exit status: 0 done; 1 there is no such recording; 3 the store is not running.

    \b
    Examples:
      box400 recording hold 01M8172EV8WM5RPGMQH3500BQN "complaint 2026-118"
      box400 recording hold 01M8172EV8WM5RPGMQH3500BQN ""
    """
    with recordings_database(data) as recordings:
        try:
            recordings.set_hold(call, reason)
        except RecordingMissing:
            complain(f"There is no recording of {call}.", f"没有 {call} 的录音。")
