"""Live pages: many viewers on one thread, fed by one conversation with the b2bua (docs/adr/0008).

A viewer is a socket that a page's connection was handed over as, once its ticket was read. What a topic's
viewers see is made once, and sent to all of them when it has changed.
"""

from __future__ import annotations

import _thread
import asyncio
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from storage.connection import StoreDown
from webui.services.box_watch import BoxWatch
from webui.services.picture import Around, Painter, Picture
from webui.services.stream_tickets import Ticket

_log = logging.getLogger(__name__)
HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
    b"X-Accel-Buffering: no\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\nretry: 2000\n\n"
)
MOST: Final = 2000
"""Viewers at once."""
MOST_OF_SESSION: Final = 12
LOOK_SECONDS: Final = 10.0
"""How often sessions are looked at: a stream outlives its session by no more."""
MOST_UNSENT: Final = 512 * 1024
"""A viewer who takes nothing any more is let go; his browser connects anew."""
LEAST_PAUSE: Final = 0.1
SHARE: Final = 30
"""A picture that took a second's part of the processor is followed by a pause of so many of them."""
MOST_PAUSE: Final = 2.0


class Known(NamedTuple):
    """What the database says, looked at together."""

    sessions: frozenset[str]
    """Those asked for that are alive."""
    around: Around


Look = Callable[[frozenset[str]], Known]
"""Says which of these sessions live, and what pictures need; may raise StoreDown."""


class _Viewer(asyncio.Protocol):
    def __init__(self, ticket: Ticket, gone: Callable[[_Viewer], None]) -> None:
        self.ticket = ticket
        self._gone = gone
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(HEAD)

    def send(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_UNSENT:
            transport.abort()
        else:
            transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone(self)


class Streams:
    """All viewers of this process."""

    def __init__(self, control_socket: Path, look: Look) -> None:
        self._watch = BoxWatch(control_socket)
        self._look = look
        self._painter = Painter()
        self._picture = Picture()
        self._around = Around()
        self._viewers: set[_Viewer] = set()
        self._joining: list[tuple[socket.socket, Ticket]] = []
        self._sent: dict[str, bytes] = {}
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._knock = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="live", daemon=True)

    def start(self) -> None:
        """Begin; call once."""
        self._thread.start()

    def stop(self) -> None:
        """Let all viewers go."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def adopt(self, connection: socket.socket, ticket: Ticket) -> None:
        """Take a connection over, from any thread; it is closed where its session is over."""
        self._loop.call_soon_threadsafe(self._joins, connection, ticket)

    # -- on the thread of its own ------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _serve(self) -> None:
        work = (self._follow(), self._look_after(), self._stop.wait())
        tasks = [self._loop.create_task(each) for each in work]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if (mistake := task.exception()) is not None:  # pages that move no more are worse than a restart
                _log.critical("live pages: our own mistake", exc_info=mistake)
                _thread.interrupt_main()
        for viewer in list(self._viewers):
            viewer.close()
        for connection, _ in self._joining:
            connection.close()
        await asyncio.sleep(0)

    def _joins(self, connection: socket.socket, ticket: Ticket) -> None:
        sessions = [each.ticket.session for each in self._viewers] + [
            each.session for _, each in self._joining
        ]
        if len(sessions) >= MOST or sessions.count(ticket.session) >= MOST_OF_SESSION:
            connection.close()
            return
        self._joining.append((connection, ticket))
        self._knock.set()

    async def _follow(self) -> None:
        async for picture in self._watch.pictures():
            began = time.thread_time()
            self._picture = picture
            self._tell()
            await asyncio.sleep(min(MOST_PAUSE, max(LEAST_PAUSE, (time.thread_time() - began) * SHARE)))

    async def _look_after(self) -> None:
        """Admit who comes, let those go whose session is over, and let nobody's connection seem dead."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._knock.wait(), LOOK_SECONDS)
            self._knock.clear()
            joining, self._joining = self._joining, []
            asked = frozenset(
                [each.ticket.session for each in self._viewers] + [each.session for _, each in joining]
            )
            if not asked:
                continue
            try:
                known = await self._loop.run_in_executor(None, self._look, asked)
            except StoreDown:  # who is in stays in; who comes tries again
                known = Known(frozenset(each.ticket.session for each in self._viewers), self._around)
            self._around = known.around
            await self._admit(joining, known.sessions)
            now = clock_event()
            for viewer in list(self._viewers):
                if viewer.ticket.session in known.sessions:
                    viewer.send(now)
                else:
                    viewer.close()
            self._tell()

    async def _admit(self, joining: Iterable[tuple[socket.socket, Ticket]], alive: frozenset[str]) -> None:
        for connection, ticket in joining:
            if ticket.session not in alive:
                connection.close()
                continue
            viewer = _Viewer(ticket, self._viewers.discard)
            try:
                await self._loop.connect_accepted_socket(lambda viewer=viewer: viewer, connection)  # type: ignore[misc]
            except OSError:
                connection.close()
                continue
            self._viewers.add(viewer)
            if ticket.topic in self._sent:
                viewer.send(self._sent[ticket.topic])

    def _tell(self) -> None:
        """Send what has changed."""
        by_topic: dict[str, list[_Viewer]] = {}
        for viewer in self._viewers:
            by_topic.setdefault(viewer.ticket.topic, []).append(viewer)
        painted = self._painter.paint(by_topic, self._picture, self._around)
        for topic, content in painted.items():
            event = b"data: " + content + b"\n\n"
            if self._sent.get(topic) != event:
                self._sent[topic] = event
                for viewer in by_topic[topic]:
                    viewer.send(event)
        for topic in self._sent.keys() - painted.keys():
            del self._sent[topic]


def clock_event() -> bytes:
    """Return what tells browsers our time, UTC POSIX seconds; a sign of life as well."""
    return f"event: clock\ndata: {time.time():.1f}\n\n".encode()
