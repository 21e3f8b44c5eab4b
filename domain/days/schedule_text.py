"""Schedules as people write them, a line for some days (docs/provisioning.md):

mon-fri 09:00-12:00, 13:30-18:00      weekdays
workdays 09:00-18:00                  every day people work, by 调休 too
holidays closed                       public holidays: instead of what the other lines say
make-up 10:00-16:00                   worked Saturdays and Sundays: the same
2026-12-30..2026-12-31 09:00-12:00    single days: before all else
also holidays 20:00-22:00             in addition to what the other lines say
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from itertools import groupby
from typing import Final

from domain.days.schedule import EVERY_DAY, MIDNIGHT, Band, DayName, DayRule, Hours, Schedule

SPECIAL: Final = (DayName.HOLIDAY, DayName.MAKE_UP)
"""Days whose hours take the place of the others'."""
MOST_LINES: Final = 400

_WORDS: Final = {
    **{name.value: (name,) for name in DayName},
    "workdays": (DayName.WORKDAY,),
    "days-off": (DayName.DAY_OFF,),
    "weekends": (DayName.WEEKEND,),
    "holidays": (DayName.HOLIDAY,),
    "make-ups": (DayName.MAKE_UP,),
    "daily": EVERY_DAY,
    **{f"周{mark}": (name,) for mark, name in zip("一二三四五六日", EVERY_DAY, strict=True)},
    "工作日": (DayName.WORKDAY,),
    "休息日": (DayName.DAY_OFF,),
    "周末": (DayName.WEEKEND,),
    "节假日": (DayName.HOLIDAY,),
    "调休上班日": (DayName.MAKE_UP,),
    "每天": EVERY_DAY,
    # What people write as well.
    **{f"星期{mark}": (name,) for mark, name in zip("一二三四五六日", EVERY_DAY, strict=True)},
    "周天": (DayName.SUN,),
    "星期天": (DayName.SUN,),
    "双休日": (DayName.WEEKEND,),
    "法定节假日": (DayName.HOLIDAY,),
    "调休": (DayName.MAKE_UP,),
    "调休上班": (DayName.MAKE_UP,),
}
_SHOWN: Final = {
    DayName.WORKDAY: "workdays",
    DayName.DAY_OFF: "days-off",
    DayName.WEEKEND: "weekends",
    DayName.HOLIDAY: "holidays",
}
_COMMA = re.compile(r"\s*[,，、]\s*")
_DASH = re.compile(r"(?<=[0-9])\s*(?:-|–|—|~|至|到)\s*(?=[0-9]+:)")
_O_CLOCK = re.compile(r"([0-9]{1,2})[点时](?:(半)|([0-9]{1,2})分?|整)?")
_CLOSED = ("closed", "关闭", "休息")
_ALL_DAY = "全天"
_RANGE = re.compile(r"(\S+?)(?:-|至|到)(\S+)")
_DATES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\.\.([0-9]{4}-[0-9]{2}-[0-9]{2}))?")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")


class ScheduleError(ValueError):
    """A line that is no part of a schedule."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def parse_schedule(lines: Iterable[str]) -> Schedule:
    """Return what some lines say; raises :class:`ScheduleError` for the first that is wrong."""
    bands: list[Band] = []
    rules: list[DayRule] = []
    for line in (part for each in lines for part in _parts(each)):
        more_bands, more_rules = parse_line(line)
        bands += more_bands
        rules += more_rules
    return Schedule(tuple(bands), tuple(sorted(rules, key=_rank)))


def parse_line(line: str) -> tuple[list[Band], list[DayRule]]:
    """Return the bands and rules of one line; raises :class:`ScheduleError`."""
    words = _COMMA.sub(",", _plain(line)).split(maxsplit=1)
    also = len(words) == 2 and words[0].lower() == "also"
    if also:
        words = words[1].split(maxsplit=1)
    if len(words) != 2:
        raise ScheduleError(
            f"{line.strip()[:60]!r} is not DAYS HOURS, such as mon-fri 09:00-18:00 or holidays closed",
            f"{line.strip()[:60]!r} 应为“日期 时段”，例如 周一至周五 09:00-18:00 或 节假日 关闭",
        )
    days, rest = words
    names, dates = _days(days)
    hours = _hours(rest)
    rules = [DayRule(first, last, (), hours) for first, last in dates]
    replacing = names if not hours else () if also else tuple(each for each in names if each in SPECIAL)
    if replacing:
        rules.append(DayRule(days=replacing, hours=hours))
    usual = tuple(each for each in names if each not in replacing)
    bands = [Band(usual, each.start, each.end) for each in hours] if usual else []
    return bands, rules


def _parts(line: str) -> list[str]:
    return [part for part in re.split("[;；]", line) if part.strip()] or [line]


def _plain(line: str) -> str:
    """Return a line as its parts are read: full-width marks and ``9点半`` as people type them made plain."""
    plain = _O_CLOCK.sub(_clock_words, unicodedata.normalize("NFKC", line).strip())
    return _DASH.sub("-", plain)


def _clock_words(found: re.Match[str]) -> str:
    return f"{found[1]}:{'30' if found[2] else (found[3] or '0').zfill(2)}"


def schedule_lines(schedule: Schedule) -> list[str]:
    """Return a schedule as lines."""
    lines = []
    for days, bands in groupby(schedule.bands, key=lambda band: band.days):
        also = "also " if any(day in SPECIAL for day in days) else ""
        hours = tuple(Hours(band.start, band.end) for band in bands)
        lines.append(f"{also}{days_text(days)} {hours_text(hours)}")
    for rule in schedule.rules:
        dates = rule.first + (f"..{rule.last}" if rule.last else "")
        lines.append(f"{dates or days_text(rule.days)} {hours_text(rule.hours) or 'closed'}")
    return lines


def days_text(days: tuple[DayName, ...]) -> str:
    """Return ``mon-fri,holidays``."""
    if days == EVERY_DAY:
        return "daily"
    for length in range(6, 2, -1):
        for start in range(8 - length):
            run = EVERY_DAY[start : start + length]
            if days == run:
                return f"{run[0]}-{run[-1]}"
    return ",".join(_SHOWN.get(each, each.value) for each in days)


def hours_text(hours: Iterable[Hours]) -> str:
    """Return ``09:00-12:00, 13:30-18:00``; empty for none."""
    return ", ".join(f"{_clock(each.start)}-{_clock(each.end)}" for each in hours)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _days(text: str) -> tuple[tuple[DayName, ...], list[tuple[str, str]]]:
    names: list[DayName] = []
    dates: list[tuple[str, str]] = []
    for word in text.lower().split(","):
        found = _DATES.fullmatch(word)
        if found is not None:
            dates.append(_dates(found[1], found[2] or ""))
        else:
            names += [each for each in _names(word) if each not in names]
    return tuple(names), dates


def _names(word: str) -> tuple[DayName, ...]:
    if word in _WORDS:
        return _WORDS[word]
    span = _RANGE.fullmatch(word)
    ends = [_WORDS.get(each, ()) for each in span.groups()] if span is not None else []
    if len(ends) != 2 or any(len(each) != 1 or each[0] not in EVERY_DAY for each in ends):
        raise ScheduleError(
            f"{word[:40]!r} is no day: mon to sun, mon-fri, daily, workdays, days-off, weekends, holidays, "
            "make-up, or a date such as 2026-10-01",
            f"{word[:40]!r} 不是日期：可写 周一、周一至周五、每天、工作日、休息日、周末、节假日、调休上班日，"
            "或 2026-10-01 这样的日期",
        )
    first, last = (EVERY_DAY.index(each[0]) for each in ends)
    return EVERY_DAY[first : last + 1] if first <= last else EVERY_DAY[first:] + EVERY_DAY[: last + 1]


def _dates(first: str, last: str) -> tuple[str, str]:
    for each in filter(None, (first, last)):
        try:
            date.fromisoformat(each)
        except ValueError as error:
            raise ScheduleError(f"there is no day {each}", f"没有 {each} 这一天") from error
    if last and last < first:
        raise ScheduleError(f"{last} is before {first}", f"{last} 早于 {first}")
    return first, last


def _hours(text: str) -> tuple[Hours, ...]:
    if text.strip().lower() in _CLOSED:
        return ()
    if text.strip() == _ALL_DAY:
        return (Hours(0, MIDNIGHT),)
    return tuple(_one(part) for part in re.split(r",|(?<=[0-9])\s+(?=[0-9])", text.strip()))


def _one(text: str) -> Hours:
    found = _HOURS.fullmatch(text)
    if found is not None:
        start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
        start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
        # 00:00 as an end is the end of the day it begins on.
        end = end or MIDNIGHT
        if start_minute < 60 and end_minute < 60 and start < MIDNIGHT and end <= MIDNIGHT and start != end:
            return Hours(start, end)
    raise ScheduleError(
        f"{text[:40]!r} are no hours: write 09:00-18:00, 22:00-06:00, 00:00-24:00 or closed",
        f"{text[:40]!r} 不是时段：请写 09:00-18:00、22:00-06:00、00:00-24:00 或 关闭",
    )


def _rank(rule: DayRule) -> int:
    if rule.first:
        return 0
    return 1 if any(day in SPECIAL for day in rule.days) else 2
