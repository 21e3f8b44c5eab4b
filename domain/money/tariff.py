"""What a call costs: tariffs (资费), and the rating of one call by them. Money is integer 厘 (0.001 yuan).

A call is charged by the price of the moment it was answered; it does not change in mid-call when a time band
ends. Durations are rounded up to whole seconds, then to whole blocks.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from domain.calling.caller import Caller, CallerClass
from domain.days.calendar import LocalMoment
from domain.days.schedule import Schedule, is_open_at
from domain.places.place import Place

MOST_SECONDS: Final = 7 * 24 * 3600
"""Longest call that is charged; what claims to be longer is a fault of ours."""


class CallKind(StrEnum):
    """Kinds of calls that prices distinguish, by who calls."""

    LOCAL = "local"
    """A landline or mobile of the tenant's own area code."""
    LONG_DISTANCE = "long-distance"
    """A landline of another area."""
    MOBILE = "mobile"
    """A mobile of another area, or of an unknown one."""
    INTERNATIONAL = "international"
    """Abroad, Hong Kong, Macao and Taiwan included."""
    OTHER = "other"
    """Short codes, service numbers, withheld callers."""


class ChargedFrom(StrEnum):
    """When the charged time begins."""

    BOX = "box"
    """When the box answers: prompts and queues are charged (access time)."""
    ANSWERER = "answerer"
    """When somebody answers (talk time)."""


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The price of some kinds of calls at some hours."""

    kinds: tuple[CallKind, ...] = ()
    """Empty: all."""
    hours: Schedule | None = None
    """None: always."""
    first_seconds: int = 60
    """Length of the first block, at least 1."""
    first_li: int = 0
    """Price of the first block."""
    step_seconds: int = 60
    """Length of every further block, at least 1."""
    step_li: int = 0
    minimum_li: int = 0
    """Least charge of a call of which anything is charged."""

    def __post_init__(self) -> None:
        if min(self.first_seconds, self.step_seconds) < 1:
            raise ValueError("a block lasts at least 1 second")
        if min(self.first_li, self.step_li, self.minimum_li) < 0:
            raise ValueError("a price is not negative")


class Edition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a tariff charges from one day on."""

    prices: tuple[Price, ...] = ()
    """The first that fits a call holds; a call that none fits is free of charge and told so."""
    valid_from: str = ""
    """First day (``2026-12-01``, Beijing) it holds; empty: since ever."""
    charged_from: ChargedFrom = ChargedFrom.BOX
    included_seconds: int = 0
    """Seconds a month that calls use up before they cost anything; whole blocks only."""
    monthly_li: int = 0
    message_li: int = 0
    """One SMS."""
    storage_li: int = 0
    """One GiB of recordings for a month."""

    def __post_init__(self) -> None:
        if min(self.included_seconds, self.monthly_li, self.message_li, self.storage_li) < 0:
            raise ValueError("fees and included time are not negative")


class Tariff(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A tariff through time; an edition that calls were charged by is never changed, a new one follows."""

    name: str
    editions: tuple[Edition, ...] = ()

    def on(self, day: str) -> Edition | None:
        """Return the edition in force on a day (``2026-12-01``, Beijing), or None before the first."""
        valid = [each for each in self.editions if each.valid_from <= day]
        return max(valid, key=lambda each: each.valid_from, default=None)


class ChargeLine(msgspec.Struct, frozen=True, array_like=True):
    """One line of a charge, as it is explained."""

    what: str
    """``included``, ``first``, ``step`` or ``minimum``."""
    blocks: int
    seconds: int
    """All its blocks together."""
    li: int
    """All its blocks together."""


class Charge(msgspec.Struct, frozen=True):
    """What a call costs and why."""

    li: int
    seconds: int
    """Charged time, rounded up to whole seconds."""
    lines: tuple[ChargeLine, ...]
    price: int | None
    """Index of the price in the edition; None: none fits."""
    included_seconds: int
    """Used of the month's included time."""


def kind_of_call(caller: Caller, place: Place, area_code: str) -> CallKind:
    """Tell the kind of a call to a tenant of an area code (``010``; empty: everything is from elsewhere)."""
    if caller.kind is CallerClass.INTERNATIONAL or place.area_code.startswith("00"):
        return CallKind.INTERNATIONAL
    if caller.kind is CallerClass.LOCAL:
        return CallKind.LOCAL
    if caller.kind not in (CallerClass.MOBILE, CallerClass.LANDLINE):
        return CallKind.OTHER
    if place.area_code and place.area_code == area_code:
        return CallKind.LOCAL
    return CallKind.MOBILE if caller.kind is CallerClass.MOBILE else CallKind.LONG_DISTANCE


def rate(
    edition: Edition, kind: CallKind, when: LocalMoment, duration_ms: int, included_left: int = 0
) -> Charge:
    """Charge a call answered at a moment. ``included_left``: seconds left of the month's included time.

    Raises ValueError for a duration that is negative or longer than :data:`MOST_SECONDS`.
    """
    seconds = -(-duration_ms // 1000)
    if duration_ms < 0 or seconds > MOST_SECONDS:
        raise ValueError(f"no duration of a call: {duration_ms} ms")
    index = _price_of(edition, kind, when)
    if index is None or seconds == 0:
        return Charge(0, seconds, (), index, 0)
    price = edition.prices[index]
    steps = -(-max(0, seconds - price.first_seconds) // price.step_seconds)
    lines: list[ChargeLine] = []
    used = 0
    first, free_steps = True, 0
    if included_left >= price.first_seconds:
        first = False
        free_steps = min(steps, (included_left - price.first_seconds) // price.step_seconds)
        used = price.first_seconds + free_steps * price.step_seconds
        lines.append(ChargeLine("included", 1 + free_steps, used, 0))
    if first:
        lines.append(ChargeLine("first", 1, price.first_seconds, price.first_li))
    if steps > free_steps:
        count = steps - free_steps
        lines.append(ChargeLine("step", count, count * price.step_seconds, count * price.step_li))
    total = sum(line.li for line in lines)
    if 0 < total < price.minimum_li:
        lines.append(ChargeLine("minimum", 0, 0, price.minimum_li - total))
        total = price.minimum_li
    return Charge(total, seconds, tuple(lines), index, used)


def never_reached(edition: Edition) -> tuple[int, ...]:
    """Return the prices, by index, whose calls earlier ones take all: overlapping ones contradict."""

    def takes_all(earlier: Price, later: Price) -> bool:
        kinds = set(later.kinds or CallKind) <= set(earlier.kinds or CallKind)
        return kinds and (earlier.hours is None or earlier.hours == later.hours)

    prices = edition.prices
    return tuple(
        index for index, later in enumerate(prices) if any(takes_all(each, later) for each in prices[:index])
    )


def price_of(edition: Edition, kind: CallKind, when: LocalMoment) -> Price | None:
    """Return the price that holds for a call, or None."""
    index = _price_of(edition, kind, when)
    return None if index is None else edition.prices[index]


def _price_of(edition: Edition, kind: CallKind, when: LocalMoment) -> int | None:
    for index, price in enumerate(edition.prices):
        if price.kinds and kind not in price.kinds:
            continue
        if price.hours is None or is_open_at(price.hours, when):
            return index
    return None
