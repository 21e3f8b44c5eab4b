"""会话 for the pages and the API: the texts of a conversation as they are by now."""

from __future__ import annotations

import hashlib
import hmac
from itertools import islice
from typing import Final

import msgspec

from domain.customers.conversation import Attachment, Text, TextState
from domain.notices.delivery import DeliveryState
from domain.refusal import BadField
from storage.models import Root
from storage.numbers.documents import MOST_BYTES
from storage.records.call_id import key_of
from webui.services.box import BoxServices

MOST_FILES: Final = 5
"""Of one e-mail."""

_SENDING: Final = {
    DeliveryState.WAITING: TextState.WAITING,
    DeliveryState.SENT: TextState.DONE,
    DeliveryState.FAILED: TextState.FAILED,
    DeliveryState.EXPIRED: TextState.FAILED,
}


def attach(services: BoxServices, name: str, content: bytes) -> Attachment:
    """Keep a file for an e-mail that is to be written within the day; raises BadField, StoreDown."""
    name = name.replace("\\", "/").rpartition("/")[2][-100:]
    if not name or not content or len(content) > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise BadField("file", f"{name}: empty, or more than {most} MB", f"{name}：空文件或超过 {most} MB")
    filed = services.recordings.letter_files().add(content, services.now(), "application/octet-stream")
    return Attachment(name, filed.type, filed.octets, filed.id)


def key_of_peer(services: BoxServices, peer: str) -> str:
    """Return what names an address or number in pages of whoever may not read it whole."""
    return hmac.new(services.secret, f"peer:{peer}".encode(), hashlib.sha256).hexdigest()[:16]


def texts_of(root: Root, tenant: str, name: str, most: int, after: str = "") -> list[Text]:
    """Return the texts of a conversation, newest first, those before the text ``after``."""
    book = root.conversations.find(tenant)
    found = book.texts_of(name, key_of(after) if after else b"")
    return [_as_sent(root, tenant, each) for each in islice(found, most)]


def file_of(root: Root, tenant: str, name: str, file: str) -> Attachment | None:
    """Return a file of a conversation that is kept, or None."""
    for text in root.conversations.find(tenant).texts_of(name):
        for each in text.attachments:
            if each.file and each.file == file:
                return each
    return None


def _as_sent(root: Root, tenant: str, text: Text) -> Text:
    """Return a text as it is by now: an SMS of ours is what the book of notices says."""
    if text.direction != "out" or text.message_id:
        return text
    delivery = root.notices.find(text.id, tenant)
    if delivery is None:
        return text
    why = "" if delivery.state is DeliveryState.SENT else delivery.note
    return msgspec.structs.replace(text, state=_SENDING[delivery.state], why=why)
