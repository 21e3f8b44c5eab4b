"""What msgspec must know of the structures before there are threads.

msgspec learns a structure when it is first decoded. Two threads that decode the same one first at the same
time end the process (msgspec 0.22: the second finds it half learnt, and reads at address 0).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import msgspec


def learn_structures() -> None:
    """Let msgspec learn every structure that is loaded; call it before the first thread is started."""
    for each in _below(msgspec.Struct):
        with suppress(TypeError, NameError):  # one that is never decoded may hold what cannot be
            msgspec.json.Decoder(each)


def _below(kind: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    found: list[type[msgspec.Struct]] = kind.__subclasses__()
    for each in found:
        yield each
        yield from _below(each)
