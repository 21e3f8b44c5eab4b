"""Customers at rest: found by what is known of them, changed with a trace, merged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest

from domain.customers.customer import Customer, CustomerKind
from domain.customers.desk import DeskSettings
from domain.customers.timeline import Entry, EntryKind, mail_stream, number_stream
from domain.refusal import BadField, NotPossible
from storage.connection import MainDatabase, open_main_in_memory
from storage.customers.desk import CustomerDesk, blank, timeline_streams
from storage.evolution import step019_customers
from storage.models import ROOT_KEY, Root
from storage.models.customers import MOST_CUSTOMERS, TenantCustomers
from storage.models.web import AuditEntry

T = TypeVar("T")
ENTRY = AuditEntry(0.0, "tenant:acme", "")


@pytest.fixture
def database() -> MainDatabase:
    """Return an empty database."""
    return open_main_in_memory()


def at_desk(database: MainDatabase, work: Callable[[CustomerDesk], T], at: float = 1000.0) -> T:
    """Do something at acme's customers."""
    return database.transact(lambda root: work(CustomerDesk(root, "acme", "", at, ENTRY)))


def add(
    database: MainDatabase,
    name: str,
    *,
    at: float = 1000.0,
    company: str = "",
    shared: bool = False,
    **facts: object,
) -> Customer:
    """Add a customer."""
    wanted = msgspec.structs.replace(blank(), name=name, **facts)
    return at_desk(database, lambda desk: desk.save(wanted, company=company, shared=shared), at)


def held(database: MainDatabase, work: Callable[[TenantCustomers], T]) -> T:
    """Read acme's customers."""
    return database.read(lambda root: work(root.customers.find("acme")))


def test_a_customer_is_found_by_numbers_and_addresses(database: MainDatabase) -> None:
    """All of them; not by those he no longer has."""
    wang = add(database, "王小姐", numbers=("13800138000", "01088886666"), mails=("wang@sihai.cn",))
    assert held(database, lambda all: all.of_number("01088886666")) == wang
    assert held(database, lambda all: all.of_mail("WANG@sihai.cn")) == wang
    at_desk(database, lambda desk: desk.save(msgspec.structs.replace(wang, numbers=("13800138000",))))
    assert held(database, lambda all: all.of_number("01088886666")) is None


def test_a_number_is_one_customers_unless_it_is_wanted_otherwise(database: MainDatabase) -> None:
    """Refused with the name of whose it is; shared, the person is known before the company."""
    add(database, "四海", kind=CustomerKind.COMPANY, numbers=("01088886666",))
    with pytest.raises(BadField, match="01088886666 is on the card of 四海"):
        add(database, "王小姐", numbers=("01088886666",))
    add(database, "王小姐", numbers=("01088886666",), shared=True)
    found = held(database, lambda all: all.of_number("01088886666"))
    assert found is not None
    assert found.name == "王小姐"


def test_a_company_is_made_by_its_name_once(database: MainDatabase) -> None:
    """Two people of it hang on one card, and its timeline shows what happened with them."""
    wang = add(database, "王小姐", company="四海贸易有限公司", numbers=("13800138000",))
    li = add(database, "李先生", company="四海贸易")
    assert wang.company == li.company
    entry = Entry(5.0, EntryKind.SMS, "x", text="您好")

    def shown(root: Root) -> list[str]:
        root.timelines.of("acme").put([number_stream("13800138000")], entry)
        company = root.customers.find("acme").get(wang.company)
        assert company is not None
        streams = timeline_streams(root, "acme", company)
        return [each.text for _, each in root.timeline("acme").newest_first(streams)]

    assert "您好" in database.transact(shown)
    at_desk(database, lambda desk: desk.remove(wang.company))
    assert held(database, lambda all: all.get(li.id)).company == ""  # type: ignore[union-attr]


def test_an_owner_is_an_agent(database: MainDatabase) -> None:
    """Nobody looks after a customer who is not there."""
    with pytest.raises(BadField, match="there is no agent 9999") as wrong:
        add(database, "王小姐", owner="9999")
    assert wrong.value.field == "owner"


def test_pages_follow_each_other_changed_last_first(database: MainDatabase) -> None:
    """Each customer once, also when one is changed meanwhile."""
    for nth in range(7):
        add(database, f"客户{nth}", at=1000.0 + nth)
    first, cursor = held(database, lambda all: all.page(lambda each: True, "", 3))
    assert [each.name for each in first] == ["客户6", "客户5", "客户4"]
    at_desk(database, lambda desk: desk.save(first[0]), at=2000.0)
    second, _ = held(database, lambda all: all.page(lambda each: True, cursor, 9))
    assert [each.name for each in second] == ["客户3", "客户2", "客户1", "客户0"]
    assert held(database, lambda all: all.page(lambda each: each.name == "客户1", "", 3))[1] == ""


def test_duplicates_are_suggested_until_they_are_told_apart(database: MainDatabase) -> None:
    """By number, address and name; a person and a company of one name are none."""
    one = add(database, "王小姐", numbers=("13800138000",))
    other = add(database, "王 女士", numbers=("13800138000",), shared=True)
    add(database, "张三", mails=("z@a.cn",))
    add(database, "张三先生", mails=("z@a.cn",), shared=True)
    add(database, "王小姐", kind=CustomerKind.COMPANY)
    assert [(pair.what, pair.key) for pair in held(database, lambda all: all.duplicates(9))] == [
        ("number", "13800138000"), ("mail", "z@a.cn"),
    ]  # fmt: skip
    (found,) = held(database, lambda all: all.alike(one))
    assert found.customers[1].id == other.id
    at_desk(database, lambda desk: desk.tell_apart(one.id, other.id))
    assert held(database, lambda all: all.alike(other)) == []
    assert [pair.what for pair in held(database, lambda all: all.duplicates(9))] == ["mail"]


def test_merged_customers_have_one_timeline(database: MainDatabase) -> None:
    """Notes of both stand there; people of a merged company are those of the other; it is noted."""
    one = add(database, "四海", kind=CustomerKind.COMPANY, mails=("a@sihai.cn",))
    other = add(database, "四海贸易", kind=CustomerKind.COMPANY, mails=("b@sihai.cn",))
    person = add(database, "王小姐", company="四海贸易")
    at_desk(database, lambda desk: desk.write_note(other.id, "要发票"), at=1100.0)
    database.transact(
        lambda root: root.timelines.of("acme").put(
            [mail_stream("b@sihai.cn")], Entry(1.0, EntryKind.MAIL, "m")
        )
    )
    kept = at_desk(database, lambda desk: desk.merge(one.id, other.id), at=1200.0)
    assert held(database, lambda all: (all.get(other.id), [each.id for each in all.people_of(one.id)])) == (
        None, [person.id],
    )  # fmt: skip

    def kinds(root: Root) -> list[tuple[str, str]]:
        streams = timeline_streams(root, "acme", kept)
        return [(entry.kind, entry.state) for _, entry in root.timeline("acme").newest_first(streams)]

    shown = database.read(kinds)
    assert shown[0] == (EntryKind.CHANGE, "merged")
    assert {(EntryKind.NOTE, ""), (EntryKind.MAIL, "")} <= set(shown)
    actions = database.read(lambda root: [entry.action for _, entry in root.web.listed()])
    assert actions[0] == "customer-merged"
    with pytest.raises(NotPossible):
        at_desk(database, lambda desk: desk.merge(one.id, one.id))
    with pytest.raises(NotPossible):
        at_desk(database, lambda desk: desk.merge(one.id, other.id))


def test_follow_ups_are_due_in_their_order_and_told_once(database: MainDatabase) -> None:
    """A new date is a new reminder; done, it is due no more."""
    late, soon = add(database, "晚"), add(database, "早")
    at_desk(database, lambda desk: desk.follow_up(late.id, 5000.0, "报价"))
    at_desk(database, lambda desk: desk.follow_up(soon.id, 4000.0, "回访"))

    def names(what: str, moment: float) -> list[str]:
        return held(database, lambda all: [each.name for each in all.due_by(moment, what)])

    assert names("due", 4500.0) == ["早"]
    assert names("remind", 9000.0) == ["早", "晚"]

    def tell(root: Root) -> None:
        for each in list(root.customers.of("acme").due_by(4500.0, "remind")):
            root.customers.of("acme").reminded(each)

    database.transact(tell)
    assert (names("remind", 9000.0), names("due", 9000.0)) == (["晚"], ["早", "晚"])
    at_desk(database, lambda desk: desk.follow_up(soon.id, 6000.0, "再访"))
    assert names("remind", 9000.0) == ["晚", "早"]
    at_desk(database, lambda desk: desk.follow_up(soon.id, 0.0, ""))
    assert (names("remind", 9000.0), names("due", 9000.0)) == (["晚"], ["晚"])
    at_desk(database, lambda desk: desk.remove(late.id))
    assert held(database, lambda all: len(all.index)) == held(database, lambda all: 2 * len(all))


def test_there_is_a_limit(monkeypatch: pytest.MonkeyPatch, database: MainDatabase) -> None:
    """Told as the fault of the name; changing those who are there goes on."""
    assert MOST_CUSTOMERS >= 50_000
    monkeypatch.setattr("storage.models.customers.MOST_CUSTOMERS", 1)
    one = add(database, "王小姐")
    with pytest.raises(BadField, match="too many"):
        add(database, "李先生")
    at_desk(database, lambda desk: desk.save(msgspec.structs.replace(one, note="新")))


def test_contact_cards_of_before_become_customers(database: MainDatabase) -> None:
    """With company and address where they belong, and the tenant's other fields as they were."""

    def before(root: Root) -> None:
        desk = root.desk.of("acme")
        desk.settings.value = DeskSettings(fields=("公司", "等级", "地址"))
        card = {
            "id": "a1" * 8, "name": "王小姐", "numbers": ["13800138000"], "note": "茶",
            "by": "8001", "at": 7.0, "fields": {"公司": "四海", "等级": "A", "地址": "北京"},
        }  # fmt: skip
        desk.cards = {"a1" * 8: msgspec.json.encode(card)}
        desk.by_number = {"13800138000": "a1" * 8}

    database.transact(before)
    for _ in range(2):
        database.transact(lambda root: step019_customers.run({ROOT_KEY: root}))

    def after(root: Root) -> tuple[Customer | None, str, DeskSettings, bool]:
        customers, desk = root.customers.find("acme"), root.desk.find("acme")
        found = customers.of_number("13800138000")
        assert found is not None
        company = customers.get(found.company)
        assert company is not None
        return found, company.name, desk.settings.value, hasattr(desk, "cards")

    customer, company, settings, left = database.read(after)
    assert customer is not None
    assert (customer.name, customer.fields, customer.addresses, customer.note, customer.by) == (
        "王小姐", {"等级": "A"}, ("北京",), "茶", "8001",
    )  # fmt: skip
    assert (company, settings.fields, left) == ("四海", ("等级",), False)
