"""Customers rate e-mails: a link when the conversation is closed, and what their score comes to."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

import msgspec

from domain.customers.conversation import Conversation, Text, Way, scored
from domain.refusal import NotPossible
from domain.tickets.ratings import Rating
from domain.tickets.rules import Wanted
from domain.tickets.ticket import MOST_COMMENT, OPERATOR, Asker, AskerKind, Priority, Source, SourceKind
from storage.conversations.channels import mailbox_of
from storage.models import Root
from storage.tickets import open_ticket

PLACE: Final = "【评价链接】"
"""Stands in the text for the link until it is sent."""
ASKING: Final = "您的问题已处理完毕，感谢来信。请点击链接评价本次服务：\n"
OF_CONVERSATION: Final = "conversation-"
"""Begins the source of a ticket of an e-mail's score."""


def new_secret() -> str:
    """Return a code by which a customer rates his conversation: 96 bits."""
    return secrets.token_urlsafe(12)


def words_to_rate(root: Root, tenant: str, conversation: Conversation) -> str:
    """Return what a customer is asked when his conversation is closed; empty: he is not.

    Where the mailbox wants it, somebody answered him, and the tenant has a public page to rate on.
    """
    if not mailbox_of(root, tenant, conversation.channel).rating or not link_to_rate(
        root, tenant, conversation
    ):
        return ""
    texts = root.conversations.find(tenant).texts_of(conversation.id)
    answered = any(each.direction == "out" and not each.auto for each in texts)
    return f"{ASKING}{PLACE}" if answered else ""


def link_to_rate(root: Root, tenant: str, conversation: Conversation) -> str:
    """Return where a customer rates his e-mails; empty: nowhere."""
    address = root.tickets.read(OPERATOR).settings.value.address.rstrip("/")
    page = root.tickets.read(tenant).settings.value.page
    if conversation.way is not Way.MAIL or not (conversation.code and address and page):
        return ""
    return f"{address}/help/{tenant}/rate?about={conversation.id}&code={conversation.code}"


def with_link(root: Root, tenant: str, conversation: Conversation, text: Text) -> Text:
    """Return a text as it is sent: the link is for the customer alone, not for who reads the conversation."""
    if not text.auto or PLACE not in text.text:
        return text
    words = text.text.replace(PLACE, link_to_rate(root, tenant, conversation))
    return msgspec.structs.replace(text, text=words)


def to_be_rated(root: Root, tenant: str, name: str, code: str) -> Conversation | None:
    """Return the conversation that a customer has the code of, or None."""
    found = root.conversations.find(tenant).get(name)
    if found is None or not found.code or not hmac.compare_digest(found.code.encode(), code.encode()):
        return None
    return found


def rate(root: Root, tenant: str, name: str, code: str, score: int, comment: str, at: float) -> None:
    """Keep a customer's score; a low one becomes a ticket. Raises NotPossible."""
    found = to_be_rated(root, tenant, name, code)
    if found is None:
        raise NotPossible("there is no such conversation", "没有这个会话")
    conversation, shelf = scored(found, score), root.tickets.of(tenant)
    if len(comment) > MOST_COMMENT:
        raise NotPossible(
            f"the comment has more than {MOST_COMMENT} characters", f"评语超过 {MOST_COMMENT} 个字"
        )
    root.conversations.of(tenant).put(conversation)
    shelf.add_rating(
        Rating(
            at, score, conversation=name, agent=conversation.agent, queue=conversation.queue, comment=comment
        )
    )
    if score <= shelf.settings.value.low_score:
        open_ticket(root, _of_low_score(tenant, conversation, comment), at)


def _of_low_score(tenant: str, conversation: Conversation, comment: str) -> Wanted:
    """Return the ticket by which somebody asks why."""
    told = f"客户对邮件“{conversation.subject}”评 {conversation.score} 分"
    return Wanted(
        tenant, tenant, Asker(AskerKind.BOX), f"低分回访：{conversation.subject or conversation.peer}"[:120],
        f"{told}，处理人：{conversation.agent or '—'}。{comment}",
        Source(SourceKind.RATING, f"{OF_CONVERSATION}{conversation.id}"), priority=Priority.HIGH,
    )  # fmt: skip
