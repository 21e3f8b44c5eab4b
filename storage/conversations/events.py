"""Tell tenants' web servers what happens to conversations, in the transaction in which it happens."""

from __future__ import annotations

from typing import Any

from domain.customers.conversation import Conversation
from domain.notices.ways import CallEvent
from storage.models import Root
from storage.notices.webhooks import Happening, iso, put_happening


def tell_event(
    root: Root, tenant: str, event: CallEvent, conversation: Conversation, turn: str, at: float
) -> None:
    """Put an event into the outbox; ``turn`` tells it from the same one of another time."""
    happening = Happening(event, tenant, conversation.id, at, facts_of(conversation), "conversation", turn)
    put_happening(root, happening, at)


def facts_of(conversation: Conversation) -> dict[str, Any]:
    """Return what web servers are told of a conversation."""
    return {
        "way": conversation.way,
        "peer": conversation.peer,
        "peer_name": conversation.peer_name,
        "own": conversation.own,
        "channel": conversation.channel,
        "subject": conversation.subject,
        "queue": conversation.queue,
        "state": conversation.state,
        "agent": conversation.agent,
        "line": conversation.line,
        "began": iso(conversation.made),
    }
