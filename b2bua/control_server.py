"""The control socket: answers the requests of ``b2bua.control``."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from b2bua.control import (
    MAX_LINE,
    AskCalls,
    AskStatus,
    CallBack,
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
    TakeStandings,
    TryMenu,
    TryTrunk,
)
from b2bua.control_floor import (
    Agents,
    AskAgents,
    AskQueues,
    AwaitChange,
    Changed,
    FloorRequest,
    Queues,
    SetAgent,
    SetLoads,
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

    def floor(self, request: FloorRequest) -> Queues | Agents | Done | Failed:
        """Tell of queues or agents, or set an agent."""

    def changed(self, seen: int) -> Deferred[Changed]:
        """Fire when something is not any more as it was."""

    def call_back(self, tenant: str, contact: str, agent: str) -> Deferred[Response]:
        """Ring an agent, then the caller of a contact; fires with Begun or Failed."""

    def trial(self, request: TryMenu | TryTrunk) -> Response:
        """Begin a test call; Begun or Failed."""

    def reload(self) -> InForce:
        """Put the snapshot files in force."""

    def take_standings(self) -> None:
        """Read what the ledger wrote of tenants' accounts."""

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

        self._waiting: deque[bytes] = deque()
        self._is_busy = False

    def lineReceived(self, line: bytes) -> None:
        """Answer one request; a broken one is answered as well, and never closes the connection."""
        self._waiting.append(line)
        self._take()

    def _take(self) -> None:
        """Answer requests in their order, each when the one before is answered."""
        while self._waiting and not self._is_busy:
            try:
                response = self._answer(self._waiting.popleft())
            except Exception:
                response = _mistake(Failure())
            if isinstance(response, Deferred):
                self._is_busy = True
                response.addErrback(_mistake).addCallback(self._answered)
            else:
                self._say(response)

    def _answer(self, line: bytes) -> Response | Deferred[Any]:
        try:
            request = _DECODER.decode(line)
        except msgspec.DecodeError as error:
            return Failed(f"not understood: {error}")
        return answer(self._box, request)

    def _say(self, response: Response) -> None:
        self.sendLine(msgspec.json.encode(response))  # type: ignore[no-untyped-call]

    def _answered(self, response: Response) -> None:
        self._is_busy = False
        if self.connected:
            self._say(response)
            self._take()


def _mistake(failure: Failure) -> Response:
    _log.failure("control request", failure)
    return Failed(f"internal error: {failure.value}")


def answer(box: Controlled, request: Request) -> Response | Deferred[Any]:
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
        case CallBack(tenant=tenant, contact=contact, agent=agent):
            return box.call_back(tenant, contact, agent)
        case TryMenu() | TryTrunk():
            return box.trial(request)
        case Reload():
            return box.reload()
        case TakeStandings():
            box.take_standings()
            return Done()
        case FlushTrace():
            box.flush_trace()
            return Done()
        case Drain(on=on):
            box.refuse_calls(on)
            return Done()
        case AwaitChange(seen=seen):
            return box.changed(seen)
        case AskQueues() | AskAgents() | SetAgent() | SetLoads():
            return box.floor(request)
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
