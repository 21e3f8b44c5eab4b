"""Numbers in Mandarin, against tables written by hand."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b2bua.recorder import voice
from domain.voice import speech


def said(names: speech.Speech) -> str:
    """Return the words of prompts, without punctuation; a pause is a dash."""
    words = "".join("-" if name == "pause" else voice.WORDS[name].zh for name in names)
    return re.sub("[，。]", "", words)


AMOUNTS = {
    0: "零", 1: "一", 2: "二", 3: "三", 9: "九", 10: "十", 11: "十一", 12: "十二", 19: "十九", 20: "二十",
    21: "二十一", 22: "二十二", 99: "九十九", 100: "一百", 101: "一百零一", 102: "一百零二", 110: "一百一十",
    111: "一百一十一", 112: "一百一十二", 120: "一百二十", 200: "两百", 202: "两百零二", 210: "两百一十",
    222: "两百二十二", 305: "三百零五", 999: "九百九十九", 1000: "一千", 1001: "一千零一", 1010: "一千零一十",
    1011: "一千零一十一", 1100: "一千一百", 1101: "一千一百零一",
    1200: "一千二百", 2000: "两千", 2002: "两千零二",
    2020: "两千零二十", 2200: "两千二百", 2222: "两千二百二十二", 6050: "六千零五十", 9999: "九千九百九十九",
    10_000: "一万", 10_001: "一万零一", 10_010: "一万零一十", 10_100: "一万零一百", 11_000: "一万一千",
    12_000: "一万两千", 20_000: "两万", 20_202: "两万零二百零二", 100_000: "十万", 120_000: "十二万",
    1_000_000: "一百万", 2_000_000: "两百万", 20_022_002: "两千零二万两千零二",
    99_999_999: "九千九百九十九万九千九百九十九",
}  # fmt: skip


@pytest.mark.parametrize(("number", "words"), AMOUNTS.items())
def test_whole_numbers(number: int, words: str) -> None:
    """零 stands for any gap, 十 begins 10 to 19, 两 stands before 千 and 万 and a leading 百."""
    assert said(speech.amount(number)) == words


@pytest.mark.parametrize(
    ("number", "words"), [(1, "一"), (2, "两"), (12, "十二"), (22, "二十二"), (200, "两百")]
)
def test_numbers_of_things(number: int, words: str) -> None:
    """Two of something are 两, twelve are 十二."""
    assert said(speech.amount(number, counting=True)) == words


@pytest.mark.parametrize("number", [-1, 100_000_000])
def test_a_number_that_cannot_be_said(number: int) -> None:
    """Is our own mistake."""
    with pytest.raises(ValueError, match="cannot be said"):
        speech.amount(number)


@pytest.mark.parametrize(
    ("number", "words"),
    [("8001", "八零零幺"), ("101", "幺零幺"), ("2468", "二四六八"), ("A17", "幺七"), ("", ""), ("٣", "")],
)
def test_job_numbers(number: str, words: str) -> None:
    """工号 are said digit by digit, 1 is 幺 and 2 is 二; what is no ASCII digit is left out."""
    assert said(speech.job_number(number)) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("13900001111", "幺三九-零零零零-幺幺幺幺"),
        ("4001003721", "四零零-幺零零-三七二幺"),
        ("01061234567", "零幺零-六幺二三-四五六七"),
        ("02423456789", "零二四-二三四五-六七八九"),
        ("03711234567", "零三七幺-幺二三-四五六七"),
        ("037112345678", "零三七幺-幺二三四-五六七八"),
        ("95588", "九-五五八八"),
        ("110", "幺幺零"),
        ("61234567", "六幺二三-四五六七"),
        ("", ""),
    ],
)
def test_telephone_numbers(number: str, words: str) -> None:
    """In the groups that people write and remember."""
    assert said(speech.phone_number(number)) == words


@pytest.mark.parametrize(
    ("spoken", "words"),
    [
        (speech.agent_greeting("8001"), "八零零幺号为您服务"),
        (speech.agent_greeting("1012"), "幺零幺二号为您服务"),
        (speech.agent_greeting(""), "座席为您服务"),
        (speech.agent_greeting("front-desk"), "座席为您服务"),
        (speech.source_announcement(), "400来电"),
        (speech.source_announcement(number="4001003721"), "四零零-幺零零-三七二幺来电"),
        (speech.position(0), "您是下一位"),
        (speech.position(1), "您前面还有一位"),
        (speech.position(2), "您前面还有两位"),
        (speech.position(3), "您前面还有三位"),
        (speech.position(12), "您前面还有十二位"),
        (speech.position(102), "您前面还有一百零二位"),
        (speech.waiting_minutes(0), "预计等待不到一分钟"),
        (speech.waiting_minutes(1), "预计等待一分钟"),
        (speech.waiting_minutes(2), "预计等待两分钟"),
        (speech.waiting_minutes(15), "预计等待十五分钟"),
        (speech.key("1"), "一"),
        (speech.key("#"), "井号键"),
        (speech.offer("for-message-press", "9"), "留言请按九"),
        (speech.offer("for-callback-press", "*"), "登记回拨请按星号键"),
        (speech.money(0), "零元"),
        (speech.money(2_000), "两元"),
        (speech.money(12_050), "十二元零五分"),
        (speech.money(12_500), "十二元五角"),
        (speech.money(12_540), "十二元五角四分"),
        (speech.money(500), "五角"),
        (speech.money(200), "两角"),
        (speech.money(20), "两分"),
        (speech.money(220), "两角二分"),
        (speech.money(2_022), "两元零二分"),
        (speech.money(60), "六分"),
        (speech.money(4), "零元"),
        (speech.money(5), "一分"),
        (speech.money(30_000_000), "三万元"),
        (speech.date(11, 22), "十一月二十二日"),
        (speech.date(2, 2, 2026), "二零二六年二月二日"),
        (speech.date(10, 1, 2010), "二零一零年十月一日"),
        (speech.time(9, 0), "九点整"),
        (speech.time(0, 0), "零点整"),
        (speech.time(2, 30), "两点三十分"),
        (speech.time(14, 5), "十四点零五分"),
        (speech.time(12, 2), "十二点零二分"),
        (speech.time(22, 22), "二十二点二十二分"),
    ],
)
def test_what_callers_and_agents_are_told(spoken: speech.Speech, words: str) -> None:
    """Each sentence as a person would say it."""
    assert said(spoken) == words


def test_the_agent_hears_what_the_call_is_for() -> None:
    """400来电, 销售: the queue's own recording follows."""
    assert speech.source_announcement("prompt:sales") == ("call-from-400", "pause", "prompt:sales")


@pytest.mark.parametrize("symbol", ["", "12", "A", "٣"])
def test_no_such_key(symbol: str) -> None:
    """A key is one of 0-9, * and #."""
    with pytest.raises(ValueError, match="no key"):
        speech.key(symbol)


_VALUE = {"零": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_PLACE = {"十": 10, "百": 100, "千": 1000}


def heard(words: str) -> int:
    """Understand a number as a listener does; an independent reading of what was said."""
    total = part = digit = 0
    for char in words:
        if char in _VALUE:
            digit = _VALUE[char]
        elif char in _PLACE:
            part += (digit or 1) * _PLACE[char]
            digit = 0
        else:
            total, part, digit = (part + digit) * 10_000, 0, 0
    return total + part + digit


@given(st.integers(0, speech.MOST))
def test_every_number_is_understood(number: int) -> None:
    """A listener hears the very number, and never 零零."""
    words = said(speech.amount(number))
    assert heard(words) == number
    assert "零零" not in words
    assert not words.endswith("零") or number == 0


@given(st.integers(0, 9999), st.integers(0, 23), st.integers(0, 59), st.text(max_size=12))
def test_only_prompts_that_ship_are_named(count: int, hour: int, minute: int, text: str) -> None:
    """Whatever is said, each piece has its recording."""
    names = {
        *speech.amount(count), *speech.position(count), *speech.waiting_minutes(count),
        *speech.time(hour, minute), *speech.money(count * minute), *speech.source_announcement(number=text),
        *speech.date(hour % 12 + 1, minute % 31 + 1, count), *speech.agent_greeting(text),
    }  # fmt: skip
    assert names <= voice.WORDS.keys()


def test_every_prompt_that_the_module_spells_out_ships() -> None:
    """Names in its source are names of the pack."""
    source = Path(inspect.getfile(speech)).read_text(encoding="utf-8")
    spelled = set(re.findall(r'"([a-z]+(?:-[a-z0-9]+)+)"', source))
    assert spelled
    assert spelled <= voice.WORDS.keys()
