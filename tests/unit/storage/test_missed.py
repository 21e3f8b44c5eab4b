"""The list of missed calls, as it follows from records."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.customers.contact import Contact, ContactKind
from domain.customers.missed import BURST_SECONDS, Closed, MissedItem, MissedState, claimed, closed
from domain.outcomes import Outcome
from storage.connection import MainDatabase, open_main_in_memory
from storage.customers.contacts import find_contact
from storage.models.missed import KEPT_SECONDS, NOTICE_SECONDS, MissedBook
from storage.records.call_id import ulid_text
from storage.records.record import CallRecord

NOON = 1_795_320_000.0
CALLER = "13900001111"


def a_record(nth: int, at: float = 0.0, **changes: object) -> CallRecord:
    """Return a record of a call that nobody answered, ``at`` seconds after noon, 10 s long."""
    record = CallRecord(
        id=ulid_text(round((NOON + at) * 1000).to_bytes(6, "big") + nth.to_bytes(10, "big")),
        tenant="acme", number="4001003721", called="4001003721", called_raw="4001003721", caller=CALLER,
        caller_raw=CALLER, trunk_in="t", source="", sip_call_id="x", start=NOON + at, end_ms=10_000,
        outcome=Outcome.NO_ANSWER,
    )  # fmt: skip
    return msgspec.structs.replace(record, **changes)


def answered(nth: int, at: float, **changes: object) -> CallRecord:
    """Return a record of a call that 8001 answered at once."""
    return a_record(nth, at, outcome=Outcome.ANSWERED, bridge_ms=1000, answered_by="8001", **changes)


@pytest.fixture
def book() -> MissedBook:
    """Return an empty book."""
    return MissedBook()


def items(book: MissedBook, tenant: str = "acme") -> list[MissedItem]:
    """Return a tenant's items, newest first."""
    return list(book.tenants[tenant].newest_first()) if tenant in book.tenants else []


def test_a_missed_call_is_to_be_done(book: MissedBook) -> None:
    """Calls of one caller are one item; another caller's another, a withheld number's each its own."""
    book.take([a_record(1), a_record(2, 60.0), a_record(3, 70.0, caller="13900002222")])
    book.take([a_record(4, 80.0, caller=""), a_record(5, 90.0, caller="")])
    found = items(book)
    assert [(item.caller, item.count) for item in found] == [
        ("", 1),
        ("", 1),
        ("13900002222", 1),
        (CALLER, 2),
    ]
    assert found[-1].id == a_record(1).id
    assert found[-1].last == NOON + 70.0


def test_calls_that_need_no_call_back_are_not_there(book: MissedBook) -> None:
    """Answered, turned away, of no tenant, of a colleague."""
    book.take(
        [
            answered(1, 0.0),
            a_record(4, caller="8001", extension="8001", trunk_in=None),
            a_record(2, outcome=Outcome.REJECTED),
            a_record(3, outcome=Outcome.NUMBER_UNKNOWN, tenant=None, number=None),
        ]
    )
    assert not book.tenants
    assert not book.outbox


def test_who_reaches_us_later_closes_his_item(book: MissedBook) -> None:
    """By the phone that answered him; a talk before the missed call says nothing."""
    book.take([a_record(1), answered(2, -300.0)])
    assert items(book)[0].is_open
    book.take([answered(3, 60.0)])
    (item,) = items(book)
    assert (item.state, item.closed, item.closed_by) == (MissedState.CLOSED, Closed.REACHED_US, "8001")
    book.take([a_record(4, 600.0)])
    assert [item.is_open for item in items(book)] == [True, False]


def test_a_call_back_is_noted(book: MissedBook) -> None:
    """A try in vain, then the one that reached him; it is no missed call itself."""
    book.take([a_record(1)])
    (item,) = items(book)
    tried = {"direction": "callback", "contact": item.id, "agent": "8001"}
    book.take([a_record(2, 60.0, **tried)])
    book.take([answered(3, 120.0, **tried)])
    (item,) = items(book)
    assert (item.state, item.tries, item.called_back_by) == (MissedState.CALLED_BACK, 1, "8001")


def test_a_call_back_of_a_later_call_is_of_the_item_too(book: MissedBook) -> None:
    """A message that is part of an item has an id of its own."""
    later = a_record(2, 60.0, outcome=Outcome.MESSAGE_LEFT, message="service")
    book.take([a_record(1), later])
    (item,) = items(book)
    assert item.messages == (later.id,)
    book.take([answered(3, 120.0, direction="callback", contact=later.id, agent="8001")])
    assert items(book)[0].state is MissedState.CALLED_BACK


def test_what_people_did_stays_when_he_calls_again(book: MissedBook) -> None:
    """Claimed by 8001, who sees one call more."""
    book.take([a_record(1)])
    calls = book.tenants["acme"]
    calls.put(claimed(items(book)[0], "8001", NOON))
    book.take([a_record(2, 60.0)])
    (item,) = items(book)
    assert (item.state, item.claimed_by, item.count) == (MissedState.CLAIMED, "8001", 2)


def test_a_burst_is_told_once(book: MissedBook) -> None:
    """Three tries within minutes are one notice; one much later, and each message, is another."""
    book.take([a_record(1), a_record(2, 60.0), a_record(3, 120.0)])
    (notice,) = book.notices()
    assert (notice.key, notice.count) == (f"missed:{a_record(1).id}", 3)
    assert (notice.tenant, notice.number, notice.caller) == ("acme", "4001003721", CALLER)
    message = a_record(4, 180.0, outcome=Outcome.MESSAGE_LEFT, message="service")
    late = a_record(5, 200.0 + BURST_SECONDS)
    book.take([message, late])
    assert {(each.key, each.box) for each in book.notices()} == {
        (notice.key, ""),
        (f"message:{message.id}", "service"),
        (f"missed:{late.id}", ""),
    }


def test_a_notice_that_was_sent_is_not_sent_again_for_the_same_burst(book: MissedBook) -> None:
    """Who sends it takes it out of the outbox."""
    book.take([a_record(1)])
    del book.outbox[book.notices()[0].key]
    book.take([a_record(2, 60.0)])
    assert book.notices() == []


def test_old_things_are_forgotten(book: MissedBook) -> None:
    """Items after three months, notices nobody sent after two days; the same caller is a new item then."""
    book.take([a_record(1), answered(2, 60.0), a_record(3, 120.0, caller="13900002222")])
    book.tidy(NOON + NOTICE_SECONDS + 300)
    assert book.notices() == []
    assert len(items(book)) == 2
    book.tidy(NOON + KEPT_SECONDS + 100)
    assert [item.caller for item in items(book)] == ["13900002222"]
    book.tidy(NOON + KEPT_SECONDS + 300)
    assert items(book) == []
    book.take([a_record(4, KEPT_SECONDS + 400, caller="13900002222")])
    assert [item.count for item in items(book)] == [1]


def test_a_colleague_who_was_not_reached_is_no_missed_customer(book: MissedBook) -> None:
    """An agent's second line is nobody to call back."""
    book.take([a_record(1, 0.0, direction="consultation", extension="8001", caller="8001")])
    assert items(book) == []


@pytest.fixture
def database() -> MainDatabase:
    """Return an empty database."""
    return open_main_in_memory()


def test_a_contact_is_found_by_its_id_and_tenant(database: MainDatabase) -> None:
    """What may be called back: a call of the tenant's; never another's, never a number."""
    message = a_record(2, 60.0, outcome=Outcome.MESSAGE_LEFT, message="service")
    back = a_record(3, 90.0, direction="callback", contact=a_record(1).id, agent="8001")
    asked = a_record(4, 95.0, direction="consultation", extension="8001", caller="8001")
    database.transact(lambda root: root.records.add([a_record(1), message, back, asked]))

    def find(tenant: str, name: str) -> Contact | None:
        return database.read(lambda root: find_contact(root, tenant, name))

    contact = Contact(a_record(1).id, "acme", "4001003721", CALLER)
    assert find("acme", a_record(1).id) == contact
    assert find("acme", back.id) == contact
    assert find("acme", asked.id) is None
    found = find("acme", message.id)
    assert found is not None
    assert found.kind is ContactKind.MESSAGE
    assert find("rival", a_record(1).id) is None
    assert find("acme", CALLER) is None
    assert find("acme", "") is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["missed", "message", "answered", "back", "back in vain", "claim", "close"]),
            st.sampled_from(["", CALLER, "13900002222"]),
        ),
        max_size=40,
    )
)
def test_whatever_happens_the_list_is_consistent(course: list[tuple[str, str]]) -> None:
    """One open item for a caller at most, each missed call in one item, each notice of its own cause."""
    book = MissedBook()
    calls = 0
    for number, (what, caller) in enumerate(course):
        at = 60.0 * number
        open_now = [item for item in items(book) if item.is_open and item.caller == caller]
        if what in ("missed", "message"):
            calls += 1
            box = "service" if what == "message" else ""
            book.take([a_record(number, at, caller=caller, message=box)])
        elif what == "answered":
            book.take([answered(number, at, caller=caller)])
        elif what.startswith("back") and open_now:
            make = answered if what == "back" else a_record
            contact = {"direction": "callback", "contact": open_now[0].id, "agent": "8001"}
            book.take([make(number, at, caller=caller, **contact)])
        elif what == "claim" and open_now:
            book.tenants["acme"].put(claimed(open_now[0], "8001", at))
        elif what == "close" and open_now:
            book.tenants["acme"].put(closed(open_now[0], Closed.BY_HAND, "8001", at))
    found = items(book)
    callers = [item.caller for item in found if item.is_open and item.caller]
    assert len(callers) == len(set(callers))
    assert sum(item.count for item in found) == calls
    named = [call for item in found for call in item.calls]
    assert len(named) == len(set(named))
    assert all(notice.item in {item.id for item in found} for notice in book.notices())
    if "acme" in book.tenants:
        assert sorted(book.tenants["acme"].open) == sorted(callers)
