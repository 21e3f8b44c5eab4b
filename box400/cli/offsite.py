"""``box400 backup offsite|drill|snapshots|key``, and restoring: encrypted backups off the machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click
import msgspec

from box400.cli.moment import beijing
from box400.cli.options import complain
from box400.cli.table import table
from box400.cli.words import words
from domain.snapshot import OffsitePlan
from storage.backup import BackupError, Manifest
from storage.data_directory import DataDirectory
from storage.offsite.restic import OffsiteError, Restic, public_key
from storage.offsite.work import back_up, drill, moment_of, restore_newest
from storage.serving.snapshots import read_box


def is_repository(target: str) -> bool:
    """Tell whether something is restic's, not a directory that ``box400 backup`` wrote."""
    place = Path(target)
    return target.startswith(("sftp:", "s3:")) or ((place / "config").is_file() and (place / "keys").is_dir())


def _plan(data: DataDirectory) -> OffsitePlan:
    plan = read_box(data).offsite
    if plan is None:
        complain(
            "No backup off the machine is set up: see offsite_to and offsite_password in the settings.",
            "尚未设置异机备份：请在“系统设置”或配置文件中填写 offsite_to 和 offsite_password。",
        )
    return plan


def _now(data: DataDirectory, as_json: bool) -> None:
    state = back_up(data, _plan(data))
    if state.error:
        complain(f"It failed: {state.error}", f"失败：{state.error}")
    if as_json:
        click.echo(msgspec.json.encode(state))
        return
    added = state.added_bytes / 1e6
    click.echo(
        words(
            f"Backup {state.snapshot[:8]} made in {state.seconds:.0f} s, {added:.1f} MB new.",
            f"备份 {state.snapshot[:8]} 已完成，用时 {state.seconds:.0f} 秒，新增 {added:.1f} MB。",
        )
    )


def _drill(data: DataDirectory, as_json: bool) -> None:
    done = drill(data, _plan(data))
    if as_json:
        click.echo(msgspec.json.encode(done))
    if done.faults:
        complain("\n".join(done.faults), "\n".join(done.faults))
    if not as_json:
        click.echo(
            words(
                f"Backup {done.snapshot[:8]} of {beijing(done.made)} can be restored: "
                f"{done.tenants} tenants, {done.records} records, {done.recordings} recordings; "
                f"{done.seconds:.0f} s.",
                f"备份 {done.snapshot[:8]}（{beijing(done.made)}）可以恢复：{done.tenants} 个租户、"
                f"{done.records} 条话单、{done.recordings} 个录音，用时 {done.seconds:.0f} 秒。",
            )
        )


def _snapshots(data: DataDirectory, as_json: bool) -> None:
    try:
        found = Restic(data, _plan(data)).snapshots()
    except OffsiteError as error:
        complain(f"It failed: {error}", f"失败：{error}")
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    head = words(("backup", "made"), ("备份", "时间"))
    click.echo(table(head, [(each.id[:8], beijing(moment_of(each))) for each in found]))


def _key(data: DataDirectory, as_json: bool) -> None:
    try:
        key = public_key(data)
    except OffsiteError as error:
        complain(f"It failed: {error}", f"失败：{error}")
    click.echo(msgspec.json.encode({"key": key}) if as_json else key)


VERBS: Final[dict[str, Callable[[DataDirectory, bool], None]]] = {
    "offsite": _now,
    "drill": _drill,
    "snapshots": _snapshots,
    "key": _key,
}
"""Words that stand where a directory would; a directory of that name is written ``./drill``."""


def restore_offsite(
    data: DataDirectory, repository: str, snapshot: str | None, host_key: str, aside: bool
) -> Manifest:
    """Restore from a repository: by what is configured here, else by what is asked; exits when it fails."""
    known = read_box(data).offsite if data.box_snapshot.exists() else None
    plan = known if known is not None and known.to == repository else asked(repository, host_key)
    try:
        return restore_newest(data, plan, snapshot=snapshot, aside=aside)
    except (OffsiteError, BackupError, OSError) as error:
        complain(f"It failed: {error}.", f"失败：{error}。")


def asked(repository: str, host_key: str) -> OffsitePlan:
    """Return what opens a repository: of the environment, the password else as it is typed."""
    password = _known("RESTIC_PASSWORD", words("Password of the backup", "备份加密密码"))
    access = secret = ""
    if repository.startswith("s3:"):
        access = _known("AWS_ACCESS_KEY_ID", "Access Key")
        secret = _known("AWS_SECRET_ACCESS_KEY", "Secret Key")
    return OffsitePlan(repository, password, access_key=access, secret_key=secret, host_key=host_key)


def _known(name: str, question: str) -> str:
    return os.environ.get(name) or click.prompt(question, hide_input=True)
