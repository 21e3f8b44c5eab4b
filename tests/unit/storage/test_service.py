"""What was written and asked, counted as it happens: equal to a count of what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from domain.analysis.service import BEHIND, COUNTS, Asked, Service, Written, groups
from domain.customers.conversation import Mailbox, SmsLine, Text, Way
from domain.days.schedule_text import parse_schedule
from domain.tickets import rules
from domain.tickets.rules import Wanted
from domain.tickets.ticket import Asker, AskerKind, Source, SourceKind
from storage.connection import MainDatabase, open_main_in_memory
from storage.conversations.writing import Incoming, Writing
from storage.evolution import step027_service, step030_behind_service
from storage.models import Root
from storage.models.root import ROOT_KEY
from storage.notices.outbox import new_id
from storage.reports.report import report
from storage.tickets import move, open_ticket
from storage.tickets.upkeep import look_after
from tests.unit.storage.provision import apply

NOW = 1_795_399_200.0  # 2026-11-23 10:00 in Beijing, a Monday
DAY = date(2026, 11, 23)
MAILBOX = Mailbox(
    "service", "service@demo.cn", hours=parse_schedule(["workdays 11:00-18:00"]), closed_text="稍后回复"
)


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    """Return a box with two tenants."""
    database = open_main_in_memory()
    apply(database, "tenants:\n  demo: {name: 示例公司}\n  other: {name: 别家}\n")
    yield database
    database.close()


def writes(root: Root, way: Way, at: float, tenant: str = "demo") -> str:
    """Let a customer write; return the id of the conversation."""
    channel = MAILBOX if way is Way.MAIL else SmsLine("sms", "10690000")
    peer = "wang@sihai.cn" if way is Way.MAIL else "13800138000"
    text = Text(new_id(at), at, "in", "您好")
    incoming = Incoming(way, channel, peer, text, subject="发票")
    found = Writing(root, tenant, at).take_in(incoming)
    assert found is not None
    return found.id


def a_day(root: Root) -> None:
    """Two e-mails are answered once, out of hours; an SMS opens again; a ticket is late, closed and rated."""
    mail = writes(root, Way.MAIL, NOW)
    assert writes(root, Way.MAIL, NOW + 60) == mail
    Writing(root, "demo", NOW + 90).note(mail, "8001", "老客户")
    Writing(root, "demo", NOW + 120).answer(mail, "8001", "已开")
    Writing(root, "demo", NOW + 130).answer(mail, "8001", "已寄")
    sms = writes(root, Way.SMS, NOW)
    for _ in range(2):
        Writing(root, "demo", NOW + 10).close(sms)
    assert writes(root, Way.SMS, NOW + 20) == sms
    writes(root, Way.SMS, NOW, "other")
    asker = Asker(AskerKind.CUSTOMER, "王先生", "13800138000")
    ticket = open_ticket(
        root, Wanted("demo", "demo", asker, "发票", "要发票", Source(SourceKind.EMAIL, mail)), NOW
    )
    late = NOW - 100 * 3600
    open_ticket(root, Wanted("demo", "demo", asker, "旧的", "还没好", Source(SourceKind.PAGE)), late)
    look_after(root, NOW)
    look_after(root, NOW)
    move(root, "demo", ticket.id, lambda each, terms: rules.answered(each, "已开", (), "8001", NOW, terms))
    move(root, "demo", ticket.id, lambda each, _: rules.closed(each, NOW))
    move(root, "demo", ticket.id, lambda each, _: rules.rated(each, 4, "", NOW))


COUNTED = Service(
    Written(begun=1, received=2, answers=2, automatic=1, replied=1, waited_ms=120_000),
    Written(begun=2, received=2, closed=1),
    Asked(opened=1, answers=1, closed=1, late=1, rated=1, points=4),
)


def test_a_report_counts_each_once(database: MainDatabase) -> None:
    """In the report of its day and tenant; the whole box has everybody's, one number has none."""
    database.transact(a_day)
    made = database.read(lambda root: report(root, "demo", DAY, DAY))
    assert made.service == COUNTED
    assert not database.read(lambda root: report(root, "demo", DAY, DAY, "4001003721")).service
    assert not database.read(lambda root: report(root, "nobody", DAY, DAY)).service
    whole = database.read(lambda root: report(root, None, DAY, DAY)).service
    assert whole == COUNTED + Service(sms=Written(begun=1, received=1))
    before = database.read(lambda root: report(root, "demo", date(2026, 11, 1), date(2026, 11, 22))).service
    assert before == Service(tickets=Asked(opened=1))


def test_behind_each_figure_stand_those_that_it_counts(database: MainDatabase) -> None:
    """As many in each, latest first, of the desk or all; boxes of before get them, counted once."""
    database.transact(a_day)

    def told(root: Root, desk: str | None) -> dict[str, int]:
        days = "20261101", "20261123"
        found = {each: [at.at for _, at in root.service.behind(desk, *days, each)] for each in BEHIND}
        assert all(times == sorted(times, reverse=True) for times in found.values())
        sums = root.service.between(desk, *days)
        counts = {
            f"{kind}-{name}": getattr(sum_, name)
            for kind, sum_ in (("mail", sums.mail), ("sms", sums.sms), ("ticket", sums.tickets))
            for name in COUNTS[kind]
        }
        assert {figure: len(times) for figure, times in found.items()} == counts
        return counts

    mine = database.read(lambda root: told(root, "demo"))
    assert (mine["mail-answers"], mine["sms-begun"], mine["ticket-opened"]) == (2, 2, 2)
    assert database.read(lambda root: told(root, None))["sms-begun"] == 3

    def forget(root: Root) -> int:
        for day in root.service.days.values():
            del day.events
        for _ in range(2):
            step030_behind_service.run({ROOT_KEY: root})
        assert report(root, "demo", DAY, DAY).service == COUNTED
        return len(list(root.service.behind("demo", "20261123", "20261123", "mail-received")))

    assert database.transact(forget) == COUNTED.mail.received


def test_people_read_what_there_was() -> None:
    """Nothing of a way in which nothing happened; what cannot be reckoned is left open."""
    told = groups(COUNTED, "zh")
    assert [each.title for each in told] == ["邮件", "短信", "工单"]
    assert [each[:2] for each in told[0].figures][-1] == ("平均回复用时", 120.0)
    assert [each[:2] for each in told[1].figures][-1] == ("平均回复用时", None)
    assert [each[:2] for each in told[2].figures][-1] == ("平均评分", 4.0)
    assert groups(Service(), "en") == []


def test_a_box_of_before_gets_its_figures(database: MainDatabase) -> None:
    """From what is kept: as counted, but for what was closed and opened again meanwhile."""
    database.transact(a_day)

    def forget(root: Root) -> Service:
        del root.service
        step027_service.run({ROOT_KEY: root})
        step027_service.run({ROOT_KEY: root})
        return report(root, "demo", date(2026, 11, 1), DAY).service

    found = database.transact(forget)
    assert found.mail == COUNTED.mail
    assert found.sms == Written(begun=1, received=2)
    assert found.tickets == COUNTED.tickets + Asked(opened=1)
