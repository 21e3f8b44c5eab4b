"""What the ledger tells the operator of numbers, in the status that pages and `box400 alarms` read."""

from __future__ import annotations

from pathlib import Path

from b2bua.ledger.__main__ import Reporter
from b2bua.ledger.ledger import NUMBERS_SECONDS, Ledger
from b2bua.ledger.status import read_status
from domain.numbers.application import Applicant, ApplicantKind
from storage.connection import open_main_in_memory
from storage.data_directory import DataDirectory
from storage.models import Root
from storage.numbers.applications import Counter
from storage.numbers.desk import NumberDesk

NUMBER = "4001003721"
RECEIVED = 1_789_500_000.0
SHOP = Applicant(ApplicantKind.ENTERPRISE, "示例公司", "91350100M000100Y43", "王五", "13900001111")


def test_a_broken_promise_is_an_alarm_until_it_is_kept(tmp_path: Path) -> None:
    """It names the number, in both languages, and goes when nobody waits any more."""
    data, database = DataDirectory(tmp_path), open_main_in_memory()
    data.create()
    clock = [0.0]
    ledger = Ledger(
        data.journal, database, mono=lambda: clock[0], utc=lambda: RECEIVED + 30 * 86400 + clock[0]
    )

    def receive(root: Root) -> None:
        desk = NumberDesk(root, RECEIVED, "anna")
        desk.take_in(NUMBER)
        Counter(desk).open(NUMBER, SHOP)

    def withdraw(root: Root) -> None:
        Counter(NumberDesk(root, RECEIVED, "anna")).withdraw(NUMBER)

    reporter = Reporter(data, ledger)

    def alarms() -> dict[str, tuple[str, str]]:
        clock[0] += NUMBERS_SECONDS + 60
        ledger.step()
        reporter.report(now=True)
        status = read_status(data)
        assert status is not None
        return {alarm.key: (alarm.zh, alarm.en) for alarm in status.alarms}

    database.transact(receive)
    assert alarms() == {
        "numbers:overdue": (
            f"1 个号码的办理已超过承诺开通期限：{NUMBER}",
            f"1 applications are past the promised day: {NUMBER}",
        )
    }
    database.transact(withdraw)
    assert alarms() == {}
    ledger.close()
    database.close()
