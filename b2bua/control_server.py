"""The control socket: answers the requests of ``b2bua.control``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import msgspec
from twisted.internet.base import ReactorBase
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver

from b2bua.control import (
    MAX_LINE,
    AskCalls,
    AskStatus,
    Calls,
    Done,
    Drain,
    Failed,
    FlushTrace,
    HangUp,
    InCallRequest,
    InForce,
    Ping,
    Reload,
    Request,
    Response,
    Status,
)

_log = Logger()
_DECODER: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)


class Controlled(Protocol):
    """What can be asked of the process."""

    def status(self) -> Status:
        """Describe it."""

    def calls(self) -> Calls:
        """List the calls that are up."""

    def hang_up(self, call: str) -> bool:
        """End a call; False when it is not up."""

    def in_call(self, request: InCallRequest) -> Done | Failed:
        """Transfer, hold, resume, supervise or take down a call."""

    def reload(self) -> InForce:
        """Put the snapshot files in force."""

    def flush_trace(self) -> None:
        """Write traced messages that are still in memory."""

    def refuse_calls(self, on: bool) -> None:
        """Refuse new calls, or take them again."""


class ControlProtocol(LineOnlyReceiver):
    """One connection."""

    delimiter = b"\n"
    MAX_LENGTH = MAX_LINE

    def __init__(self, box: Controlled) -> None:
        self._box = box

    def lineReceived(self, line: bytes) -> None:
        """Answer one request; a broken one is answered as well, and never closes the connection."""
        try:
            request = _DECODER.decode(line)
        except msgspec.DecodeError as error:
            response: Response = Failed(f"not understood: {error}")
        else:
            response = self._answer(request)
        self.sendLine(msgspec.json.encode(response))  # type: ignore[no-untyped-call]

    def _answer(self, request: Request) -> Response:
        try:
            return answer(self._box, request)
        except Exception as error:
            _log.failure("control request {request}", request=request)
            return Failed(f"internal error: {error}")


def answer(box: Controlled, request: Request) -> Response:
    """Do what was asked."""
    match request:
        case Ping():
            return Done()
        case AskStatus():
            return box.status()
        case AskCalls():
            return box.calls()
        case HangUp(call=call):
            return Done() if box.hang_up(call) else Failed(f"no call {call} is up")
        case Reload():
            return box.reload()
        case FlushTrace():
            box.flush_trace()
            return Done()
        case Drain(on=on):
            box.refuse_calls(on)
            return Done()
        case _:
            return box.in_call(request)


class ControlFactory(Factory):
    """Makes the protocol for each connection."""

    noisy = False

    def __init__(self, box: Controlled) -> None:
        self._box = box

    def buildProtocol(self, addr: IAddress | None) -> ControlProtocol:
        """Speak to one client."""
        return ControlProtocol(self._box)


def listen(reactor: ReactorBase, path: Path, box: Controlled) -> IListeningPort:
    """Serve the socket with mode 0660; a socket file that a killed process left is replaced."""
    path.unlink(missing_ok=True)
    listen_unix: Callable[..., IListeningPort] = reactor.listenUNIX  # type: ignore[attr-defined]
    return listen_unix(str(path), ControlFactory(box), mode=0o660)
