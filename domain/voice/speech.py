"""Say numbers in Mandarin: values in, names of prompts out, in the order they are played.

The names are those of a prompt pack (``b2bua/recorder/voice/zh_CN/words.toml``); who plays them asks the
directory for each. Digits of telephone and job numbers are said one by one with 幺 for 1, as the trade does;
numbers of things are said as numbers, with 两 for 2.
"""

from __future__ import annotations

from typing import Final

Speech = tuple[str, ...]

MOST: Final = 99_999_999
_DIGITS: Final = tuple(f"digit-{digit}" for digit in range(10))
_LIANG: Final = "digit-liang"
_KEYS: Final = {"*": "key-star", "#": "key-pound"}
_UNITS: Final = ("", "unit-10", "unit-100", "unit-1000")


def digits(text: str) -> Speech:
    """Say digits one by one, 1 as 幺; what is no digit is left out."""
    return tuple("digit-yao" if char == "1" else f"digit-{char}" for char in text if char in "0123456789")


def phone_number(number: str) -> Speech:
    """Say a telephone number in the groups it is written in: 139-0000-1111, 400-100-3721, 010-6123-4567."""
    if number.startswith("400") and len(number) == 10:
        cuts = (3, 6)
    elif number.startswith("0") and len(number) > 9:
        code = 3 if number[1] in "12" else 4
        cuts = (code, len(number) - 4)
    else:
        cuts = (len(number) - 8, len(number) - 4)
    inner = [cut for cut in cuts if 0 < cut < len(number)]
    speech: Speech = ()
    for begin, end in zip([0, *inner], [*inner, len(number)], strict=True):
        speech += (("pause",) if speech else ()) + digits(number[begin:end])
    return speech


def amount(number: int, *, counting: bool = False) -> Speech:
    """Say a whole number from 0 to 99,999,999; with ``counting`` a 2 before its thing is 两.

    Raises ValueError outside that range.
    """
    if not 0 <= number <= MOST:
        raise ValueError(f"cannot be said: {number}")
    if number == 2 and counting:
        return (_LIANG,)
    if number < 10:
        return (_DIGITS[number],)
    high, low = divmod(number, 10_000)
    if not high:
        return _below_ten_thousand(number, first=True)
    speech = (_LIANG,) if high == 2 else _below_ten_thousand(high, first=True)
    speech += ("unit-10000",)
    if low:
        speech += (("digit-0",) if low < 1000 else ()) + _below_ten_thousand(low, first=False)
    return speech


def _below_ten_thousand(number: int, *, first: bool) -> Speech:
    """Say 1 to 9999. ``first``: nothing was said before, so that 10 to 19 begin with 十 and 2 may be 两."""
    speech: list[str] = []
    gap = False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if not digit:
            gap = bool(speech)
            continue
        if gap:
            speech.append("digit-0")
            gap = False
        alone = first and not speech
        if alone and place == 1 and digit == 1:
            speech.append("unit-10")
            continue
        speech.append(_LIANG if digit == 2 and (place == 3 or (alone and place == 2)) else _DIGITS[digit])
        if place:
            speech.append(_UNITS[place])
    return tuple(speech)


def key(symbol: str) -> Speech:
    """Say a key of the telephone: a digit as it stands on it, 星号键, 井号键; ValueError for others."""
    if symbol in _KEYS:
        return (_KEYS[symbol],)
    if len(symbol) == 1 and symbol in "0123456789":
        return (_DIGITS[int(symbol)],)
    raise ValueError(f"no key: {symbol!r}")


def offer(name: str, symbol: str) -> Speech:
    """Say what a key does: ``offer("for-message-press", "9")`` is 留言请按9."""
    return (name, *key(symbol))


# -- queues and agents ---------------------------------------------------------------------------------


def job_number(number: str) -> Speech:
    """Say a job number (工号) digit by digit: 8001 is 八零零幺; letters are left out."""
    return digits(number)


def agent_greeting(number: str) -> Speech:
    """Say 工号播报 to the caller: 8001号为您服务; without digits in it 座席为您服务."""
    said = job_number(number)
    return (*said, "agent-serves-you") if said else ("agent-unnumbered",)


def source_announcement(label: str | None = None, number: str = "") -> Speech:
    """Say 来源播报 to the agent: 400来电, or the 400 number and 来电; then what ``label`` (a prompt) says."""
    said = (*phone_number(number), "incoming-call") if number else ("call-from-400",)
    return said if label is None else (*said, "pause", label)


def position(ahead: int) -> Speech:
    """Say how many wait before the caller: 您前面还有三位; 您是下一位 when nobody does."""
    if ahead <= 0:
        return ("next-in-line",)
    return ("ahead-of-you", *amount(ahead, counting=True), "people")


def waiting_minutes(minutes: int) -> Speech:
    """Say the expected wait in whole minutes: 预计等待五分钟; 预计等待不到一分钟 for 0."""
    if minutes <= 0:
        return ("expected-wait", "under-a-minute")
    return ("expected-wait", *amount(minutes, counting=True), "minutes")


# -- money, date, time ---------------------------------------------------------------------------------


def money(li: int) -> Speech:
    """Say an amount of money given in 厘 (¥0.001), rounded to 分: 十二元零五分, 五角, 两百元.

    Raises ValueError below 0 or when the yuan cannot be said.
    """
    if li < 0:
        raise ValueError(f"cannot be said: {li}")
    yuan, rest = divmod((li + 5) // 10, 100)
    jiao, fen = divmod(rest, 10)
    speech: Speech = ()
    if yuan or not rest:
        speech += (*amount(yuan, counting=True), "yuan")
    if jiao:
        speech += (*amount(jiao, counting=True), "jiao")
    if fen:
        zero = ("digit-0",) if yuan and not jiao else ()
        speech += (*zero, *amount(fen, counting=not speech), "fen")
    return speech


def date(month: int, day: int, year: int | None = None) -> Speech:
    """Say a date: 十一月二十二日, with a year 二零二六年 first, its digits one by one."""
    said: Speech = ()
    if year is not None:
        said = (*(_DIGITS[int(digit)] for digit in f"{year:04}"), "year")
    return (*said, *amount(month), "month", *amount(day), "day")


def time(hour: int, minute: int) -> Speech:
    """Say a time of the day, 24 hours: 九点整, 十四点零五分, 两点三十分."""
    said = (*amount(hour, counting=True), "oclock")
    if not minute:
        return (*said, "sharp")
    return (*said, *(("digit-0",) if minute < 10 else ()), *amount(minute), "fen")
