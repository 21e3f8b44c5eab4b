"""Variables of a call in a voice menu: what the box sets, what nodes set, and texts with them in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

BUILT_IN: Final = frozenset({"caller", "number", "area_code", "province", "city", "region"})
"""Set by the box for every call."""
LONGEST: Final = 256
"""Characters a variable holds; what is longer is cut."""

_NAMED = re.compile(r"\{([a-z][a-z0-9_]{0,31})\}", re.ASCII)


def filled(template: str, variables: Mapping[str, str]) -> str:
    """Return a text with what variables hold in place of their ``{name}``; nothing for one that is unset."""
    return _NAMED.sub(lambda found: variables.get(found[1], ""), template)[:LONGEST]


def named_in(template: str) -> Iterator[str]:
    """Return the variables that a text names."""
    return (found[1] for found in _NAMED.finditer(template))
