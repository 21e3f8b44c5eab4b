"""Operators are told of alarms by the ways that notices go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from b2bua.alarms import Alarm, Severity
from b2bua.box_alarms import DOWN
from b2bua.notices.alarm_news import AlarmNews
from domain.notices.delivery import Channel, Delivery
from storage.connection import MainDatabase, open_main_in_memory
from storage.models import Root
from storage.models.configuration import BoxConfig
from storage.models.web import Acknowledgement, AcknowledgementDocument

TRUNK = Alarm("trunk:unicom", Severity.CRITICAL, "中继 unicom 不可用", "Trunk unicom is down", 1000.0)
DISK = Alarm("disk", Severity.WARNING, "磁盘已用 91%", "Disk 91 % full", 1000.0)


@pytest.fixture
def database() -> Iterator[MainDatabase]:
    """A box whose operator wants SMS and e-mail."""
    database = open_main_in_memory()
    config = BoxConfig(alarm_mobiles=("13900000001",), alarm_emails=("ops@example.com",))

    def work(root: Root) -> None:
        root.box.value = config

    database.transact(work)
    yield database
    database.close()


class Alarmed:
    """A box whose alarms a test chooses."""

    def __init__(self, database: MainDatabase) -> None:
        self.up: list[Alarm] = []
        self.database = database
        self.news = AlarmNews(database, lambda now: self.up)

    def told(self) -> list[Delivery]:
        """Return what was put into the outbox, oldest first."""
        found: list[Delivery] = self.database.read(lambda root: list(root.notices.newest_first(None)))
        return found[::-1]


def test_an_alarm_that_lasts_is_told_once_and_its_end_as_well(database: MainDatabase) -> None:
    """Each by SMS and by e-mail, in words, free of charge."""
    box = Alarmed(database)
    box.up = [TRUNK]
    for at in (1005.0, 1015.0, 1025.0, 1035.0, 1045.0):
        box.news.step(at)
    told = {each.channel: each for each in box.told()}
    assert {channel: each.to for channel, each in told.items()} == {
        Channel.SMS: "13900000001", Channel.EMAIL: "ops@example.com",
    }  # fmt: skip
    assert "[严重] 中继 unicom 不可用" in told[Channel.EMAIL].text
    assert {each.tenant for each in box.told()} == {""}
    box.up = []
    box.news.step(1100.0)
    box.news.step(1120.0)
    over = box.told()[2:]
    assert len(over) == 2
    assert any("[恢复] 中继 unicom 不可用" in each.text for each in over)


def test_what_is_over_soon_wakes_nobody(database: MainDatabase) -> None:
    """A restart, a missed answer."""
    box = Alarmed(database)
    box.up = [TRUNK]
    box.news.step(1010.0)
    box.up = []
    box.news.step(1030.0)
    assert box.told() == []


def test_a_restart_of_the_process_tells_nothing_twice(database: MainDatabase) -> None:
    """The cause is kept with the notices."""
    for _ in range(2):
        box = Alarmed(database)
        box.up = [TRUNK]
        box.news.step(1100.0)
    assert len(box.told()) == 2


def test_a_sip_process_that_is_down_is_told_once(database: MainDatabase) -> None:
    """Though its alarm begins anew whenever somebody looks."""
    box = Alarmed(database)
    for at in range(1000, 1200, 10):
        box.up = [Alarm(DOWN, Severity.CRITICAL, "信令进程无应答", "down", float(at))]
        box.news.step(float(at))
    assert len(box.told()) == 2


def test_warnings_only_where_they_are_wished(database: MainDatabase) -> None:
    """Later than critical ones."""
    box = Alarmed(database)
    box.up = [DISK]
    box.news.step(1060.0)
    assert box.told() == []
    box.news.step(1130.0)
    assert "[一般] 磁盘已用 91%" in box.told()[-1].text

    def work(root: Root) -> None:
        root.box.value = BoxConfig(alarm_emails=("a@example.com",), alarm_warnings=False)

    database.transact(work)
    quiet = Alarmed(database)
    quiet.up = [Alarm("disk", Severity.WARNING, "x", "x", 2000.0)]
    quiet.news.step(3000.0)
    assert len(quiet.told()) == 2


def test_what_somebody_sees_to_is_not_told(database: MainDatabase) -> None:
    """He knows."""

    def work(root: Root) -> None:
        root.web.acknowledged[TRUNK.key] = AcknowledgementDocument(Acknowledgement("operator:anna", 1001.0))

    database.transact(work)
    box = Alarmed(database)
    box.up = [TRUNK]
    box.news.step(1100.0)
    assert box.told() == []
