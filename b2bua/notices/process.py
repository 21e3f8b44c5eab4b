"""The process: the store in a thread of its own, the ways out, the status file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from b2bua.alarms import AlarmBoard
from b2bua.box_alarms import every_alarm
from b2bua.channels.desk import ChannelDesk
from b2bua.channels.loop import Channels
from b2bua.control import ask_status
from b2bua.notices.alarm_news import AlarmNews
from b2bua.notices.desk import Desk
from b2bua.notices.dispatch import Dispatch
from b2bua.notices.hooks import Hooks
from b2bua.notices.status import NoticesStatus, write_status
from b2bua.notices.ways import EveryWay
from b2bua.webclient import AgentWebClient
from storage.connection import open_main, open_recordings
from storage.data_directory import DataDirectory
from storage.machine.inspection import tell_alarms
from storage.machine.readiness import notify
from storage.numbers.documents import LETTERS, Documents
from storage.recordings import Recordings
from storage.retention.nightly import read_summary
from storage.serving.snapshots import read_box

log = logging.getLogger(__name__)

STATUS_SECONDS: Final = 5.0
ASK_SECONDS: Final = 2.0
"""The b2bua is given so long to answer."""
ANYWHERE: Final = ("0.0.0.0/0", "::/0")
"""The operator's own gateways may be in any network."""


class Process:
    """One box's notices."""

    def __init__(self, reactor: Any, data: DataDirectory, *, utc: Callable[[], float]) -> None:
        self._reactor = reactor
        self._data = data
        self._pool = ThreadPool(1, 1, "store")
        self._database = open_main(data)
        self._board = AlarmBoard(utc, lambda content: self._tell())
        gateways = AgentWebClient(reactor, utc, lambda: ANYWHERE)
        tenants = AgentWebClient(reactor, utc, lambda: read_box(data).web_networks)
        self._clients = (gateways, tenants)
        self._ways = EveryWay(
            reactor, utc, gateways, tenants, lambda receipt: self._dispatch.reported(receipt)
        )
        self._beside = open_recordings(data)
        self._hooks = Hooks(self._database, data.journal, Recordings(self._beside))
        alarms = AlarmNews(
            self._database,
            lambda now: every_alarm(data, ask_status(data.control_socket, ASK_SECONDS), now),
        )
        desk = Desk(self._database, self._hooks, lambda: read_summary(data), alarms, self._remind)
        self._dispatch = Dispatch(reactor, utc, self._in_thread, desk, self._ways, self._board)
        channels = ChannelDesk(self._database, Documents(self._beside, LETTERS))
        self._channels = Channels(
            reactor, utc, channels, self._ways.sessions, data.control_socket, self._board,
            lambda: read_box(data).web_networks,
        )  # fmt: skip
        self._tick: Any = None

    def _remind(self, now: float) -> None:
        try:
            tell_alarms(self._data, self._database, now)
        except OSError as error:
            log.error("the alarms of the inspection cannot be written: %s", error)

    def start(self) -> None:
        """Begin to send."""
        self._pool.start()
        self._dispatch.start()
        self._channels.start()
        self._report()
        notify("READY=1")

    def stop(self) -> Deferred[None]:
        """End; fires when what is known is stored."""
        notify("STOPPING=1")
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
        try:
            await self._channels.stop()
            await self._dispatch.stop()
            self._ways.end()
            for client in self._clients:
                client.end()
            self._hooks.close()
            await self._in_thread(self._database.close)
            await self._in_thread(self._beside.close)
        finally:
            self._pool.stop()  # its threads would keep the process

    def _in_thread(self, work: Callable[[], Any]) -> Deferred[Any]:
        return deferToThreadPool(self._reactor, self._pool, work)

    def _report(self) -> None:
        self._tick = self._reactor.callLater(STATUS_SECONDS, self._report)
        self._tell()
        notify("WATCHDOG=1")

    def _tell(self) -> None:
        """Write the status file; it is told again soon when the disk refuses it."""
        dispatch = self._dispatch
        status = NoticesStatus(
            os.getpid(), dispatch.waiting, dispatch.sent, dispatch.failed, tuple(self._board.up())
        )
        try:
            write_status(self._data, status)
        except OSError as error:
            log.error("the status file cannot be written: %s", error)
