"""Conversations of tenants with their texts, and one index for everything they are found by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from BTrees.OOBTree import OOBTree, OOTreeSet
from persistent import Persistent

from domain.customers.conversation import Conversation, ConversationState, Text
from storage.records.call_id import key_of

_encode = msgspec.json.Encoder().encode
_conversation = msgspec.json.Decoder(Conversation).decode
_text = msgspec.json.Decoder(Text).decode
_NEVER: Final = 10**14
_LAST: Final = "\U0010ffff"
_CURSOR: Final = re.compile(r"[0-9]{14}:[0-9A-Z]{26}", re.ASCII)


class TenantConversations(Persistent):  # type: ignore[misc]
    """One tenant's."""

    def __init__(self) -> None:
        self.held: Any = OOBTree()
        """Id -> JSON of Conversation."""
        self.texts: Any = OOBTree()
        """(Id of the conversation, key of the text newest first) -> JSON of Text."""
        self.index: Any = OOTreeSet()
        """(What, key, id): ``newest`` (latest text first), ``waiting`` (longest first), ``agent`` (who has
        it), ``peer`` (way and address)."""
        self.message_ids: Any = OOBTree()
        """Message-ID -> id of the conversation; what is here was taken."""
        self.given: Any = OOBTree()
        """工号 -> when he was last given a conversation."""

    def get(self, name: str) -> Conversation | None:
        """Return a conversation by its id, or None."""
        data = self.held.get(name)
        return None if data is None else _conversation(data)

    def put(self, conversation: Conversation) -> None:
        """Store a conversation as it is now."""
        before = self.get(conversation.id)
        old = set() if before is None else _entries(before)
        new = _entries(conversation)
        for entry in old - new:
            self.index.remove(entry)
        for entry in new - old:
            self.index.insert(entry)
        self.held[conversation.id] = _encode(conversation)

    def put_text(self, conversation: str, text: Text) -> None:
        """Store a text as it is now."""
        self.texts[(conversation, key_of(text.id))] = _encode(text)
        if text.message_id:
            self.message_ids[text.message_id] = conversation

    def text(self, conversation: str, name: str) -> Text | None:
        """Return a text by its id, or None."""
        data = self.texts.get((conversation, key_of(name)))
        return None if data is None else _text(data)

    def texts_of(self, conversation: str, after: bytes = b"") -> Iterator[Text]:
        """Yield the texts of a conversation, newest first."""
        for data in self.texts.values((conversation, after), (conversation, b"\xff" * 17), excludemin=True):
            yield _text(data)

    def waiting(self) -> Iterator[Conversation]:
        """Yield the conversations that wait for somebody, longest first."""
        return self._by("waiting")

    def of_agent(self, agent: str) -> Iterator[Conversation]:
        """Yield the conversations that an agent sees to."""
        return self._by("agent", agent)

    def of_peer(self, way: str, peer: str) -> Iterator[Conversation]:
        """Yield the conversations with an address, in no order."""
        return self._by("peer", f"{way}:{peer}")

    def held_by(self) -> dict[str, int]:
        """Return 工号 -> how many conversations he sees to."""
        found: dict[str, int] = {}
        for _, agent, _name in self.index.keys(("agent", "", ""), ("agent", _LAST, "")):
            found[agent] = found.get(agent, 0) + 1
        return found

    def newest_first(self, after: str = "") -> Iterator[tuple[str, Conversation]]:
        """Yield cursors and conversations, those with the latest text first, those after a cursor."""
        moment, _, name = after.partition(":") if _CURSOR.fullmatch(after) else ("", "", "")
        for _, at, each in self.index.keys(("newest", moment, name), ("newest", _LAST, ""), excludemin=True):
            yield f"{at}:{each}", _conversation(self.held[each])

    def _by(self, what: str, key: str = "") -> Iterator[Conversation]:
        last = (what, key, _LAST) if key else (what, _LAST, "")
        for _, _, name in list(self.index.keys((what, key, ""), last)):
            yield _conversation(self.held[name])


def _entries(conversation: Conversation) -> set[tuple[str, str, str]]:
    name = conversation.id
    found = {
        ("newest", f"{_NEVER - int(conversation.at * 1000):014d}", name),
        ("peer", f"{conversation.way}:{conversation.peer}", name),
    }
    if conversation.state is ConversationState.WAITING:
        found.add(("waiting", f"{int(conversation.since * 1000):014d}", name))
    if conversation.state is ConversationState.ASSIGNED:
        found.add(("agent", conversation.agent, name))
    return found


class ConversationBook(Persistent):  # type: ignore[misc]
    """Everybody's, and what waits to be sent."""

    def __init__(self) -> None:
        self.tenants: Any = OOBTree()
        """Tenant id -> TenantConversations."""
        self.outbox: Any = OOBTree()
        """(When it is due in ms as 14 digits, id of the text) -> (tenant, conversation)."""
        self.parts: Any = OOBTree()
        """(Gateway, sender, recipient, reference) -> {number: text} and when the first came, of long SMS."""

    def of(self, tenant: str) -> TenantConversations:
        """Return a tenant's, made when he has none."""
        found: TenantConversations | None = self.tenants.get(tenant)
        if found is None:
            found = self.tenants[tenant] = TenantConversations()
        return found

    def find(self, tenant: str) -> TenantConversations:
        """Return a tenant's to read; an empty one, that is not kept, when he has none."""
        found: TenantConversations | None = self.tenants.get(tenant)
        return TenantConversations() if found is None else found

    def due(self, now: float, most: int) -> list[tuple[tuple[str, str], str, str]]:
        """Return key, tenant and conversation of what is to be sent by now."""
        found = self.outbox.items(("", ""), (f"{int(now * 1000):014d}", _LAST))
        return [(key, *place) for _, (key, place) in zip(range(most), found, strict=False)]
