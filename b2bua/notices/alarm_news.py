"""Tell the operator of alarms: each once when it has lasted a little, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from b2bua.alarms import Alarm, Severity
from b2bua.box_alarms import DOWN
from domain.notices.kinds import NoticeKind
from storage.connection import MainDatabase
from storage.models import Root
from storage.notices.outbox import Extra, moment, tell_alone

LOOK_SECONDS: Final = 10.0
SETTLE_SECONDS: Final = {Severity.CRITICAL: 20.0, Severity.WARNING: 120.0}
"""What is over sooner wakes nobody: a restart, a trunk that missed one answer."""
GRADES: Final = {Severity.CRITICAL: "严重", Severity.WARNING: "一般"}
OVER: Final = "恢复"


class News(NamedTuple):
    """Something to tell."""

    alarm: Alarm
    over: bool = False

    @property
    def cause(self) -> str:
        """Name it, so that nobody is told twice."""
        return f"alarm{'-over' if self.over else ''}:{self.alarm.key}:{self.alarm.since:.0f}"


class AlarmNews:
    """Looks at the alarms every :data:`LOOK_SECONDS`; for one thread. Its methods may raise StoreDown."""

    def __init__(self, database: MainDatabase, look: Callable[[float], Iterable[Alarm]]) -> None:
        """``look`` gives the alarms that are up at a time (UTC POSIX seconds)."""
        self._database = database
        self._look = look
        self._due = 0.0
        self._told: dict[str, Alarm] = {}
        """Those that are up and were told, by key."""
        self._down_since: float | None = None

    def step(self, now: float) -> None:
        """Look, and put what is new into the outbox."""
        if now < self._due:
            return
        self._due = now + LOOK_SECONDS
        up = {alarm.key: alarm for alarm in self._dated(self._look(now), now)}
        fresh = [
            alarm for key, alarm in up.items()
            if now - alarm.since >= SETTLE_SECONDS[alarm.severity]
            and (key not in self._told or self._told[key].since != alarm.since)
        ]  # fmt: skip
        over = [alarm for key, alarm in self._told.items() if key not in up]
        news = [*(News(alarm) for alarm in fresh), *(News(alarm, over=True) for alarm in over)]
        if news:
            self._database.transact(lambda root: tell_alarms(root, news, now), note="notices of alarms")
        for alarm in fresh:
            self._told[alarm.key] = alarm
        for alarm in over:
            del self._told[alarm.key]

    def _dated(self, alarms: Iterable[Alarm], now: float) -> list[Alarm]:
        """Give the alarm about a b2bua that is down the time when it was first seen so."""
        found = list(alarms)
        down = any(alarm.key == DOWN for alarm in found)
        self._down_since = (self._down_since or now) if down else None
        return [
            Alarm(each.key, each.severity, each.zh, each.en, self._down_since or now)
            if each.key == DOWN else each
            for each in found
        ]  # fmt: skip


def tell_alarms(root: Root, news: Iterable[News], now: float) -> int:
    """Put news into the outbox for those whom the settings name; return how many messages that makes.

    An alarm that somebody sees to already is told no more, its end is.
    """
    config = root.box.value
    to = Extra(config.alarm_mobiles, config.alarm_emails)
    made = 0
    for each in news:
        alarm = each.alarm
        held = root.web.acknowledged.get(alarm.key)
        seen = held is not None and alarm.since <= held.value.at
        warned = alarm.severity is Severity.CRITICAL or config.alarm_warnings
        if not warned or (seen and not each.over):
            continue
        values = {
            "state": OVER if each.over else GRADES[alarm.severity], "alarm": alarm.zh,
            "time": moment(now if each.over else alarm.since), "tenant": "box400",
        }  # fmt: skip
        made += len(tell_alone(root, NoticeKind.ALARM, "", each.cause, values, now, to))
    return made
