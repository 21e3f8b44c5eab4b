"""``box400 backup``, ``restore``, ``evolve``: keeping the box's data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

import storage.backup as backups
from box400.cli.database import main_database
from box400.cli.moment import beijing
from box400.cli.offsite import VERBS, is_repository, restore_offsite
from box400.cli.offsite_new import restore_new
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from storage.backup import BackupError
from storage.backup.manifest import read
from storage.data_directory import DataDirectory

TARGET = click.Path(file_okay=False, path_type=Path)


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (BackupError, OSError) as error:
        complain(f"It failed: {error}.", f"失败：{error}。")


@click.command()
@click.argument("target", type=TARGET, metavar="TARGET-DIR")
@data_option
@json_option
@click.option("--verify", is_flag=True, help="Compare every hash afterwards and play every recording.")
@click.option("--keep", type=click.IntRange(1), metavar="N", help="Drop all but the newest N generations.")
@click.option(
    "--list", "only_list", is_flag=True, help="List the generations in TARGET-DIR and change nothing."
)
def backup(
    target: Path, data: DataDirectory, as_json: bool, verify: bool, keep: int | None, only_list: bool
) -> None:
    """Back the box up to TARGET-DIR while it runs: records, configuration, recordings, prompts, journal.

    In place of TARGET-DIR: `offsite` makes the encrypted backup that is set up now, `drill` restores the
    newest of those into a scratch place and compares, `snapshots` lists them, `key` prints the box's public
    key for an SFTP server.

    Each backup is a generation; it costs what is new since the one before. TARGET-DIR should be on another
    disk, better on another machine. Without --verify nothing has been proved: do it after the first and
    once a week.

    \b
    Exit status: 0 done (and, with --verify, proved); 1 it failed, or --verify found a fault.

    \b
    Examples:
      box400 backup /mnt/backup
      box400 backup /mnt/backup --verify --keep 30
      box400 backup /mnt/backup --list
      box400 backup drill
    """
    if str(target) in VERBS:
        VERBS[str(target)](data, as_json)
        return
    if only_list:
        _list(target, as_json)
        return
    with _explained():
        made = backups.backup(data.root, target)
        verdict = backups.verify(target, made.name) if verify else None
        dropped = backups.prune(target, keep) if keep is not None else []
    if as_json:
        facts = {
            "generation": made.name, "at": made.at, "main_bytes": made.main.bytes,
            "recordings_bytes": made.recordings.bytes, "recordings": made.recordings_count,
            "missing": made.missing, "dropped": dropped, "verdict": verdict,
        }  # fmt: skip
        click.echo(msgspec.json.encode(facts))
    else:
        hours = made.recordings_seconds / 3600
        click.echo(
            words(
                f"Generation {made.name}: {made.recordings_count} recordings ({hours:.1f} h).",
                f"备份 {made.name}：{made.recordings_count} 个录音（{hours:.1f} 小时）。",
            )
        )
    if made.missing:
        complain(
            f"The box has lost {len(made.missing)} recordings: {made.missing[0]} ...",
            f"系统已丢失 {len(made.missing)} 个录音：{made.missing[0]} 等",
        )
    if verdict is not None and not verdict.is_good:
        complain("\n".join(verdict.faults), "\n".join(verdict.faults))


def _list(target: Path, as_json: bool) -> None:
    with _explained():
        found = [read(target, name) for name in backups.generations(target)]
    if as_json:
        rows = [
            {"generation": each.name, "at": each.at, "recordings": each.recordings_count} for each in found
        ]
        click.echo(msgspec.json.encode(rows))
        return
    head = words(("generation", "made", "recordings"), ("备份", "时间", "录音"))
    click.echo(
        table(head, [(each.name, beijing(each.at), str(each.recordings_count)) for each in found], right=(2,))
    )


@click.command()
@click.argument("target", metavar="BACKUP-DIR|REPOSITORY")
@data_option
@click.option(
    "--generation",
    metavar="NAME",
    help="Which one; `box400 backup DIR --list` names them.  [default: the newest]",
)
@click.option("--host-key", default="", metavar="LINE",
              help="Line of known_hosts of the SFTP server.")  # fmt: skip
@click.option("--aside", is_flag=True, help="Move a data directory that is not empty beside itself first.")
@click.option("--new", is_flag=True, help="Onto a new box that is up; it starts anew with it by itself.")
def restore(
    target: str, data: DataDirectory, generation: str | None, host_key: str, aside: bool, new: bool
) -> None:
    """Make the data directory what it was when BACKUP-DIR was written, or from an encrypted REPOSITORY.

    The box must be down. Every octet's hash is compared. What happened after the backup is not in it. A
    REPOSITORY (sftp:..., s3:..., or a directory of restic) is opened by $RESTIC_PASSWORD or asks for it.

    With --new a box that nobody has finished setting up fetches the newest backup of a REPOSITORY while it is
    up, tells what is in it, asks, and starts anew with it; the browser's first setup does the same.

    \b
    Exit status: 0 restored; 1 it was not: the text says why.

    \b
    Examples:
      box400 restore /mnt/backup --data /srv/box400
      box400 restore /mnt/backup --aside --generation 20261122T090226Z
      box400 restore sftp:box400@backup.example.com:/srv/box400 --aside
      box400 restore sftp:box400@backup.example.com:/srv/box400 --new
    """
    if new:
        restore_new(data, target, host_key)
        return
    if is_repository(target):
        manifest = restore_offsite(data, target, generation, host_key, aside)
    else:
        with _explained():
            manifest = backups.restore(Path(target), data.root, generation, aside=aside)
    click.echo(
        words(
            f"Restored {manifest.name}: {manifest.recordings_count} recordings. Start the box now.",
            f"已恢复 {manifest.name}：{manifest.recordings_count} 个录音。现在可以启动系统。",
        )
    )


@click.command()
@data_option
def evolve(data: DataDirectory) -> None:
    """Bring the databases to the shape this version expects.

    The store does it by itself when it starts; this is for a storage that settings.json names elsewhere.

    \b
    Exit status: 0 done, also when there was nothing to do; 3 the store is not running.
    """
    with main_database(data) as database:
        steps = database.evolve()
    click.echo("\n".join(steps) or words("Nothing to do.", "无需升级。"))
