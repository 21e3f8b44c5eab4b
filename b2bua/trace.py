"""Keep every SIP message of every call for a while: a bounded ring of files, cheap to write.

:mod:`b2bua.trace_frames` says how they are written, :mod:`b2bua.trace_read` reads them back.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from b2bua.sip.flow import Flow
from b2bua.trace_frames import AFTER_LENGTH, BELONGS, FRAME, RECEIVED, SENT, trace_files

FLUSH_SECONDS: Final = 0.5
MAX_PENDING: Final = 20_000
"""Messages kept in memory between two flushes; more (a flood) are counted and not traced."""
_log = Logger()


class Trace:
    """Writes the ring. ``received``, ``sent`` and ``belongs`` only gather; ``flush`` writes."""

    def __init__(
        self, directory: Path, utc: Callable[[], float], *, total: int = 64 * 1024 * 1024, files: int = 4
    ) -> None:
        self.dropped = 0
        self._directory = directory
        self._utc = utc
        self._part = total // files
        self._files = files
        self._pending: list[tuple[int, float, str, Flow | str, bytes]] = []
        self._flows: dict[Flow, bytes] = {}
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
        existing = trace_files(directory)
        self._number = int(existing[-1].stem) if existing else 0
        self._fd = -1
        self._size = 0
        self._begin()

    def received(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Keep a message that came in."""
        if len(self._pending) < MAX_PENDING:
            self._pending.append((RECEIVED, self._utc(), call_id, flow, data))
        else:
            self.dropped += 1

    def sent(self, data: bytes, flow: Flow, call_id: str) -> None:
        """Keep a message that goes out."""
        if len(self._pending) < MAX_PENDING:
            self._pending.append((SENT, self._utc(), call_id, flow, data))
        else:
            self.dropped += 1

    def belongs(self, call_id: str, call: str, leg: str) -> None:
        """Note whose messages those with this SIP Call-ID are."""
        self._pending.append((BELONGS, self._utc(), call_id, call, leg.encode()))

    def flush(self) -> None:
        """Write what has gathered, in one write; called every :data:`FLUSH_SECONDS`. A full disk drops it."""
        pending = self._pending
        if not pending:
            return
        self._pending = []
        parts: list[bytes] = []
        flows = self._flows
        if len(flows) > 4096:
            flows.clear()
        pack = FRAME.pack
        for kind, utc, call_id, flow, data in pending:
            key = call_id.encode("utf-8", "surrogateescape")[:65535]
            if isinstance(flow, str):
                path = flow.encode()
            else:
                found = flows.get(flow)
                path = found if found is not None else flows.setdefault(flow, describe(flow))
            length = AFTER_LENGTH + len(key) + len(path) + len(data)
            parts += (pack(length, kind, utc, len(key), len(path)), key, path, data)
        whole = b"".join(parts)
        try:
            if self._size and self._size + len(whole) > self._part:
                self._number += 1
                self._begin()
            self._size += os.write(self._fd, whole)
        except OSError as error:
            self.dropped += len(pending)
            _log.warn("trace not written: {error}", error=error)

    def close(self) -> None:
        """Write the rest and let the file go."""
        self.flush()
        os.close(self._fd)
        self._fd = -1

    def _begin(self) -> None:
        path = self._directory / f"{self._number}.trace"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = fd
        self._size = os.fstat(fd).st_size
        for old in trace_files(self._directory)[: -self._files]:
            old.unlink(missing_ok=True)


def describe(flow: Flow) -> bytes:
    """Write a flow as ``udp 127.0.0.1:5060 127.0.0.2:5080``; IPv6 in brackets."""
    return f"{flow.transport} {_address(flow.local)} {_address(flow.remote)}".encode()


def _address(address: tuple[str, int]) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
