"""Bindings survive a restart: a small file, written atomically and not too often."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from b2bua.sip.errors import SipError
from b2bua.sip.flow import Flow
from b2bua.sip.uri import Uri
from b2bua.stack.registrar import Registrar
from b2bua.stack.registrar_bindings import Binding
from b2bua.stack.transports.reactor import DelayedCall, Times
from storage.data_directory import write_atomically

SAVE_SECONDS = 5.0
"""The file is written at most this often."""

_log = Logger()


class SavedBinding(msgspec.Struct, frozen=True):
    """A binding as the file keeps it; times are UTC."""

    name: str
    contact: str
    call_id: str
    cseq: int
    until: float
    listener: str
    transport: str
    host: str
    port: int
    q: float = 1.0
    instance: str = ""
    path: tuple[str, ...] = ()
    user_agent: str = ""


FindFlow = Callable[[str, str, tuple[str, int]], Flow | None]


class RegistrarFile:
    """Saves and restores the bindings of a registrar."""

    def __init__(
        self,
        path: Path,
        registrar: Registrar,
        clock: Times,
        utc: Callable[[], float],
        in_thread: Callable[..., Deferred[None]] = deferToThread,
    ) -> None:
        """``utc`` gives POSIX seconds, ``clock`` monotonic ones."""
        self._path = path
        self._registrar = registrar
        self._clock = clock
        self._utc = utc
        self._in_thread = in_thread
        self._due: DelayedCall | None = None
        self._writing: Deferred[None] | None = None

    def load(self, find_flow: FindFlow) -> int:
        """Restore what is still valid and reachable; returns how many bindings. A damaged file is no error.

        Bindings over connections are gone with them; their phones come back by themselves.
        """
        try:
            saved = msgspec.json.decode(self._path.read_bytes(), type=list[SavedBinding])
        except FileNotFoundError:
            return 0
        except (OSError, msgspec.DecodeError) as error:
            _log.warn("registrations cannot be read: {error}", error=str(error))
            return 0
        count = 0
        now, utc = self._clock.seconds(), self._utc()
        for one in saved:
            left = one.until - utc
            if not 0 < left <= 7200 or one.transport != "udp" or not _is_uri(one.contact):
                continue
            flow = find_flow(one.listener, one.transport, (one.host, one.port))
            if flow is None or self._registrar.accounts.get(one.name) is None:
                continue
            binding = Binding(
                contact=one.contact,
                call_id=one.call_id,
                cseq=one.cseq,
                until=now + left,
                flow=flow,
                q=one.q,
                instance=one.instance,
                path=one.path,
                user_agent=one.user_agent,
                since=now,
            )
            self._registrar.bindings.restore(one.name, binding)
            count += 1
        return count

    def watch(self) -> None:
        """Save after each change from now on."""
        self._registrar.on_changed = self._changed

    def _changed(self) -> None:
        if self._due is None:
            self._due = self._clock.callLater(SAVE_SECONDS, self._save)

    def _save(self) -> None:
        self._due = None
        if self._writing is not None:
            self._changed()
            return
        self._writing = self._in_thread(self._write, self._encode())
        self._writing.addErrback(lambda failure: _log.failure("registrations were not saved", failure))
        self._writing.addBoth(self._written)

    def _written(self, _: object) -> None:
        self._writing = None

    def _write(self, data: bytes) -> None:
        write_atomically(self._path, data)

    def _encode(self) -> bytes:
        offset = self._utc() - self._clock.seconds()
        rows = [
            SavedBinding(
                name=name,
                contact=one.contact,
                call_id=one.call_id,
                cseq=one.cseq,
                until=one.until + offset,
                listener=one.flow.listener,
                transport=one.flow.transport,
                host=one.flow.remote[0],
                port=one.flow.remote[1],
                q=one.q,
                instance=one.instance,
                path=one.path,
                user_agent=one.user_agent,
            )
            for name, one in self._registrar.bindings.all()
        ]
        return msgspec.json.encode(rows)

    def close(self) -> None:
        """Save now, for the last time."""
        self._registrar.on_changed = None
        if self._due is not None and self._due.active():
            self._due.cancel()
        self._due = None
        self._write(self._encode())


def _is_uri(text: str) -> bool:
    try:
        return Uri.parse(text).is_sip
    except SipError:
        return False
