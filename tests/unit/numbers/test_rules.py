"""The life of a number, its terms, the promise, searching."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.days.calendar import Calendar
from domain.numbers.lifecycle import (
    MOVE_WORDS,
    OWNED,
    STATE_WORDS,
    WAYS,
    Halt,
    Move,
    NumberCard,
    NumberState,
    Told,
    has_expired,
    moved,
    outcome_of,
    reserved,
)
from domain.numbers.numbering import NumberBook, Numbering
from domain.numbers.promise import due_day, working_days_left
from domain.numbers.search import Pattern
from domain.numbers.terms import ClassTerms, ends_of
from domain.numbers.vanity import PatternError, VanityRule
from domain.outcomes import Outcome
from domain.refusal import NotPossible

CARD = NumberCard("4006123888", "special")
NOW = Told(1000.0, "anna", "why")
S = NumberState


@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("move", WAYS)
def test_the_table_of_moves_is_the_whole_truth(state: NumberState, move: Move) -> None:
    """Each move from each state: it leads where the table says, or is refused in both languages."""
    card = NumberCard("4006123888", "special", state)
    if state in WAYS[move].after:
        after, change = moved(card, move, NOW)
        assert (after.state, after.since) == (WAYS[move].to, 1000.0)
        assert (change.at, change.by, change.why, change.move, change.state) == (
            1000.0, "anna", "why", move, after.state,
        )  # fmt: skip
        return
    with pytest.raises(NotPossible, match=card.number) as refused:
        moved(card, move, NOW)
    assert STATE_WORDS[state][1] in refused.value.zh
    assert MOVE_WORDS[move][1] in refused.value.zh


@given(st.lists(st.sampled_from(sorted(WAYS)), max_size=40))
def test_no_way_through_the_table_leaves_what_belongs_to_another_state(moves: list[Move]) -> None:
    """A number without a tenant has no contract and no halt; one without a reservation nobody's name."""
    card = CARD
    for move in moves:
        fields = {
            Move.RESERVE: {"reserved_for": "甲", "reserved_until": 2.0},
            Move.ACTIVATE: {"tenant": "alpha"},
            Move.SUSPEND: {"halt": Halt.MISUSE},
        }.get(move, {})
        try:
            card, _ = moved(card, move, NOW, **fields)
        except NotPossible:
            continue
        assert bool(card.tenant) is (card.state in OWNED)
        assert (card.halt is not None) is (card.state is S.SUSPENDED)
        assert bool(card.reserved_for) is (card.state is S.RESERVED)


def test_a_reservation_ends_by_itself() -> None:
    """It holds to its moment, not a second longer; without a name or a future there is none."""
    card, _ = reserved(CARD, " 示例公司 ", 1100.0, NOW)
    assert card.reserved_for == "示例公司"
    assert [has_expired(card, at) for at in (1099.9, 1100.0)] == [False, True]
    with pytest.raises(NotPossible):
        reserved(CARD, "  ", 1100.0, NOW)
    with pytest.raises(NotPossible):
        reserved(CARD, "甲", 1000.0, NOW)


@pytest.mark.parametrize(
    ("state", "halt", "outcome"),
    [
        (S.FROZEN, None, Outcome.NUMBER_FROZEN),
        (S.SUSPENDED, Halt.ARREARS, Outcome.NUMBER_IN_ARREARS),
        (S.SUSPENDED, Halt.MISUSE, Outcome.NUMBER_MISUSED),
        (S.SUSPENDED, Halt.CAP, Outcome.CAPPED),
        (S.SUSPENDED, Halt.REQUEST, Outcome.SUSPENDED),
    ],
)
def test_each_halt_ends_calls_in_its_words(state: NumberState, halt: Halt | None, outcome: Outcome) -> None:
    """欠费停机, 违规停机 ...: the record tells them apart."""
    assert outcome_of(NumberCard("4006123888", "D", state, halt=halt)) is outcome


# terms


def offered(number: str, vanity_class: str = "", **card: object) -> tuple[int | None, int, int]:
    """Return minimum, month of the step, and minimum from then on, as shipped."""
    book = NumberBook()
    offer = book.offer(NumberCard(number, vanity_class or book.classify(number), **card))  # type: ignore[arg-type]
    return offer.minimum_li, offer.step_month, offer.step_minimum_li


def test_the_shipped_terms_are_those_of_the_brief() -> None:
    """A 50,000 and 3 years; B and E 30,000 and 2; D 3,000 and 1; special and C have no price yet."""
    terms = NumberBook().terms
    assert {name: (each.minimum_li, each.years) for name, each in terms.items()} == {
        "special": (None, 0), "A": (50_000_000, 3), "B": (30_000_000, 2), "C": (None, 0),
        "D": (3_000_000, 1), "E": (30_000_000, 2),
    }  # fmt: skip


def test_only_some_numbers_step_down_in_the_seventh_month() -> None:
    """400695**** and 4006*95*** from the 7th natural month; others of their class never."""
    assert offered("4006951288") == (30_000_000, 7, 20_000_000)
    assert offered("4006195388", "E") == (30_000_000, 7, 20_000_000)
    assert offered("4008123456") == (30_000_000, 0, 0)
    assert offered("4006951288", minimum_li=30_000) == (30_000, 0, 0)


def test_a_contract_becomes_what_the_ledger_charges_by() -> None:
    """From the 7th natural month after activation the lower minimum holds; that of activation is shared."""
    contract = NumberBook().offer(NumberCard("4006951288", "B")).agreed(date(2026, 11, 1))
    agreement = contract.agreement("4006951288")
    months = ["202610", "202611", "202705", "202706", "203001"]
    assert [agreement.minimum_in(month) // 1000 for month in months] == [0, 30_000, 30_000, 20_000, 20_000]
    assert (contract.begins, contract.ends) == ("2026-11-01", "2028-10-31")


def test_a_fee_instead_of_minimum_and_term() -> None:
    """选号费代替最低消费, where the operator offers it; a class without a price is not sold."""
    book = NumberBook(Numbering(class_terms={"D": ClassTerms(minimum_li=3, years=1, fee_instead_li=900_000)}))
    contract = book.offer(NumberCard("4001003721", "D")).agreed(date(2026, 1, 1), fee_instead=True)
    assert (contract.fee_li, contract.minimum_li, contract.ends) == (900_000, 0, "")
    with pytest.raises(ValueError, match="fee instead"):
        NumberBook().offer(NumberCard("4001003721", "D")).agreed(date(2026, 1, 1), fee_instead=True)
    with pytest.raises(ValueError, match="minimum"):
        NumberBook().offer(NumberCard("4001003700", "C")).agreed(date(2026, 1, 1))


def test_terms_end_the_day_before_their_anniversary() -> None:
    """Also when they began on 29 February."""
    assert ends_of(date(2026, 3, 1), 1) == "2027-02-28"
    assert ends_of(date(2028, 2, 29), 1) == "2029-02-28"
    assert ends_of(date(2028, 2, 29), 4) == "2032-02-28"
    assert ends_of(date(2026, 3, 1), 0) == ""


def test_tables_are_edited() -> None:
    """Own rules replace the shipped ones; carriers and terms go over them, the longest prefix first."""
    numbering = Numbering(
        number_carriers={"4006": "甲", "40066": "乙"},
        vanity_rules=(VanityRule("豹子", ("400K***AAA",)), VanityRule("D", ("400K******",))),
    )
    book = NumberBook(numbering)
    assert [book.carrier(number) for number in ("4006123456", "4006612345", "4008123456", "4005123456")] == [
        "甲", "乙", "中国电信", "",
    ]  # fmt: skip
    assert (book.classify("4006123888"), book.classify("4008123456")) == ("豹子", "D")
    assert "E" in book.classes
    with pytest.raises(PatternError):
        NumberBook(Numbering(vanity_rules=(VanityRule("X", ("400",)),)))


# the promise


def test_seven_working_days_go_round_holidays_and_count_worked_weekends() -> None:
    """国庆 2025 is 1 to 8 October; 28 September and 11 October are worked."""
    calendar = Calendar()
    assert due_day(date(2025, 9, 26), 7, calendar) == date(2025, 10, 13)
    assert working_days_left(date(2025, 10, 8), date(2025, 10, 11), calendar) == 3
    assert working_days_left(date(2025, 10, 11), date(2025, 10, 11), calendar) == 0
    assert working_days_left(date(2025, 10, 14), date(2025, 10, 11), calendar) == -2


@given(st.dates(date(2024, 1, 1), date(2031, 1, 1)), st.integers(1, 20))
def test_exactly_so_many_working_days_lie_in_between(received: date, days: int) -> None:
    """Also in years that nobody knows the holidays of."""
    calendar = Calendar()
    due = due_day(received, days, calendar)
    assert working_days_left(received, due, calendar) == days
    assert calendar.day(due).kind.works


# searching


@pytest.mark.parametrize(
    ("pattern", "fits", "not_"),
    [
        ("*888", "4006123888", "4006888123"),
        ("888", "4006123888", "4006888123"),
        ("4006*", "4006123888", "4008123888"),
        ("*520*", "4006520123", "4006502123"),
        ("400K**AABB", "4008128866", "4008128888"),
        ("400***1234", "4009991234", "4009991235"),
        ("*1??4", "4009991234", "4009912345"),
        ("4006123888", "4006123888", "4006123889"),
        ("400-6123-888", "4006123888", "4006123889"),
    ],
)
def test_patterns_as_people_type_them(pattern: str, fits: str, not_: str) -> None:
    """By ending, beginning, middle, and place by place."""
    read = Pattern(pattern)
    assert (read.fits(fits), read.fits(not_)) == (True, False)
    assert fits.startswith(read.prefix)
    assert fits.endswith(read.suffix)


@pytest.mark.parametrize("pattern", ["", "AABB", "400K**AAB!", "12345678901", "一二三"])
def test_what_means_no_numbers(pattern: str) -> None:
    """It is told, not searched for."""
    with pytest.raises(PatternError):
        Pattern(pattern)
