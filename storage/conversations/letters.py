"""E-mails that wait to be sent, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from domain.customers.conversation import Conversation, Mailbox, Text, TextState, answer_subject
from storage.conversations.channels import mailbox_of
from storage.conversations.scores import with_link
from storage.models import Root


class Letter(NamedTuple):
    """An e-mail to be sent."""

    tenant: str
    conversation: Conversation
    mailbox: Mailbox
    text: Text
    subject: str
    references: tuple[str, ...]
    """Message-IDs of the conversation, the oldest first."""


NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
LOOKED_AT: Final = 2000
"""Of those that are due, for the first that may be sent."""


def letters_due(
    root: Root, now: float, most: int, *, each: int = LOOKED_AT, busy: Mapping[str, str] = NOTHING
) -> list[Letter]:
    """Return e-mails that are to be sent by now; one whose mailbox is gone has failed.

    At most so many, and ``each`` of one tenant, with those that are being sent: ``busy``, id of the text ->
    tenant.
    """
    found: list[Letter] = []
    held = Counter(busy.values())
    for key, tenant, name in root.conversations.due(now, LOOKED_AT):
        if len(found) + len(busy) >= most:
            break
        if key[1] in busy or held[tenant] >= each:
            continue
        book = root.conversations.find(tenant)
        conversation, text = book.get(name), book.text(name, key[1])
        if conversation is None or text is None:
            continue
        held[tenant] += 1
        known = [each.message_id for each in book.texts_of(name) if each.message_id and each.id != text.id]
        found.append(
            Letter(
                tenant,
                conversation,
                mailbox_of(root, tenant, conversation.channel),
                with_link(root, tenant, conversation, text),
                answer_subject(conversation.subject),
                tuple(reversed(known[:20])),
            )
        )
    return found


def letter_done(root: Root, letter: Letter, why: str, due: float | None) -> None:
    """Keep what became of an e-mail: sent without ``why``, tried again when it is ``due``, else failed."""
    book, name = root.conversations.of(letter.tenant), letter.conversation.id
    for key in [key for key in root.conversations.outbox if key[1] == letter.text.id]:
        del root.conversations.outbox[key]
    state = TextState.DONE if not why else TextState.FAILED if due is None else TextState.WAITING
    text = book.text(name, letter.text.id)
    if text is None:
        return
    book.put_text(name, msgspec.structs.replace(text, state=state, why=why, tries=text.tries + 1))
    if state is TextState.WAITING and due is not None:
        root.conversations.outbox[(f"{int(due * 1000):014d}", text.id)] = (letter.tenant, name)
