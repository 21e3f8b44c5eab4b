"""What the process keeps and asks beside the calls: places of queues, quotas of messages, contacts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from b2bua.calls.wishes import Wish
from b2bua.process.contacts import ContactUnknown, StoredContacts
from b2bua.process.messages import MessageQuota
from b2bua.process.wishes import kept_wishes
from domain.customers.contact import Contact, ContactKind
from domain.snapshot import TenantSnapshot
from storage.data_directory import DataDirectory
from storage.serving.message_counts import write_counts

PLACE = Wish(Contact("01A", "acme", "4001003721", "13900001111", ContactKind.QUEUE), "service", 1000.0)


def at_once(work: Callable[[], None]) -> None:
    """Stand for a thread."""
    work()


def test_places_of_queues_survive_a_restart(tmp_path: Path) -> None:
    """Each change is in the file; a place of yesterday is not."""
    file = tmp_path / "call-backs.json"
    kept_wishes(file, at_once, lambda: 1000.0).put(PLACE)
    assert kept_wishes(file, at_once, lambda: 2000.0).of_queue("acme", "service") == [PLACE]
    assert kept_wishes(file, at_once, lambda: 90_000.0).of_queue("acme", "service") == []


def test_a_damaged_file_keeps_nobody_from_serving(tmp_path: Path) -> None:
    """Its places are lost and told in the log; new ones are kept."""
    file = tmp_path / "call-backs.json"
    file.write_bytes(b"[{")
    wishes = kept_wishes(file, at_once, lambda: 1000.0)
    wishes.put(PLACE)
    assert kept_wishes(file, at_once, lambda: 1000.0).of_caller("acme", "13900001111") == [PLACE]


def test_a_quota_of_messages(tmp_path: Path) -> None:
    """What the recorder counted last, against what the tenant may have; nothing told is nothing there."""
    data = DataDirectory(tmp_path)
    quota = MessageQuota(data)
    tenant = TenantSnapshot("acme", "Acme", message_quota=2)
    quota.look()
    assert not quota.is_full(tenant)
    write_counts(data, {"acme": 2, "rival": 1})
    quota.look()
    assert quota.is_full(tenant)
    assert not quota.is_full(TenantSnapshot("rival", "Rival", message_quota=2))
    assert quota.is_full(TenantSnapshot("none", "None", message_quota=0))


def test_contacts_are_looked_up_a_few_at_a_time(tmp_path: Path) -> None:
    """Whoever asks for more at once is refused, not queued without end."""
    asked: list[Deferred[Contact | None]] = []

    def in_thread(*_: object) -> Deferred[Contact | None]:
        asked.append(Deferred())
        return asked[-1]

    contacts = StoredContacts(DataDirectory(tmp_path), in_thread)
    found: list[object] = []
    for _ in range(5):
        contacts.find("acme", "01A").addBoth(found.append)
    assert len(asked) == 4
    assert [type(each.value) for each in found] == [ContactUnknown]  # type: ignore[attr-defined]
    for each in asked[:4]:
        each.callback(PLACE.contact)
    contacts.find("acme", "01A").addBoth(found.append)
    asked[-1].callback(None)
    assert found[1:] == [PLACE.contact] * 4 + [None]


def test_without_a_store_a_contact_is_unknown(tmp_path: Path) -> None:
    """The child says why; nothing is dialled on a guess."""
    data = DataDirectory(tmp_path)
    data.create()
    with pytest.raises(ContactUnknown):
        StoredContacts(data)._ask("acme", "01A")
