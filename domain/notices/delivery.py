"""One message to one recipient: what became of it, and when it is tried again."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

MESSAGE_RETRIES: Final = (5.0, 30.0, 120.0, 600.0, 1800.0)
WEBHOOK_RETRIES: Final = (60.0, 300.0, 600.0)
"""Seconds from one try to the next; after the last one a delivery has failed."""


class Channel(StrEnum):
    """The way a message goes."""

    SMS = "sms"
    EMAIL = "email"
    ROBOT = "robot"
    WEBHOOK = "webhook"


class DeliveryState(StrEnum):
    """How far a delivery is."""

    WAITING = "waiting"
    SENT = "sent"
    """The gateway took it."""
    DELIVERED = "delivered"
    """The carrier reported that it reached the phone."""
    UNDELIVERED = "undelivered"
    """The carrier reported that it did not."""
    FAILED = "failed"
    EXPIRED = "expired"


UNREACHED: Final = (DeliveryState.FAILED, DeliveryState.EXPIRED, DeliveryState.UNDELIVERED)
"""It is known that nobody got it."""


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A message to one recipient. Times are UTC POSIX seconds."""

    id: str
    cause: str
    """Names why it is sent: the same cause is told a recipient once."""
    tenant: str
    kind: str
    """A NoticeKind, or a CallEvent of a webhook."""
    channel: Channel
    to: str
    """Number, address, or name of the robot or webhook."""
    text: str
    """What is said, without the gateway's signature; JSON for webhooks."""
    made: float
    due: float
    expires: float
    title: str = ""
    values: dict[str, str] = {}
    """Variables, for providers that fill in templates themselves."""
    state: DeliveryState = DeliveryState.WAITING
    tries: int = 0
    by: str = ""
    """Gateway of the last try."""
    at: float = 0.0
    """When it became what it is."""
    note: str = ""
    """The provider's id (one for each SMS of a long text), or why the last try failed."""
    report: str = ""
    """The carrier's word on an SMS that was sent: DELIVRD, UNDELIV, MA:0001 ..."""
    segments: int = 0
    li: int = 0
    """What the tenant is charged, in 厘."""
    sender: str = ""
    """Number that an SMS comes from; empty: the gateway's own."""
    merged: int = 0
    """Other notices that its message told as well."""
    files: tuple[str, ...] = ()
    """Ids of the files that go with an e-mail (``root.mailings.files``)."""


class Receipt(msgspec.Struct, frozen=True):
    """A carrier's report on one SMS (状态报告)."""

    gateway: str
    id: str
    """As the gateway named the SMS when it took it."""
    code: str
    """``stat`` of SMPP 3.4 Appendix B and of CMPP's status report."""
    at: float
    """When it arrived, UTC POSIX seconds."""

    @property
    def state(self) -> DeliveryState | None:
        """What became of the SMS; None: it is still under way."""
        if self.code in _UNDER_WAY:
            return None
        return DeliveryState.DELIVERED if self.code == _DELIVERED else DeliveryState.UNDELIVERED


_DELIVERED: Final = "DELIVRD"
_UNDER_WAY: Final = ("", "ENROUTE", "ACCEPTD", "SCHEDUL")


def reported(delivery: Delivery, receipt: Receipt) -> Delivery:
    """Return a delivery after its carrier's report; one that is still under way stays as it is."""
    state = receipt.state
    if state is None:
        return delivery
    return msgspec.structs.replace(delivery, state=state, report=receipt.code[:20], at=receipt.at)


def retries_of(channel: Channel) -> tuple[float, ...]:
    """Return after how many seconds a channel is tried again, and again."""
    return WEBHOOK_RETRIES if channel is Channel.WEBHOOK else MESSAGE_RETRIES


def sent(delivery: Delivery, by: str, note: str, at: float, *, merged: int = 0) -> Delivery:
    """Return the delivery after a try that went well."""
    return msgspec.structs.replace(
        delivery,
        state=DeliveryState.SENT, tries=delivery.tries + 1, by=by, note=note, at=at, merged=merged,
    )  # fmt: skip


def tried(delivery: Delivery, by: str, why: str, at: float, *, again: bool) -> Delivery:
    """Return the delivery after a try that failed: due later, or failed for good.

    ``again``: whether another try may help.
    """
    waits = retries_of(delivery.channel)
    tries = delivery.tries + 1
    due = at + waits[min(tries, len(waits)) - 1]
    state = DeliveryState.WAITING
    if not again or tries > len(waits):
        state = DeliveryState.FAILED
    elif due > delivery.expires:
        state = DeliveryState.EXPIRED
    return msgspec.structs.replace(delivery, state=state, tries=tries, due=due, by=by, note=why, at=at)


def expired(delivery: Delivery, at: float) -> Delivery:
    """Return the delivery as nobody needs it any more."""
    return msgspec.structs.replace(delivery, state=DeliveryState.EXPIRED, at=at)


def once_more(delivery: Delivery, at: float, seconds: float) -> Delivery:
    """Return a delivery to be tried anew because somebody wishes it; it is worth sending for ``seconds``."""
    return msgspec.structs.replace(
        delivery,
        state=DeliveryState.WAITING,
        tries=0,
        report="",
        due=at,
        expires=max(delivery.expires, at + seconds),
        at=at,
    )
