"""Who calls: from the many spellings of Chinese trunks to one canonical number (features.md 16)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from domain.calling.dialplan import apply_prefixes, clean_number, national_significant
from domain.calling.prefix_rule import PrefixRule
from domain.recipient import MOBILE


class CallerClass(StrEnum):
    """What kind of number calls."""

    MOBILE = "mobile"
    LANDLINE = "landline"
    """With its area code."""
    LOCAL = "local"
    """A landline whose area code the carrier did not send."""
    SHORT_CODE = "short-code"
    """``95588``, ``12345``, ``106…``: no E.164 number, cannot be written as +86."""
    SERVICE = "service"
    """A 400 or 800 number."""
    INTERNATIONAL = "international"
    EXTENSION = "extension"
    """A phone of the box; its number is its name."""
    WITHHELD = "withheld"
    UNKNOWN = "unknown"


class ClassWords(NamedTuple):
    """What people call a class."""

    en: str
    zh: str


CLASS_WORDS: Final = {
    CallerClass.MOBILE: ClassWords("mobile", "手机"),
    CallerClass.LANDLINE: ClassWords("landline", "固定电话"),
    CallerClass.LOCAL: ClassWords("landline without area code", "固定电话（无区号）"),
    CallerClass.SHORT_CODE: ClassWords("short code", "短号码"),
    CallerClass.SERVICE: ClassWords("400 or 800 number", "400/800 号码"),
    CallerClass.INTERNATIONAL: ClassWords("international", "境外号码"),
    CallerClass.EXTENSION: ClassWords("extension", "分机"),
    CallerClass.WITHHELD: ClassWords("withheld", "匿名"),
    CallerClass.UNKNOWN: ClassWords("unknown", "未知"),
}


class CallerRules(msgspec.Struct, frozen=True):
    """How one trunk writes callers."""

    prefixes: tuple[PrefixRule, ...] = ()
    """Applied first, to the number as received (``+`` included)."""
    restore_zero: bool = False
    """The carrier drops the 0 of area codes."""
    area_code: str = ""
    """Of landlines that come without theirs, with its 0; empty: they stay local."""


class Caller(msgspec.Struct, frozen=True):
    """A caller's number."""

    raw: str
    """As received: hostile text."""
    canonical: str
    """Digits as dialled within China: ``13900001111``, ``01061234567``, ``95588``, ``4001003721``, ``0044…``;
    empty when withheld or no telephone number."""
    kind: CallerClass


_WITHHELD = frozenset({"", "anonymous", "unavailable", "restricted", "unknown", "private", "withheld"})

_LANDLINE = re.compile(r"0(?:10|2[0-9])[0-9]{8}|0[3-9][0-9]{2}[0-9]{7,8}")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_SHORT_CODE = re.compile(r"106[0-9]{2,17}|1[0-2][0-9]{1,4}|95[0-9]{3,13}|96[0-9]{3,6}")
_AREA_AND_SHORT_CODE = re.compile(r"0(?:10|2[0-9]|[3-9][0-9]{2})(1[0-2][0-9]{1,3}|9[56][0-9]{3,4})")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
# An area code without its 0, before a whole subscriber number. 10 + 8 digits is Beijing; 106 codes of ten
# digits exist, which is why only the trunk's setting can tell.
_ZERO_DROPPED = re.compile(r"(?:10[2-8]|2[0-9][2-8])[0-9]{7}|[3-9][0-9]{2}[2-8][0-9]{6,7}")
_DIGITS = re.compile(r"[0-9]+")
_BETWEEN_DIGITS = re.compile(r"[\s().–—-]")
_BETWEEN_NUMBERS = re.compile(r"[,，、;；\r\n]+")
_TYPED = re.compile(r"\+?[0-9]+")
_WHOLE = (CallerClass.MOBILE, CallerClass.LANDLINE, CallerClass.SERVICE)


def canonical_caller(raw: str, rules: CallerRules | None = None) -> Caller:
    """Read a caller's number as one trunk writes it. Never raises."""
    if raw.strip().lower() in _WITHHELD:
        return Caller(raw, "", CallerClass.WITHHELD)
    number = clean_number(raw)
    if rules is not None:
        number = apply_prefixes(number, rules.prefixes)
    canonical, kind = _classify(number, rules is not None and rules.restore_zero)
    if kind is CallerClass.LOCAL and rules is not None and _LANDLINE.fullmatch(rules.area_code + canonical):
        return Caller(raw, rules.area_code + canonical, CallerClass.LANDLINE)
    return Caller(raw, canonical, kind)


def canonical_number(raw: str, prefixes: Iterable[PrefixRule] = ()) -> str:
    """Return the canonical digits of any number, or "" when it is none."""
    return _classify(apply_prefixes(clean_number(raw), prefixes), restore_zero=False)[0]


def typed_number(text: str) -> str:
    """Return the number that a person typed or pasted as it is dialled within China.

    ``+86 139-0000-1111`` and full-width digits are ``13900001111``. What has no digits alone, such as the
    name of an extension, comes back as it is.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    bare = _BETWEEN_DIGITS.sub("", plain)
    if not _TYPED.fullmatch(bare):
        return plain
    known = canonical_caller(bare)
    return known.canonical if known.kind in _WHOLE else bare


def typed_numbers(text: str) -> list[str]:
    """Return what a person listed, by commas, lines or spaces; spaces inside one number do not part it."""
    found: list[str] = []
    for part in _BETWEEN_NUMBERS.split(text):
        whole = typed_number(part)
        one = canonical_caller(whole).kind in _WHOLE
        found += [whole] if one else [typed_number(each) for each in part.split()]
    return found


def looked_for(digits: str) -> str:
    """Return whom digits that somebody typed mean: a whole number itself, else who begins so (``*``).

    A landline of seven digits could go on: it may be the beginning of one of eight.
    """
    number = canonical_number(digits)
    ends = _LANDLINE.fullmatch(number) and not _LANDLINE.fullmatch(f"{number}0")
    return number if ends or MOBILE.fullmatch(number) else f"{digits}*"


def _classify(number: str, restore_zero: bool) -> tuple[str, CallerClass]:
    national = national_significant(number)
    if national is not None:
        # After 86 area codes never have their 0; some carriers write it all the same.
        return _classify_national(national, restore_zero=True)
    if number.startswith("+"):
        number = "00" + number[1:]
    if number.startswith("00") and _DIGITS.fullmatch(number) and len(number) > 6:
        return number, CallerClass.INTERNATIONAL
    return _classify_national(number, restore_zero)


def _classify_national(number: str, restore_zero: bool) -> tuple[str, CallerClass]:
    if not _DIGITS.fullmatch(number):
        return "", CallerClass.UNKNOWN
    if MOBILE.fullmatch(number):
        return number, CallerClass.MOBILE
    if number[0] == "0":
        return _classify_trunk_prefixed(number)
    if _SERVICE.fullmatch(number):
        return number, CallerClass.SERVICE
    if restore_zero and _ZERO_DROPPED.fullmatch(number) and not _is_long_service_code(number):
        return "0" + number, CallerClass.LANDLINE
    if _SHORT_CODE.fullmatch(number):
        return number, CallerClass.SHORT_CODE
    if _LOCAL.fullmatch(number):
        return number, CallerClass.LOCAL
    return number, CallerClass.UNKNOWN


def _classify_trunk_prefixed(number: str) -> tuple[str, CallerClass]:
    if MOBILE.fullmatch(number, 1):
        return number[1:], CallerClass.MOBILE
    if _SERVICE.fullmatch(number, 1):
        return number[1:], CallerClass.SERVICE
    if _LANDLINE.fullmatch(number):
        return number, CallerClass.LANDLINE
    code = _AREA_AND_SHORT_CODE.fullmatch(number)
    if code is not None:
        return code[1], CallerClass.SHORT_CODE
    return number, CallerClass.UNKNOWN


def _is_long_service_code(number: str) -> bool:
    """Tell 95 codes from the area codes 0951 to 0955, the only ones that begin so."""
    return number[:2] == "96" or (number[:2] == "95" and number[2] not in "12345")
