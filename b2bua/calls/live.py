"""What is true only now, kept in memory: which phones are used, whose turn it is, who answered whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from domain.routing.live import UNUSED, LineUse, Remembered

MOST_REMEMBERED: Final = 100_000
"""Callers remembered; beyond it those are forgotten who were answered longest ago."""

Memory = dict[str, Remembered]
"""``NUMBER CALLER`` -> who answered, in the order of the answers."""
Turns = dict[str, int]
"""What is shared out in turn -> how often it was."""


class Live:
    """Implements ``domain.routing.live.LiveFacts``; what changes it are the calls themselves.

    The use of phones begins anew with the process. Who answered whom and whose turn it is outlive it
    (``b2bua.live_file``), so that percentages stay exact and a rotation goes on.
    """

    def __init__(self) -> None:
        self.memory: Memory = {}
        self.on_memory: Callable[[], None] = lambda: None
        """Called after somebody was remembered."""
        self.turns: Turns = {}
        self.on_turn: Callable[[], None] = lambda: None
        """Called after a turn was taken."""
        self._uses: dict[str, LineUse] = {}

    # -- read by decisions -------------------------------------------------------------------------

    def turn(self, key: str) -> int:
        """See LiveFacts."""
        return self.turns.get(key, 0)

    def use(self, line: str) -> LineUse:
        """See LiveFacts."""
        return self._uses.get(line, UNUSED)

    def remembered(self, number: str, caller: str) -> Remembered | None:
        """See LiveFacts."""
        return self.memory.get(f"{number} {caller}")

    # -- changed by calls --------------------------------------------------------------------------

    def take_turn(self, key: str) -> None:
        """Count that something was shared out; nothing for an empty key."""
        if key:
            self.turns[key] = self.turns.get(key, 0) + 1
            self.on_turn()

    def hold(self, line: str, mono: float) -> LineHold:
        """Take a phone for a leg that rings it."""
        use = self.use(line)
        self._uses[line] = use._replace(rung=mono, engaged=use.engaged + 1)
        return LineHold(self, line)

    def remember(self, number: str, caller: str, target: str, at: float) -> None:
        """Keep who answered a caller (``at`` in UTC POSIX seconds); callers without a number are nobody."""
        if not caller:
            return
        key = f"{number} {caller}"
        self.memory.pop(key, None)
        self.memory[key] = Remembered(target, at)
        if len(self.memory) > MOST_REMEMBERED:
            del self.memory[next(iter(self.memory))]
        self.on_memory()

    def change(self, line: str, talking: int, engaged: int, idle_since: float | None) -> None:
        """Add to the use of a phone; used by its holds alone."""
        use = self._uses[line]
        self._uses[line] = LineUse(
            use.rung,
            use.idle_since if idle_since is None else idle_since,
            use.engaged + engaged,
            use.talking + talking,
        )


class LineHold:
    """One leg's use of a phone, from its INVITE to its end."""

    __slots__ = ("_line", "_live", "_talks")

    def __init__(self, live: Live, line: str) -> None:
        self._live: Live | None = live
        self._line = line
        self._talks = False

    def talk(self) -> None:
        """Note that the phone was picked up."""
        if self._live is not None and not self._talks:
            self._talks = True
            self._live.change(self._line, 1, 0, None)

    def release(self, mono: float) -> None:
        """Give the phone back, once."""
        live, self._live = self._live, None
        if live is not None:
            talked = self._talks
            live.change(self._line, -1 if talked else 0, -1, mono if talked else None)
