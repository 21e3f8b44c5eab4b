"""The events of a call as the journal keeps them; a call record is a fold over them.

``at`` is UTC POSIX seconds (for people), ``mono`` CLOCK_MONOTONIC seconds of the box's current boot (for
differences and billing). Text from SIP headers is hostile and kept as received.
"""

from __future__ import annotations

import msgspec

from domain.places.place import UNKNOWN, Place


class _Event(msgspec.Struct, frozen=True, tag_field="e", omit_defaults=True, kw_only=True):
    call: str
    at: float
    mono: float


class Started(_Event, frozen=True, kw_only=True, tag="start"):
    """An INVITE arrived from a trunk or an extension, or the box begins a call."""

    trunk: str | None
    extension: str | None = None
    source: str
    sip_call_id: str
    called_raw: str
    called: str
    caller_raw: str
    caller: str
    caller_display: str = ""
    anonymous: bool = False
    tenant: str | None = None
    number: str | None = None
    """The 400 number, None when no tenant owns what was dialled."""
    record: bool = False
    direction: str = ""
    """``callback``: the box itself began the call, and leg ``a`` is dialled like the others.
    ``consultation``: the second line of an agent's phone; its colleague is a leg of the call he serves.
    ``pickup``: a phone took the place of another; it is a leg of that one's call.
    ``supervision``: so does a supervisor's phone that has dialled in.
    ``test``: the box began it to be tested; who tests a menu is leg ``a``."""
    contact: str = ""
    """Of a call-back: id of the call that it answers."""
    agent: str = ""
    """Of a call-back: the phone rung first."""
    caller_class: str = ""
    """A ``domain.calling.caller.CallerClass``; empty: written before classes were."""
    caller_header: str = ""
    """Where the caller was found; empty: not by a trunk."""
    place: Place = UNKNOWN
    """Where he is from by the data of that day."""


class Step(_Event, frozen=True, kw_only=True, tag="step"):
    """Something of the call's course: ``welcome``, ``notice``, ``hunt``, ``ringback``, ``busy`` ..."""

    name: str
    detail: str = ""


class LegDialled(_Event, frozen=True, kw_only=True, tag="dial"):
    """A target is being rung; one line for each trunk tried."""

    leg: str
    target: str
    is_extension: bool = False
    trunk: str | None = None
    listener: str = ""


class LegProgress(_Event, frozen=True, kw_only=True, tag="prog"):
    """A dialled leg gave a provisional answer (first of each status)."""

    leg: str
    status: int


class LegAnswered(_Event, frozen=True, kw_only=True, tag="leg-ans"):
    """A dialled leg was answered."""

    leg: str


class LegEnded(_Event, frozen=True, kw_only=True, tag="leg-end"):
    """A leg is over. ``leg`` may be ``a``."""

    leg: str
    status: int = 0
    reason: str = ""
    by_peer: bool = False


class Answered(_Event, frozen=True, kw_only=True, tag="answer"):
    """The caller's leg was answered (access time starts)."""


class Bridged(_Event, frozen=True, kw_only=True, tag="bridge"):
    """Caller and leg talk from now on (talk time starts), beside other legs that do."""

    leg: str


class Unbridged(_Event, frozen=True, kw_only=True, tag="unbridge"):
    """Caller and leg no longer talk."""

    leg: str


class Queued(_Event, frozen=True, kw_only=True, tag="queue"):
    """The caller waits in a queue from now on."""

    queue: str


class Unqueued(_Event, frozen=True, kw_only=True, tag="unqueue"):
    """He waits no longer."""

    why: str
    """``answered``, ``key``, ``call-back``, or why he was sent away (``domain.acd.effects.Reason``)."""
    agent: str = ""
    """工号 of who answered."""


class Rated(_Event, frozen=True, kw_only=True, tag="rate"):
    """The caller rated the service."""

    agent: str
    rating: int
    """1 to 5."""


class TakesPart(_Event, frozen=True, kw_only=True, tag="part"):
    """What a leg does in the call from now on; ``Bridged`` says ``talk``, ``Unbridged`` and ``LegEnded``
    nothing."""

    leg: str
    part: str
    """``talk``; ``hold`` (has put the caller on hold; leg ``a``: the others); ``consult`` (talks with who
    holds); ``listen``, ``whisper``, ``barge`` (a supervisor); empty: nothing."""


class Key(_Event, frozen=True, kw_only=True, tag="key"):
    """A DTMF digit from a leg."""

    leg: str
    digit: str


class DialogNow(_Event, frozen=True, kw_only=True, tag="dialog"):
    """A dialog's state after a change that a later BYE would need."""

    leg: str
    state: msgspec.Raw
    """JSON of ``b2bua.sip.dialog.DialogState``."""


class MediaMeasured(_Event, frozen=True, kw_only=True, tag="media"):
    """Final statistics of one leg's media, seen from the box."""

    leg: str
    packets_in: int = 0
    packets_out: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    mos: float | None = None
    strangers: int = 0


class MessageBegan(_Event, frozen=True, kw_only=True, tag="msg"):
    """A leg's peer may speak after the tone; what his spool has from now on is a message.

    It names whose it is, since the call itself need not be recorded.
    """

    leg: str
    box: str
    tenant: str
    number: str
    caller: str


class MessageEnded(_Event, frozen=True, kw_only=True, tag="msg-end"):
    """The message is over."""

    leg: str
    seconds: float
    """Length from ``MessageBegan`` on, without the silence or key that ended it."""
    kept: bool
    why: str = ""
    """``key``, ``silence``, ``full``, ``again``, ``hung-up`` or ``crash``."""


class Spooled(_Event, frozen=True, kw_only=True, tag="spool"):
    """The call's spool is closed; the recorder may compose it."""


class RecordingStopped(_Event, frozen=True, kw_only=True, tag="rec-stop"):
    """The call goes on unrecorded from here on; what was recorded is kept."""

    why: str
    """``disk``: it is nearly full."""


class Marks(msgspec.Struct, frozen=True, tag_field="e", tag="marks", kw_only=True):
    """These calls were up at this moment (written every 6 s); a cut call ends at its last mark."""

    at: float
    mono: float
    calls: list[str]


class Ended(_Event, frozen=True, kw_only=True, tag="end"):
    """The call is over: its last line."""

    outcome: str
    by: str
    sip_status: int = 0


Event = (
    Started | Step | LegDialled | LegProgress | LegAnswered | LegEnded | Answered | Bridged | Unbridged
    | TakesPart | Key | DialogNow | MessageBegan | MessageEnded | RecordingStopped | MediaMeasured | Spooled
    | Marks | Queued | Unqueued | Rated | Ended
)  # fmt: skip
