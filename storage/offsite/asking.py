"""Ask for the restore of a backup onto a new box, look how far it is, have it taken: for pages and commands.

Apart from ``storage.offsite.restoring``, which does it: the pages need not load what reads audio.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from domain.refusal import NotPossible
from domain.snapshot import OffsitePlan
from storage.data_directory import DataDirectory, write_as_guest
from storage.machine.wish import RestartBox, is_appliance, wish_for
from storage.offsite.takeover import (
    REQUEST,
    Phase,
    Restoring,
    is_asked,
    is_wanted,
    place_of,
    read_state,
    want,
    write_state,
)
from storage.provisioning.checks import REPOSITORY

_WORKING: Final = (Phase.CONNECTING, Phase.FETCHING, Phase.CHECKING)


def ask(data: DataDirectory, plan: OffsitePlan) -> None:
    """Ask for a restore; raises NotPossible for what lacks something, or while one goes on."""
    if REPOSITORY.fullmatch(plan.to) is None:
        raise NotPossible(
            "Write where the backup is: /mnt/disk, sftp:user@host:/place or s3:https://host/bucket.",
            "请填写备份位置：/mnt/目录、sftp:用户@主机:/目录 或 s3:https://主机/桶。",
        )
    if not plan.password:
        raise NotPossible("Write the password of the backup.", "请填写备份加密密码。")
    if plan.to.startswith("sftp:") and not plan.host_key:
        raise NotPossible(
            "SFTP needs the host key of the server, a line of known_hosts.",
            "SFTP 需要填写服务器主机密钥（known_hosts 中的一行）。",
        )
    if plan.to.startswith("s3:") and not (plan.access_key and plan.secret_key):
        raise NotPossible("S3 needs both keys.", "S3 需要填写两个密钥。")
    now = look(data)
    if now is not None and now.goes_on:
        raise NotPossible("A restore is under way.", "恢复正在进行中。")
    place_of(data).mkdir(mode=0o700, exist_ok=True)
    write_state(data, Restoring(plan.to, Phase.ASKED))
    write_as_guest(place_of(data) / REQUEST, msgspec.json.encode(plan), 0o600)


def look(data: DataDirectory) -> Restoring | None:
    """Return how far it is; one that nobody works at any more has failed."""
    state = read_state(data)
    if state is not None and state.phase is Phase.TAKING and not is_wanted(data):
        return msgspec.structs.replace(state, phase=Phase.READY)  # cut off before it was said
    if state is None or state.phase not in _WORKING or is_asked(data):
        return state
    with alone(data) as ours:
        if not ours:
            return state
    now = read_state(data)
    if now != state:
        return now
    return msgspec.structs.replace(
        state, phase=Phase.FAILED, why="It was interrupted. Please begin again.",
        why_zh="恢复被中断，请重新开始。",
    )  # fmt: skip


def take(data: DataDirectory) -> None:
    """Have the box started anew with what was restored; raises NotPossible unless it is ready."""
    state = look(data)
    if state is None or state.phase is not Phase.READY:
        raise NotPossible("Nothing is restored yet.", "尚无已恢复的数据。")
    write_state(data, msgspec.structs.replace(state, phase=Phase.TAKING))
    want(data)
    if is_appliance(data):
        wish_for(data, RestartBox())


@contextmanager
def alone(data: DataDirectory) -> Iterator[bool]:
    """Hold the restore, for who does it; gives False where somebody else does."""
    place_of(data).mkdir(mode=0o700, exist_ok=True)
    with (place_of(data) / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
