"""Conversations in writing (会话): e-mails and SMS of one customer, and who sees to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from domain.days.schedule import Schedule
from domain.notices.ways import Encryption
from domain.refusal import NotPossible

WHOLE: Final = 100
"""What an agent has to give; a call takes all of it."""
MOST_LINE: Final = 120
"""Characters of a text in lists."""
_ANSWER: Final = re.compile(
    r"^\s*(?:(?:re|aw|sv|fw|fwd|回复|答复|转发)\s*(?:\[\d+\])?\s*[:：]\s*)+", re.IGNORECASE
)


class Way(StrEnum):
    """How a customer writes."""

    MAIL = "mail"
    SMS = "sms"


class ConversationState(StrEnum):
    """Who sees to it."""

    WAITING = "waiting"
    """For an agent."""
    ASSIGNED = "assigned"
    CLOSED = "closed"


class TextState(StrEnum):
    """How far a text that we send is."""

    DONE = ""
    """Received, written down, or sent."""
    WAITING = "waiting"
    FAILED = "failed"


class Attachment(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A file that came or goes with a text."""

    name: str
    type: str
    octets: int
    file: str = ""
    """Id of what is kept; empty: it was not kept, and ``why`` says why not."""
    why: str = ""


class Text(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One text of a conversation. Times are UTC POSIX seconds."""

    id: str
    at: float
    direction: str
    """``in``, ``out`` or ``note``, which only agents see."""
    text: str
    html: str = ""
    """Made safe; empty: the text is all."""
    by: str = ""
    """工号; empty: the customer, the tenant, or the box."""
    auto: bool = False
    """Sent by a machine: ours, or his."""
    message_id: str = ""
    """Of an e-mail, without brackets."""
    attachments: tuple[Attachment, ...] = ()
    state: TextState = TextState.DONE
    why: str = ""
    """Why it could not be sent."""
    tries: int = 0


class Conversation(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What is written with one customer about one thing."""

    id: str
    way: Way
    peer: str
    """His e-mail address in lower case, or number."""
    channel: str
    """Name of the mailbox or SMS line."""
    own: str
    """Its address or number."""
    made: float
    at: float
    """Of the latest text."""
    subject: str = ""
    peer_name: str = ""
    queue: str = ""
    """Whose agents see to it; empty: all of the tenant's."""
    state: ConversationState = ConversationState.WAITING
    since: float = 0.0
    """When it began to wait."""
    agent: str = ""
    """工号 of who sees to it, or did last."""
    unanswered: int = 0
    """Texts of the customer since our last one."""
    line: str = ""
    """Beginning of the latest text."""
    told_closed: float = 0.0
    """When he was last told by the box that nobody is there."""
    code: str = ""
    """By which the customer rates it when it is closed; a secret. Empty: it is older than ratings."""
    score: int = 0
    """1 to 5; 0: not rated since it was closed."""


class Mailbox(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An e-mail address at which a tenant's customers reach his agents."""

    name: str
    address: str = ""
    label: str = ""
    """Name that customers read beside the address."""
    enabled: bool = True
    queue: str = ""
    imap_host: str = ""
    imap_port: int = 0
    """0: the usual one."""
    imap_encryption: Encryption = Encryption.TLS
    username: str = ""
    """Empty: the address."""
    password: str = ""
    folder: str = "INBOX"
    smtp_host: str = ""
    smtp_port: int = 0
    smtp_encryption: Encryption = Encryption.STARTTLS
    poll_seconds: float = 30.0
    hours: Schedule | None = None
    """When somebody is there; None: always."""
    closed_text: str = ""
    """Sent back out of hours, once in a while; empty: nothing."""
    signature: str = ""
    rating: bool = False
    """Whether customers are asked, when their conversation is closed, how good the service was."""


class SmsLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A number that a tenant's customers write SMS to."""

    name: str
    number: str = ""
    """As the gateway names it; a 400 number only of 4001."""
    enabled: bool = True
    queue: str = ""
    hours: Schedule | None = None
    closed_text: str = ""


class Seat(NamedTuple):
    """An agent as one who may be given texts."""

    agent: str
    queues: tuple[str, ...]
    free: bool
    """Logged in, not paused, in no call."""
    load: int
    """Of :data:`WHOLE`, by the conversations he has."""
    since: float
    """When he was last given one; who waits longest is next."""


def subject_key(subject: str) -> str:
    """Return what a subject and those of answers to it have in common."""
    return " ".join(_ANSWER.sub("", subject).split()).casefold()


def answer_subject(subject: str) -> str:
    """Return the subject of an answer."""
    plain = _ANSWER.sub("", subject).strip()
    return f"Re: {plain}" if plain else "Re:"


def line_of(text: str) -> str:
    """Return the beginning of a text for lists."""
    return " ".join(text.split())[:MOST_LINE]


def arrived(conversation: Conversation, text: Text) -> Conversation:
    """Return a conversation after a text of the customer; a closed one waits again."""
    again = conversation.state is ConversationState.CLOSED
    return msgspec.structs.replace(
        conversation,
        at=text.at,
        line=line_of(text.text),
        unanswered=conversation.unanswered + 1,
        state=ConversationState.WAITING if again else conversation.state,
        score=0 if again else conversation.score,
        since=text.at if again else conversation.since,
    )


def answered(conversation: Conversation, text: Text) -> Conversation:
    """Return a conversation after a text of ours."""
    return msgspec.structs.replace(conversation, at=text.at, line=line_of(text.text), unanswered=0)


def taken(conversation: Conversation, agent: str, *, over: bool = False) -> Conversation:
    """Return a conversation that an agent sees to; ``over``: also from who has it. Raises NotPossible."""
    if conversation.state is ConversationState.ASSIGNED and conversation.agent != agent and not over:
        raise NotPossible(f"{conversation.agent} sees to it already", f"该会话已由 {conversation.agent} 处理")
    return msgspec.structs.replace(conversation, state=ConversationState.ASSIGNED, agent=agent, since=0.0)


def released(conversation: Conversation, at: float) -> Conversation:
    """Return a conversation that waits for somebody again."""
    return msgspec.structs.replace(conversation, state=ConversationState.WAITING, since=at)


def closed(conversation: Conversation) -> Conversation:
    """Return a conversation that is over until the customer writes again."""
    return msgspec.structs.replace(conversation, state=ConversationState.CLOSED, since=0.0, unanswered=0)


def scored(conversation: Conversation, score: int) -> Conversation:
    """Return a conversation that its customer rated, once after each closing; raises NotPossible."""
    if conversation.state is not ConversationState.CLOSED:
        raise NotPossible("it can be rated when it is closed", "关闭后才能评价")
    if conversation.score:
        raise NotPossible("it is rated already", "已经评价过了")
    if not 1 <= score <= 5:
        raise NotPossible("the score is 1 to 5", "评分为 1 至 5")
    return msgspec.structs.replace(conversation, score=score)


def shared_out(
    waiting: Iterable[Conversation], seats: Iterable[Seat], weight: int
) -> list[tuple[Conversation, str]]:
    """Return who is given which conversation: first come first served, to who had it before, else to the
    least busy of its queue, of equals who was given none for longest. Nobody is given more than he can bear.
    """
    held: dict[str, Seat] = {seat.agent: seat for seat in seats}
    given = []
    for conversation in sorted(waiting, key=lambda each: (each.since, each.id)):
        fit = [
            seat
            for seat in held.values()
            if seat.free
            and seat.load + weight <= WHOLE
            and (not conversation.queue or conversation.queue in seat.queues)
        ]
        if not fit:
            continue
        seat = min(
            fit, key=lambda each: (each.agent != conversation.agent, each.load, each.since, each.agent)
        )
        held[seat.agent] = seat._replace(load=seat.load + weight, since=conversation.since)
        given.append((conversation, seat.agent))
    return given


def loads_of(held: Mapping[str, int], weight: int) -> dict[str, int]:
    """Return 工号 -> load by how many conversations each has."""
    return {agent: min(WHOLE, count * weight) for agent, count in held.items()}
