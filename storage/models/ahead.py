"""Ask for the leaves of B-trees that a transaction will read or change, all at once.

Reading an object that is not at hand is a question to the store and its answer, for each of which two
processes take turns. Who knows beforehand where he will write asks for all of it together, and waits once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from persistent import GHOST

TOGETHER: Final = 500
"""Keys to ask for at a time: their leaves take a megabyte, a quarter of the client's cache."""


def ask_for_leaves(tree: Any, keys: Iterable[Any]) -> None:
    """Ask the store for the leaves of a tree in which keys belong, and do not wait for the answers.

    At most :data:`TOGETHER` keys at a time: what is not read soon leaves the client's cache again.
    """
    _ask(tree, _leaves_of(tree, sorted(set(keys))))


def ask_for_all_leaves(tree: Any) -> None:
    """Ask the store for every leaf of a tree, and do not wait for the answers."""
    _ask(tree, _leaves(tree))


def _ask(tree: Any, leaves: Iterator[Any]) -> None:
    missing = [leaf for leaf in leaves if leaf._p_state == GHOST]
    if missing:
        tree._p_jar.prefetch(missing)


def _branches(tree: Any) -> tuple[Sequence[Any], Sequence[Any]]:
    """Return a tree's children, and the keys with which all but the first of them begin."""
    tree._p_activate()
    state = tree.__getstate__()
    if state is None or len(state) == 1:  # it is empty, or its one leaf is stored with it
        return (), ()
    return state[0][0::2], state[0][1::2]


def _leaves(tree: Any) -> Iterator[Any]:
    for child in _branches(tree)[0]:
        if isinstance(child, type(tree)):
            yield from _leaves(child)
        else:
            yield child


def _leaves_of(tree: Any, keys: Sequence[Any]) -> Iterator[Any]:
    """Yield the leaves in which sorted keys belong."""
    children, borders = _branches(tree)
    begin = 0
    while children and begin < len(keys):
        place = bisect_right(borders, keys[begin])
        end = bisect_left(keys, borders[place], begin) if place < len(borders) else len(keys)
        if isinstance(children[place], type(tree)):
            yield from _leaves_of(children[place], keys[begin:end])
        else:
            yield children[place]
        begin = end
