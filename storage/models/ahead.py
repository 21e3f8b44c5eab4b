"""Ask for what a transaction will read or change, leaves of B-trees above all, all at once.

Reading an object that is not at hand is a question to the store and its answer, for each of which two
processes take turns. Who knows beforehand where he will write asks for all of it together, and waits once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from persistent import GHOST

TOGETHER: Final = 500
"""Keys to ask for at a time: their leaves take a megabyte, a quarter of the client's cache."""


def ask_for_leaves(tree: Any, keys: Iterable[Any]) -> None:
    """Ask the store for the leaves of a tree in which keys belong, and do not wait for the answers.

    At most :data:`TOGETHER` keys at a time: what is not read soon leaves the client's cache again.
    """
    _ask(_leaves_of(tree, sorted(set(keys))))


def ask_ahead(objects: Iterable[Any], *parts: str) -> None:
    """Ask the store for objects, then for what hangs from each of them by these names, a wave each.

    None among the objects stands for nothing.
    """
    found = [each for each in objects if each is not None]
    _ask(found)
    for part in parts:
        _ask([getattr(each, part) for each in found])


def ask_for_first_leaves(trees: Iterable[Any]) -> None:
    """Ask the store for the leaf of each tree with its smallest keys, and do not wait for the answers."""
    _ask([leaf for tree in trees for leaf in islice(_leaves(tree), 1)])


def ask_for_all_leaves(tree: Any) -> None:
    """Ask the store for every leaf of a tree, and do not wait for the answers."""
    _ask(_leaves(tree))


def _ask(objects: Iterable[Any]) -> None:
    missing = [each for each in objects if each._p_state == GHOST]
    for begin in range(0, len(missing), TOGETHER):
        missing[begin]._p_jar.prefetch(missing[begin : begin + TOGETHER])


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
