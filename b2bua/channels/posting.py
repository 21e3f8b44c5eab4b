"""Write an answer as an e-mail, so that the customer's program shows it in its thread. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from storage.conversations.letters import Letter


def written(letter: Letter, files: list[bytes], now: float) -> bytes:
    """Return an e-mail as it is sent; ``files`` are the contents of the attachments that are kept."""
    mailbox, text = letter.mailbox, letter.text
    mail = EmailMessage()
    user, _, domain = mailbox.address.rpartition("@")
    mail["From"] = Address(mailbox.label, user, domain)
    mail["To"] = letter.conversation.peer
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = f"<{text.message_id}>"
    if letter.references:
        mail["In-Reply-To"] = f"<{letter.references[-1]}>"
        mail["References"] = " ".join(f"<{each}>" for each in letter.references)
    if text.auto:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(f"{text.text}\n\n-- \n{mailbox.signature}\n" if mailbox.signature else text.text)
    kept = [each for each in text.attachments if each.file]
    for told, content in zip(kept, files, strict=True):
        kind, _, detail = told.type.partition("/")
        mail.add_attachment(
            content, maintype=kind or "application", subtype=detail or "octet-stream", filename=told.name
        )
    return mail.as_bytes()
