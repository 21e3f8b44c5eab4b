"""Places kept in queues (排队回拨)."""

from __future__ import annotations

import msgspec
import pytest

from b2bua.calls.wishes import LONGEST_SECONDS, Wish, WishList, decode
from domain.customers.contact import Contact, ContactKind


def wish(contact: str, since: float, queue: str = "service", caller: str = "13900001111") -> Wish:
    """Make a wish of tenant acme."""
    return Wish(Contact(contact, "acme", "4001003721", caller, ContactKind.QUEUE), queue, since)


def test_the_place_kept_is_the_place_in_the_queue() -> None:
    """Who joined first is called back first; a higher priority goes before."""
    kept = WishList()
    kept.put(wish("B", 20.0))
    kept.put(wish("A", 10.0))
    kept.put(msgspec.structs.replace(wish("C", 30.0), priority=1))
    kept.put(wish("D", 5.0, queue="sales"))
    assert [one.contact.id for one in kept.of_queue("acme", "service")] == ["C", "A", "B"]
    assert kept.of_queue("rival", "service") == []


def test_wishes_survive_a_restart() -> None:
    """Each change is saved; what is a day old is not taken up again."""
    saved: list[bytes] = []
    kept = WishList(save=saved.append)
    kept.put(wish("A", 10.0))
    kept.put(wish("B", 20.0))
    assert kept.remove("A") == wish("A", 10.0)
    assert kept.remove("A") is None
    assert len(saved) == 3
    assert decode(saved[-1], 30.0) == [wish("B", 20.0)]
    assert decode(saved[-1], 20.0 + LONGEST_SECONDS) == []


def test_a_wish_changes_in_its_place() -> None:
    """A try in vain is counted."""
    kept = WishList([wish("A", 10.0)])
    kept.put(msgspec.structs.replace(wish("A", 10.0), tries=1))
    (one,) = kept.of_caller("acme", "13900001111")
    assert one.tries == 1
    assert kept.of_caller("acme", "13900002222") == []


def test_a_damaged_file_is_told() -> None:
    """Nothing is made up of it."""
    with pytest.raises(msgspec.DecodeError):
        decode(b"[{]", 0.0)
