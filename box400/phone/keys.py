"""What ``--keys`` says: digits to press and pauses between them."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

_PAUSE = re.compile(r"w([0-9]{1,3}(?:\.[0-9]{1,3})?)?")
_KEYS = re.compile(r"[0-9*#A-D]+")


class KeysAs(StrEnum):
    """How a phone sends its keys."""

    RFC4733 = "rfc4733"
    INFO = "info"
    IN_BAND = "in-band"


class Press(NamedTuple):
    """Press a key."""

    key: str


class Pause(NamedTuple):
    """Wait so many seconds."""

    seconds: float


class WrongKeys(ValueError):
    """The text is no list of keys and pauses."""


def parse_keys(text: str) -> tuple[Press | Pause, ...]:
    """Read ``1,w2,9`` or ``123#,w0.5,*``; ``w`` alone is one second. Raises WrongKeys, naming the item."""
    steps: list[Press | Pause] = []
    for item in text.split(","):
        pause = _PAUSE.fullmatch(item)
        if pause is not None:
            steps.append(Pause(float(pause[1] or 1)))
        elif _KEYS.fullmatch(item):
            steps += [Press(key) for key in item]
        else:
            raise WrongKeys(f"{item!r} is neither keys (0-9 * # A-D) nor a pause such as w2")
    return tuple(steps)
