"""Figures of calls by everything reports tell apart: hour, area, menu key, queue, agent, tenant. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from domain.analysis.cell import Cell, sum_of

HOUR_MS: Final = 3_600_000
BEIJING_MS: Final = 8 * HOUR_MS
DAY_HOURS: Final = 24


def hour_number(ms: int) -> int:
    """Return the hour of UTC POSIX milliseconds, counted from 1970-01-01 00:00 of Beijing."""
    return (ms + BEIJING_MS) // HOUR_MS


class Groups(msgspec.Struct, frozen=True, array_like=True):
    """The groups that a call counts in."""

    id: str
    ms: int
    """When it came, UTC POSIX milliseconds."""
    number: str
    area: str
    """``province/area code``, as far as they are known."""
    keys: tuple[str, ...]
    """What he chose in menus: ``menu/node/key``."""
    queue: str
    agent: str
    """工号, else the number that answered; empty: nobody did."""
    answered: bool

    @property
    def hour(self) -> int:
        """The hour it came in (:func:`hour_number`)."""
        return hour_number(self.ms)


class Counted(msgspec.Struct, frozen=True):
    """A call that counts: where, and what for."""

    groups: Groups
    cell: Cell
    outcome: str
    rating: int
    caller: str
    """Empty: withheld."""
    talk_from_ms: int
    """UTC POSIX milliseconds."""
    talk_ms: int


class Figures(msgspec.Struct, array_like=True):
    """Sums of calls. New fields go to the end, with a default."""

    all: Cell = msgspec.field(default_factory=Cell)
    hours: dict[int, Cell] = {}
    """By :func:`hour_number`."""
    areas: dict[str, Cell] = {}
    keys: dict[str, Cell] = {}
    queues: dict[str, Cell] = {}
    agents: dict[str, Cell] = {}
    tenants: dict[str, Cell] = {}
    outcomes: dict[str, int] = {}
    ratings: dict[int, int] = {}
    staff: dict[int, dict[str, int]] = {}
    """Hour -> agent -> milliseconds he talked in it, of the calls that began in the period."""

    def count(self, groups: Groups, cell: Cell) -> None:
        """Count a cell in each of its groups."""
        self.all.add(cell)
        plain = cell.plain()
        _of(self.hours, groups.hour).add(cell)
        _of(self.areas, groups.area).add(plain)
        for key in groups.keys:
            _of(self.keys, key).add(cell)
        if groups.queue:
            _of(self.queues, groups.queue).add(cell)
        if groups.agent:
            _of(self.agents, groups.agent).add(plain)

    def take(self, calls: Sequence[Counted]) -> None:
        """Count calls of one tenant, group by group: many cost less than one by one."""
        hours: dict[int, list[Cell]] = defaultdict(list)
        areas: dict[str, list[Cell]] = defaultdict(list)
        keys: dict[str, list[Cell]] = defaultdict(list)
        queues: dict[str, list[Cell]] = defaultdict(list)
        agents: dict[str, list[Cell]] = defaultdict(list)
        for call in calls:
            groups, cell = call.groups, call.cell
            hours[groups.hour].append(cell)
            areas[groups.area].append(cell)
            for key in groups.keys:
                keys[key].append(cell)
            if groups.queue:
                queues[groups.queue].append(cell)
            if groups.agent:
                agents[groups.agent].append(cell)
                for hour, ms in spread(call.talk_from_ms, call.talk_ms):
                    busy = self.staff.setdefault(hour, {})
                    busy[groups.agent] = busy.get(groups.agent, 0) + ms
            self.outcomes[call.outcome] = self.outcomes.get(call.outcome, 0) + 1
            if call.rating:
                self.ratings[call.rating] = self.ratings.get(call.rating, 0) + 1
        for hour, cells in hours.items():
            summed = sum_of(cells)
            self.all.add(summed)
            _of(self.hours, hour).add(summed)
        for mine, theirs in ((self.keys, keys), (self.queues, queues)):
            for name, cells in theirs.items():
                _of(mine, name).add(sum_of(cells))
        for mine, theirs in ((self.areas, areas), (self.agents, agents)):
            for name, cells in theirs.items():
                _of(mine, name).add(sum_of(cells, waits=False))

    def in_whole(self, tenant: str) -> Figures:
        """Return what a tenant's figures add to those of the whole box: no menus, queues, agents of his."""
        return Figures(
            self.all, self.hours, self.areas, tenants={tenant: self.all}, outcomes=self.outcomes,
            ratings=self.ratings,
        )  # fmt: skip

    def add(self, other: Figures) -> None:
        """Add other figures to these."""
        self.all.add(other.all)
        for hour, cell in other.hours.items():
            _of(self.hours, hour).add(cell)
        for mine, theirs in (
            (self.areas, other.areas), (self.keys, other.keys), (self.queues, other.queues),
            (self.agents, other.agents), (self.tenants, other.tenants),
        ):  # fmt: skip
            for name, cell in theirs.items():
                _of(mine, name).add(cell)
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        for rating, count in other.ratings.items():
            self.ratings[rating] = self.ratings.get(rating, 0) + count
        for hour, agents in other.staff.items():
            busy = self.staff.setdefault(hour, {})
            for agent, ms in agents.items():
                busy[agent] = busy.get(agent, 0) + ms


def _of(cells: dict[str, Cell] | dict[int, Cell], name: str | int) -> Cell:
    cell = cells.get(name)  # type: ignore[arg-type]
    if cell is None:
        cell = cells[name] = Cell()  # type: ignore[index]
    return cell


def spread(begin_ms: int, length_ms: int) -> Iterable[tuple[int, int]]:
    """Yield the hours (:func:`hour_number`) that a time covers, each with its milliseconds."""
    end = begin_ms + length_ms
    while begin_ms < end:
        hour = hour_number(begin_ms)
        over = min(end, (hour + 1) * HOUR_MS - BEIJING_MS)
        yield hour, over - begin_ms
        begin_ms = over
