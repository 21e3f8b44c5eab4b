"""A ticket (工单) and its thread: who asks whom, what was said, whose turn it is."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

OPERATOR: Final = ""
"""The desk of the operator; all others are named by their tenant."""
MOST_SUBJECT: Final = 120
MOST_TEXT: Final = 10_000
MOST_FILES: Final = 5
"""Of one entry."""
MOST_ENTRIES: Final = 500
MOST_COMMENT: Final = 500


class TicketState(StrEnum):
    """Whose turn it is."""

    OPEN = "open"
    """Asked, and nobody sees to it yet (待处理)."""
    WORKING = "working"
    """Somebody of the desk sees to it (处理中)."""
    ANSWERED = "answered"
    """Answered: the asker says whether that is all (待确认)."""
    CLOSED = "closed"


class Priority(StrEnum):
    """How soon an answer is due."""

    URGENT = "urgent"
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


class AskerKind(StrEnum):
    """Who asks."""

    TENANT = "tenant"
    """An enterprise, in its own pages."""
    CUSTOMER = "customer"
    """Somebody of the public."""
    BOX = "box"
    """Nobody: the box noticed something."""


class SourceKind(StrEnum):
    """What a ticket came from."""

    PAGE = "page"
    PUBLIC = "public"
    """The public page (线上客服)."""
    API = "api"
    CALL = "call"
    VOICEMAIL = "voicemail"
    MISSED = "missed"
    ALARM = "alarm"
    RATING = "rating"
    """A low score."""
    EMAIL = "email"
    SMS = "sms"
    INSPECTION = "inspection"


class Closed(StrEnum):
    """Why a ticket is closed."""

    BY_ASKER = "by-asker"
    WAITED = "waited"
    """The asker was reminded and said nothing for the time that the desk's settings name."""
    CONFIRMED = "confirmed"
    """The asker cannot reach the ticket; the desk wrote down how he agreed."""


class EntryKind(StrEnum):
    """What happened; the first three are texts."""

    QUESTION = "question"
    ANSWER = "answer"
    NOTE = "note"
    """Internal: the asker never sees it."""
    ASSIGNED = "assigned"
    FILED = "filed"
    REMINDED = "reminded"
    CLOSED = "closed"
    REOPENED = "reopened"
    RATED = "rated"


INTERNAL: Final = frozenset({EntryKind.NOTE, EntryKind.ASSIGNED, EntryKind.FILED})
"""What the asker does not see."""


class Asker(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Who asks, and how he is told of answers."""

    kind: AskerKind
    name: str = ""
    mobile: str = ""
    """Canonical digits."""
    email: str = ""


class Source(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a ticket came from."""

    kind: SourceKind
    ref: str = ""
    """Id of the call, the message, the missed item, key of the alarm ..."""

    @property
    def cause(self) -> str:
        """Name it, so that one thing makes one open ticket; empty: each is a thing of its own."""
        return f"{self.kind}:{self.ref}" if self.ref else ""


class File(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An attachment; the content is on the shelf of attachments."""

    id: str
    name: str
    type: str
    octets: int


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One thing that was said or done. Times are UTC POSIX seconds."""

    kind: EntryKind
    at: float
    by: str = ""
    """Who, as the thread shows it; empty: the box."""
    text: str = ""
    files: tuple[File, ...] = ()

    @property
    def internal(self) -> bool:
        """Whether the asker does not see it."""
        return self.kind in INTERNAL


class Ticket(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How a ticket stands. Times are UTC POSIX seconds, 0: not yet."""

    id: str
    number: int
    """Counts the tickets of the desk."""
    code: str
    """By which the asker finds it on the public page; a secret."""
    desk: str
    """Who serves: a tenant, or :data:`OPERATOR`."""
    tenant: str
    """Whom it concerns: the tenant who asks or serves; empty: a customer of the operator."""
    asker: Asker
    subject: str
    source: Source
    opened: float
    category: str = ""
    priority: Priority = Priority.NORMAL
    state: TicketState = TicketState.OPEN
    by: str = ""
    """Who of the desk sees to it."""
    updated: float = 0.0
    asked: float = 0.0
    """When the question was asked that waits for its answer."""
    due: float = 0.0
    """When the answer is due, or what follows when the asker says nothing."""
    late: bool = False
    """An answer was not there when it was due."""
    told: bool = False
    """The desk was told that the answer it owes is late."""
    answers: int = 0
    first_answer: float = 0.0
    reminded: float = 0.0
    reopened: int = 0
    closed: Closed | None = None
    closed_at: float = 0.0
    score: int = 0
    """1 to 5; 0: not rated."""
    comment: str = ""
    entries: int = 0
    """How many the thread has."""

    @property
    def is_open(self) -> bool:
        """Whether it is not closed."""
        return self.state is not TicketState.CLOSED

    @property
    def waits_for_desk(self) -> bool:
        """Whether a question waits for its answer."""
        return self.state in (TicketState.OPEN, TicketState.WORKING)

    @property
    def asker_reaches_it(self) -> bool:
        """Whether the asker can read the ticket and answer for himself."""
        told = bool(self.asker.mobile or self.asker.email)
        return self.asker.kind is AskerKind.TENANT or told or self.source.kind is SourceKind.PUBLIC
