"""What happens to conversations: texts arrive and leave, agents take them, and the timeline tells of it."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from domain.analysis.service import Written
from domain.customers.conversation import (
    Attachment,
    Conversation,
    ConversationState,
    Mailbox,
    SmsLine,
    Text,
    TextState,
    Way,
    answered,
    arrived,
    closed,
    line_of,
    released,
    subject_key,
    taken,
)
from domain.customers.timeline import Entry, EntryKind, mail_stream, number_stream
from domain.days.calendar import Calendar
from domain.days.schedule import is_open
from domain.notices.delivery import Channel, Delivery
from domain.notices.kinds import DAY, NoticeKind
from domain.notices.ways import CallEvent
from domain.refusal import BadField, NotPossible
from storage.conversations.channels import addressee, own_of, way_of
from storage.conversations.events import tell_event
from storage.conversations.scores import new_secret, words_to_rate
from storage.models import Root
from storage.models.conversations import TenantConversations
from storage.notices.outbox import new_id
from storage.notices.webhooks import iso
from storage.reports.service_counts import count_written, of_answer

MOST_TEXT: Final = 100_000
MOST_ANSWER: Final = 20_000
MOST_SMS: Final = 500
SAME_THING: Final = 7 * DAY
"""An e-mail without references is of the same thing as one of the same subject so long ago."""
CLOSED_AGAIN: Final = 4 * 3600.0
"""Who writes out of hours is told so again only after so long."""
MOST_AUTOMATIC: Final = 5
"""Automatic answers of the box to one address in a day: two machines shall not talk for ever."""
_NOTHING: Final = Text("", 0.0, "in", "")
_KINDS: Final = {Way.MAIL: EntryKind.MAIL, Way.SMS: EntryKind.SMS}


class Incoming(NamedTuple):
    """A text that came, whatever way."""

    way: Way
    channel: Mailbox | SmsLine
    peer: str
    text: Text
    peer_name: str = ""
    subject: str = ""
    references: tuple[str, ...] = ()
    """Message-IDs that it answers, the latest first."""
    answer: bool = True
    """Whether the box may answer by itself: not to machines and lists."""


class Writing:
    """One tenant's conversations inside a transaction."""

    def __init__(self, root: Root, tenant: str, at: float) -> None:
        self._root = root
        self._tenant = tenant
        self._at = at
        self.book: TenantConversations = root.conversations.of(tenant)

    def take_in(self, incoming: Incoming) -> Conversation | None:
        """Put a text into its conversation, or begin one; None: it was taken before."""
        text = incoming.text
        if text.message_id and text.message_id in self.book.message_ids:
            return None
        before = self._conversation_of(incoming)
        starts = before.state is ConversationState.CLOSED or self.book.get(before.id) is None
        self.book.put_text(before.id, text)
        conversation = arrived(before, text)
        self.book.put(conversation)
        self._tell(conversation, text)
        self._count(conversation, Written(begun=int(starts), received=1), text.id)
        if starts:
            self._tell_event(CallEvent.CONVERSATION_STARTED, conversation, text.id)
        if incoming.answer:
            self._say_closed(conversation, incoming.channel)
        return conversation

    def _conversation_of(self, incoming: Incoming) -> Conversation:
        for reference in incoming.references:
            found = self.book.get(self.book.message_ids.get(reference, ""))
            if found is not None:
                return found
        return self._recent(incoming) or Conversation(
            new_id(self._at), incoming.way, incoming.peer, incoming.channel.name, own_of(incoming.channel),
            self._at, self._at, incoming.subject[:200], incoming.peer_name[:60], incoming.channel.queue,
            since=self._at, code=new_secret(),
        )  # fmt: skip

    def _recent(self, incoming: Incoming) -> Conversation | None:
        """Return the conversation that a text without references is of, or None."""
        key = subject_key(incoming.subject)
        for each in self.book.of_peer(incoming.way, incoming.peer):
            same = incoming.way is Way.SMS or (key and subject_key(each.subject) == key)
            if each.channel == incoming.channel.name and same and each.at > self._at - SAME_THING:
                return each
        return None

    def _say_closed(self, conversation: Conversation, channel: Mailbox | SmsLine) -> None:
        """Tell who writes out of hours that nobody is there, rarely enough for two machines."""
        if channel.hours is None or not channel.closed_text:
            return
        if is_open(channel.hours, self._at, self._calendar()):
            return
        last = [each.told_closed for each in self.book.of_peer(conversation.way, conversation.peer)]
        if (
            max(last, default=0.0) > self._at - CLOSED_AGAIN
            or self._automatic(conversation) >= MOST_AUTOMATIC
        ):
            return
        now = msgspec.structs.replace(self.found(conversation.id), told_closed=self._at)
        text = Text(
            new_id(self._at), self._at, "out", channel.closed_text, auto=True, state=TextState.WAITING
        )
        self._send(now, text)
        self._count(now, Written(automatic=1), text.id)
        self.book.put(now)  # it waits for an answer all the same

    def _calendar(self) -> Calendar:
        model = self._root.tenants.get(self._tenant)
        days = {} if model is None else model.config.value.days
        return Calendar(self._root.box.value.calendar).with_days(days)

    def _automatic(self, conversation: Conversation) -> int:
        return sum(
            text.auto and text.direction == "out" and text.at > self._at - DAY
            for each in self.book.of_peer(conversation.way, conversation.peer)
            for text in self.book.texts_of(each.id)
        )

    # -- agents ------------------------------------------------------------------------------------

    def found(self, name: str) -> Conversation:
        """Return a conversation; raises NotPossible where there is none."""
        conversation = self.book.get(name)
        if conversation is None:
            raise NotPossible("there is no such conversation", "没有这个会话")
        return conversation

    def take(self, name: str, agent: str, *, over: bool = False) -> Conversation:
        """Let an agent see to a conversation; raises NotPossible when somebody else does."""
        conversation = taken(self.found(name), agent, over=over)
        self.book.put(conversation)
        self.book.given[agent] = self._at
        return conversation

    def release(self, name: str) -> Conversation:
        """Let a conversation wait for somebody else."""
        conversation = released(self.found(name), self._at)
        self.book.put(conversation)
        return conversation

    def close(self, name: str) -> Conversation:
        """End a conversation until the customer writes again."""
        before = self.found(name)
        conversation = closed(before)
        self.book.put(conversation)
        if before.state is not ConversationState.CLOSED:
            self._count(conversation, Written(closed=1))
            conversation = self._ask_for_score(conversation)
            self._tell_event(CallEvent.CONVERSATION_CLOSED, conversation, iso(self._at))
        return conversation

    def note(self, name: str, agent: str, words: str) -> Conversation:
        """Write down what only agents see; raises NotPossible."""
        conversation = self.found(name)
        if not words:
            raise NotPossible("the note is empty", "请填写备注内容")
        self.book.put_text(conversation.id, Text(new_id(self._at), self._at, "note", words, by=agent))
        return conversation

    def answer(
        self, name: str, agent: str, words: str, attachments: tuple[Attachment, ...] = ()
    ) -> Conversation:
        """Send an answer; who answers sees to it. Raises NotPossible when somebody else does."""
        conversation = self.found(name)
        most = MOST_SMS if conversation.way is Way.SMS else MOST_ANSWER
        if not words:
            raise BadField("text", "the text is empty", "请填写内容")
        if len(words) > most:
            raise BadField("text", f"at most {most} characters", f"最多 {most} 个字")
        if agent:
            conversation = self.take(name, agent)
        text = Text(
            new_id(self._at), self._at, "out", words, by=agent, state=TextState.WAITING,
            attachments=attachments,
        )  # fmt: skip
        self._count(conversation, of_answer(self.book.texts_of(name), self._at), text.id)
        self._send(conversation, text)
        conversation = answered(conversation, text)
        self.book.put(conversation)
        self._tell_event(CallEvent.CONVERSATION_ANSWERED, conversation, text.id)
        return conversation

    def begin(
        self, channel: Mailbox | SmsLine, peer: str, subject: str, words: str, agent: str = "",
        attachments: tuple[Attachment, ...] = (),
    ) -> Conversation:  # fmt: skip
        """Write to a customer first; raises BadField, and NotPossible where somebody else writes with him.

        An SMS goes on with what was written lately. Without an agent it is nobody's until he answers.
        """
        way = way_of(channel)
        peer, customer = addressee(self._root, self._tenant, channel, peer)
        if way is Way.MAIL and not subject.strip():
            raise BadField("subject", "an e-mail needs a subject", "请填写邮件主题")
        lately = self._recent(Incoming(way, channel, peer, _NOTHING)) if way is Way.SMS else None
        if lately is not None:
            return self.answer(lately.id, agent, words, attachments)
        begun = Conversation(
            new_id(self._at), way, peer, channel.name, own_of(channel), self._at, self._at,
            " ".join(subject.split())[:200], customer.name, channel.queue, ConversationState.CLOSED,
            code=new_secret(),
        )  # fmt: skip
        self.book.put(begun)
        self._count(begun, Written(begun=1))
        self._tell_event(CallEvent.CONVERSATION_STARTED, begun, iso(self._at))
        return self.answer(begun.id, agent, words, attachments)

    def _send(self, conversation: Conversation, text: Text) -> None:
        if conversation.way is Way.MAIL:
            domain = conversation.own.rpartition("@")[2]
            text = msgspec.structs.replace(text, message_id=f"{text.id}@{domain}")
            key = (f"{int(self._at * 1000):014d}", text.id)
            self._root.conversations.outbox[key] = (self._tenant, conversation.id)
        else:
            self._root.notices.add(
                Delivery(
                    text.id,
                    f"text:{text.id}",
                    self._tenant,
                    NoticeKind.CONVERSATION,
                    Channel.SMS,
                    conversation.peer,
                    text.text,
                    self._at,
                    self._at,
                    self._at + DAY,
                    sender=conversation.own,
                )
            )
        self.book.put_text(conversation.id, text)
        self._tell(conversation, text)

    def _ask_for_score(self, conversation: Conversation) -> Conversation:
        """Send the customer a link by which he says how good the service was, where that is wanted."""
        words = words_to_rate(self._root, self._tenant, conversation)
        if not words or self._automatic(conversation) >= MOST_AUTOMATIC:
            return conversation
        text = Text(new_id(self._at), self._at, "out", words, auto=True, state=TextState.WAITING)
        self._send(conversation, text)
        self._count(conversation, Written(automatic=1), text.id)
        return conversation

    def _count(self, conversation: Conversation, written: Written, text: str = "") -> None:
        count_written(self._root, self._tenant, conversation, self._at, written, text)

    def _tell_event(self, event: CallEvent, conversation: Conversation, turn: str) -> None:
        tell_event(self._root, self._tenant, event, conversation, turn, self._at)

    def _tell(self, conversation: Conversation, text: Text) -> None:
        mail = conversation.way is Way.MAIL
        stream = mail_stream(conversation.peer) if mail else number_stream(conversation.peer)
        words = f"{conversation.subject}：{line_of(text.text)}" if conversation.subject else text.text
        entry = Entry(
            text.at, _KINDS[conversation.way], text.id, text.direction, text.by, conversation.peer,
            conversation.own, words, part_of=conversation.id,
        )  # fmt: skip
        self._root.timelines.of(self._tenant).put((stream,), entry)
