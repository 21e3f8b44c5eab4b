"""Tariffs and charges in words: what calls cost, and why one cost what it did."""

from __future__ import annotations

from typing import Final

from domain.money.amounts import yuan
from domain.money.tariff import CallKind, ChargedFrom, Edition, Price
from storage.records.record import ChargeRecord
from webui.presenters.schedule import lines_in
from webui.presenters.texts import N_, Texts

CALLS: Final = {
    CallKind.LOCAL: N_("Local"),
    CallKind.LONG_DISTANCE: N_("Long-distance"),
    CallKind.MOBILE: N_("Mobile from elsewhere"),
    CallKind.INTERNATIONAL: N_("International"),
    CallKind.OTHER: N_("Short codes and withheld"),
}
BEGINS: Final = {
    ChargedFrom.BOX: N_("when the box answers"),
    ChargedFrom.ANSWERER: N_("when somebody answers"),
}


def price_words(texts: Texts, price: Price) -> str:
    """Say a price: ``0.22 yuan for the first 180 s, then 0.11 for each 60 s``."""
    step = texts("{amount} yuan for each {seconds} s", amount=yuan(price.step_li), seconds=price.step_seconds)
    if (price.first_li, price.first_seconds) == (price.step_li, price.step_seconds):
        return step
    first = texts(
        "{amount} yuan for the first {seconds} s", amount=yuan(price.first_li), seconds=price.first_seconds
    )
    return texts("{first}, then {step}", first=first, step=step)


def kinds_words(texts: Texts, price: Price) -> str:
    """Say whose calls a price is for."""
    return texts(", ").join(texts(CALLS[kind]) for kind in price.kinds) or texts("All")


def hours_words(texts: Texts, price: Price) -> str:
    """Say when a price holds."""
    return "; ".join(lines_in(price.hours, texts.language)) or texts("Always")


def charge_words(texts: Texts, charge: ChargeRecord, edition: Edition | None) -> list[str]:
    """Say why a call cost what it did, a line for each thing. ``edition``: None when it is gone."""
    kind = texts(CALLS[CallKind(charge.kind)]) if charge.kind in CallKind._value2member_map_ else charge.kind
    begins = "" if edition is None else texts(BEGINS[edition.charged_from])
    told = [f"{charge.tariff} · {kind}", texts("{seconds} s charged", seconds=charge.seconds)]
    if begins:
        told[-1] = texts("{seconds} s charged, from {moment}", seconds=charge.seconds, moment=begins)
    if charge.included_seconds:
        told.append(texts("{seconds} s of them included in the month", seconds=charge.included_seconds))
    if charge.price is None:
        told.append(texts("No price fits such a call: it is free."))
    elif edition is not None and charge.price < len(edition.prices):
        price = edition.prices[charge.price]
        told.append(price_words(texts, price))
        if price.minimum_li:
            told.append(texts("at least {amount}", amount=yuan(price.minimum_li)))
    return told
