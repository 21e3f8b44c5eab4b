"""Star codes: what an agent keys during a talk, told from keys that are meant for the other side. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

LONGEST_TARGET: Final = 20
_DIGITS: Final = frozenset("0123456789")


class Code(StrEnum):
    """What an agent wants."""

    BLIND = "blind"
    """``*1 target #``: send the caller there."""
    ASK = "ask"
    """``*2 target #``: talk with a colleague first."""
    COMPLETE = "complete"
    """``*2`` in a consultation: let the two talk."""
    RETURN = "return"
    """``*0`` in a consultation: back to the caller."""
    JOIN = "join"
    """``*3`` in a consultation: all three talk."""
    HOLD = "hold"
    """``*4``: hold, or take the caller back."""


class Keyed(msgspec.Struct, frozen=True):
    """What a key has led to."""

    pass_on: str = ""
    """Keys that are no code; they go to the other side."""
    code: Code | None = None
    target: str = ""
    """Of BLIND and ASK."""


NOTHING: Final = Keyed()
_WITH_TARGET: Final = {"*1": Code.BLIND, "*2": Code.ASK}


class StarCodes:
    """Holds keys back from the first ``*`` until it is clear whether they are a code."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = ""

    @property
    def is_waiting(self) -> bool:
        """Whether keys are held back, so that :meth:`time_out` is due when no more come."""
        return bool(self._held)

    def press(self, key: str, *, consulting: bool) -> Keyed:
        """Take the next key; ``consulting``: a colleague was rung or talks with the agent."""
        held, self._held = self._held, ""
        if held[:2] in _WITH_TARGET:
            return self._in_target(held, key)
        if not held:
            return self._hold(key) if key == "*" else Keyed(pass_on=key)
        code = _short(key, consulting)
        if code is not None:
            return Keyed(code=code)
        if key in "12":
            return self._hold(held + key)
        return self._none(held, key)

    def time_out(self) -> Keyed:
        """No more keys have come: a target is complete without its ``#``, anything else is no code."""
        held, self._held = self._held, ""
        return _complete(held) or Keyed(pass_on=held)

    def _in_target(self, held: str, key: str) -> Keyed:
        if key in _DIGITS and len(held) < LONGEST_TARGET + 2:
            return self._hold(held + key)
        if key == "#":
            return _complete(held) or Keyed(pass_on=held + key)
        return self._none(held, key)

    def _none(self, held: str, key: str) -> Keyed:
        """These were no code; another ``*`` may begin one."""
        if key == "*":
            self._held = key
            return Keyed(pass_on=held)
        return Keyed(pass_on=held + key)

    def _hold(self, keys: str) -> Keyed:
        self._held = keys
        return NOTHING


def _short(key: str, consulting: bool) -> Code | None:
    """Return the code that is complete with this key after ``*``."""
    if key == "4":
        return Code.HOLD
    if consulting:
        return {"2": Code.COMPLETE, "0": Code.RETURN, "3": Code.JOIN}.get(key)
    return None


def _complete(held: str) -> Keyed | None:
    code = _WITH_TARGET.get(held[:2])
    return Keyed(code=code, target=held[2:]) if code is not None and held[2:] else None
