"""The inventory in the database: searches, the desk, what configuration files do to it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from domain.numbers.lifecycle import Halt, Move, NumberCard, NumberState
from domain.numbers.numbering import NumberBook
from domain.numbers.search import Pattern, Wanted
from domain.outcomes import Outcome
from domain.refusal import NotPossible
from storage.connection import MainDatabase, open_main_in_memory
from storage.evolution import step011_inventory
from storage.models import Root
from storage.models.inventory import Inventory
from storage.numbers.desk import NumberDesk
from storage.provisioning import ProvisioningError
from storage.serving import snapshots
from tests.unit.storage.provision import apply

NOW = 1_760_000_000.0
TENANT = "tenants: {alpha: {numbers: {4001003721: {bound: [13900001111]}}}}"
S = NumberState


@pytest.fixture
def database() -> MainDatabase:
    """Return an empty box."""
    return open_main_in_memory()


def at_desk(database: MainDatabase, work: Any, at: float = NOW) -> Any:
    """Do something at the desk."""
    return database.transact(lambda root: work(NumberDesk(root, at, "anna")))


def walked(database: MainDatabase, wanted: Wanted, after: str = "") -> list[tuple[str, NumberCard]]:
    """Return the keys and cards of a search."""

    def read(root: Root) -> list[tuple[str, NumberCard]]:
        book = NumberBook(root.box.value.numbering)
        return list(root.inventory.find(wanted, book.carrier, after))

    return database.read(read)


def cheapest_first(database: MainDatabase) -> list[str]:
    """Return the numbers that are offered."""
    return [card.number for _, card in walked(database, Wanted(by_price=True))]


def card_of(database: MainDatabase, number: str) -> NumberCard:
    """Return a number's card."""
    card = database.read(lambda root: root.inventory.card(number))
    assert card is not None
    return card


def state(database: MainDatabase, number: str) -> str:
    """Return where a number stands, and whose it is."""
    card = card_of(database, number)
    return f"{card.state} {card.tenant}".strip()


def test_searches_give_what_a_walk_over_all_numbers_gives(database: MainDatabase) -> None:
    """Every index, every order, from every cursor on: the same numbers as looking at each."""
    chance = random.Random(7)
    numbers = sorted({f"400{chance.choice('01678')}{chance.randrange(10**6):06}" for _ in range(400)})
    moves = {S.RESERVED: "reserve", S.RECLAIMED: "reclaim"}

    def fill(desk: NumberDesk) -> None:
        for number in numbers:
            desk.take_in(number)
            desk.set_terms(number, minimum_li=chance.choice([None, 30_000, 3_000_000, 9_000_000]))
            move = chance.choice(["", "reserve", "reclaim"])
            card = desk.card(number)
            if move == "reserve" and desk.offer(card).minimum_li is not None:
                desk.reserve(number, "甲")
            elif move == "reclaim":
                desk.reclaim(number)

    at_desk(database, fill)
    assert set(moves) <= set(database.read(lambda root: root.inventory.counts()))
    cards = {
        number: database.read(lambda root, number=number: root.inventory.card(number)) for number in numbers
    }
    book = NumberBook()
    price = {number: book.offer(card).minimum_li for number, card in cards.items()}
    for _ in range(120):
        pattern = chance.choice(["", "*8", "4006*", "*12*", "400K***AB*", "4001*1", "88"])
        wanted = Wanted(
            pattern=pattern,
            states=chance.choice([(), (S.IN_STOCK,), (S.RECLAIMED, S.RESERVED), (S.ACTIVE,)]),
            vanity_class=chance.choice(["", "", "D", "special"]),
            carrier=chance.choice(["", "", "中国移动"]),
            least_li=chance.choice([None, None, 30_000, 100_000]),
            most_li=chance.choice([None, None, 3_000_000]),
            by_price=chance.random() < 0.3,
        )
        expected = [
            number
            for number in numbers
            if (not pattern or Pattern(pattern).fits(number))
            and (not wanted.states or cards[number].state in wanted.states)
            and wanted.vanity_class in ("", cards[number].effective_class)
            and wanted.carrier in ("", book.carrier(number))
            and _priced(price[number], wanted)
        ]
        if wanted.by_price:
            expected.sort(key=lambda number: (price[number], number))
        rows = walked(database, wanted)
        assert [card.number for _, card in rows] == expected, wanted
        if rows:
            place = chance.randrange(len(rows))
            after = rows[place][0]
            rest = walked(database, wanted, after)
            assert [card.number for _, card in rest] == expected[place + 1 :], (wanted, after)


def _priced(price: int | None, wanted: Wanted) -> bool:
    if wanted.by_price or wanted.least_li is not None or wanted.most_li is not None:
        if price is None:
            return False
        return (wanted.least_li or 0) <= price and (wanted.most_li is None or price <= wanted.most_li)
    return True


def test_a_number_without_a_price_is_not_sold(database: MainDatabase) -> None:
    """Special numbers and class C: the operator sets a minimum first, for the class or the number."""
    at_desk(database, lambda desk: [desk.take_in(number) for number in ("4006123888", "4006123999")])
    with pytest.raises(NotPossible, match="set a minimum") as refused:
        at_desk(database, lambda desk: desk.reserve("4006123888", "甲"))
    assert "未设置最低消费" in refused.value.zh
    at_desk(database, lambda desk: desk.set_terms("4006123888", minimum_li=5_000_000))
    at_desk(database, lambda desk: desk.reserve("4006123888", "甲"))
    apply(database, "box: {class_terms: {special: {minimum_li: 8000000}}}")
    assert cheapest_first(database) == [
        "4006123888",
        "4006123999",
    ]
    at_desk(database, lambda desk: desk.reserve("4006123999", "乙"))


def test_a_reservation_that_is_over_binds_nobody(database: MainDatabase) -> None:
    """The next one may have the number, and the history tells that it expired."""
    at_desk(database, lambda desk: desk.take_in("4001003729"))
    at_desk(database, lambda desk: desk.reserve("4001003729", "甲", 1))
    with pytest.raises(NotPossible):
        at_desk(database, lambda desk: desk.reserve("4001003729", "乙"), NOW + 86_399)
    card = at_desk(database, lambda desk: desk.reserve("4001003729", "乙"), NOW + 86_400)
    assert card.reserved_for == "乙"
    history = database.read(lambda root: root.inventory.history("4001003729"))
    assert [each.move for each in history] == [Move.IMPORT, Move.RESERVE, Move.EXPIRE, Move.RESERVE]


def test_the_inventory_follows_configuration_files(database: MainDatabase) -> None:
    """A number that a file gives to a tenant is active; moved it is handed over; removed it is reclaimed."""
    apply(database, TENANT)
    assert state(database, "4001003721") == "active alpha"
    assert card_of(database, "4001003721").contract is None
    apply(
        database,
        "tenants: {alpha: {numbers: {4001003721: {absent: true}}}, beta: {numbers: {4001003721: {}}}}",
    )
    assert state(database, "4001003721") == "active beta"
    apply(database, "tenants: {beta: {absent: true}}")
    assert state(database, "4001003721") == "reclaimed"
    with pytest.raises(ProvisioningError, match="was reclaimed; put it into stock again first"):
        apply(database, TENANT)
    at_desk(database, lambda desk: desk.restock("4001003721"))
    apply(database, TENANT)
    history = database.read(lambda root: root.inventory.history("4001003721"))
    assert [each.move for each in history] == [
        Move.IMPORT, Move.ACTIVATE, Move.HAND_OVER, Move.RECLAIM, Move.RESTOCK, Move.ACTIVATE,
    ]  # fmt: skip


def test_a_file_takes_no_number_that_somebody_waits_for(database: MainDatabase) -> None:
    """A reserved number is its holder's until it is released or the time is over."""
    at_desk(database, lambda desk: desk.take_in("4001003721"), 10**11)
    at_desk(database, lambda desk: desk.reserve("4001003721", "甲"), 10**11)
    with pytest.raises(ProvisioningError, match="is reserved; release it first"):
        apply(database, TENANT)
    at_desk(database, lambda desk: desk.release("4001003721"), 10**11)
    apply(database, TENANT)


def test_calls_are_told_how_a_number_stands(database: MainDatabase) -> None:
    """Suspended and frozen numbers in their tenant's snapshot, reclaimed ones in the box's."""
    apply(database, TENANT)

    def told() -> tuple[dict[str, str], tuple[str, ...], int]:
        built = database.read(snapshots.build)
        return built.tenants[0].halted if built.tenants else {}, built.box.reclaimed, built.version

    halted, reclaimed, version = told()
    assert (halted, reclaimed) == ({}, ())
    at_desk(database, lambda desk: desk.suspend("4001003721", Halt.ARREARS, "欠费"))
    assert told() == ({"4001003721": Outcome.NUMBER_IN_ARREARS}, (), version + 1)
    at_desk(database, lambda desk: desk.freeze("4001003721"))
    assert told()[0] == {"4001003721": Outcome.NUMBER_FROZEN}
    at_desk(database, lambda desk: desk.resume("4001003721"))
    assert told()[0] == {}
    apply(database, "tenants: {alpha: {numbers: {4001003721: {absent: true}}}}")
    assert told()[1] == ("4001003721",)


def test_what_is_agreed_stays_agreed(database: MainDatabase) -> None:
    """New terms of a class, or a new rule table, touch only what is not sold."""
    at_desk(database, lambda desk: [desk.take_in(number) for number in ("4001003721", "4001003729")])
    at_desk(database, lambda desk: desk.activate("4001003721", "alpha"))
    rules = "[{vanity_class: 九, patterns: [400*****29]}, {vanity_class: D, patterns: [400K******]}]"
    terms = "{D: {minimum_li: 1}, 九: {minimum_li: 9}}"
    apply(database, f"box: {{class_terms: {terms}, vanity_rules: {rules}}}")
    sold, stock = (
        database.read(lambda root, n=n: root.inventory.card(n)) for n in ("4001003721", "4001003729")
    )
    assert (sold.vanity_class, sold.contract.minimum_li) == ("D", 3_000_000)
    assert stock.vanity_class == "九"
    assert cheapest_first(database) == [
        "4001003721",
        "4001003729",
    ]
    with pytest.raises(NotPossible, match="agreed"):
        at_desk(database, lambda desk: desk.set_terms("4001003721", minimum_li=0))
    at_desk(database, lambda desk: desk.set_terms("4001003721", note="老客户"))


def test_wrong_tables_are_told_with_line_and_field(database: MainDatabase) -> None:
    """A pattern of nine places, a negative amount, a class without rules: nothing is changed."""
    with pytest.raises(ProvisioningError) as refused:
        apply(
            database,
            "box:\n  vanity_rules:\n  - {vanity_class: A, patterns: [400K**AA]}\n  - {vanity_class: B}\n"
            "  class_terms: {D: {minimum_li: -1}}\n  number_carriers: {'500': x}\n",
        )
    text = str(refused.value)
    for word in (
        "box.yaml:3: box.vanity_rules[1].patterns[1]",
        "box.vanity_rules[2].patterns: must not be empty",
        "box.class_terms.D.minimum_li",
        "'500' are no leading digits",
    ):
        assert word in text, (word, text)


def test_a_box_from_before_gets_its_inventory(database: MainDatabase) -> None:
    """Evolution: numbers that tenants have are active; running it again changes nothing."""
    apply(database, TENANT)

    def older(root: Root) -> None:
        root.inventory = Inventory()
        for _ in range(2):
            step011_inventory.run({"box400": root})

    database.transact(older)
    assert state(database, "4001003721") == "active alpha"
    assert len(database.read(lambda root: root.inventory.history("4001003721"))) == 1
