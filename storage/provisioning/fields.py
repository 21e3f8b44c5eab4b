"""Read a mapping whose keys are fields."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from domain.calling.masking import VEIL
from storage.provisioning.checks import INVALID, Check, Reading
from storage.provisioning.tree import Mapping, Node, Scalar

RESET: Final[Any] = object()
"""Given for a field that was written as null: back to its default."""


class Field(NamedTuple):
    """One field; its default is that of the value it becomes a part of."""

    name: str
    check: Check
    form: str
    """What may be written, for the reference."""
    en: str
    zh: str
    secret: bool = False
    has_keys: bool = False
    """A text that passwords and keys may stand in, which people see veiled (``domain.calling.masking``)."""


def read_fields(
    node: Node, path: str, fields: Iterable[Field], reading: Reading, beside: Iterable[str] = ()
) -> Any:
    """Return field -> value of what was written, or INVALID when ``node`` is no mapping.

    Wrong fields are noted and left out. ``beside`` names keys that somebody else reads.
    """
    if isinstance(node, Scalar) and node.is_null:
        return {}
    if not isinstance(node, Mapping):
        return reading.wrong(node, path, "mapping")
    by_name = {field.name: field for field in fields}
    known = (*by_name, *beside)
    given: dict[str, Any] = {}
    for name, value in node.items.items():
        place = f"{path}.{name}" if path else name
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)
            reading.wrong(
                Scalar(name, node.lines[name]), place, "unknown-field", near=near[0], known=", ".join(known)
            )
        elif name in by_name:
            if isinstance(value, Scalar) and value.is_null:
                given[name] = RESET
                continue
            if by_name[name].has_keys and isinstance(value, Scalar) and VEIL in value.text:
                reading.wrong(value, place, "masked")
                continue
            checked = by_name[name].check(value, place, reading)
            if checked is not INVALID:
                given[name] = checked
    return given


def object_of(fields: tuple[Field, ...]) -> Check:
    """A mapping with fixed fields inside a list, such as a prefix rule."""

    def check(node: Node, path: str, reading: Reading) -> Any:
        before = len(reading.problems)
        given = read_fields(node, path, fields, reading)
        if given is INVALID or len(reading.problems) > before:
            return INVALID
        return {name: value for name, value in given.items() if value is not RESET}

    return check
