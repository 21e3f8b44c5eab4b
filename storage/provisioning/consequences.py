"""Which faults only follow from others: not told, so that who mends the first ones sees no ghosts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from storage.provisioning.problems import Problem
from storage.provisioning.reading import Wish

_MISNAMED: Final = frozenset({"name", "number-400"})
_UNREAD: Final = frozenset({"unknown-field", "mapping"})
SECTIONS_DEEP: Final = 3
"""Steps of the path of a section: ``trunks``, ``tenants.ID.queues``."""


def hides_objects(fault: Problem) -> bool:
    """Tell whether whole objects of the file were not read because of this."""
    return not fault.path or (fault.code in _UNREAD and fault.path.count(".") < SECTIONS_DEEP)


def unexplained(found: Iterable[Problem], faults: list[Problem], unmade: Iterable[Wish]) -> list[Problem]:
    """Return what was found and follows neither from a fault nor from an object that could not be made."""
    names = [wish.key for wish in unmade]
    names += [str(fault.facts.get("value", "")) for fault in faults if fault.code in _MISNAMED]
    return [
        problem
        for problem in found
        if not any(_touches(problem.path, fault.path) for fault in faults)
        and not any(name and name in str(fact) for name in names for fact in problem.facts.values())
    ]


def _touches(one: str, other: str) -> bool:
    """Tell whether one path lies in the other."""
    short, long = sorted((one, other), key=len)
    return long == short or (long.startswith(short) and long[len(short)] in ".[")
