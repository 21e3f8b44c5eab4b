"""What a web server answered, as fields with texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from domain.flow.variables import LONGEST

MOST_FIELDS: Final = 500
DEEPEST: Final = 8


def fields_of(body: bytes) -> dict[str, str] | None:
    """Return the fields of a JSON object, those within others as ``outer.inner``; None when it is none.

    Numbers and truth values are as JSON writes them, null is empty, lists are left out, values are cut at 256
    characters. Never raises.
    """
    try:
        plain: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return None
    if not isinstance(plain, dict):
        return None
    fields: dict[str, str] = {}
    for name, value in _flat(plain, "", 0):
        if len(fields) >= MOST_FIELDS:
            break
        fields.setdefault(name, value)
    return fields


def _flat(plain: dict[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    for key, value in plain.items():
        name = f"{prefix}{key}"[:LONGEST]
        if isinstance(value, dict):
            if depth < DEEPEST:
                yield from _flat(value, f"{name}.", depth + 1)
        elif isinstance(value, str):
            yield name, value[:LONGEST]
        elif not isinstance(value, list):
            yield name, "" if value is None else msgspec.json.encode(value).decode()[:LONGEST]
