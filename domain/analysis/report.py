"""A report: the figures of a period, told apart in every way. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from domain.analysis.cell import Cell
from domain.analysis.figures import DAY_HOURS, Figures
from domain.analysis.service import Service
from domain.analysis.service_level import Formula, ServiceLevel, service_level

K = TypeVar("K", int, str)
EPOCH: Final = date(1970, 1, 1)


def day_of_hour(hour: int) -> date:
    """Return the day of an hour (``figures.hour_number``)."""
    return EPOCH + timedelta(days=hour // DAY_HOURS)


class Slot(NamedTuple):
    """An hour of the week: 周一 9-10 点 is ``Slot(0, 9)``."""

    weekday: int
    """0: Monday."""
    hour: int


class Report(NamedTuple):
    """The figures of a period."""

    first: date
    last: date
    figures: Figures
    numbers: Mapping[str, Cell]
    """By 400 number; empty in a report of the whole box."""
    service: Service = Service()
    """What was written and asked; nothing in a report of one number."""

    @property
    def all(self) -> Cell:
        """All calls."""
        return self.figures.all

    def level(self, seconds: int, formula: Formula) -> ServiceLevel:
        """Return the service level of all calls."""
        return service_level(self.all, seconds, formula)

    @property
    def days_count(self) -> int:
        """How many days the period has."""
        return (self.last - self.first).days + 1

    def hours(self) -> dict[int, Cell]:
        """Return the calls by hour of the day; every hour is there."""
        return {hour: Cell() for hour in range(DAY_HOURS)} | self._by(lambda hour: hour % DAY_HOURS)

    def weekdays(self) -> dict[int, Cell]:
        """Return the calls by weekday, 0 being Monday; every one is there."""
        return {day: Cell() for day in range(7)} | self._by(lambda hour: day_of_hour(hour).weekday())

    def days(self) -> dict[str, Cell]:
        """Return the calls by day (``2026-10-01``); every day is there."""
        names = [(self.first + timedelta(days=n)).isoformat() for n in range(self.days_count)]
        return {name: Cell() for name in names} | self._by(lambda hour: day_of_hour(hour).isoformat())

    def months(self) -> dict[str, Cell]:
        """Return the calls by month (``2026-10``)."""
        return self._by(lambda hour: day_of_hour(hour).isoformat()[:7])

    def slots(self) -> dict[Slot, Cell]:
        """Return the calls by hour of the week; only hours in which there were some."""
        numbers = self._by(lambda hour: day_of_hour(hour).weekday() * DAY_HOURS + hour % DAY_HOURS)
        return {Slot(*divmod(number, DAY_HOURS)): cell for number, cell in numbers.items()}

    def provinces(self) -> dict[str, Cell]:
        """Return the calls by province; empty name: unknown."""
        return self._by_area(lambda area: area.partition("/")[0])

    def area_codes(self) -> dict[str, Cell]:
        """Return the calls by area code; empty: unknown."""
        return self._by_area(lambda area: area.partition("/")[2])

    def busy_ms(self, first_hour: int = 0, last_hour: int = 23) -> tuple[int, int]:
        """Return how long agents talked within hours of the day, and the time of those who talked at all.

        An agent who talked in an hour counts with the whole of it.
        """
        hours = [
            agents for hour, agents in self.figures.staff.items()
            if first_hour <= hour % DAY_HOURS <= last_hour and self.first <= day_of_hour(hour) <= self.last
        ]  # fmt: skip
        return sum(sum(agents.values()) for agents in hours), sum(map(len, hours)) * 3_600_000

    @property
    def occupancy(self) -> float | None:
        """How much of their time agents talked, 0 to 1, in the hours in which they had calls."""
        busy, there = self.busy_ms()
        return busy / there if there else None

    def staff(self) -> dict[Slot, float]:
        """Return how many agents took calls in each hour of the week, on average of days that had calls."""
        seen: dict[Slot, list[int]] = {}
        for hour, agents in self.figures.staff.items():
            day = day_of_hour(hour)
            if self.first <= day <= self.last:
                seen.setdefault(Slot(day.weekday(), hour % DAY_HOURS), []).append(len(agents))
        return {slot: sum(counts) / len(counts) for slot, counts in seen.items()}

    def weekday_counts(self) -> dict[int, int]:
        """Return how often each weekday is in the period."""
        days = [(self.first + timedelta(days=n)).weekday() for n in range(self.days_count)]
        return {day: days.count(day) for day in range(7)}

    def _by(self, name: Callable[[int], K]) -> dict[K, Cell]:
        return _grouped(self.figures.hours, name)

    def _by_area(self, name: Callable[[str], str]) -> dict[str, Cell]:
        return _grouped(self.figures.areas, name)


def _grouped(cells: Mapping[int, Cell] | Mapping[str, Cell], name: Callable[..., K]) -> dict[K, Cell]:
    found: dict[K, Cell] = {}
    for each, cell in sorted(cells.items()):
        key = name(each)
        if key not in found:
            found[key] = Cell()
        found[key].add(cell)
    return found
