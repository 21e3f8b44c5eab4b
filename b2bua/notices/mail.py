"""E-mail by SMTP, with TLS verified and a time limit."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from io import BytesIO
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.defer import TimeoutError as TookTooLong
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.internet.ssl import optionsForClientTLS
from twisted.mail.smtp import ESMTPSenderFactory, SMTPClientError
from twisted.protocols.tls import TLSMemoryBIOFactory

from b2bua.look_ups import LookUps, addresses_of
from b2bua.notices.sending import Message, SendFailed
from domain.notices.ways import Encryption, Gateway

PORTS = {Encryption.NONE: 25, Encryption.STARTTLS: 587, Encryption.TLS: 465}


async def send_mail(message: Message, reactor: Any, now: float, look_ups: LookUps, trust: Any = None) -> str:
    """Hand an e-mail to the operator's server; raises SendFailed. ``trust``: who vouches for it."""
    gateway = message.gateway
    try:
        address, *_ = await look_ups.run(partial(addresses_of, gateway.host))
    except (OSError, UnicodeError, TookTooLong) as error:
        raise SendFailed(f"{gateway.host}: {error}", again=True) from error
    content = written(message, now)
    await hand_over(gateway, message.delivery.to, content, reactor, address=address, trust=trust)
    return message.delivery.id


async def hand_over(
    gateway: Gateway, to: str, content: bytes, reactor: Any, *, address: str, trust: Any = None
) -> None:
    """Hand a written e-mail to a server at an address; raises SendFailed.

    ``trust``: who vouches for the server.
    """
    done: Deferred[Any] = Deferred()
    host = gateway.host
    options: Any = None
    if gateway.encryption is not Encryption.NONE:
        options = optionsForClientTLS(host, trustRoot=trust)
    factory: Any = ESMTPSenderFactory(
        gateway.username.encode() or None,
        gateway.password.encode(),
        gateway.sender.encode(),
        [to.encode()],
        BytesIO(content),
        done,
        retries=0,
        timeout=gateway.seconds,
        contextFactory=options,
        requireTransportSecurity=gateway.encryption is Encryption.STARTTLS,
        requireAuthentication=bool(gateway.username),
    )
    factory.noisy = False
    wrapped: Any = (
        TLSMemoryBIOFactory(options, True, factory) if gateway.encryption is Encryption.TLS else factory
    )
    wrapped.noisy = False
    port = gateway.port or PORTS[gateway.encryption]
    connector = reactor.connectTCP(address, port, wrapped, timeout=gateway.seconds)
    done.addTimeout(gateway.seconds * 3, reactor)
    try:
        await done
    except SMTPClientError as error:
        code = getattr(error, "code", -1)
        said = getattr(error, "resp", b"")
        why = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        raise SendFailed(f"SMTP {code} {why}".strip(), again=not 500 <= code < 600) from error
    except (ConnectError, ConnectionClosed, TookTooLong) as error:
        raise SendFailed(f"{type(error).__name__}: {error}", again=True) from error
    finally:
        connector.disconnect()


def written(message: Message, now: float) -> bytes:
    """Return the e-mail as it is sent; its Message-ID is the delivery's, so that a second one is known."""
    gateway, delivery = message.gateway, message.delivery
    mail = EmailMessage()
    mail["From"] = _named(gateway)
    mail["To"] = delivery.to
    mail["Subject"] = delivery.title or delivery.text[:40]
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = f"<{delivery.id}@{gateway.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(delivery.text)
    for file in message.files:
        main, _, sub = (mimetypes.guess_type(file.name)[0] or "application/octet-stream").partition("/")
        mail.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    return mail.as_bytes()


def _named(gateway: Gateway) -> Address:
    user, _, domain = gateway.sender.rpartition("@")
    return Address(gateway.sign, user, domain)
