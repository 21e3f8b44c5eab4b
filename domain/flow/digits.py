"""What collected digits must be: the rules of ``document.Rule``."""

from __future__ import annotations

import re
from datetime import date

from domain.flow.document import Collect, Rule
from domain.recipient import MOBILE

_DATE = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)
_ID_CARD = re.compile(r"([1-9][0-9]{5})((?:19|20)[0-9]{6})([0-9]{3})([0-9*])", re.ASCII)
_BANK_CARD = re.compile(r"[0-9]{12,19}", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10*98765432"


def are_right(digits: str, node: Collect) -> bool:
    """Tell whether digits are what a node wants."""
    if not node.least <= len(digits) <= node.most or (node.allowed and digits not in node.allowed):
        return False
    match node.rule:
        case Rule.ANY:
            return True
        case Rule.MOBILE:
            return MOBILE.fullmatch(digits) is not None
        case Rule.DATE:
            return _is_date(digits)
        case Rule.ID_CARD:
            return _is_id_card(digits)
        case Rule.BANK_CARD:
            return _BANK_CARD.fullmatch(digits) is not None and _luhn(digits)


def _is_date(digits: str) -> bool:
    found = _DATE.fullmatch(digits)
    if found is None:
        return False
    try:
        date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return False
    return True


def _is_id_card(digits: str) -> bool:
    """Check a resident identity number (GB 11643); the check digit X is keyed as *."""
    found = _ID_CARD.fullmatch(digits)
    if found is None or not _is_date(found[2]):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(digits[:17], _WEIGHTS, strict=True))
    return _CHECKS[total % 11] == digits[17]


def _luhn(digits: str) -> bool:
    """Check a bank card's last digit (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(map(int, reversed(digits))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0
