"""Once a second: are the media workers, the reactor, the ledger and the recorder as they should be?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import msgspec
from twisted.logger import Logger

from b2bua.alarms import AlarmBoard, Severity

CHECK_SECONDS: Final = 1.0
STALL_SECONDS: Final = 0.25
"""A reactor that came later than this is logged, and alarmed while it is in the last minute."""
SILENT_SECONDS: Final = 40.0
"""Ledger and recorder tell how they are at least every ten."""
LAG_BYTES: Final = 8 * 1024 * 1024
"""Journal that the ledger has not read: some 2,000 calls."""
_log = Logger()


class Worker(Protocol):
    """What is asked of a media worker."""

    index: int
    up: bool
    restarts: int


class Neighbour(msgspec.Struct, frozen=True):
    """How another process of the box is, by its own word."""

    age: float
    """Seconds since it said so."""
    trouble: str = ""
    """What it cannot do, empty when all is well."""
    lag_bytes: int = 0


class Watch:
    """Raises and clears the alarms of what runs beside the calls."""

    def __init__(
        self,
        alarms: AlarmBoard,
        workers: Callable[[], list[Worker]],
        lag: Callable[[], float],
        neighbours: dict[str, Callable[[], Neighbour | None]],
    ) -> None:
        """``lag``: worst of the last minute in seconds; ``neighbours``: by name, None: never ran here."""
        self._alarms = alarms
        self._workers = workers
        self._lag = lag
        self._neighbours = neighbours
        self._seen_restarts: dict[int, int] = {}

    def check(self) -> None:
        """Look once."""
        for worker in self._workers():
            self._check_worker(worker)
        self._check_lag(self._lag())
        for name, ask in self._neighbours.items():
            self._check_neighbour(name, ask())

    def _check_worker(self, worker: Worker) -> None:
        """Alarm while a worker is down, and for one more look after each replacement."""
        key = f"media-worker:{worker.index}"
        replaced = worker.restarts > self._seen_restarts.get(worker.index, 0)
        self._seen_restarts[worker.index] = worker.restarts
        if worker.up and not replaced:
            self._alarms.clear(key)
            return
        self._alarms.raise_alarm(
            key,
            Severity.CRITICAL,
            f"语音进程 {worker.index} 异常退出，已重启 {worker.restarts} 次",
            f"Media worker {worker.index} died, restarted {worker.restarts} times",
        )

    def _check_lag(self, lag: float) -> None:
        if lag < STALL_SECONDS:
            self._alarms.clear("reactor")
            return
        self._alarms.raise_alarm(
            "reactor",
            Severity.WARNING,
            "信令进程出现停顿，呼叫可能变慢",
            "The SIP process stalled within the last minute, calls may be slow",
        )

    def _check_neighbour(self, name: str, neighbour: Neighbour | None) -> None:
        key = f"process:{name}"
        if neighbour is None:
            self._alarms.clear(key)
        elif neighbour.age > SILENT_SECONDS:
            self._alarms.raise_alarm(
                key, Severity.CRITICAL, f"{name} 进程没有响应", f"The {name} process is silent"
            )
        elif neighbour.trouble:
            self._alarms.raise_alarm(
                key,
                Severity.CRITICAL,
                f"{name} 无法写入数据库：{neighbour.trouble}",
                f"The {name} cannot commit: {neighbour.trouble}",
            )
        elif neighbour.lag_bytes > LAG_BYTES:
            self._alarms.raise_alarm(key, Severity.WARNING, f"{name} 入库滞后", f"The {name} lags behind")
        else:
            self._alarms.clear(key)
