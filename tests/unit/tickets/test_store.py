"""Tickets in the store: found by everybody who may, told to everybody who must, looked after by time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from domain.customers.timeline import mail_stream, number_stream
from domain.notices.delivery import Delivery
from domain.refusal import NotPossible
from domain.tickets import rules
from domain.tickets.rules import Wanted
from domain.tickets.settings import TicketSettings
from domain.tickets.ticket import (
    OPERATOR,
    Asker,
    AskerKind,
    Priority,
    Source,
    SourceKind,
    Ticket,
    TicketState,
)
from storage.connection import MainDatabase, open_main_in_memory
from storage.models import Root
from storage.tickets import TicketGone, move, open_ticket
from storage.tickets.upkeep import look_after, tickets_due
from tests.unit.storage.provision import apply

NOW = 1795402800.0
CUSTOMER = Asker(AskerKind.CUSTOMER, "王先生", "13800138000", "wang@example.cn")

BOX = """
tenants:
  demo:
    name: 示例公司
    notices:
      ticket: {emails: [boss@demo.cn]}
    webhooks:
      crm: {url: "https://crm.demo.cn/hook"}
"""


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    """Return a box with one tenant, who has a webhook and names who is told."""
    database = open_main_in_memory()
    apply(database, BOX)
    yield database
    database.close()


def wanted(**changes: Any) -> Wanted:
    """Return a customer's ticket."""
    return Wanted(
        "demo", "demo", CUSTOMER, "无法拨通", "昨天起 400 打不通", Source(SourceKind.PUBLIC), "故障报修"
    )._replace(**changes)


def opened(database: MainDatabase, **changes: Any) -> Ticket:
    """Open a ticket."""
    return database.transact(lambda root: open_ticket(root, wanted(**changes), NOW))


def told(database: MainDatabase, channel: str = "email") -> list[Delivery]:
    """Return what was put into the outbox, oldest first."""
    found = database.read(lambda root: list(root.notices.newest_first()))
    return [each for each in reversed(found) if each.channel == channel]


def answer(database: MainDatabase, ticket: Ticket, text: str, at: float) -> Ticket:
    """Answer a ticket."""
    return database.transact(
        lambda root: move(
            root,
            ticket.desk,
            ticket.id,
            lambda each, terms: rules.answered(each, text, (), "8001", at, terms),
        )
    )


def test_the_desk_is_told_of_a_question_and_the_asker_of_its_answer(database: MainDatabase) -> None:
    """Nobody else: who is told of everything of a tenant is not told what his customers are answered."""
    ticket = opened(database)
    answer(database, ticket, "已恢复，请再试。", NOW + 60)
    mails = [(each.kind, each.to) for each in told(database)]
    assert mails == [("ticket", "boss@demo.cn"), ("ticket-answer", "wang@example.cn")]
    mail = told(database)[-1]
    assert "已恢复" in mail.text
    assert ticket.code in mail.text
    assert [each.to for each in told(database, "sms")] == ["13800138000"]
    assert "已恢复" not in told(database, "sms")[0].text


def test_a_mail_has_a_link_where_the_box_knows_its_address(database: MainDatabase) -> None:
    """Links that somebody typed are taken out as before."""
    address = TicketSettings(address="https://400.example.cn")
    database.transact(lambda root: setattr(root.tickets.of(OPERATOR).settings, "value", address))
    ticket = opened(database)
    answer(database, ticket, "见 https://evil.example.com/x", NOW + 1)
    text = told(database)[-1].text
    assert f"https://400.example.cn/help/demo/ticket?code={ticket.code}" in text
    assert "https://evil" not in text


def test_web_servers_are_told_each_step_once(database: MainDatabase) -> None:
    """With what a program needs to know."""
    ticket = opened(database)
    answer(database, ticket, "好了", NOW + 1)
    answer(database, ticket, "真的好了", NOW + 2)
    events = [msgspec.json.decode(each.text) for each in told(database, "webhook")]
    assert [each["event"] for each in events] == ["ticket.asked", "ticket.answered", "ticket.answered"]
    assert (events[0]["ticket"], events[0]["number"], events[0]["asker"]["mobile"]) == (
        ticket.id, "T1", "13800138000",
    )  # fmt: skip


def test_time_reminds_then_closes_and_the_asker_may_rate(database: MainDatabase) -> None:
    """One question, one answer; nothing is done twice."""
    ticket = answer(database, opened(database), "好了", NOW + 60)
    assert not database.read(lambda root: tickets_due(root, ticket.due - 1))
    for _ in range(3):
        database.transact(lambda root: look_after(root, ticket.due))
    reminded = database.read(lambda root: root.tickets.find(ticket.id, "demo"))
    assert reminded.reminded == ticket.due
    database.transact(lambda root: look_after(root, reminded.due))
    closed = database.read(lambda root: root.tickets.by_code(ticket.code))
    assert (closed.state, closed.closed) == (TicketState.CLOSED, "waited")
    assert [each.kind for each in told(database)] == [
        "ticket", "ticket-answer", "ticket-reminder", "ticket-closed",
    ]  # fmt: skip
    assert not database.read(lambda root: tickets_due(root, NOW + 1e9))


def test_a_late_answer_is_told_of_once(database: MainDatabase) -> None:
    """And the ticket says so."""
    duty = TicketSettings(emails=("duty@demo.cn",))
    database.transact(lambda root: setattr(root.tickets.of("demo").settings, "value", duty))
    ticket = opened(database, priority=Priority.URGENT)
    for hours in (2, 3):
        database.transact(lambda root, hours=hours: look_after(root, NOW + hours * 3600))  # type: ignore[misc]
    assert database.read(lambda root: root.tickets.find(ticket.id, "demo")).late
    told_of = [each.kind for each in told(database) if each.to == "duty@demo.cn"]
    assert told_of == ["ticket", "ticket-late"]


def test_one_alarm_makes_one_open_ticket(database: MainDatabase) -> None:
    """What comes again is added to it; once it is closed, a new one is opened."""
    again = wanted(
        desk=OPERATOR, tenant="", asker=Asker(AskerKind.BOX), source=Source(SourceKind.ALARM, "disk")
    )
    first = database.transact(lambda root: open_ticket(root, again, NOW))
    second = database.transact(lambda root: open_ticket(root, again, NOW + 5))
    assert (second.id, second.entries) == (first.id, 2)
    answer(database, first, "已清理", NOW + 9)
    database.transact(
        lambda root: move(root, OPERATOR, first.id, lambda each, _: rules.confirmed(each, "已恢复", "a", NOW))
    )
    third = database.transact(lambda root: open_ticket(root, again, NOW + 99))
    assert third.id != first.id


def test_a_low_score_becomes_a_ticket_of_the_desk(database: MainDatabase) -> None:
    """With what was said; a good one does not."""
    for score, expected in ((5, 0), (2, 1)):
        name = opened(database).id
        for step in (
            lambda each, _: rules.closed(each, NOW),
            lambda each, _, score=score: rules.rated(each, score, "太慢", NOW),
        ):
            database.transact(lambda root, step=step, name=name: move(root, "demo", name, step))  # type: ignore[misc]
        follow = [each for each in unclosed(database) if each.source.kind is SourceKind.RATING]
        assert len(follow) == expected
    assert follow[0].priority is Priority.HIGH
    ratings = database.read(lambda root: list(root.tickets.read("demo").ratings_between(NOW, NOW + 1)))
    assert sorted(each.score for each in ratings) == [2, 5]


def unclosed(database: MainDatabase) -> list[Ticket]:
    """Return the tickets of the tenant's desk that are not closed."""

    def read(root: Root) -> list[Ticket]:
        shelf = root.tickets.read("demo")
        return [found for name in shelf.open.values() if (found := shelf.find(name)) is not None]

    return database.read(read)


def test_everything_is_found_again_for_ever_by_who_may(database: MainDatabase) -> None:
    """The desk finds its notes, the asker does not; nobody else finds anything."""
    asker = Asker(AskerKind.TENANT, "示例公司")
    ticket = opened(database, desk=OPERATOR, asker=asker, source=Source(SourceKind.PAGE))
    database.transact(
        lambda root: move(
            root, OPERATOR, ticket.id, lambda each, _: rules.noted(each, "客户很难缠", (), "a", NOW)
        )
    )
    database.transact(lambda root: move(root, OPERATOR, ticket.id, lambda each, _: rules.closed(each, NOW)))

    def found(text: str) -> tuple[list[str], list[str]]:
        return database.read(
            lambda root: (
                root.tickets.read(OPERATOR).index.search(text, 5),
                root.tickets.asked_by("demo").index.search(text, 5),
            )
        )

    assert found("打不通") == ([ticket.id], [ticket.id])
    assert found("难缠") == ([ticket.id], [])
    assert database.read(lambda root: root.tickets.find(ticket.id, "demo")) is not None
    assert database.read(lambda root: root.tickets.find(ticket.id, "other")) is None
    assert database.read(lambda root: root.tickets.asked_by("other").index.search("打不通", 5)) == []


def test_the_customers_timeline_shows_it_as_it_stands(database: MainDatabase) -> None:
    """Once, by his number and by his address."""
    ticket = answer(database, opened(database), "好了", NOW + 1)
    for stream in (number_stream("13800138000"), mail_stream("wang@example.cn")):
        page = database.read(lambda root, s=stream: root.timeline("demo").page([s], "", 9))  # type: ignore[misc]
        assert [(each.kind, each.id, each.state) for each in page.entries] == [
            ("ticket", ticket.id, "answered")
        ]


def test_what_is_refused_changes_nothing(database: MainDatabase) -> None:
    """Neither the ticket nor the outbox."""
    ticket = opened(database)
    with pytest.raises(NotPossible):
        answer(database, ticket, " ", NOW)
    with pytest.raises(TicketGone):
        database.transact(lambda root: move(root, "demo", "nothing", lambda each, _: rules.closed(each, NOW)))
    assert len(told(database)) == 1
    assert database.read(lambda root: root.tickets.read("demo").thread(ticket.id))[1:] == []
