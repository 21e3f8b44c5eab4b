"""Conversations in writing (会话): listed, read, answered, handed on, closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from pyramid.response import Response

from domain.customers.conversation import Attachment, Conversation, ConversationState, Mailbox, Text, Way
from domain.refusal import NotPossible
from storage.conversations.channels import channel_named
from storage.conversations.writing import MOST_ANSWER, Writing
from storage.models import Root
from storage.numbers.documents import MOST_BYTES
from webui.api.access import Caller
from webui.api.asked import Limit, NoQuery, Text40, body, call_id, octets, query
from webui.api.files import sent
from webui.api.problems import ApiProblem
from webui.services.conversations import MOST_FILES, attach, file_of, texts_of
from webui.services.customers import agents_of
from webui.services.file_tickets import files_of, ticket_of

T = TypeVar("T")
Agent = Annotated[str, msgspec.Meta(max_length=40)]
Files = Annotated[
    tuple[Annotated[str, msgspec.Meta(max_length=1000)], ...], msgspec.Meta(max_length=MOST_FILES)
]
Written = Annotated[str, msgspec.Meta(min_length=1, max_length=MOST_ANSWER, pattern=r"^[^\s\x00-\x1f]")]


class ConversationQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which conversations."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{14}:[0-9A-Z]{26}\Z")] | None = None
    state: Literal["open", "waiting", "assigned", "closed", "all"] = "open"
    agent: Agent = ""
    way: Way | None = None

    def takes(self, each: Conversation) -> bool:
        """Tell whether a conversation is wanted."""
        open_ones = self.state == "open" and each.state is not ConversationState.CLOSED
        return (
            (open_ones or self.state in ("all", each.state))
            and self.agent in ("", each.agent)
            and self.way in (None, each.way)
        )


class TextQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which texts."""

    limit: Limit = 50
    cursor: Annotated[str, msgspec.Meta(pattern=r"^0[0-9A-HJKMNP-TV-Z]{25}\Z")] | None = None


class TextWish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something to be written."""

    kind: Literal["answer", "note"]
    text: Written
    agent: Agent = ""
    files: Files = ()


class Beginning(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text to somebody who has not written."""

    channel: Text40
    to: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    text: Written
    subject: Annotated[str, msgspec.Meta(max_length=200)] = ""
    agent: Agent = ""
    files: Files = ()


class FileQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is uploaded."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100, pattern=r"^[^/\\\x00-\x1f]+\Z")]


class ConversationChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall become of a conversation."""

    agent: Agent | None = None
    state: Literal["closed"] | None = None


def listing(caller: Caller) -> Mapping[str, Any]:
    """Return a page of conversations, those with the latest text first."""
    asked = query(caller, ConversationQuery)
    caller.config()

    def read(root: Root) -> list[tuple[str, Conversation]]:
        every = root.conversations.find(caller.tenant).newest_first(asked.cursor or "")
        return list(islice((pair for pair in every if asked.takes(pair[1])), asked.limit + 1))

    found = caller.services.read(read)
    shown, more = found[: asked.limit], len(found) > asked.limit
    return {"items": [_object(each) for _, each in shown], "next": shown[-1][0] if more else ""}


def show(caller: Caller) -> Mapping[str, Any]:
    """Return a conversation with a page of its texts, newest first."""
    asked, found = query(caller, TextQuery), _conversation(caller)
    texts = caller.services.read(
        lambda root: texts_of(root, caller.tenant, found.id, asked.limit + 1, asked.cursor or "")
    )
    shown, more = texts[: asked.limit], len(texts) > asked.limit
    return {
        "conversation": _object(found),
        "texts": [_text(each) for each in shown],
        "next": shown[-1].id if more else "",
    }


def write(caller: Caller) -> Mapping[str, Any]:
    """Send an answer, or note something."""
    query(caller, NoQuery)
    wish, found = body(caller, TextWish), _conversation(caller)
    name, files = found.id, _files(caller, wish.files, mail=found.way is Way.MAIL and wish.kind == "answer")
    if wish.kind == "note":
        return _change(
            caller, "note", name, wish.agent, lambda writing: writing.note(name, wish.agent, wish.text)
        )
    return _change(
        caller, "answer", name, wish.agent,
        lambda writing: writing.answer(name, wish.agent, wish.text, files),
    )  # fmt: skip


def begin(caller: Caller) -> Mapping[str, Any]:
    """Write to a customer who has not written."""
    query(caller, NoQuery)
    wish = body(caller, Beginning)
    caller.config()
    channel = _allowed(
        lambda: caller.services.read(lambda root: channel_named(root, caller.tenant, wish.channel))
    )
    files = _files(caller, wish.files, mail=isinstance(channel, Mailbox))
    return _change(
        caller, "begin", f"{wish.channel} {wish.to}", wish.agent,
        lambda writing: writing.begin(channel, wish.to, wish.subject, wish.text, wish.agent, files),
    )  # fmt: skip


def upload(caller: Caller) -> Mapping[str, Any]:
    """Keep a file for an e-mail that is written next."""
    asked = query(caller, FileQuery)
    caller.config()
    content = octets(caller, MOST_BYTES)
    file = _allowed(lambda: attach(caller.services, asked.name, content))
    return {
        "file": ticket_of(caller.services, "letter", caller.tenant, file),
        "name": file.name,
        "octets": file.octets,
    }


def _files(caller: Caller, tickets: tuple[str, ...], *, mail: bool) -> tuple[Attachment, ...]:
    if tickets and not mail:
        raise ApiProblem(409, "只有邮件可以带附件", "only e-mails take files along")
    return _allowed(
        lambda: files_of(caller.services, "letter", caller.tenant, tickets, Attachment, MOST_FILES)
    )


def change(caller: Caller) -> Mapping[str, Any]:
    """Hand it to an agent, let it wait for anybody, or close it."""
    query(caller, NoQuery)
    wish, name = body(caller, ConversationChange), _conversation(caller).id
    if (wish.agent is None) == (wish.state is None):
        raise ApiProblem(409, "一次只能做一件事：agent 或 state", "one thing at a time: agent or state")
    if wish.state is not None:
        return _change(caller, "close", name, "", lambda writing: writing.close(name))
    agent = wish.agent or ""
    if not agent:
        return _change(caller, "give", name, "", lambda writing: writing.release(name))
    return _change(caller, "give", name, agent, lambda writing: writing.take(name, agent, over=True))


def file(caller: Caller) -> Response:
    """Send a file of a conversation, whatever its type, as octets to be stored."""
    query(caller, NoQuery)
    name, wanted = _conversation(caller).id, caller.part("file")[:40]
    told = caller.services.read(lambda root: file_of(root, caller.tenant, name, wanted))
    if told is None:
        raise ApiProblem(404)
    return sent(caller.services.recordings.letter_files(), told.file)


def _conversation(caller: Caller) -> Conversation:
    name = call_id(caller, "conversation")
    found: Conversation | None = caller.services.read(
        lambda root: root.conversations.find(caller.tenant).get(name)
    )
    if found is None:
        raise ApiProblem(404)
    return found


def _change(
    caller: Caller, what: str, about: str, agent: str, work: Callable[[Writing], Conversation]
) -> Mapping[str, Any]:
    """Do something in one transaction; 409 where it cannot be done as things are."""
    now, entry = caller.services.now(), caller.entry(f"conversation-{what}", about)

    def change(root: Root) -> Conversation:
        if agent and agent not in agents_of(root, caller.tenant):
            raise NotPossible(f"there is no agent {agent}", f"没有坐席 {agent}")
        root.web.note(entry)
        return work(Writing(root, caller.tenant, now))

    return _object(_allowed(lambda: caller.services.change(change, f"api conversation {what}")))


def _allowed(work: Callable[[], T]) -> T:
    """Do something; 409 where it cannot be done as things are."""
    try:
        return work()
    except NotPossible as error:
        raise ApiProblem(409, error.zh, error.en) from error


def _object(found: Conversation) -> dict[str, Any]:
    return {
        "id": found.id,
        "way": found.way,
        "peer": found.peer,
        "peer_name": found.peer_name,
        "channel": found.channel,
        "own": found.own,
        "subject": found.subject,
        "queue": found.queue,
        "state": found.state,
        "agent": found.agent,
        "made": found.made,
        "at": found.at,
        "unanswered": found.unanswered,
        "line": found.line,
    }


def _text(text: Text) -> dict[str, Any]:
    return {
        "id": text.id,
        "at": text.at,
        "direction": text.direction,
        "text": text.text,
        "by": text.by,
        "auto": text.auto,
        "state": text.state or "done",
        "why": text.why,
        "files": [
            {"id": each.file, "name": each.name, "type": each.type, "octets": each.octets, "why": each.why}
            for each in text.attachments
        ],
    }
