"""Prompts with what variables hold spoken in their place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from domain.voice import speech

SPOKEN: Final = ("digits", "number")
"""Kinds of prompts that speak a variable: ``digits:VARIABLE``, ``number:VARIABLE``."""
LONGEST: Final = 32
_AMOUNT = re.compile(r"[0-9]{1,8}", re.ASCII)


def variable_of(prompt: str) -> str | None:
    """Return the variable that a prompt speaks, None when it is a recording."""
    kind, colon, name = prompt.partition(":")
    return name if colon and kind in SPOKEN else None


def spoken(prompts: Iterable[str], variables: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the recordings to play; a variable that is unset is not spoken."""
    said: list[str] = []
    for prompt in prompts:
        name = variable_of(prompt)
        if name is None:
            said.append(prompt)
            continue
        value = variables.get(name, "")[:LONGEST]
        if prompt.startswith("number:") and _AMOUNT.fullmatch(value):
            said += speech.amount(int(value))
        else:
            said += speech.digits(value)
    return tuple(said)
