"""Money: integer 厘 (0.001 yuan), how people write it, and the entries of a tenant's account."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

import msgspec

LI_OF_YUAN: Final = 1000
MOST_LI: Final = 10**12
"""A thousand million yuan: more in one amount is a mistake."""

_YUAN = re.compile(r"([+-]?)([0-9]{1,10})(?:\.([0-9]{1,3}))?", re.ASCII)
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,3})?", re.ASCII)


def parse_yuan(text: str) -> int:
    """Read yuan with up to three decimals as 厘; raises ValueError for anything else.

    As people type and paste them: full-width digits, ``1,000.50``, a ``¥`` before or a ``元`` behind.
    """
    plain = unicodedata.normalize("NFKC", text).strip().removeprefix("¥").removesuffix("元").strip()
    found = _YUAN.fullmatch(plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain)
    if found is None:
        raise ValueError(f"no amount in yuan: {text!r}")
    li = int(found[2]) * LI_OF_YUAN + int((found[3] or "").ljust(3, "0"))
    if li > MOST_LI:
        raise ValueError(f"too large: {text!r}")
    return -li if found[1] == "-" else li


def yuan(li: int) -> str:
    """Write 厘 as yuan, with the third decimal where it is not 0: ``12.30``, ``0.006``, ``-5.00``."""
    whole, rest = divmod(abs(li), LI_OF_YUAN)
    decimals = f"{rest:03}"
    sign = "-" if li < 0 else ""
    return f"{sign}{whole}.{decimals if decimals[2] != '0' else decimals[:2]}"


class EntryKind(StrEnum):
    """Why an account changed."""

    RECHARGE = "recharge"
    GIFT = "gift"
    CALLS = "calls"
    """All calls of one day."""
    MESSAGES = "messages"
    STORAGE = "storage"
    MONTHLY_FEE = "monthly-fee"
    NUMBER_FEE = "number-fee"
    MINIMUM_SPEND = "minimum-spend"
    """低消补足: what a month's use lacked of the agreed minimum."""
    ADJUSTMENT = "adjustment"
    REFUND = "refund"
    """Paid back to the tenant; his balance falls."""


KIND_WORDS: Final[dict[EntryKind, tuple[str, str]]] = {
    EntryKind.RECHARGE: ("充值", "Recharge"),
    EntryKind.GIFT: ("赠送", "Gift"),
    EntryKind.CALLS: ("通话费", "Calls"),
    EntryKind.MESSAGES: ("短信费", "Messages"),
    EntryKind.STORAGE: ("录音存储费", "Storage of recordings"),
    EntryKind.MONTHLY_FEE: ("月租费", "Monthly fee"),
    EntryKind.NUMBER_FEE: ("选号费", "Number fee"),
    EntryKind.MINIMUM_SPEND: ("低消补足", "Minimum spend"),
    EntryKind.ADJUSTMENT: ("调账", "Adjustment"),
    EntryKind.REFUND: ("退款", "Refund"),
}

CONTRA: Final[dict[EntryKind, str]] = {
    EntryKind.RECHARGE: "cash",
    EntryKind.REFUND: "cash",
    EntryKind.GIFT: "gifts",
    EntryKind.ADJUSTMENT: "adjustments",
    EntryKind.CALLS: "income from calls",
    EntryKind.MESSAGES: "income from messages",
    EntryKind.STORAGE: "income from storage",
    EntryKind.MONTHLY_FEE: "income from fees",
    EntryKind.NUMBER_FEE: "income from fees",
    EntryKind.MINIMUM_SPEND: "income from fees",
}
"""The reseller's account on the other side of each entry: what one side gets, the other gives."""

PAID_IN: Final = frozenset({EntryKind.RECHARGE, EntryKind.GIFT})
"""Kinds that never take anything away."""
TAKEN: Final = frozenset(EntryKind) - PAID_IN - {EntryKind.ADJUSTMENT}
"""Kinds that never add anything."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One entry of a tenant's account; never changed. New fields go to the end, with a default."""

    at_ms: int
    """UTC POSIX milliseconds."""
    cause: str
    """What it follows from: no two entries of an account have the same."""
    kind: EntryKind
    li: int
    """Added to the balance; negative: taken from it."""
    posted_li: int
    """Sum of this and all earlier entries of the account."""
    note: str = ""
    who: str = ""
    """Who wished it; empty: box400 itself."""
    day: str = ""
    """``YYYYMMDD`` on which bills and statements have it; empty: entered before there were any."""
