"""The words for what goes wrong in the process: one method for each alarm it raises itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from b2bua.alarms import AlarmBoard, Severity
from b2bua.calls.rates import Limit
from domain.trouble_words import trunk_trouble

REMEMBERED_SECONDS: Final = 600.0
"""How long something that is over by itself (a crash, a recording that failed) stays among the alarms."""


class Troubles:
    """Raises and clears alarms."""

    def __init__(self, alarms: AlarmBoard, later: Callable[..., object]) -> None:
        """``later``: ``reactor.callLater``."""
        self._alarms = alarms
        self._later = later
        self._rung_too_often: dict[str, int] = {}
        """Alarm -> how often since it was looked at."""

    def journal_fails(self, error: OSError) -> None:
        """The disk takes no lines."""
        self._alarms.raise_alarm(
            "journal",
            Severity.CRITICAL,
            f"话单日志无法写入，新来电被拒绝：{error}",
            f"The journal cannot be written, new calls are refused: {error}",
        )

    def journal_writes(self) -> None:
        """It takes them again."""
        self._alarms.clear("journal")

    def trunk(self, name: str, up: bool, why: str) -> None:
        """A trunk went down or came up."""
        if up:
            self._alarms.clear(f"trunk:{name}")
            return
        self._alarms.raise_alarm(
            f"trunk:{name}",
            Severity.CRITICAL,
            f"中继 {name} 不可用：{trunk_trouble(why)}",
            f"Trunk {name} is down: {why}",
        )

    def listener(self, name: str, why: str) -> None:
        """A listener cannot be opened, or (``why`` empty) it is."""
        if not why:
            self._alarms.clear(f"listener:{name}")
            return
        self._alarms.raise_alarm(
            f"listener:{name}",
            Severity.CRITICAL,
            f"监听 {name} 无法打开，正在重试：{why}",
            f"Listener {name} cannot be opened, trying again: {why}",
        )

    def forget(self, trunks: Iterable[str], listeners: Iterable[str]) -> None:
        """Clear what is about trunks and listeners that are configured no more."""
        kept = {f"trunk:{name}" for name in trunks} | {f"listener:{name}" for name in listeners}
        for alarm in self._alarms.up():
            if alarm.key.startswith(("trunk:", "listener:")) and alarm.key not in kept:
                self._alarms.clear(alarm.key)

    def rung_too_often(self, limit: Limit, whose: str) -> None:
        """A limit of how often numbers are rung was hit; the alarm stays for a while after the last time."""
        key = f"rings:{limit}:{whose}"
        self._rung_too_often[key] = self._rung_too_often.get(key, 0) + 1
        if self._rung_too_often[key] > 1:
            return
        zh, en = (
            (f"租户 {whose} 振铃过于频繁", f"Tenant {whose} rings numbers too often")
            if limit is Limit.TENANT
            else (f"号码 {whose} 被振铃过于频繁", f"{whose} is rung too often")
        )
        self._alarms.raise_alarm(key, Severity.WARNING, f"{zh}，超出部分已拒绝", f"{en}, the rest is refused")
        self._later(REMEMBERED_SECONDS, self._forget_rings, key)

    def _forget_rings(self, key: str) -> None:
        """Take the alarm down, unless the limit was hit again meanwhile."""
        if self._rung_too_often.pop(key, 0) > 1:
            self._rung_too_often[key] = 1
            self._later(REMEMBERED_SECONDS, self._forget_rings, key)
        else:
            self._alarms.clear(key)

    def web(self, error: Exception) -> None:
        """The metrics page cannot be served."""
        self._alarms.raise_alarm(
            "web",
            Severity.WARNING,
            f"健康检查与指标页面无法打开：{error}",
            f"/healthz and /metrics cannot be served: {error}",
        )

    def recovered(self, calls: int) -> None:
        """A crash cut so many calls; their records are closed."""
        self._alarms.raise_alarm(
            "crash",
            Severity.WARNING,
            f"信令进程异常退出后已恢复：{calls} 个通话中断，话单已补齐",
            f"The SIP process came back after a crash: {calls} calls were cut, their records are closed",
        )
        self._later(REMEMBERED_SECONDS, self._alarms.clear, "crash")

    def recording(self, call: str, leg: str, reason: str) -> None:
        """A recording stopped before its time."""
        self._alarms.raise_alarm(
            "recording",
            Severity.CRITICAL,
            f"录音写入失败（通话 {call}）：{reason}",
            f"A recording stopped before its time (call {call}): {reason}",
        )
        self._later(REMEMBERED_SECONDS, self._alarms.clear, "recording")

    def guessing(self, source: str, account: str, seconds: float) -> None:
        """Somebody guesses SIP passwords."""
        what = f"{source} {account}".rstrip()
        self._alarms.raise_alarm(
            f"guessing:{source}",
            Severity.WARNING,
            f"{what} 多次猜测 SIP 密码，{seconds:.0f} 秒内不予应答",
            f"{what} guesses SIP passwords, silenced for {seconds:.0f} s",
        )
        self._later(seconds, self._alarms.clear, f"guessing:{source}")
