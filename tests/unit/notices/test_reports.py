"""Carriers' reports: whether an SMS reached the phone, in the log beside what was sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.defer import Deferred

from domain.notices.delivery import DeliveryState, Receipt
from storage.connection import open_main_in_memory
from storage.models.notices import REPORTS_SECONDS
from tests.unit.notices.test_dispatch import CONFIGURATION, Office
from tests.unit.storage.provision import apply

CENTRE = CONFIGURATION.replace(
    '{url: "https://a.example.cn/{mobile}"',
    "{kind: smpp, host: a.example.cn, username: box, password: secret, sender: '1069'",
)


@pytest.fixture
def office() -> Iterator[Office]:
    """A box whose first gateway is a message centre; it names the SMS when the test says so."""
    database = open_main_in_memory()
    apply(database, CENTRE)
    office = Office(database)
    office.ways.hanging.add("first")
    office.dispatch.start()
    yield office
    stopped = Deferred.fromCoroutine(office.dispatch.stop())
    assert stopped.called


def ask(office: Office) -> None:
    office.tell("missed:1", caller="13800138000", number="4001003721")
    office.pass_seconds(1.0)


def taken(office: Office, names: str) -> None:
    """Let the centre take the SMS as one or several by these names."""
    office.ways.waiting["first"].pop().callback(names)
    office.pass_seconds(1.0)


def report(office: Office, name: str, code: str, gateway: str = "first") -> None:
    office.dispatch.reported(Receipt(gateway, name, code, office.utc()))
    office.pass_seconds(1.0)


def told(office: Office) -> tuple[str, str]:
    (delivery,) = office.log()
    return delivery.state, delivery.report


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("DELIVRD", DeliveryState.DELIVERED),
        ("UNDELIV", DeliveryState.UNDELIVERED),
        ("MA:0001", DeliveryState.UNDELIVERED),
        ("ACCEPTD", DeliveryState.SENT),
    ],
)
def test_a_report_says_what_became_of_an_sms(office: Office, code: str, state: DeliveryState) -> None:
    """It is charged once all the same: the carrier charges it too."""
    ask(office)
    taken(office, "77")
    report(office, "77", code)
    assert told(office) == (state, "" if state is DeliveryState.SENT else code)
    assert [li for _, li in office.requests()] == [-80]


def test_a_long_text_has_arrived_when_all_its_parts_have(office: Office) -> None:
    """Not before."""
    ask(office)
    taken(office, "1 2")
    report(office, "2", "DELIVRD")
    assert told(office) == ("sent", "")
    report(office, "1", "DELIVRD")
    assert told(office) == ("delivered", "DELIVRD")


def test_a_long_text_of_which_a_part_is_lost_has_not_arrived(office: Office) -> None:
    """Whatever becomes of the rest."""
    ask(office)
    taken(office, "1 2")
    report(office, "1", "EXPIRED")
    report(office, "2", "DELIVRD")
    assert told(office) == ("undelivered", "EXPIRED")


def test_a_report_may_come_before_its_sms_is_noted_as_sent(office: Office) -> None:
    """Centres are quick, and the store may be down: the report waits."""
    ask(office)
    report(office, "77", "DELIVRD")
    assert told(office) == ("waiting", "")
    office.down = True
    taken(office, "77")
    office.down = False
    office.pass_seconds(4.0)
    assert told(office) == ("delivered", "DELIVRD")


@pytest.mark.parametrize(
    ("name", "reported"), [("2A5F", "0000010847"), ("10847", "2a5f"), ("00ab01", "00AB01")]
)
def test_centres_that_name_an_sms_in_another_base_are_understood(
    office: Office, name: str, reported: str
) -> None:
    """Hexadecimal when it is taken, decimal in the report, or the other way round."""
    ask(office)
    taken(office, name)
    report(office, reported, "DELIVRD")
    assert told(office) == ("delivered", "DELIVRD")


def test_strange_reports_change_nothing_and_none_is_waited_for_without_end(office: Office) -> None:
    """Another gateway's, one of no SMS of ours, one of long ago."""
    ask(office)
    taken(office, "77")
    report(office, "77", "UNDELIV", gateway="second")
    report(office, "78", "UNDELIV")
    assert told(office) == ("sent", "")
    late = office.utc() + REPORTS_SECONDS + 60
    office.database.transact(lambda root: root.notices.tidy(late))
    assert office.database.read(lambda root: len(root.notices.unreported)) == 0
    report(office, "77", "DELIVRD")
    assert told(office) == ("sent", "")
