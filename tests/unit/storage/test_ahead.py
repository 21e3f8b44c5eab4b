"""What a transaction will need is asked of the store together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import transaction
from BTrees.OOBTree import OOBTree
from hypothesis import given, settings
from hypothesis import strategies as st
from persistent.mapping import PersistentMapping
from ZODB import DB
from ZODB.DemoStorage import DemoStorage

from storage.models.ahead import ask_ahead, ask_for_all_leaves, ask_for_first_leaves, ask_for_leaves
from storage.models.call_records import OpenRows


class Asked(DemoStorage):  # type: ignore[misc]
    """A storage that notes what it is asked for ahead, and what it is asked for at once."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead: list[bytes] = []
        self.loaded: list[bytes] = []

    def prefetch(self, oids: Iterable[bytes], before: bytes) -> None:
        """Note what will be needed."""
        self.ahead += oids

    def loadBefore(self, oid: bytes, tid: bytes) -> Any:
        """Note what is needed now."""
        self.loaded.append(oid)
        return super().loadBefore(oid, tid)


@given(
    held=st.sets(st.integers(0, 9999), max_size=3000).map(sorted),
    wanted=st.lists(st.integers(-5, 10005), max_size=60),
)
@settings(max_examples=40, deadline=None)
def test_the_leaves_of_keys_are_asked_for_once_and_no_others(held: list[int], wanted: list[int]) -> None:
    """Of whatever tree: none, one leaf, many; afterwards each key is found without a further question."""
    storage = Asked()
    database = DB(storage)
    with database.transaction() as connection:
        connection.root.tree = tree = OpenRows()
        tree.update({f"{key:05}": b"x" for key in held})
    manager = transaction.TransactionManager()
    connection = database.open(manager)
    connection.cacheMinimize()
    tree = connection.root.tree
    ask_for_leaves(tree, [f"{key:05}" for key in wanted])
    storage.loaded.clear()
    for key in wanted:
        assert (f"{key:05}" in tree) is (key in set(held))
    assert sorted(storage.ahead) == sorted(storage.loaded)
    ask_for_leaves(tree, [f"{key:05}" for key in wanted])
    assert len(storage.ahead) == len(storage.loaded), "what is at hand is not asked for"
    manager.abort()
    connection.close()
    database.close()


@pytest.mark.parametrize("count", [0, 3, 30, 3000])
def test_all_leaves_are_asked_for_once(count: int) -> None:
    """A tree that is read whole is asked for whole."""
    storage = Asked()
    database = DB(storage)
    with database.transaction() as connection:
        connection.root.tree = OpenRows({f"{key:05}": b"x" for key in range(count)})
    manager = transaction.TransactionManager()
    connection = database.open(manager)
    connection.cacheMinimize()
    ask_for_all_leaves(connection.root.tree)
    storage.loaded.clear()
    assert len(list(connection.root.tree.items())) == count
    assert sorted(storage.ahead) == sorted(storage.loaded)
    assert bool(storage.ahead) is (count > 10)
    manager.abort()
    connection.close()
    database.close()


def test_what_is_not_stored_yet_is_not_asked_for() -> None:
    """A new tree has all its leaves at hand."""
    tree = OpenRows({f"{key:05}": b"x" for key in range(100)})
    ask_for_leaves(tree, ["00050"])
    ask_for_all_leaves(tree)


def test_many_objects_and_what_hangs_from_them_are_asked_for_in_waves() -> None:
    """Then each tree's first leaf is at hand without a further question; None stands for nothing."""
    storage = Asked()
    database = DB(storage)
    with database.transaction() as connection:
        connection.root.owners = OOBTree({f"{n:02}": PersistentMapping(n=n) for n in range(3)})
        for n, owner in enumerate(connection.root.owners.values()):
            owner.tree = OpenRows({f"{key:05}": b"x" for key in range(40 * n)})
    manager = transaction.TransactionManager()
    connection = database.open(manager)
    connection.cacheMinimize()
    owners = list(connection.root.owners.values())
    ask_ahead([*owners, None], "tree")
    ask_for_first_leaves(owner.tree for owner in owners)
    assert len(set(storage.ahead)) == len(storage.ahead) == 3 + 3 + 2
    storage.loaded.clear()
    assert [owner.tree.minKey() for owner in owners[1:]] == ["00000", "00000"]
    assert set(storage.loaded) < set(storage.ahead)
    manager.abort()
    connection.close()
    database.close()
