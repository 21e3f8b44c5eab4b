"""满意度: what callers and askers scored, counted once each, and what becomes of low scores."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from domain.tickets.ratings import Rating, share, shares
from domain.tickets.settings import TicketSettings
from storage.connection import MainDatabase, open_main_in_memory
from storage.records.call_id import BEIJING
from storage.records.record import CallRecord
from storage.reports.satisfaction import Period, name_of, satisfaction
from storage.tickets.low_scores import take_low_scores
from tests.unit.storage.provision import apply
from tests.unit.tickets.test_store import unclosed
from tests.unit.webui.site import made_up

NOON = datetime(2026, 11, 23, 12, tzinfo=BEIJING).timestamp()


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    """Return a box with one tenant."""
    database = open_main_in_memory()
    apply(database, "tenants:\n  demo: {name: 示例公司}\n")
    yield database
    database.close()


def call(start: float, score: int, agent: str = "8001", queue: str = "sales") -> CallRecord:
    """Return a call that its caller scored."""
    return made_up("demo", "4001003721", start, rating=score or None, job_number=agent, queue=queue)


def test_scores_are_counted_by_agent_queue_category_and_period(database: MainDatabase) -> None:
    """Calls and tickets together; what lies outside, or was not scored, is not counted."""
    records = [call(NOON, 5), call(NOON + 60, 2), call(NOON + 86400, 4, "8002")]
    records += [call(NOON, 0), call(NOON - 86400, 1)]

    def fill(root: object) -> None:
        root.records.add(records)  # type: ignore[attr-defined]
        shelf = root.tickets.of("demo")  # type: ignore[attr-defined]
        shelf.add_rating(Rating(NOON, 3, ticket="t1", agent="8002", category="投诉"))
        shelf.add_rating(Rating(NOON + 2 * 86400, 5, ticket="t2", agent="8002", category="投诉"))

    database.transact(fill)
    since, until = NOON - 3600, NOON + 2 * 86400
    made = database.read(lambda root: satisfaction(root, "demo", since, until, Period.DAY, 3))
    assert made.calls is not None
    assert made.tickets is not None
    assert (made.calls.scores, round(made.calls.average, 2), made.tickets.scores) == (3, 3.67, 1)
    assert {each.name: (each.scores, each.average) for each in made.agents} == {
        "8001": (2, 3.5), "8002": (2, 3.5),
    }  # fmt: skip
    assert [(each.name, each.of_each) for each in made.queues] == [("sales", (0, 1, 0, 1, 1))]
    assert [(each.name, each.scores) for each in made.categories] == [("投诉", 1)]
    assert [(each.name, each.scores) for each in made.periods] == [("2026-11-23", 3), ("2026-11-24", 1)]
    assert [each.score for each in made.low] == [2, 3]


def test_weeks_and_months_are_those_of_beijing() -> None:
    """The last hours of a month in UTC are the next one's in Beijing."""
    end = datetime(2026, 12, 1, 0, 30, tzinfo=BEIJING).timestamp()
    assert [name_of(end, by) for by in Period] == ["2026-12-01", "2026-W49", "2026-12"]


def test_nothing_scored_is_no_average() -> None:
    """Rather than nought."""
    assert share("x", []) is None
    assert shares([]) == []
    assert shares([("a", 5), ("a", 1)])[0].good == 0.5


@pytest.mark.parametrize(("low", "expected"), [(2, 2), (0, 0), (4, 3)])
def test_a_call_with_a_low_score_becomes_a_ticket_once(
    database: MainDatabase, low: int, expected: int
) -> None:
    """As the setting says; the caller's number stands on the call alone."""
    settings = TicketSettings(low_score=low)
    database.transact(lambda root: setattr(root.tickets.of("demo").settings, "value", settings))
    records = [call(NOON, 1), call(NOON, 2), call(NOON, 4), call(NOON, 5), call(NOON, 0)]
    for _ in range(2):
        database.transact(lambda root: take_low_scores(root, records))
    found = unclosed(database)
    assert len(found) == expected
    assert all("13800138000" not in f"{each.subject} {each.asker}" for each in found)
