"""The control socket's protocol, and a small client: what the command line (and later the web) asks of b2bua.

JSON, one object a line; each request is answered by one line, in order. ``DATA/run/control.sock``, mode 0660.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any, Self, TypeVar

import msgspec

from b2bua.alarms import Alarm
from b2bua.control_floor import Agents, AwaitChange, Changed, FloorRequest, Queues
from domain.flow.document import Flow

MAX_LINE = 4 * 1024 * 1024


class Ping(msgspec.Struct, frozen=True, tag_field="do", tag="ping"):
    """Ask whether the reactor turns."""


class AskStatus(msgspec.Struct, frozen=True, tag_field="do", tag="status"):
    """Ask for :class:`Status`."""


class AskCalls(msgspec.Struct, frozen=True, tag_field="do", tag="calls"):
    """Ask for :class:`Calls`, those up."""


class HangUp(msgspec.Struct, frozen=True, tag_field="do", tag="hangup"):
    """End a call; its legs get BYE and its record says who did it."""

    call: str


class Transfer(msgspec.Struct, frozen=True, tag_field="do", tag="transfer"):
    """Send a call's caller to an extension, a job number or a bound number of its tenant."""

    call: str
    target: str
    by: str
    """Who asks, for the call's record."""


class Hold(msgspec.Struct, frozen=True, tag_field="do", tag="hold"):
    """Let a call's caller hear music."""

    call: str
    by: str


class Resume(msgspec.Struct, frozen=True, tag_field="do", tag="resume"):
    """Connect a caller on hold again."""

    call: str
    by: str


class Consult(msgspec.Struct, frozen=True, tag_field="do", tag="consult"):
    """Ring a colleague for a call's agent while its caller hears music."""

    call: str
    target: str
    by: str


class Complete(msgspec.Struct, frozen=True, tag_field="do", tag="complete"):
    """Leave the caller to the colleague who was asked."""

    call: str
    by: str


class Return(msgspec.Struct, frozen=True, tag_field="do", tag="return"):
    """Give the colleague up and take the caller back."""

    call: str
    by: str


class Join(msgspec.Struct, frozen=True, tag_field="do", tag="join"):
    """Let caller, agent and colleague talk together."""

    call: str
    by: str


class Leave(msgspec.Struct, frozen=True, tag_field="do", tag="leave"):
    """Hang up for a call's agent, as his phone would."""

    call: str
    by: str


class Supervise(msgspec.Struct, frozen=True, tag_field="do", tag="supervise"):
    """Call an extension of the tenant and let it take part; again with another mode: change how."""

    call: str
    extension: str
    mode: str
    """``listen``, ``whisper`` or ``barge``."""
    by: str


class TakeDown(msgspec.Struct, frozen=True, tag_field="do", tag="take-down"):
    """End a call; its record says who did it."""

    call: str
    by: str


class CallBack(msgspec.Struct, frozen=True, tag_field="do", tag="call-back"):
    """Ring an agent, then the caller of a contact; answered by :class:`Begun` when the agent is rung."""

    tenant: str
    contact: str
    """Id of a call of the tenant's: missed, or with a message."""
    agent: str
    """An extension of the tenant, or a number bound to the 400 number that was called."""


class TryMenu(msgspec.Struct, frozen=True, tag_field="do", tag="try-menu"):
    """Ring a phone of the tenant and lead it through a menu that need not be published.

    Answered by :class:`Begun`; the menu is in force in this call alone.
    """

    tenant: str
    number: str
    """The 400 number that the call is of."""
    phone: str
    """A registered target of that number."""
    flow: Flow


class TryTrunk(msgspec.Struct, frozen=True, tag_field="do", tag="try-trunk"):
    """Ring a number by one trunk and play something to it; answered by :class:`Begun`."""

    trunk: str
    to: str
    shows: str
    """The 400 number that is shown."""


class Reload(msgspec.Struct, frozen=True, tag_field="do", tag="reload"):
    """Read the snapshot files again; answered by :class:`InForce`."""


class TakeStandings(msgspec.Struct, frozen=True, tag_field="do", tag="standings"):
    """Read what the ledger wrote of tenants' accounts."""


class FlushTrace(msgspec.Struct, frozen=True, tag_field="do", tag="flush-trace"):
    """Write traced messages still in memory, before ``b2bua.trace_read`` reads the files."""


class Drain(msgspec.Struct, frozen=True, tag_field="do", tag="drain"):
    """Refuse new calls from now on and let those up go on to their ends."""

    on: bool = True


InCallRequest = Transfer | Hold | Resume | Consult | Complete | Return | Join | Leave | Supervise | TakeDown
Request = (
    Ping
    | AskStatus
    | AskCalls
    | HangUp
    | CallBack
    | TryMenu
    | TryTrunk
    | Reload
    | TakeStandings
    | FlushTrace
    | Drain
    | AwaitChange
    | InCallRequest
    | FloorRequest
)


class Done(msgspec.Struct, frozen=True, tag_field="is", tag="done"):
    """It was done."""


class Failed(msgspec.Struct, frozen=True, tag_field="is", tag="failed"):
    """It was not done."""

    reason: str
    zh: str = ""
    """The reason in Chinese, where there is one."""


class Begun(msgspec.Struct, frozen=True, tag_field="is", tag="begun"):
    """A call was begun."""

    call: str


class InForce(msgspec.Struct, frozen=True, tag_field="is", tag="in-force"):
    """Versions of the configuration that calls are served by from now on."""

    box: int
    tenants: dict[str, int]
    errors: dict[str, str] = {}
    """File name -> why it was not taken (what was in force before stays)."""


class LiveCall(msgspec.Struct, frozen=True):
    """A call that is up."""

    call: str
    number: str
    """The 400 number, or what was dialled when nobody owns it."""
    tenant: str
    caller: str
    """Digits; empty when withheld."""
    state: str
    """``arrived``, ``welcome``, ``ringing``, ``talking``, ``held``, ``consulting``, ``transferring`` ..."""
    who: str
    """The target that rings or talks."""
    trunk: str
    """Trunk or extension it came by; ``callback``: the box began it."""
    seconds: float
    """Since the INVITE."""
    talk_seconds: float | None
    """Since caller and answerer hear each other, or None."""
    area_code: str = ""
    """The caller's; empty when unknown."""
    place: str = ""
    """``广东 深圳``; empty when unknown."""
    parts: dict[str, str] = {}
    """Who takes part besides the caller -> ``talk``, ``hold``, ``consult``, ``listen``, ``whisper``,
    ``barge``."""


class Calls(msgspec.Struct, frozen=True, tag_field="is", tag="calls"):
    """The calls that are up, oldest first."""

    calls: list[LiveCall]


class TrunkState(msgspec.Struct, frozen=True):
    """A trunk as it is now."""

    name: str
    state: str
    """``up``, ``down``, ``unknown`` or ``off``."""
    detail: str = ""
    calls: int = 0


class WorkerState(msgspec.Struct, frozen=True):
    """A media worker."""

    index: int
    pid: int
    alive: bool
    endpoints: int = 0


class ListenerState(msgspec.Struct, frozen=True):
    """A socket that SIP is spoken on."""

    name: str
    transport: str
    address: str


class Status(msgspec.Struct, frozen=True, tag_field="is", tag="status"):
    """The b2bua as it is now."""

    pid: int
    uptime_seconds: float
    memory_kib: int
    """Resident set."""
    calls: int
    draining: bool
    box_version: int
    tenants: int
    registrations: int
    reactor_lag_ms: float
    """Worst of the last minute."""
    trunks: list[TrunkState]
    workers: list[WorkerState]
    listeners: list[ListenerState]
    counters: dict[str, int]
    alarms: list[Alarm]


Response = Done | Failed | Begun | InForce | Calls | Status | Queues | Agents | Changed


class ControlDown(Exception):
    """No b2bua serves this data directory, or it does not answer in time."""


class ControlFailed(Exception):
    """b2bua refused a request; ``zh`` is the reason in Chinese where there is one."""

    def __init__(self, reason: str, zh: str = "") -> None:
        super().__init__(reason)
        self.zh = zh or reason


R = TypeVar("R")


class ControlClient:
    """Speaks to b2bua; blocking, for command lines and threads. Use as a context manager."""

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        """Connect; raises ControlDown. ``timeout`` in seconds holds for each request."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        self._rest = b""
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise ControlDown(f"{path}: {error.strerror or error}") from error

    def ask(self, request: Request, answer: type[R]) -> R:
        """Send a request, return its answer; raises ControlFailed with b2bua's reason, or ControlDown."""
        try:
            self._socket.sendall(msgspec.json.encode(request) + b"\n")
            line = self._line()
        except OSError as error:
            raise ControlDown(str(error)) from error
        response: Any = msgspec.json.decode(line, type=Response)
        if isinstance(response, Failed):
            raise ControlFailed(response.reason, response.zh)
        if not isinstance(response, answer):
            raise ControlDown(f"unexpected answer {type(response).__name__}")
        return response

    def _line(self) -> bytes:
        parts = [self._rest]
        while b"\n" not in parts[-1]:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionError("b2bua closed the connection")
            parts.append(data)
        line, _, self._rest = b"".join(parts).partition(b"\n")
        return line

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ask_status(path: Path, timeout: float = 5.0) -> Status | None:
    """Return how the b2bua is, None when it does not answer."""
    try:
        with ControlClient(path, timeout=timeout) as client:
            return client.ask(AskStatus(), Status)
    except (ControlDown, ControlFailed):
        return None
