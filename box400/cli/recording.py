"""``box400 recording``: the sound of calls."""

from __future__ import annotations

import shutil
from itertools import islice
from pathlib import Path

import click
import msgspec

from box400.cli.database import recordings_database
from box400.cli.moment import Moment, beijing
from box400.cli.options import complain, data_option, json_option
from box400.cli.table import table
from box400.cli.words import words
from storage.data_directory import DataDirectory
from storage.recordings import RecordingDamaged, RecordingMissing
from storage.recordings.archive import write_archive
from storage.recordings.search import Wanted, newest
from storage.retention.nightly import read_summary


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


@recording.command("list")
@data_option
@json_option
@click.option("--tenant", metavar="ID", help="Only this tenant's.")
@click.option("--number", default="", metavar="400...", help="Only of calls to this number.")
@click.option(
    "--caller", default="", metavar="NUMBER", help="Only this caller's; a * at the end: that begin so."
)
@click.option("--answerer", default="", metavar="NUMBER", help="Only those this number answered.")
@click.option(
    "--since", type=Moment(), default="1970-01-01", help="Begun at or after: 2026-10-01, today, 90m."
)
@click.option("--until", type=Moment(), help="Begun before.")
@click.option("--held", is_flag=True, help="Only those under legal hold.")
@click.option(
    "--limit", type=click.IntRange(0), default=50, show_default=True, help="At most so many; 0: all."
)
def list_(
    data: DataDirectory,
    as_json: bool,
    tenant: str | None,
    number: str,
    caller: str,
    answerer: str,
    since: float,
    until: float | None,
    held: bool,
    limit: int,
) -> None:
    """List recordings, those of the newest calls first.

    The time is that of the answer, in Beijing; --since and --until go by when the call began.

    \b
    Exit status: 0 listed, also when none matches; 3 the store is not running.

    \b
    Examples:
      box400 recording list --since today --number 4001003722
      box400 recording list --held --limit 0 --json
    """
    wanted = Wanted(tenant, number, caller, answerer, since, until, held)
    with recordings_database(data) as recordings:
        found = list(islice(newest(recordings, wanted), limit or None))
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    head = words(
        ("call", "answered", "tenant", "400 number", "caller", "answered by", "s", "kB", "kept because"),
        ("呼叫", "应答", "租户", "400号码", "主叫", "接听", "秒", "kB", "保全原因"),
    )
    rows = [
        (
            each.id, beijing(each.at), each.tenant, each.number, each.caller, ",".join(each.answerers),
            f"{each.seconds:.1f}", f"{each.bytes / 1000:.0f}", each.hold,
        )
        for each in found
    ]  # fmt: skip
    click.echo(table(head, rows, right=(6, 7)))


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


@recording.command()
@click.argument("tenant")
@click.argument("month", metavar="YYYY-MM")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.zip")
@data_option
def archive(tenant: str, month: str, file: Path, data: DataDirectory) -> None:
    """Write a tenant's recordings of a month into FILE.zip: sound files by day, and a list in Excel.

    Each is compared with its check sum. Nothing is deleted.

    \b
    Exit status: 0 written; 1 some are damaged, or the month is wrong; 3 the store is not running.

    \b
    Example:
      box400 recording archive demo 2026-10 demo-2026-10.zip
    """

    def progress(done: int) -> None:
        if done % 100 == 0:
            click.echo(words(f"{done} recordings ...", f"已归档 {done} 条……"), err=True)

    with recordings_database(data) as recordings:
        try:
            count, damaged = write_archive(recordings, tenant, month, file, progress)
        except ValueError:
            complain(f"{month!r} is no month such as 2026-10.", f"{month!r} 不是月份，例如 2026-10。")
        except OSError as error:
            complain(f"{file} cannot be written: {error}.", f"无法写入 {file}：{error}。")
    click.echo(words(f"{count} recordings in {file}", f"{file} 已含 {count} 条录音"))
    if damaged:
        complain(f"Damaged, not in it: {', '.join(damaged)}.", f"已损坏，未归档：{'、'.join(damaged)}。")


@recording.command()
@data_option
@json_option
def usage(data: DataDirectory, as_json: bool) -> None:
    """Show what each tenant's recordings take, and what was deleted last night.

    \b
    Exit status: 0 shown; 3 the store is not running.
    """
    with recordings_database(data) as recordings:
        used = recordings.usages()
    summary = read_summary(data)
    if as_json:
        click.echo(msgspec.json.encode({"tenants": used, "retention": summary}))
        return
    head = words(("tenant", "recordings", "hours", "MB"), ("租户", "录音数", "小时", "MB"))
    rows = [
        (tenant, str(each.count), f"{each.seconds / 3600:.1f}", f"{each.bytes / 1e6:.1f}")
        for tenant, each in sorted(used.items())
    ]
    click.echo(table(head, rows, right=(1, 2, 3)))
    if summary is not None:
        letters, records = summary.letters, summary.records
        gone, size, held = summary.deleted, f"{summary.bytes / 1e6:.1f} MB", summary.held
        click.echo(
            words(
                f"{summary.day}: {gone} deleted, {size}, {held} held; "
                f"files of e-mails: {letters} deleted; call records: {records} dropped",
                f"{summary.day}：已删除 {gone} 条，{size}，保全 {held} 条；"
                f"邮件附件已删除 {letters} 个，话单已删除 {records} 条",
            )
        )
