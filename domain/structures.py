"""Structures: what msgspec must know of them before there are threads, and their fields.

msgspec learns a structure when it is first decoded. Two threads that decode the same one first at the same
time end the process (msgspec 0.22: the second finds it half learnt, and reads at address 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import cache

import msgspec
from msgspec.structs import FieldInfo


def learn_structures() -> None:
    """Let msgspec learn every structure that is loaded; call it before the first thread is started."""
    for each in _below(msgspec.Struct):
        with suppress(TypeError, NameError):  # one that is never decoded may hold what cannot be
            msgspec.json.Decoder(each)


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[FieldInfo, ...]:
    """Return the fields of a structure; msgspec compiles their annotations anew each time."""
    return msgspec.structs.fields(kind)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    found: list[type[msgspec.Struct]] = kind.__subclasses__()
    for each in found:
        yield each
        yield from _below(each)
