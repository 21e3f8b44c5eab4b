"""The ways out: gateways of the operator; recipients, robots and webhooks of a tenant."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.notices.kinds import PRIVATE

EVERY_KIND: Final = "all"
"""Name of the recipients of every kind that has none of its own."""


class GatewayKind(StrEnum):
    """How a gateway is spoken to."""

    HTTP = "http"
    ALIYUN = "aliyun"
    TENCENT = "tencent"
    SMPP = "smpp"
    CMPP2 = "cmpp2"
    CMPP3 = "cmpp3"
    SMTP = "smtp"

    @property
    def mails(self) -> bool:
        """Whether it takes e-mail; all others take SMS."""
        return self is GatewayKind.SMTP


class BodyForm(StrEnum):
    """What an HTTP gateway is sent."""

    FORM = "form"
    JSON = "json"


class Encryption(StrEnum):
    """Whether an SMTP server is spoken to in TLS."""

    NONE = "none"
    STARTTLS = "starttls"
    TLS = "tls"


class Gateway(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way out for SMS or e-mail. Those of one sort are used in the order of rank and name."""

    name: str
    kind: GatewayKind = GatewayKind.HTTP
    enabled: bool = True
    rank: int = 100
    url: str = ""
    """Of http; of aliyun and tencent only where it is not the provider's own."""
    body: str = ""
    """Of http: what is posted, with ``{mobile}`` ...; empty: a GET of the URL."""
    form: BodyForm = BodyForm.FORM
    success: str = ""
    """Of http: a regular expression that good answers match; empty: any 2xx is good."""
    host: str = ""
    port: int = 0
    """0: the usual one of its kind."""
    username: str = ""
    password: str = ""
    sign: str = ""
    """短信签名, without brackets."""
    sender: str = ""
    """From address of e-mail; source number of SMPP and CMPP."""
    app_id: str = ""
    """SdkAppId of tencent; service id of CMPP; system type of SMPP."""
    region: str = ""
    encryption: Encryption = Encryption.STARTTLS
    seconds: float = 10.0
    """How long an answer is waited for."""
    per_second: float = 10.0
    receives: bool = False
    """Whether SMS come in by it (smpp, cmpp): its session is always up."""

    def signed(self, text: str) -> str:
        """Return a text with the signature before it, as carriers want it."""
        return f"【{self.sign}】{text}" if self.sign else text


class Recipients(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of one kind of notice, or of ``all``."""

    name: str
    mobiles: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    robots: tuple[str, ...] = ()


class RobotKind(StrEnum):
    """Whose group a robot speaks in."""

    WECOM = "wecom"
    DINGTALK = "dingtalk"


class Robot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A robot of a WeCom (企业微信) or DingTalk (钉钉) group."""

    name: str
    kind: RobotKind = RobotKind.WECOM
    url: str = ""
    """The webhook with its key."""
    secret: str = ""
    """Of DingTalk's signature (加签); empty: unsigned."""
    per_minute: int = 20


class CallEvent(StrEnum):
    """What webhooks are told of: calls, tickets, conversations."""

    STARTED = "call.started"
    ANSWERED = "call.answered"
    ENDED = "call.ended"
    RECORDED = "recording.ready"
    TICKET_ASKED = "ticket.asked"
    """Opened, asked on, or opened again."""
    TICKET_ANSWERED = "ticket.answered"
    TICKET_CLOSED = "ticket.closed"
    TICKET_RATED = "ticket.rated"
    CONVERSATION_STARTED = "conversation.started"
    """Begun by a customer, or opened again by his text."""
    CONVERSATION_ANSWERED = "conversation.answered"
    CONVERSATION_CLOSED = "conversation.closed"


class Webhook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tenant's web server that is told of calls."""

    name: str
    url: str = ""
    secret: str = ""
    """Signs what is sent; empty: unsigned."""
    events: tuple[CallEvent, ...] = tuple(CallEvent)
    enabled: bool = True


def recipients_of(kind: str, every: dict[str, Recipients]) -> Recipients:
    """Return who is told of a kind; nobody is an answer."""
    if kind in PRIVATE:
        found = every.get(kind) or Recipients(kind)
        return Recipients(kind, found.mobiles, found.emails)
    return every.get(kind) or every.get(EVERY_KIND) or Recipients(kind)
