"""``box400 upgrade``: to the version of a signed bundle, and back by itself when that does not go well."""

from __future__ import annotations

import getpass
import signal
import sys
from pathlib import Path

import click
import msgspec

from box400.cli.moment import beijing
from box400.cli.options import complain, json_option
from box400.cli.words import words
from box400.upgrade.machine import machine_at
from box400.upgrade.places import Places
from box400.upgrade.runner import resume
from box400.upgrade.runner import upgrade as carry_out
from box400.upgrade.steps import HEALTH_SECONDS
from domain.refusal import NotPossible
from domain.upgrade.moves import (
    Ended,
    Entry,
    Interrupted,
    Result,
    Step,
    StepBegan,
    StepFailed,
    StepNote,
    UndoBegan,
    UndoFailed,
)
from domain.upgrade.release import SYSTEM, Manifest, check_follows
from domain.upgrade.words import RESULTS, STEPS, UNDOS
from storage.upgrade.bundle import trusted_keys, verify
from storage.upgrade.history import Story, stories
from storage.upgrade.request import asked, forget

PATH = click.Path(path_type=Path)


@click.command(name="upgrade")
@click.argument("bundle", type=PATH, required=False, metavar="[BUNDLE]")
@click.option("--wait", type=click.IntRange(1, 1440), metavar="MINUTES",
              help="Refuse new calls and wait so long for those up to end.")  # fmt: skip
@click.option("--refuse", is_flag=True, help="Do nothing when calls are up (the default).")
@click.option("--check", "only_check", is_flag=True, help="Only say whether the bundle is good for this box.")
@click.option("--status", is_flag=True, help="Say how the last upgrades went.")
@click.option("--resume", "again", is_flag=True, help="Bring an interrupted upgrade to its end.")
@click.option("--at-boot", is_flag=True, help="With --resume: only what must be done before the box starts.")
@click.option("--requested", "by_request", is_flag=True, help="Do what the pages asked for, or --resume.")
@click.option("--patience", type=click.FloatRange(1, 3600), default=HEALTH_SECONDS, show_default=True,
              metavar="SECONDS", help="How long the new version may take to be well.")  # fmt: skip
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), default=Path("/"), metavar="DIR",
              help="Another root than /, to rehearse in; DIR/machine stands for the machine.")  # fmt: skip
@json_option
def upgrade(
    bundle: Path | None,
    wait: int | None,
    refuse: bool,
    only_check: bool,
    status: bool,
    again: bool,
    at_boot: bool,
    by_request: bool,
    patience: float,
    root: Path,
    as_json: bool,
) -> None:
    """Upgrade this box to the version of BUNDLE, offline; roll back program and data if it is not well then.

    A bundle must be signed by a key of /etc/box400/upgrade-keys. The new version is installed beside the old
    one and takes a test call before the box stops. A power cut at any moment leaves the old or the new
    version. How it went is kept, with the reason.

    A bundle of a whole system (box400-os-...) goes into the slot that is idle, which is started once; the
    machine restarts the old system if the new one does not start or is not well.

    \b
    Exit status:
      0  upgraded, or the machine restarts into its new system
         (with --check: the bundle is good; with --resume: nothing is left to do)
      1  not upgraded, the old version runs: the text says why
      4  going back failed in part: look at once
    \b
    Examples:
      box400 upgrade --check box400-0.2.0+1a2b3c4d5e.bundle
      box400 upgrade box400-0.2.0+1a2b3c4d5e.bundle --wait 30
      box400 upgrade --status
    """
    places = Places(root.absolute())
    if wait is not None and refuse:
        raise click.UsageError(
            words("--wait and --refuse exclude each other", "--wait 与 --refuse 不能同时使用")
        )
    if status:
        _print_status(places, as_json)
    elif again:
        _finish(_resumed(places, at_boot))
    elif by_request:
        _by_request(places, patience)
    elif bundle is None:
        raise click.UsageError(words("Name the bundle", "请指定升级包"))
    elif only_check:
        _print_manifest(_checked(places, bundle), as_json)
    else:
        _finish(_upgraded(places, bundle, wait, getpass.getuser(), patience))


def _upgraded(places: Places, bundle: Path, wait: int | None, by: str, patience: float) -> Result | None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a terminal that goes away ends nothing
    try:
        return carry_out(
            places, machine_at(places), bundle, wait_minutes=wait, by=by, tell=_tell, patience=patience
        )
    except NotPossible as why:
        complain(f"{why.en}.", f"{why.zh}。")
    except PermissionError as error:
        complain(f"This needs root: {error}", f"需要 root 权限：{error}")


def _resumed(places: Places, at_boot: bool) -> Result | None:
    try:
        return resume(places, machine_at(places), at_boot=at_boot, tell=_tell)
    except NotPossible as why:
        complain(f"{why.en}.", f"{why.zh}。")


def _by_request(places: Places, patience: float) -> None:
    """Finish what was interrupted; then what the pages asked for, if anything."""
    _resumed(places, at_boot=False)
    request = asked(places.data)
    forget(places.data)
    if request is None:
        return
    _finish(_upgraded(places, places.inbox / request.bundle, request.wait_minutes, request.by, patience))


def _checked(places: Places, bundle: Path) -> Manifest:
    try:
        manifest = verify(bundle, trusted_keys(places.keys))
        check_follows(manifest, places.running())
    except NotPossible as why:
        complain(f"{why.en}.", f"{why.zh}。")
    return manifest


def _print_manifest(manifest: Manifest, as_json: bool) -> None:
    if as_json:
        click.echo(msgspec.json.encode(manifest))
        return
    click.echo(words(f"Good: {manifest.version}", f"可以升级：{manifest.version}"))
    if manifest.format == SYSTEM:
        click.echo(words(f"A whole system, Debian {manifest.debian}", f"整机系统，Debian {manifest.debian}"))
    notes = words(manifest.notes_en, manifest.notes_zh)
    if notes:
        click.echo(notes)


def _tell(entry: Entry) -> None:
    """Say an entry; who listened may be gone."""
    text = _said(entry)
    if text:
        try:
            click.echo(f"{beijing(entry.at)[11:]}  {text}")
        except OSError:
            return


def _said(entry: Entry) -> str:
    if isinstance(entry, StepBegan) and entry.step is Step.RESTART:
        return words(
            f"{STEPS[entry.step][0]}. The connection ends now; ask in some minutes: box400 upgrade --status",
            f"{STEPS[entry.step][1]}。连接即将断开，几分钟后用 box400 upgrade --status 查看结果",
        )
    if isinstance(entry, StepBegan):
        return words(*STEPS[entry.step])
    if isinstance(entry, UndoBegan):
        return words("back: ", "回退：") + words(*UNDOS[entry.undo])
    if isinstance(entry, StepNote):
        return words(entry.en, entry.zh)
    if isinstance(entry, StepFailed | UndoFailed):
        return words("FAILED: ", "失败：") + words(entry.en, entry.zh)
    if isinstance(entry, Interrupted):
        return words("it was interrupted", "升级曾被中断")
    if isinstance(entry, Ended):
        return words(*RESULTS[entry.result])
    return ""


def _finish(result: Result | None) -> None:
    if result is Result.BROKEN:
        sys.exit(4)
    if result in (Result.REFUSED, Result.ROLLED_BACK):
        sys.exit(1)


def _print_status(places: Places, as_json: bool) -> None:
    found = stories(places.upgrades)
    if as_json:
        click.echo(
            msgspec.json.encode({"running": places.running().version, "upgrades": [_facts(s) for s in found]})
        )
        return
    running = places.running()
    click.echo(words(f"Running: {running.version}", f"当前版本：{running.version}") + _system(running.slot))
    for story in found:
        click.echo(_line(story))


def _line(story: Story) -> str:
    began, ended = story.began, story.ended
    how = words(*RESULTS[ended.result]) if ended else words("under way", "进行中")
    why = words(*story.reason)
    what = f"{beijing(began.at)}  {began.old} -> {began.new}{_system(began.slot)}"
    return f"{what}  {how}" + (f"\n    {why}" if why else "")


def _system(slot: str) -> str:
    return words(f" (system {slot.upper()})", f"（系统 {slot.upper()}）") if slot else ""


def _facts(story: Story) -> dict[str, object]:
    began, ended = story.began, story.ended
    return {
        "at": began.at, "old": began.old, "new": began.new, "by": began.by, "slot": began.slot,
        "result": ended.result if ended else None, "ended": ended.at if ended else None,
        "failed_at": story.failed_at, "reason": story.reason[0], "reason_zh": story.reason[1],
    }  # fmt: skip
