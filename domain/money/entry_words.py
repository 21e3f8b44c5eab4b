"""What an entry of an account is about, in words: the day of calls, the month of a fee, a receipt. Pure."""

from __future__ import annotations

import re
from typing import Final

from domain.money.amounts import Entry, EntryKind, parse_yuan, yuan

_MADE_UP: Final = re.compile(r"[0-9a-f]{16}|opening:.*", re.ASCII)
"""What stands for the receipt of a recharge that had none."""
_LACKS: Final = re.compile(r"([0-9]+) ([0-9.]+)(?:; |$)", re.ASCII)


def about(entry: Entry, language: str) -> str:
    """Say what an entry is about, its note included; ``language``: ``zh`` or ``en``."""
    zh = language == "zh"
    rest = entry.cause.partition(":")[2]
    match entry.kind:
        case EntryKind.CALLS if len(rest) == 8:
            day = f"{rest[:4]}-{rest[4:6]}-{rest[6:]}"
            return f"{day} 的通话" if zh else f"calls of {day}"
        case EntryKind.RECHARGE if rest and _MADE_UP.fullmatch(rest) is None:
            receipt = f"收据号 {rest}" if zh else f"receipt {rest}"
            return "，".join(filter(None, (receipt, entry.note))) if zh else f"{receipt} {entry.note}".strip()
        case EntryKind.MONTHLY_FEE if rest:
            package = "套餐" if zh else "package"
            return f"{_month(rest)} {entry.note or package}"
        case EntryKind.MINIMUM_SPEND if rest:
            return f"{_month(rest)} {_lacking(entry, zh)}"
        case EntryKind.STORAGE if rest:
            return f"{_month(rest)} {entry.note}"
    return entry.note


def _month(text: str) -> str:
    return f"{text[:4]}-{text[4:6]}"


def _lacking(entry: Entry, zh: bool) -> str:
    """Say what numbers lacked of their minimum, and what fees that belong to no number made up for."""
    lacks = _LACKS.findall(entry.note)
    if not lacks:
        return entry.note
    told = [f"{number} 差 {amount} 元" if zh else f"{number} lacks {amount}" for number, amount in lacks]
    shared = sum(parse_yuan(amount) for _, amount in lacks) + entry.li
    if shared > 0:
        told.append(f"套餐月租等抵扣 {yuan(shared)} 元" if zh else f"package and other fees {yuan(shared)}")
    return ("，" if zh else ", ").join(told)
