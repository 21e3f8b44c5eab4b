"""The call record: what is kept of a call."""

from __future__ import annotations

import msgspec

from domain.outcomes import HungUpBy, Outcome
from domain.places.place import UNKNOWN, Place


class Moment(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a call's timeline."""

    ms: int
    """Since the call's start."""
    what: str
    """Tag of the journal's event: ``start``, ``step``, ``dial``, ``prog``, ``leg-ans``, ``bridge`` ..."""
    leg: str = ""
    detail: str = ""


class LegRecord(msgspec.Struct, frozen=True, array_like=True):
    """One target that was rung. Times are milliseconds since the call's start, None: never."""

    leg: str
    target: str
    is_extension: bool
    trunks: tuple[str, ...]
    """Trunks tried, in order; empty for an extension."""
    dialled_ms: int
    rang_ms: int | None
    """First provisional answer."""
    answered_ms: int | None
    ended_ms: int | None
    status: int
    reason: str
    by_peer: bool


class MediaRecord(msgspec.Struct, frozen=True, array_like=True):
    """What was measured of one leg's audio."""

    leg: str
    packets_in: int
    packets_out: int
    lost: int
    jitter_ms: float
    round_trip_ms: float | None
    mos: float | None
    strangers: int


class Participant(msgspec.Struct, frozen=True, array_like=True):
    """What somebody did in a call for a while; times are milliseconds since the call's start."""

    leg: str
    who: str
    """Number or extension; empty for the caller."""
    part: str
    """``talk``, ``hold``, ``consult``, ``listen``, ``whisper`` or ``barge`` (``events.TakesPart``)."""
    from_ms: int
    until_ms: int


class ChargeRecord(msgspec.Struct, frozen=True, array_like=True):
    """How a call was charged; by this and the tariff its charge can be explained again."""

    li: int
    seconds: int
    """Charged time."""
    kind: str
    """``domain.money.tariff.CallKind``."""
    tariff: str
    edition: str
    """First day of the edition."""
    price: int | None
    """Index of the price; None: none fits, so that nothing is charged."""
    included_seconds: int = 0


class CallRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call as people, bills and reports see it.

    Durations are milliseconds from differences of the monotonic clock; ``start`` is UTC, and every other
    moment is ``start`` plus a duration, so that a step of the clock in mid-call changes no bill.
    """

    id: str
    tenant: str | None
    """None: the number dialled belongs to no tenant."""
    number: str | None
    """The 400 number."""
    called: str
    called_raw: str
    caller: str
    """Canonical digits; empty when withheld."""
    caller_raw: str
    caller_display: str = ""
    anonymous: bool = False
    caller_class: str = ""
    """A ``domain.calling.caller.CallerClass``; empty: recorded before classes were."""
    caller_header: str = ""
    """Header he was found in; empty: no trunk's call."""
    place: Place = UNKNOWN
    """Where he is from by the data of that day."""
    trunk_in: str | None
    extension: str | None = None
    source: str
    sip_call_id: str
    trunk_out: str | None = None
    """The trunk of the leg that answered, else of the last one rung."""
    answered_by: str = ""
    """Number or extension that talked with the caller; empty: nobody."""
    start: float
    """UTC POSIX seconds."""
    answer_ms: int | None = None
    """When the caller was answered (access time starts)."""
    bridge_ms: int | None = None
    """When he was first connected with somebody (talk time starts)."""
    end_ms: int = 0
    access_ms: int = 0
    talk_ms: int = 0
    outcome: str = Outcome.CUT_BY_CRASH
    hung_up_by: str = HungUpBy.BOX
    sip_status: int = 0
    keys: str = ""
    """Digits of the caller, in order."""
    recorded: bool = False
    """Whether audio was kept; the recording's id is the call's."""
    message: str = ""
    """The voicemail box in which the caller left a message (its id is the call's), or empty."""
    message_ms: int = 0
    direction: str = ""
    """``callback``: the box began it, ``caller`` is the customer, rung as leg ``a``;
    ``consultation``: an agent's phone called a colleague while his caller waited; ``pickup``: a phone took
    the place of another one; ``supervision``: a supervisor dialled in; ``test``: the box began
    it to be tested, by a trunk or with who tests a menu as leg ``a``; empty: inbound."""
    contact: str = ""
    """Of a call-back: id of the call that it answers."""
    agent: str = ""
    """Of a call-back: the phone rung first."""
    charge: ChargeRecord | None = None
    """None: its tenant had no tariff, or it reached no tenant."""
    queue: str = ""
    """The last queue in which the caller waited, or empty."""
    wait_ms: int = 0
    """How long he waited in queues."""
    job_number: str = ""
    """工号 of the agent of a queue who talked with him."""
    rating: int | None = None
    """What he gave that agent, 1 to 5."""
    menu: str = ""
    """What he chose in voice menus: ``menu/node/key`` with spaces between."""
    legs: tuple[LegRecord, ...] = ()
    media: tuple[MediaRecord, ...] = ()
    timeline: tuple[Moment, ...] = ()
    participants: tuple[Participant, ...] = ()
    """Who took part when, in the order in which they left."""

    @property
    def access_seconds(self) -> float:
        """Seconds the caller was answered, prompts included."""
        return self.access_ms / 1000

    @property
    def talk_seconds(self) -> float:
        """Seconds the caller talked with somebody."""
        return self.talk_ms / 1000

    @property
    def fee_li(self) -> int:
        """What the call costs its tenant, in 厘."""
        return 0 if self.charge is None else self.charge.li

    @property
    def end(self) -> float:
        """End in UTC POSIX seconds."""
        return self.start + self.end_ms / 1000

    @property
    def recording(self) -> str:
        """Id of the recording, or "" when nothing was recorded."""
        return self.id if self.recorded else ""
