"""What time does to numbers: reservations end, terms and papers run out, promises are broken."""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from domain.days.calendar import local
from domain.notices.kinds import NoticeKind
from domain.numbers.lifecycle import NumberCard, NumberState, has_expired
from domain.numbers.reminders import Ending, Reminder, reminders_of
from storage.connection import MainDatabase
from storage.models import Root
from storage.notices.outbox import tell
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk

BY: Final = "box400"
_SERVED: Final = (NumberState.ACTIVE, NumberState.SUSPENDED, NumberState.FROZEN)


class Attention(NamedTuple):
    """What the operator must look at."""

    overdue: tuple[str, ...]
    """Numbers whose applicants were promised them by yesterday or before."""
    papers: tuple[str, ...]
    """Numbers with papers that end soon."""


NOTHING_TO_DO: Final = Attention((), ())


def look_after(database: MainDatabase, at: float) -> Attention:
    """Release what is reserved no more, remind of what ends, and say what needs attention. Raises StoreDown.

    Writes only when there is something to write.
    """
    expired, reminders, attention = database.read(lambda root: _look(root, at))
    if expired or reminders:
        database.transact(lambda root: _act(root, at, expired, reminders), note="numbers upkeep")
    return attention


def attention(root: Root, at: float) -> Attention:
    """Return what the operator must look at now."""
    return _look(root, at)[2]


def _look(root: Root, at: float) -> tuple[list[str], list[Reminder], Attention]:
    inventory, today = root.inventory, local(at).date()
    reserved = (inventory.card(number) for number in inventory.in_state(NumberState.RESERVED))
    expired = [card.number for card in reserved if card is not None and has_expired(card, at)]
    due = [each for number in inventory.in_state(*_SERVED) for each in _due(root, number, today)]
    papers = dict.fromkeys(each.number for each in due if each.ending is Ending.DOCUMENT)
    terms = [each for each in due if each.ending is Ending.TERM and each.key not in inventory.reminded]
    overdue = Counter(NumberDesk(root, at, BY)).waiting(overdue=True)
    return expired, terms, Attention(tuple(each.number for each, _ in overdue), tuple(papers))


def _due(root: Root, number: str, today: date) -> list[Reminder]:
    card: NumberCard | None = root.inventory.card(number)
    if card is None:
        return []
    application = root.inventory.application(card.application) if card.application else None
    return reminders_of(card, application, today, root.box.value.renewal_days)


def _act(root: Root, at: float, expired: list[str], reminders: list[Reminder]) -> None:
    desk = NumberDesk(root, at, BY)
    for number in expired:
        desk.freed(number)
    for each in reminders:
        if each.key in root.inventory.reminded:
            continue
        root.inventory.reminded[each.key] = at
        values = {"number": each.number, "date": each.day, "days": str(each.days_left)}
        tell(root, NoticeKind.RENEWAL, each.tenant, each.key, values, at)
